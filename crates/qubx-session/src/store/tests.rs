use qubx_protocol::{Command, VerbOutcome};
use rusqlite::Connection;
use tempfile::tempdir;

use super::*;

fn time() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn verb(text: &str) -> Draft {
    Draft::Verb(VerbProgress {
        command: Some("c1".into()),
        author: "op1".into(),
        verb: "flatten".to_owned(),
        target: String::new(),
        outcome: VerbOutcome::Done,
        text: text.to_owned(),
    })
}

fn cell(number: u64) -> Draft {
    let (cell, author) = (CellNumber(number), Author::from("op1"));
    Draft::Session(Fact::Cell { cell, code: "1+1".to_owned(), author, command: None })
}

fn command(id: &str) -> Draft {
    Draft::Command(CommandAudit { id: id.into(), author: "op1".into(), command: Command::Flatten })
}

#[test]
fn what_was_stored_is_read_back_in_order_by_the_writer_and_by_others() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let drafts =
        [Draft::Started { epoch: Epoch(1), restored: false }, command("c1"), cell(1), verb("2/2 flat")];
    let events = store.append(&drafts, time()).unwrap();
    assert_eq!(events.iter().map(|event| event.seq.0).collect::<Vec<_>>(), [1, 2, 3]);
    let log = store.log_id().clone();
    drop(store);

    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.log_id(), &log);
    assert_eq!(store.events_after(Seq(0), 100).unwrap(), events);
    assert_eq!(store.events_after(Seq(2), 100).unwrap(), events[2..]);
    assert_eq!(store.epoch().unwrap(), Epoch(1));
    assert_eq!(store.last_cell().unwrap(), CellNumber(1));
    assert!(store.knows_command(&"c1".into()).unwrap());
    assert!(!store.knows_command(&"c2".into()).unwrap());
    assert_eq!(read_history(dir.path(), 2, |_| true).unwrap(), events[1..]);
}

#[test]
fn references_that_a_kill_kept_from_the_log_are_appended_under_a_new_name() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let old_name = store.log_id().clone();
    store.append(&[cell(1), verb("one"), verb("two")], time()).unwrap();
    drop(store);
    Connection::open(dir.path().join("session.db"))
        .unwrap()
        .execute("DELETE FROM events WHERE seq = 3", [])
        .unwrap();

    let store = Store::open(dir.path()).unwrap();
    assert_ne!(store.log_id(), &old_name);
    let events = store.events_after(Seq(0), 100).unwrap();
    assert_eq!(events.iter().map(|event| event.seq.0).collect::<Vec<_>>(), [1, 2, 4]);
    assert!(matches!(&events[2].fact, Fact::Verb { verb, .. } if verb.text == "two"));
}

#[test]
fn a_changed_or_missing_row_of_the_ledger_is_named() {
    for (tampering, damaged_row) in [
        ("UPDATE rows SET body = replace(body, 'two', 'owt') WHERE row = 2", 2),
        ("UPDATE rows SET time = '2026-01-01T00:00:01Z' WHERE row = 1", 1),
        ("UPDATE rows SET command = 'x' WHERE row = 3", 3),
        ("UPDATE rows SET hash = zeroblob(32) WHERE row = 3", 3),
        ("DELETE FROM rows WHERE row = 2", 2),
    ] {
        let dir = tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        store.append(&[verb("one"), verb("two"), command("c1")], time()).unwrap();
        drop(store);
        let ledger = Connection::open(dir.path().join("ledger.db")).unwrap();
        assert_eq!(ledger.execute(tampering, []).unwrap(), 1, "{tampering}");
        drop(ledger);
        match Store::open(dir.path()) {
            Err(StoreError::Damaged { row, .. }) => assert_eq!(row.0, damaged_row, "{tampering}"),
            other => panic!("{tampering}: {other:?}"),
        }
    }
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let dir = tempdir().unwrap();
    drop(Store::open(dir.path()).unwrap());
    Connection::open(dir.path().join("session.db")).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(Store::open(dir.path()), Err(StoreError::Newer { found: 99, .. })));
}

#[test]
fn the_files_are_the_users_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    store.append(&[cell(1), verb("one")], time()).unwrap();
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.path());
    }
}

#[test]
fn a_time_that_is_none_is_an_error_and_not_another_time() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    store.append(&[cell(1)], time()).unwrap();
    let log = Connection::open(dir.path().join("session.db")).unwrap();
    assert_eq!(log.execute("UPDATE events SET time = '2026-13-01'", []).unwrap(), 1);
    assert!(matches!(store.events_after(Seq(0), 10), Err(StoreError::Database { action: "read", .. })));
}
