//! How long the store takes with a long history. Ignored in ordinary runs: it writes some 500 MiB.

use std::time::Instant;

use qubx_protocol::HistoryKind;

use super::*;

/// Rows of the ledger; a third are fills.
const ROWS: u64 = 300_000;
/// Entries of the session log, with the references to those rows.
const ENTRIES: u64 = 1_000_000;

#[test]
#[ignore = "it measures: cargo test --release -p qubx-session --lib measure -- --ignored --nocapture"]
fn a_long_history_opens_gives_its_book_and_its_pages_quickly() {
    let dir = tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let begun = Instant::now();
    store.append(&[started(1, false)], time()).unwrap();
    let (mut number, mut appends) = (0, 0);
    while number < ROWS / 3 {
        let mut drafts = Vec::new();
        for _ in 0..25 {
            let id = format!("q0123abcd-1-{number}");
            let symbol = ["BTCUSDT", "ETHUSDT", "SOLUSDT"][usize::try_from(number % 3).unwrap()];
            drafts.push(order(&id, OrderStatus::Intended));
            drafts.push(fill(&id, symbol, i64::try_from(number % 7).unwrap()));
            drafts.push(order(&id, OrderStatus::Filled));
            for _ in 0..(ENTRIES - ROWS) / (ROWS / 3) {
                drafts.push(log_line(
                    "a line of the strategy's log, as long as such lines are: 0.123 0.456 0.789",
                ));
            }
            number += 1;
        }
        store.append(&drafts, time()).unwrap();
        appends += 1;
    }
    println!("written in {:.2?}, {appends} appends", begun.elapsed());
    drop(store);
    let size = |file| std::fs::metadata(dir.path().join(file)).unwrap().len() >> 20;
    println!("ledger.db {} MiB, session.db {} MiB", size("ledger.db"), size("session.db"));

    let begun = Instant::now();
    let store = Store::open(dir.path()).unwrap();
    let opened = begun.elapsed();
    let book = store.book().unwrap();
    let both = begun.elapsed();
    assert_eq!((book.positions.len(), book.order_count, book.orders.len()), (3, ROWS / 3, 0));
    println!("opened in {opened:.2?}, opened with its book in {both:.2?}");
    let begun = Instant::now();
    assert_eq!(store.last_events(5_000).unwrap().len(), 5_000);
    println!("the last 5,000 events in {:.2?}", begun.elapsed());
    for (before, kind) in [
        (ENTRIES, None),
        (ENTRIES / 2, Some(HistoryKind::Trading)),
        (ENTRIES / 2, Some(HistoryKind::Log)),
        (ENTRIES, Some(HistoryKind::Session)),
    ] {
        let begun = Instant::now();
        let (page, complete) = older(dir.path(), Seq(before), kind, 1_000).unwrap();
        println!(
            "a page of {} before {before} of {kind:?} in {:.2?} ({complete})",
            page.len(),
            begun.elapsed()
        );
    }
    let begun = Instant::now();
    let found = super::super::verify(dir.path(), |_, _| {}).unwrap();
    println!("verified {} rows and {} events in {:.2?}", found.rows, found.events, begun.elapsed());
    assert_eq!(found.findings, []);
    assert!(both.as_secs_f64() < 2.0, "{both:?}");
}
