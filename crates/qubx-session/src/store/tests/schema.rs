use qubx_protocol::{CellStatus, Funding, HistoryKind, OutputContent, Results};

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
    for (file, newest) in [("session.db", 3), ("ledger.db", 2)] {
        let dir = tempdir().unwrap();
        drop(Store::open(dir.path()).unwrap());
        Connection::open(dir.path().join(file)).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let before = std::fs::read(dir.path().join(file)).unwrap();
        let Err(StoreError::Newer { found: 99, known, .. }) = Store::open(dir.path()) else {
            panic!("{file}")
        };
        assert_eq!(known, newest, "{file}");
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

/// Returns a fact of each kind, one after the other: the first one after nothing. A new kind does not compile here until
/// it takes part.
fn next_kind(fact: Option<&Fact>) -> Option<Fact> {
    let (cell, row) = (CellNumber(1), LedgerRow(1));
    let Some(fact) = fact else { return Some(Fact::Started { epoch: Epoch(1), restored: false }) };
    let next = match fact {
        Fact::Started { .. } => Fact::Cell { cell, code: String::new(), author: "op1".into(), command: None },
        Fact::Cell { .. } => Fact::CellStarted { cell, execution_count: None },
        Fact::CellStarted { .. } => {
            Fact::Output { cell: None, content: OutputContent::Clear { wait: false } }
        }
        Fact::Output { .. } => {
            Fact::InputRequested { cell, input: "1-1".into(), prompt: String::new(), password: false }
        }
        Fact::InputRequested { .. } => {
            Fact::InputEnded { input: "1-1".into(), author: None, text: None, command: None }
        }
        Fact::InputEnded { .. } => Fact::Error {
            cell: None,
            ename: String::new(),
            evalue: String::new(),
            traceback: vec![],
            market_time: None,
        },
        Fact::Error { .. } => Fact::CellFinished { cell, status: CellStatus::Ok, duration_ms: 1 },
        Fact::CellFinished { .. } => {
            Fact::Log { level: LogLevel::Info, source: String::new(), text: String::new(), market_time: None }
        }
        Fact::Log { .. } => order("o", OrderStatus::New).fact(Some(row)).unwrap(),
        Fact::Order { .. } => fill("o", "BTCUSDT", 1).fact(Some(row)).unwrap(),
        Fact::Fill { position, .. } => {
            let funding = Funding {
                instrument: position.instrument.clone(),
                time: time(),
                rate: 0.into(),
                quantity: position.quantity,
                price: Price(100.into()),
                amount: Money::ZERO,
            };
            Fact::Funding { row, funding, position: position.clone() }
        }
        Fact::Funding { .. } => {
            Fact::Results(Box::new(Results { from: time(), to: time(), events: 0, accounts: vec![] }))
        }
        Fact::Results(_) => verb("done").fact(Some(row)).unwrap(),
        Fact::Verb { .. } => {
            let dir = older("v2");
            let events = read_history(dir.path(), 1_000, |_| true).unwrap();
            events.into_iter().map(|event| event.fact).find(|fact| matches!(fact, Fact::Status(_))).unwrap()
        }
        Fact::Status(_) => {
            Fact::Unknown([("weather".to_owned(), serde_json::json!({}))].into_iter().collect())
        }
        Fact::Unknown(_) => return None,
    };
    Some(next)
}

#[test]
fn every_kind_of_fact_is_in_the_same_list_on_disk_as_on_a_screen_also_in_older_files() {
    for dir in [tempdir().unwrap(), older("v1"), older("v2")] {
        drop(Store::open(dir.path()).unwrap());
        let log = Connection::open(dir.path().join("session.db")).unwrap();
        let mut fact = next_kind(None);
        while let Some(one) = fact {
            log.execute("DELETE FROM events", []).unwrap();
            let insert = "INSERT INTO events (seq, time, kind) VALUES (1, '', ?1)";
            log.execute(insert, [one.kind()]).unwrap();
            let list: u8 = log.query_row("SELECT list FROM events", [], |row| row.get(0)).unwrap();
            let expected = match one.history_kind() {
                None => 0,
                Some(HistoryKind::Session) => 1,
                Some(HistoryKind::Trading) => 2,
                Some(HistoryKind::Log) => 3,
            };
            assert_eq!(list, expected, "{}", one.kind());
            fact = next_kind(Some(&one));
        }
    }
}
