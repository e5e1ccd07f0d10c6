//! A damaged session log: the session goes on with the ledger, and what is missing is told in its place.

use qubx_protocol::HistoryKind;

use super::*;

/// Makes a closed session of some pages and returns its events.
fn session(dir: &Path) -> Vec<Event> {
    let mut store = Store::open(dir).unwrap();
    store.append(&[started(1, false)], time()).unwrap();
    for number in 0..60_u64 {
        let id = format!("q-1-{number}");
        let drafts = [
            cell(number + 1),
            log_line(&format!("line {number} {}", "x".repeat(300))),
            order(&id, OrderStatus::Filled),
            fill(&id, "BTCUSDT", i64::try_from(number).unwrap()),
        ];
        store.append(&drafts, time()).unwrap();
    }
    all(&store)
}

fn is_mark(event: &Event) -> bool {
    matches!(&event.fact, Fact::Log { text, .. } if text.contains("is damaged here"))
}

fn trading(events: &[Event]) -> Vec<&Fact> {
    let facts = events.iter().map(|event| &event.fact);
    facts.filter(|fact| matches!(fact, Fact::Order { .. } | Fact::Fill { .. })).collect()
}

/// Checks that what is read is what was written, but for what a mark tells.
fn check(what: &str, before: &[Event], after: &[Event]) {
    assert_eq!(trading(before), trading(after), "{what}: the ledger has them all");
    let is_whole = before.iter().all(|event| after.contains(event));
    assert!(is_whole || after.iter().any(is_mark), "{what}: something is missing without a word");
}

fn overwrite(file: &Path, at: usize, bytes: &[u8]) {
    let mut content = std::fs::read(file).unwrap();
    content[at..at + bytes.len()].copy_from_slice(bytes);
    std::fs::write(file, content).unwrap();
}

#[test]
fn whatever_page_is_damaged_the_session_starts_and_tells_what_is_missing() {
    const PAGE: usize = 4_096;
    let original = tempdir().unwrap();
    let before = session(original.path());
    let pages = std::fs::read(original.path().join("session.db")).unwrap().len() / PAGE;
    assert!(pages > 10, "{pages}");
    let mut rescued = 0;
    for page in 0..pages {
        for garbage in [vec![0xa5; PAGE], vec![0; PAGE], vec![0xff; 16]] {
            let what = format!("page {page} of {pages}, {} bytes of {:#x}", garbage.len(), garbage[0]);
            let dir = tempdir().unwrap();
            for file in ["ledger.db", "session.db"] {
                std::fs::copy(original.path().join(file), dir.path().join(file)).unwrap();
            }
            overwrite(&dir.path().join("session.db"), page * PAGE, &garbage);
            // Readers of the file as it is get what there is; only a file without a head is refused.
            if let Ok(found) = read_history(dir.path(), 10_000, |_| true) {
                assert!(
                    found.iter().any(is_mark) || before.iter().all(|event| found.contains(event)),
                    "{what}"
                );
                older(dir.path(), Seq(u64::MAX >> 1), Some(HistoryKind::Trading), 1_000).unwrap();
            }
            let mut store = Store::open(dir.path()).unwrap_or_else(|error| panic!("{what}: {error}"));
            let is_rescued = dir.path().join("session.db.damaged-1").exists();
            let left = store.take_left();
            assert_eq!(left.rescued.is_some(), is_rescued, "{what}");
            assert_eq!(store.alarms().iter().any(|alarm| alarm.source == "log"), is_rescued, "{what}");
            check(&what, &before, &all(&store));
            store.append(&[cell(100), verb("done")], time()).unwrap();
            assert!(!store.has_waiting(), "{what}");
            let events = all(&store);
            check(&what, &before, &events);
            assert!(matches!(events.last().unwrap().fact, Fact::Verb { .. }), "{what}");
            drop(store);
            if is_rescued {
                rescued += 1;
                check(&what, &before, &read_history(dir.path(), 10_000, |_| true).unwrap());
                let findings = super::super::verify(dir.path(), |_, _| {}).unwrap().findings;
                assert_eq!(findings, [], "{what}: the new files are whole");
                let store = Store::open(dir.path()).unwrap();
                assert!(store.alarms().is_empty(), "{what}: it is told once");
            }
        }
    }
    assert!(rescued > pages, "{rescued} of {pages} pages");
}

#[test]
fn one_entry_that_cannot_be_read_is_marked_in_its_place() {
    for tampering in [
        "UPDATE events SET body = '{' WHERE seq = 2",
        "UPDATE events SET time = 'yesterday' WHERE seq = 2",
        "UPDATE events SET kind = 'verb', body = NULL WHERE seq = 2",
        "UPDATE events SET row = 99, body = NULL WHERE seq = 2",
        "UPDATE events SET body = CAST(x'ff' AS TEXT) WHERE seq = 2",
    ] {
        let dir = tempdir().unwrap();
        let before = session(dir.path());
        tamper(dir.path(), "session.db", tampering);
        let mut store = Store::open(dir.path()).unwrap();
        let after = all(&store);
        assert_eq!(
            after.iter().filter(|event| is_mark(event)).map(|mark| mark.seq).collect::<Vec<_>>(),
            [Seq(2)]
        );
        check(tampering, &before, &after);
        let resumed = store.events_after(Seq(1), 1_000).unwrap().unwrap();
        assert_eq!(resumed, after[1..], "{tampering}");
        assert_eq!(read_history(dir.path(), 1_000, |_| true).unwrap(), after, "{tampering}");
        let (page, is_complete) = older(dir.path(), Seq(1_000), None, 1_000).unwrap();
        assert!(is_complete && page.iter().any(is_mark), "{tampering}");
        store.append(&[cell(100)], time()).unwrap();
        assert!(!dir.path().join("session.db.damaged-1").exists(), "{tampering}: the file is usable");
    }
}

#[test]
fn a_log_that_is_damaged_under_its_writer_is_replaced_and_nothing_is_lost_after() {
    let dir = tempdir().unwrap();
    let before = session(dir.path());
    let mut store = Store::open(dir.path()).unwrap();
    let name = store.log_id().clone();
    let file = dir.path().join("session.db");
    let length = std::fs::read(&file).unwrap().len();
    // Everything but the head, and SQLite has to read it again.
    store.log.connection.execute_batch("PRAGMA cache_size = 1; PRAGMA shrink_memory").unwrap();
    overwrite(&file, 4_096, &vec![0xa5; length - 4_096]);
    let mut written = Vec::new();
    for number in 0..400 {
        let text = format!("after {number} {}", "y".repeat(3_000));
        written.extend(store.append(&[log_line(&text), verb("done")], time()).unwrap());
    }
    assert!(!store.has_waiting(), "{:?}, {} rescues", store.alarms(), store.rescues);
    assert_ne!(*store.log_id(), name, "numbers of before mean nothing any more");
    assert!(dir.path().join("session.db.damaged-1").exists());
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    let after = all(&store);
    check("under the writer", &before, &after);
    let missing = written.iter().filter(|event| !after.contains(event)).count();
    assert_eq!(missing, 0, "of {}", written.len());
}

#[test]
fn a_ledger_that_is_damaged_still_refuses() {
    let dir = tempdir().unwrap();
    session(dir.path());
    tamper(dir.path(), "ledger.db", "UPDATE rows SET body = replace(body, 'BTC', 'ETH') WHERE row = 3");
    assert!(matches!(Store::open(dir.path()), Err(StoreError::Damaged { row: Some(LedgerRow(3)), .. })));
    assert!(!dir.path().join("session.db.damaged-1").exists());
}
