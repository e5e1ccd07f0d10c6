//! The engine tells which instruments have had a quote since its feed began.

use qubx_engine::{FirstQuotes, Interests};
use tokio::sync::watch;

use crate::harness::{Running, file, going_on, in_time, replay_all, sim};
use crate::restore::attached;

/// Returns a file with a quote at each of these seconds.
fn quotes_at(seconds: impl IntoIterator<Item = i64>) -> String {
    let row = |second| format!("{},1000.0,1,1000.5,1\n", 1_767_225_600 + second);
    format!("time,bid,bid_size,ask,ask_size\n{}", seconds.into_iter().map(row).collect::<String>())
}

async fn until(
    first: &mut watch::Receiver<FirstQuotes>,
    what: &str,
    wanted: impl FnMut(&FirstQuotes) -> bool,
) -> Vec<String> {
    let first = in_time(what, first.wait_for(wanted)).await.unwrap();
    first.missing.iter().map(|(_, id)| id.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn an_instrument_that_is_quoted_later_is_missing_until_then() {
    for speed in ["60", "max"] {
        let (folder, path) = file("btc.csv", &quotes_at(0..5_000));
        let late = folder.path().join("eth.csv");
        std::fs::write(&late, quotes_at([4_900])).unwrap();
        let config = replay_all(speed, &[("BTCUSDT", path), ("ETHUSDT", late)]);
        let running = Running::start(config);
        let mut first = running.handle.first_quotes();
        assert_eq!(*first.borrow(), FirstQuotes::default());
        running.handle.start_feed(Interests::NONE).await.unwrap();
        let at_first = until(&mut first, "the feed", |first| first.connected).await;
        // At full speed it may have come before anybody looks.
        assert!(speed == "max" || at_first == ["X:ETHUSDT"], "{at_first:?}");
        assert_eq!(until(&mut first, "all", |first| first.missing.is_empty()).await, [""; 0]);
        assert_eq!(until(&mut first, "the end", |first| first.ended).await, [""; 0]);
        assert_eq!(first.borrow().instruments, 2);
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn quotes_from_before_a_restore_are_no_first_ones() {
    let running = attached(sim()).await;
    running.until("a quote of each", |view| view.quotes.len() == 2).await;
    let running = Running::start(going_on(&sim(), &running.stop().await));
    assert_eq!(running.handle.market().borrow().quotes.len(), 2);
    let mut first = running.handle.first_quotes();
    running.handle.start_feed(Interests::NONE).await.unwrap();
    assert_eq!(first.borrow().missing.len(), 1, "the first one comes at once");
    assert_eq!(until(&mut first, "all", |first| first.missing.is_empty()).await, [""; 0]);
    running.stop().await;
}
