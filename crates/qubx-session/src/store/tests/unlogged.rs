//! A session log that cannot be written. Another connection that holds its write lock stands in for whatever refuses;
//! the store's waits for locks are switched off here.

use super::*;

/// Holds the session log's write lock until it is dropped.
struct Refusing(#[expect(dead_code, reason = "holding it is its purpose")] Connection);

fn refuse(store: &Store, dir: &Path) -> Refusing {
    store.log.connection.busy_timeout(std::time::Duration::ZERO).unwrap();
    let connection = Connection::open(dir.join("session.db")).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    Refusing(connection)
}

fn refuse_the_ledger(store: &Store, dir: &Path) -> Refusing {
    store.ledger.connection().busy_timeout(std::time::Duration::ZERO).unwrap();
    let connection = Connection::open(dir.join("ledger.db")).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    Refusing(connection)
}

fn sources(store: &Store) -> Vec<String> {
    store.alarms().into_iter().map(|alarm| alarm.source).filter(|source| source != "disk").collect()
}

#[test]
fn a_log_that_cannot_be_written_costs_no_fact_and_writes_none_twice() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let mut expected = store.append(&[started(1, false), cell(1)], time()).unwrap();
    let name = store.log_id().clone();
    let refusing = refuse(&store, dir.path());
    expected.extend(store.append(&[verb("one"), cell(2), log_line("text")], time()).unwrap());
    expected.extend(store.append(&[log_line("text alone")], time()).unwrap());
    assert_eq!(numbers(&expected), [1, 2, 3, 4, 5, 6]);
    assert_eq!(sources(&store), ["log"]);
    assert!(store.alarms()[0].text.contains("4 entries wait"), "{}", store.alarms()[0].text);
    assert!(!store.alarms()[0].stops_orders);
    assert_eq!(store.events_after(Seq(0), 100).unwrap().unwrap(), expected, "they count as stored");
    assert_eq!(store.events_after(Seq(1), 2).unwrap().unwrap(), expected[1..3]);
    drop(refusing);

    expected.extend(store.append(&[verb("two")], time()).unwrap());
    assert_eq!(sources(&store), [""; 0]);
    assert_eq!(all(&store), expected, "what waited is written, in order");
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!((store.log_id(), store.head()), (&name, Seq(7)));
    assert_eq!(all(&store), expected);
    assert_eq!(super::super::verify(dir.path(), |_, _| {}).unwrap().findings, []);
}

#[test]
fn numbers_that_were_given_out_and_not_written_down_are_never_given_out_again() {
    for drafts in
        [vec![log_line("text")], vec![cell(1), verb("one"), log_line("text")], vec![command("c"), cell(1)]]
    {
        let dir = tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        store.append(&[started(1, false), cell(1)], time()).unwrap();
        let name = store.log_id().clone();
        let refusing = refuse(&store, dir.path());
        let given_out = store.append(&drafts, time()).unwrap();
        // The process dies: what waits is lost.
        drop(store);
        drop(refusing);

        let mut store = Store::open(dir.path()).unwrap();
        assert_ne!(store.log_id(), &name, "who saw the lost events must take a snapshot");
        let next = store.append(&[log_line("next")], time()).unwrap();
        assert!(next[0].seq > given_out[0].seq);
        let verbs = all(&store).iter().filter(|event| event.fact.kind() == "verb").count();
        assert_eq!(verbs, drafts.iter().filter(|draft| matches!(draft, Draft::Verb(_))).count());
        assert_eq!(super::super::verify(dir.path(), |_, _| {}).unwrap().findings, []);
    }
}

#[test]
fn what_was_given_up_leaves_a_hole_that_is_never_handed_out_as_if_it_were_whole() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    store.append(&[started(1, false), cell(1)], time()).unwrap();
    let refusing = refuse(&store, dir.path());
    for _ in 0..30 {
        store.append(&[verb("money"), log_line(&"x".repeat(1 << 20))], time()).unwrap();
    }
    assert!(store.alarms()[0].text.contains("older ones are lost"), "{}", store.alarms()[0].text);
    assert_eq!(store.events_after(Seq(2), 1_000).unwrap(), None);
    let head = store.head();
    assert_eq!(store.events_after(Seq(head.0 - 4), 1_000).unwrap().unwrap().len(), 4);
    drop(refusing);

    store.append(&[verb("last")], time()).unwrap();
    assert_eq!(store.events_after(Seq(2), 1_000).unwrap(), None);
    assert_eq!(store.events_after(Seq(2), 1).unwrap().unwrap().len(), 1, "up to the hole all is there");
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.head(), Seq(head.0 + 1));
    assert_eq!(store.events_after(Seq(2), 1_000).unwrap(), None);
    let verbs = all(&store).iter().filter(|event| event.fact.kind() == "verb").count();
    assert_eq!(verbs, 31, "no fact of money is given up");
}

#[test]
fn a_ledger_that_cannot_be_written_stores_nothing_and_goes_on_by_itself() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    store.append(&[started(1, false), cell(1)], time()).unwrap();
    let refusing = refuse_the_ledger(&store, dir.path());
    let drafts = [verb("one"), cell(2), Draft::Checkpoint(7.into())];
    for _ in 0..3 {
        store.append(&drafts, time()).unwrap_err();
    }
    assert_eq!((store.head(), all(&store).len()), (Seq(2), 2));
    let alarms = store.alarms();
    assert_eq!((alarms[0].source.as_str(), alarms[0].stops_orders), ("ledger", true));
    assert_eq!(alarms[0].since, time());
    // Text alone can still be stored.
    assert_eq!(numbers(&store.append(&[log_line("text")], time()).unwrap()), [3]);
    // Neither can be written: the numbers of the text could be given out twice, so it is refused as well.
    let both = refuse(&store, dir.path());
    store.append(&[log_line("text")], time()).unwrap_err();
    assert_eq!(store.head(), Seq(3));
    drop(both);
    drop(refusing);

    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while sources(&store).contains(&"ledger".to_owned()) {
        assert!(std::time::Instant::now() < deadline, "{:?}", store.alarms());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(numbers(&store.append(&drafts, time()).unwrap()), [4, 5]);
    assert_eq!(sources(&store), [""; 0]);
    assert_eq!(store.book().unwrap().checkpoint, Some(7.into()));
    assert_eq!(super::super::verify(dir.path(), |_, _| {}).unwrap().findings, []);
}
