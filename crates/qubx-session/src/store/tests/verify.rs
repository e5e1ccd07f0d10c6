use super::super::verify;
use super::*;

#[test]
fn verify_counts_everything_beside_a_writer_and_tells_how_far_it_is() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let drafts = [
        started(1, false),
        command("c1"),
        cell(1),
        order("q-1-1", OrderStatus::Intended),
        fill("q-1-1", "BTCUSDT", 1),
        order("q-1-1", OrderStatus::Filled),
        started(2, false),
        Draft::StrategyState(1.into()),
    ];
    store.append(&drafts, time()).unwrap();
    let mut told = Vec::new();
    let found = verify(dir.path(), |done, total| told.push((done, total))).unwrap();
    assert_eq!(told, [(12, 12)]);
    assert_eq!((found.rows, found.epochs, found.events), (6, 2, 6));
    assert_eq!((found.orders, found.fills, found.commands), (2, 1, 1));
    assert_eq!((found.head.len(), &found.findings), (64, &vec![]));
    store.append(&[verb("more")], time()).unwrap();
    assert_ne!(verify(dir.path(), |_, _| {}).unwrap().head, found.head);
}

#[test]
fn verify_names_the_file_and_the_row_of_whatever_is_wrong() {
    for (file, tampering, row, what) in [
        ("ledger.db", "UPDATE rows SET body = replace(body, 'one', 'two')", Some(2), "hash"),
        ("ledger.db", "DELETE FROM rows WHERE row = 3", Some(4), "row 3 is missing"),
        ("ledger.db", "UPDATE kept SET body = '2' WHERE kind = 'checkpoint'", None, "checkpoint of epoch 1"),
        ("session.db", "UPDATE events SET row = 99 WHERE row = 2", Some(2), "the ledger has no row 99"),
        ("session.db", "UPDATE events SET row = 3 WHERE row = 2", Some(2), "something else"),
        ("session.db", "UPDATE events SET kind = 'fill' WHERE row = 2", Some(2), "something else"),
        ("session.db", "UPDATE events SET body = '{}' WHERE kind = 'cell'", Some(3), "kind of a fact"),
        ("session.db", "UPDATE events SET time = 'noon' WHERE seq = 3", Some(3), "cannot be read"),
        ("session.db", "UPDATE meta SET value = '4 00' WHERE key = 'ledger'", Some(4), "was written with"),
    ] {
        let dir = tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let drafts = [started(1, false), verb("one"), command("c1"), cell(1), verb("last")];
        store.append(&drafts, time()).unwrap();
        drop(store);
        tamper(dir.path(), file, tampering);
        let findings = verify(dir.path(), |_, _| {}).unwrap().findings;
        let is_meant = |finding: &Finding| {
            let is_file = finding.file.ends_with(file) || finding.what.contains("was written with");
            is_file && finding.row == row && finding.what.contains(what)
        };
        assert!(findings.iter().any(is_meant), "{tampering}: {findings:?}");
    }
}

#[test]
fn verify_finds_every_byte_that_was_changed_in_a_row_of_the_ledger() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    store.append(&[started(1, false), order("q-1-1", OrderStatus::New), command("c1")], time()).unwrap();
    drop(store);
    let path = dir.path().join("ledger.db");
    let original = std::fs::read(&path).unwrap();
    let row = original.windows(9).position(|bytes| bytes == b"{\"id\":\"q-").unwrap();
    for at in row..row + 200 {
        let mut bytes = original.clone();
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let findings = verify(dir.path(), |_, _| {}).unwrap().findings;
        assert!(!findings.is_empty(), "byte {at}");
    }
    std::fs::write(&path, "this is no database, and long enough to be taken for one: ".repeat(20)).unwrap();
    let findings = verify(dir.path(), |_, _| {}).unwrap().findings;
    assert!(findings[0].what.contains("not a database"), "{findings:?}");
    assert!(matches!(Store::open(dir.path()), Err(StoreError::Damaged { row: None, .. })));
}

#[test]
fn a_session_log_that_a_kill_left_blank_is_whole_as_long_as_the_ledger_has_nothing() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let blank = |dir: &Path| std::fs::write(dir.join("session.db"), "").unwrap();
    let other = tempdir().unwrap();
    drop(Ledger::open(&other.path().join("ledger.db")).unwrap());
    blank(other.path());
    assert_eq!(verify(other.path(), |_, _| {}).unwrap().findings, []);
    assert_eq!(read_history(other.path(), 1, |_| true).unwrap(), []);
    drop(Store::open(other.path()).unwrap());

    store.append(&[started(1, false)], time()).unwrap();
    drop(store);
    blank(dir.path());
    assert_ne!(verify(dir.path(), |_, _| {}).unwrap().findings, []);
}

