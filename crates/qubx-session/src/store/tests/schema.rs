use super::*;

/// Makes the files of an older version: `v1`, one run with 21 rows about orders, 9 fills and 2 cells; or `v2` before
/// orders named their cause, one run that was stopped with a position, an order and a state.
pub(super) fn older(version: &str) -> tempfile::TempDir {
    let dir = tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(version);
    for name in ["ledger", "session"] {
        let sql = std::fs::read_to_string(fixture.join(format!("{name}.sql"))).unwrap();
        let path = dir.path().join(format!("{name}.db"));
        qubx_home::create_private_file(&path).unwrap();
        Connection::open(path).unwrap().execute_batch(&sql).unwrap();
    }
    dir
}

pub(super) fn version_1() -> tempfile::TempDir {
    older("v1")
}

#[test]
fn files_of_version_1_open_read_and_verify_as_they_are_and_after_they_went_forward() {
    let dir = version_1();
    let before = read_history(dir.path(), 1_000, |_| true).unwrap();
    assert_eq!(before.len(), 49);
    assert_eq!(super::super::verify(dir.path(), |_, _| {}).unwrap().findings, []);

    let mut store = Store::open(dir.path()).unwrap();
    assert_eq!(store.log_id().as_str(), "6578515c49c76929");
    assert_eq!(store.events_after(Seq(0), 1_000).unwrap().unwrap(), before);
    assert_eq!(before[0].fact, Fact::Started { epoch: Epoch(1), restored: false });
    assert_eq!((store.epoch().unwrap(), store.last_cell().unwrap()), (Epoch(1), CellNumber(2)));
    assert!(store.knows_command(&"191a152badd5a94b3b275bb67b374677".into()).unwrap());
    assert_eq!(store.strategy_state().unwrap(), None);
    let book = store.book().unwrap();
    let symbols: Vec<_> = book.positions.iter().map(|held| held.instrument.symbol.as_str()).collect();
    assert_eq!(symbols, ["BTCUSDT", "ETHUSDT", "SOLUSDT"]);
    assert_eq!((book.orders, book.order_count, book.checkpoint), (vec![], 10, None));

    let verification = super::super::verify(dir.path(), |_, _| {}).unwrap();
    assert_eq!(verification.findings, []);
    assert_eq!((verification.rows, verification.epochs, verification.events), (38, 1, 49));
    assert_eq!((verification.orders, verification.fills, verification.commands), (21, 9, 4));

    // A run of today goes on with it.
    store.append(&[started(1, true), Draft::Checkpoint(1.into())], time()).unwrap();
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.events_after(Seq(0), 49).unwrap().unwrap(), before);
    assert_eq!(
        store.events_after(Seq(49), 9).unwrap().unwrap()[0].fact,
        Fact::Started { epoch: Epoch(1), restored: true }
    );
    assert_eq!(store.book().unwrap().checkpoint, Some(1.into()));
}

#[test]
fn a_database_of_a_newer_version_is_refused_untouched() {
    for file in ["session.db", "ledger.db"] {
        let dir = tempdir().unwrap();
        drop(Store::open(dir.path()).unwrap());
        Connection::open(dir.path().join(file)).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let before = std::fs::read(dir.path().join(file)).unwrap();
        assert!(matches!(Store::open(dir.path()), Err(StoreError::Newer { found: 99, known: 2, .. })));
        assert!(matches!(read_history(dir.path(), 1, |_| true), Err(StoreError::Newer { .. })));
        assert!(matches!(super::super::verify(dir.path(), |_, _| {}), Err(StoreError::Newer { .. })));
        assert_eq!(std::fs::read(dir.path().join(file)).unwrap(), before);
    }
}

#[test]
fn the_files_are_the_users_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = version_1();
    let mut store = Store::open(dir.path()).unwrap();
    store.append(&[cell(1), verb("one")], time()).unwrap();
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.path());
    }
}

#[test]
fn files_from_before_orders_named_their_cause_are_whole_and_gone_on_with() {
    let dir = older("v2");
    let verification = super::super::verify(dir.path(), |_, _| {}).unwrap();
    assert_eq!(verification.findings, []);
    assert_eq!((verification.rows, verification.orders, verification.fills), (28, 8, 3));
    let before = read_history(dir.path(), 1_000, |_| true).unwrap();
    assert!(before.iter().all(|event| match &event.fact {
        Fact::Order { order, .. } => order.cause.is_none(),
        _ => true,
    }));
    let mut store = Store::open(dir.path()).unwrap();
    assert_eq!(store.take_left(), Left::default(), "a cell without a row of its end has ended all the same");
    let book = store.book().unwrap();
    assert_eq!((book.positions.len(), book.orders.len(), book.order_count), (1, 1, 4));
    assert_eq!(store.strategy_state().unwrap(), Some(serde_json::json!({ "kept": "by an older version" })));
    store.append(&[started(1, true), command("c1")], time()).unwrap();
    assert_eq!(store.events_after(Seq(0), 48).unwrap().unwrap(), before);
    assert_eq!(super::super::verify(dir.path(), |_, _| {}).unwrap().findings, []);
}
