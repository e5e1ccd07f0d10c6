use serde_json::json;

use super::*;

#[test]
fn the_book_is_that_of_the_newest_life_of_the_account() {
    use OrderStatus::{Cancelled, Filled, Intended, New, Rejected};
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    assert_eq!(store.book().unwrap(), Book::default());
    let drafts = [
        started(1, false),
        order("q-1-1", Intended),
        fill("q-1-1", "OLDUSDT", 5),
        Draft::Checkpoint(json!({"place": 1})),
        Draft::StrategyState(json!("of the first life")),
        started(2, false),
        order("q-2-1", Intended),
        order("q-2-2", Intended),
        order("q-2-1", New),
        order("q-2-2", New),
        order("q-2-3", Rejected),
        fill("q-2-1", "ETHUSDT", 1),
        order("q-2-1", Filled),
        Draft::Checkpoint(json!({"place": 2})),
    ];
    store.append(&drafts, time()).unwrap();
    assert_eq!(store.strategy_state().unwrap(), None, "a new life begins with nothing");
    drop(store);

    let mut store = Store::open(dir.path()).unwrap();
    let drafts = [
        started(2, true),
        order("q-2-4", Intended),
        fill("q-2-4", "BTCUSDT", 3),
        fill("q-2-4", "ETHUSDT", 0),
        order("q-2-5", Intended),
        order("q-2-5", Cancelled),
        Draft::Checkpoint(json!({"place": 3})),
        Draft::StrategyState(json!({"bars": [1, 2]})),
        Draft::Checkpoint(json!({"place": 4})),
    ];
    let events = store.append(&drafts, time()).unwrap();
    assert_eq!(events.len(), 6, "what is kept has no event");
    let Draft::Order(resting) = order("q-2-2", New) else { unreachable!() };
    let Draft::Order(intended) = order("q-2-4", Intended) else { unreachable!() };
    let expected = Book {
        positions: vec![position("ETHUSDT", 0), position("BTCUSDT", 3)],
        orders: vec![resting, intended],
        order_count: 5,
        checkpoint: Some(json!({"place": 4})),
    };
    assert_eq!(store.book().unwrap(), expected);
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.epoch().unwrap(), Epoch(2));
    assert_eq!(store.book().unwrap(), expected);
    assert_eq!(store.strategy_state().unwrap(), Some(json!({"bars": [1, 2]})));
}

#[test]
fn the_book_is_refused_when_any_row_of_the_ledger_is_not_what_was_written() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    // More rows than a start checks, so that the first one is behind its back.
    store.append(&[started(1, false), verb("one")], time()).unwrap();
    store.append(&vec![verb("more"); 10_500], time()).unwrap();
    drop(store);
    tamper(dir.path(), "ledger.db", "UPDATE rows SET body = replace(body, 'one', 'two') WHERE row = 2");
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.epoch().unwrap(), Epoch(1));
    let row_of = |error| match error {
        StoreError::Damaged { row, .. } => row,
        other => panic!("{other}"),
    };
    assert_eq!(row_of(store.book().unwrap_err()), Some(LedgerRow(2)));
    assert_eq!(row_of(store.events_after(Seq(0), 10).unwrap_err()), Some(LedgerRow(2)), "nobody is shown it");
}

#[test]
fn what_is_kept_is_refused_when_it_was_changed_or_is_missing() {
    for tampering in [
        "UPDATE kept SET body = '7' WHERE kind = 'strategy_state'",
        "UPDATE kept SET hash = zeroblob(32) WHERE kind = 'strategy_state'",
        "UPDATE kept SET epoch = 3 WHERE kind = 'strategy_state'",
        "DELETE FROM kept WHERE kind = 'strategy_state'",
    ] {
        let dir = tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        store.append(&[started(1, false), Draft::StrategyState(json!(1))], time()).unwrap();
        drop(store);
        tamper(dir.path(), "ledger.db", tampering);
        let result = Store::open(dir.path()).and_then(|store| store.strategy_state());
        assert!(matches!(result, Err(StoreError::Damaged { row: None, .. })), "{tampering}: {result:?}");
    }
}