#[test]
fn verify_finds_an_order_without_the_command_that_it_names() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let caused = |id: &str, cause: &str| {
        let Draft::Order(order) = order(id, OrderStatus::New) else { unreachable!("it is one") };
        Draft::Order(Order { cause: Some(cause.into()), ..order })
    };
    store
        .append(
            &[started(1, false), command("c1"), caused("q-1-1", "c1"), order("q-1-2", OrderStatus::New)],
            time(),
        )
        .unwrap();
    assert_eq!(verify(dir.path(), |_, _| {}).unwrap().findings, []);
    store.append(&[caused("q-1-3", "c2"), command("c2")], time()).unwrap();
    let findings = verify(dir.path(), |_, _| {}).unwrap().findings;
    assert!(
        matches!(&findings[..], [Finding { row: Some(5), what, .. }] if what.contains("c2")),
        "{findings:?}"
    );
}

/// Returns the places in a database file that hold something: all but the unused middle of each page, which SQLite never
/// reads.
fn used_bytes(file: &[u8]) -> Vec<usize> {
    let number = |at: usize| usize::from(u16::from_be_bytes([file[at], file[at + 1]]));
    let page_size = number(16);
    let mut used = Vec::new();
    for page in (0..file.len()).step_by(page_size) {
        let header = if page == 0 { 100 } else { page };
        // An inner page names its last child behind its header, and knows the fewest cells.
        let header_bytes = match file[header] {
            2 | 5 => 12,
            10 | 13 => 8,
            other => panic!("a page of kind {other}"),
        };
        let cells_end = header + header_bytes + 2 * number(header + 3);
        used.extend(page..cells_end);
        used.extend(page + number(header + 5)..page + page_size);
    }
    used
}

/// Returns everything that a ledger says: its version, and each value of each table.
fn content(path: &Path) -> rusqlite::Result<Vec<Vec<rusqlite::types::Value>>> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(path, flags)?;
    let mut all = Vec::new();
    for sql in [
        "PRAGMA user_version",
        // A space may be another one.
        "SELECT type, name, tbl_name, replace(replace(sql, char(9), ' '), char(10), ' ') FROM sqlite_schema",
        "SELECT row, seq, time, kind, command, body, hash FROM rows",
        "SELECT kind, epoch, body, hash FROM kept",
        // What only an index answers.
        "SELECT count(*) FROM rows WHERE kind = 'started'",
        "SELECT row FROM rows WHERE command = 'c1'",
    ] {
        let mut statement = connection.prepare(sql)?;
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|column| row.get(column)).collect())?;
        all.extend(rows.collect::<rusqlite::Result<Vec<Vec<_>>>>()?);
    }
    Ok(all)
}

#[test]
fn verify_finds_every_byte_of_the_ledgers_file_that_changes_what_it_says() {
    use std::os::unix::fs::FileExt;
    // Each byte is a verification: in memory, where there is such a folder.
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempdir()).unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let drafts =
        [started(1, false), command("c1"), order("q-1-1", OrderStatus::New), fill("q-1-1", "BTCUSDT", 1)];
    store.append(&drafts, time()).unwrap();
    store.append(&[Draft::Checkpoint(7.into()), Draft::StrategyState(8.into())], time()).unwrap();
    drop(store);
    let path = dir.path().join("ledger.db");
    let (original, said) = (std::fs::read(&path).unwrap(), content(&path).unwrap());
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    let used = used_bytes(&original);
    let mut found = 0;
    for at in &used {
        let bit = 1 << (at % 8);
        file.write_all_at(&[original[*at] ^ bit], *at as u64).unwrap();
        let is_told = match verify(dir.path(), |_, _| {}) {
            Ok(verification) => !verification.findings.is_empty(),
            Err(StoreError::Newer { .. }) => true,
            Err(error) => panic!("byte {at}: {error:?}"),
        };
        found += usize::from(is_told);
        assert!(is_told || content(&path).is_ok_and(|says| says == said), "byte {at} of {}", original.len());
        file.write_all_at(&original[*at..=*at], *at as u64).unwrap();
    }
    assert!(found * 10 > used.len() * 9, "{found} of {} bytes mean something", used.len());
    assert_eq!(verify(dir.path(), |_, _| {}).unwrap().findings, []);
}
