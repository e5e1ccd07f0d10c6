//! How the ledger is written to the disk.

use qubx_protocol::Seq;

use super::super::draft::NewRow;
use super::super::ledger::{Ledger, MOST_AHEAD};
use super::*;

#[test]
fn the_disk_keeps_each_commit_only_where_it_is_asked_to() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&dir.path().join("ledger.db")).unwrap();
    let synchronous = || ledger.connection().pragma_query_value(None, "synchronous", |row| row.get(0));
    // <https://sqlite.org/pragma.html#pragma_synchronous>
    let (normal, full) = (1, 2);
    assert_eq!(synchronous(), Ok(normal));
    ledger.sync_every_commit().unwrap();
    assert_eq!(synchronous(), Ok(full));
}

#[test]
fn the_write_ahead_log_is_brought_into_the_database() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger.db");
    let mut ledger = Ledger::open(&path).unwrap();
    let length = |name: &str| std::fs::metadata(dir.path().join(name)).unwrap().len();
    let before = length("ledger.db");
    for number in 0..2_000 {
        let mut batch = ledger.begin();
        let body = "x".repeat(4_096);
        batch.add(Seq(number), Timestamp::UNIX_EPOCH, NewRow { kind: "verb", command: None, body });
        ledger.commit(&batch).unwrap();
    }
    let pages = u64::from(MOST_AHEAD.unsigned_abs());
    assert!(length("ledger.db") > before + pages * 4_096, "{} bytes", length("ledger.db"));
    assert!(length("ledger.db-wal") < 2 * pages * 4_200, "{} bytes", length("ledger.db-wal"));
}
