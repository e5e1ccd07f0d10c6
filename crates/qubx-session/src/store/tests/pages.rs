use super::*;
use crate::sample;

fn everything(dir: &Path) -> Vec<Event> {
    let mut pages = HistoryPages::open(dir).unwrap();
    let head = pages.head().unwrap();
    let mut all = Vec::new();
    loop {
        let page = pages.next_page(head).unwrap();
        if page.is_empty() {
            return all;
        }
        assert!(page.len() <= 1_001, "{} events in a page", page.len());
        all.extend(page);
    }
}

#[test]
fn pages_have_everything_once_and_in_order() {
    let dir = tempdir().unwrap();
    sample(dir.path(), 5_000, 300, 0, |_| {}).unwrap();
    let all = everything(dir.path());
    assert!(all.len() >= 5_000);
    assert_eq!(all, read_history(dir.path(), usize::MAX, |_| true).unwrap());
}

#[test]
fn a_page_has_few_bytes_or_one_event() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    store.append(&[log_line(&"x".repeat(5 << 20)), log_line("small"), log_line("small")], time()).unwrap();
    let mut pages = HistoryPages::open(dir.path()).unwrap();
    let sizes: Vec<usize> = (0..3).map(|_| pages.next_page(Seq(3)).unwrap().len()).collect();
    assert_eq!(sizes, [1, 2, 0]);
}

#[test]
fn what_is_written_after_the_head_was_asked_for_is_not_waited_for() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    store.append(&[cell(1), verb("one")], time()).unwrap();
    let mut pages = HistoryPages::open(dir.path()).unwrap();
    let head = pages.head().unwrap();
    store.append(&[verb("two")], time()).unwrap();
    assert_eq!(numbers(&pages.next_page(head).unwrap()), [1, 2]);
    assert_eq!(numbers(&pages.next_page(head).unwrap()), [] as [u64; 0]);
}

#[test]
fn beyond_damage_pages_go_on_and_a_mark_stands_for_what_is_hidden() {
    let dir = tempdir().unwrap();
    sample(dir.path(), 4_000, 10, 0, |_| {}).unwrap();
    let path = dir.path().join("session.db");
    Connection::open(&path).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    // One page of the file, in the middle of the events.
    let page = bytes.len() / 4096 / 2 * 4096;
    bytes[page..page + 4096].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    let all = everything(dir.path());
    let is_mark =
        |event: &&Event| matches!(&event.fact, Fact::Log { text, .. } if text.contains("is damaged here"));
    assert_eq!(all.iter().filter(is_mark).count(), 1);
    assert!(all.len() > 3_500 && all.is_sorted_by_key(|event| event.seq), "{} events", all.len());
    assert_eq!(all, read_history(dir.path(), usize::MAX, |_| true).unwrap());
}
