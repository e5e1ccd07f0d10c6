use qubx_protocol::{HistoryKind, OutputContent, StreamName};

use super::*;

#[test]
fn what_was_stored_is_read_back_in_order_by_the_writer_and_by_others() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let drafts = [started(1, false), command("c1"), cell(1), verb("2/2 flat")];
    let events = store.append(&drafts, time()).unwrap();
    assert_eq!(numbers(&events), [1, 2, 3]);
    let log = store.log_id().clone();
    drop(store);

    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.log_id(), &log);
    assert_eq!(store.events_after(Seq(0), 100).unwrap().unwrap(), events);
    assert_eq!(store.events_after(Seq(0), 2).unwrap().unwrap(), events[..2]);
    assert_eq!(store.events_after(Seq(2), 100).unwrap().unwrap(), events[2..]);
    assert_eq!(store.events_after(Seq(3), 100).unwrap().unwrap(), []);
    assert_eq!(store.last_events(2).unwrap(), events[1..]);
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
    tamper(dir.path(), "session.db", "DELETE FROM events WHERE seq = 3");

    let store = Store::open(dir.path()).unwrap();
    assert_ne!(store.log_id(), &old_name);
    let events = all(&store);
    assert_eq!(numbers(&events), [1, 2, 4]);
    assert!(matches!(&events[2].fact, Fact::Verb { verb, .. } if verb.text == "two"));
    assert_eq!(store.events_after(Seq(1), 100).unwrap(), None, "3 is missing");
    assert_eq!(store.events_after(Seq(3), 100).unwrap().unwrap(), events[2..]);
}

#[test]
fn a_time_that_is_none_is_told_and_not_another_time() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    store.append(&[cell(1)], time()).unwrap();
    tamper(dir.path(), "session.db", "UPDATE events SET time = '2026-13-01'");
    let events = store.events_after(Seq(0), 10).unwrap().unwrap();
    assert!(
        matches!(&events[0].fact, Fact::Log { text, .. } if text.contains("entry 1: it cannot be read")),
        "{events:?}"
    );
}

fn output(number: u64, text: &str) -> Draft {
    let content = OutputContent::Stream { stream: StreamName::Stdout, text: text.to_owned() };
    Draft::Session(Fact::Output { cell: Some(CellNumber(number)), content })
}

#[test]
fn a_page_of_older_history_has_whole_entries_and_says_when_it_is_the_first() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let mut drafts = vec![started(1, false)];
    for number in 1..=3 {
        drafts.extend([cell(number), verb("v"), output(number, "a"), log_line("l"), output(number, "b")]);
    }
    let events = store.append(&drafts, time()).unwrap();
    let page = |before: u64, kind, limit| {
        let (page, complete) = older(dir.path(), Seq(before), kind, limit).unwrap();
        for event in &page {
            assert_eq!(event, &events[usize::try_from(event.seq.0 - 1).unwrap()]);
        }
        (numbers(&page), complete)
    };
    let session = Some(HistoryKind::Session);
    assert_eq!(page(100, session, 1), (vec![12, 14, 16], false));
    assert_eq!(page(12, session, 1), (vec![7, 9, 11], false));
    assert_eq!(page(7, session, 1), (vec![2, 4, 6], true));
    assert_eq!(page(12, session, 2), (vec![2, 4, 6, 7, 9, 11], true));
    assert_eq!(page(2, session, 5), (vec![], true));
    assert_eq!(page(100, Some(HistoryKind::Trading), 2), (vec![8, 13], false));
    assert_eq!(page(8, Some(HistoryKind::Trading), 2), (vec![3], true));
    assert_eq!(page(100, Some(HistoryKind::Log), 100), (vec![1, 5, 10, 15], true));
    assert_eq!(page(7, None, 3), (vec![2, 3, 4, 5, 6], false));
    assert_eq!(page(100, None, 100), ((1..=16).collect(), true));
}

#[test]
fn a_page_of_older_history_is_bounded_in_bytes_but_has_an_entry() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let text = "x".repeat(3 << 20);
    let mut drafts: Vec<Draft> = (1..=4).flat_map(|number| [cell(number), output(number, &text)]).collect();
    drafts.extend([cell(5), output(5, &text), output(5, &text), output(5, &text)]);
    store.append(&drafts, time()).unwrap();
    let page = |before| older(dir.path(), Seq(before), None, 1_000).unwrap();
    let (events, complete) = page(9);
    assert_eq!(
        (numbers(&events), complete),
        (vec![5, 6, 7, 8], false),
        "two entries of 3 MiB fit into 8 MiB"
    );
    let (events, complete) = page(100);
    assert_eq!((numbers(&events), complete), (vec![9, 10, 11, 12], false), "one entry of 9 MiB is a page");
}

#[test]
fn above_its_cap_the_log_loses_its_oldest_text_and_says_so_and_no_reference_goes() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    store.cap_log(2_000_000);
    store.append(&[started(1, false), cell(1)], time()).unwrap();
    let mut said = 0;
    for round in 0..400 {
        let events =
            store.append(&[verb("v"), output(1, &"x".repeat(20_000)), log_line("l")], time()).unwrap();
        said += usize::from(events.len() > 3);
        if let Some(Event { fact: Fact::Log { text, .. }, .. }) = events.get(3) {
            assert!(text.contains("larger than 2 MB"), "{round}: {text}");
        }
    }
    assert!((1..200).contains(&said), "said {said} times");
    let size = std::fs::metadata(dir.path().join("session.db")).unwrap().len();
    assert!(size < 4 << 20, "{size} bytes");
    let events = all(&store);
    let count = |kind: &str| events.iter().filter(|event| event.fact.kind() == kind).count();
    assert_eq!((count("started"), count("cell"), count("verb")), (1, 1, 400));
    assert!((10..200).contains(&count("output")), "{} outputs", count("output"));
    assert_eq!(store.events_after(Seq(1), 10_000).unwrap(), None, "text of before is missing");
    let newest = store.head().0;
    assert!(store.events_after(Seq(newest - 3), 10).unwrap().is_some());
    assert_eq!(super::super::verify(dir.path(), |_, _| {}).unwrap().findings, []);
}

#[test]
fn what_a_killed_writer_left_half_done_is_undone_for_a_reader() {
    let (dir, killed) = (tempdir().unwrap(), tempdir().unwrap());
    let mut store = Store::open(dir.path()).unwrap();
    store.append(&[cell(1)], time()).unwrap();
    drop(store);
    // A first start changes the files before they have a write-ahead log.
    let writer = Connection::open(dir.path().join("session.db")).unwrap();
    let half = "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; BEGIN;
        WITH RECURSIVE n (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
        INSERT INTO events (seq, time, kind, body) SELECT n, '2026-01-01T00:00:00Z', 'log', '{}' FROM n";
    writer.execute_batch(half).unwrap();
    for file in ["ledger.db", "session.db", "session.db-journal"] {
        std::fs::copy(dir.path().join(file), killed.path().join(file)).unwrap();
    }
    let events = read_history(killed.path(), 100, |_| true).unwrap();
    assert_eq!(numbers(&events), [1]);
    assert_eq!(super::super::verify(killed.path(), |_, _| {}).unwrap().findings, []);
}
