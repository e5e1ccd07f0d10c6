//! A replay at full speed waits for the strategy, so its result depends on the data alone.

use qubx_engine::{EngineHandle, Interests, StrategyInput};
use qubx_protocol::{Fill, Side, Timeframe};

use crate::harness::{Running, file, in_time, replay, request, swinging_quotes};

/// Trades against each bar: sells when it rose, buys when it fell, by limit and at market in turns.
async fn against_the_bar(handle: &EngineHandle, input: StrategyInput) {
    let StrategyInput::Bar(bar) = input else { return };
    let side = if bar.close > bar.open { Side::Sell } else { Side::Buy };
    let price = (bar.quotes % 2 == 0).then(|| bar.close.to_string());
    handle.place(request("BTCUSDT", side, "0.5", price.as_deref())).await.unwrap();
}

async fn fills_of_a_run(path: &std::path::Path, quotes: bool, timeframe: &str) -> Vec<Fill> {
    let mut running = Running::start(replay("max", path));
    running.handle.subscribe_bars(timeframe.parse::<Timeframe>().unwrap()).await.unwrap();
    running.handle.start_feed(Interests { strategy: true, quotes }).await.unwrap();
    running.run_strategy(against_the_bar).await;
    let fills = running.fills();
    running.stop().await;
    fills
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runs_give_equal_fills_whether_the_strategy_sees_quotes_or_not() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let first = fills_of_a_run(&path, false, "3s").await;
    assert!(first.len() > 20, "{}", first.len());
    for quotes in [false, true, false] {
        assert_eq!(fills_of_a_run(&path, quotes, "3s").await, first);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_view_is_right_in_every_batch_without_an_interest_in_quotes() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut running = Running::start(replay("max", &path));
    running.handle.subscribe_bars("10s".parse().unwrap()).await.unwrap();
    running.handle.start_feed(Interests { strategy: true, quotes: false }).await.unwrap();
    let mut now = None;
    let mut quoted = None;
    let mut bars = Vec::new();
    running
        .run_strategy(async |_, input| match input {
            StrategyInput::Time(time) => now = Some(time),
            StrategyInput::Quote(quote) => quoted = Some(quote.time),
            StrategyInput::Bar(bar) => {
                // The quote that closed the bar came with it, and is what the clock shows.
                assert_eq!(now, quoted);
                bars.push(now.unwrap().duration_since(bar.time).as_secs());
            }
            StrategyInput::Order(_) | StrategyInput::Fill { .. } => {}
        })
        .await;
    assert_eq!(bars, [10; 11]);
    // The quotes after the last bar came too.
    assert_eq!(quoted.unwrap().as_second(), 1_767_225_600 + 119);
    running.stop().await;
}

#[tokio::test]
async fn a_fill_comes_after_the_quote_that_caused_it() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut running = Running::start(replay("max", &path));
    running.handle.start_feed(Interests { strategy: true, quotes: true }).await.unwrap();
    let mut last = None;
    let mut placed = false;
    let mut fills = 0;
    running
        .run_strategy(async |handle, input| match input {
            StrategyInput::Quote(quote) => {
                if !placed {
                    placed = true;
                    handle.place(request("BTCUSDT", Side::Buy, "1", Some("1010"))).await.unwrap();
                }
                last = Some(quote);
            }
            StrategyInput::Fill { fill, .. } => {
                let quote = last.clone().unwrap();
                assert_eq!(fill.time, quote.time);
                assert!(quote.ask <= fill.price);
                fills += 1;
            }
            _ => {}
        })
        .await;
    assert_eq!(fills, 1);
    running.stop().await;
}

#[tokio::test]
async fn requests_are_served_while_the_feed_waits_for_the_strategy() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut running = Running::start(replay("max", &path));
    running.handle.start_feed(Interests { strategy: true, quotes: true }).await.unwrap();
    let batch = in_time("a batch", running.batches.recv()).await.unwrap();
    let before = running.handle.snapshot().await.unwrap().time;
    running.place("BTCUSDT", Side::Buy, "1", None).await;
    let summary = in_time("flatten", running.handle.flatten("tester".into())).await.unwrap();
    assert_eq!(summary.to_string(), "1/1 flat, 0 cancelled, 0 failed");
    assert_eq!(running.handle.snapshot().await.unwrap().time, before, "the feed waits");
    // A batch that is forgotten counts as done.
    drop(batch);
    running.run_strategy(async |_, _| {}).await;
    running.stop().await;
}

#[tokio::test]
async fn a_strategy_that_ended_holds_nothing_up() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut running = Running::start(replay("max", &path));
    running.handle.start_feed(Interests { strategy: true, quotes: true }).await.unwrap();
    let _held = in_time("a batch", running.batches.recv()).await.unwrap();
    running.handle.start_feed(Interests { strategy: false, quotes: false }).await.unwrap();
    running.until_finished().await;
    running.stop().await;
}

#[tokio::test]
async fn a_strategy_that_starts_again_is_told_the_last_quotes() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut running = Running::start(replay("max", &path));
    running.handle.start_feed(Interests { strategy: false, quotes: false }).await.unwrap();
    running.until_finished().await;
    running.handle.start_feed(Interests { strategy: true, quotes: false }).await.unwrap();
    let batch = in_time("a batch", running.batches.recv()).await.unwrap();
    let last = running.handle.market().borrow().quotes[0].clone();
    assert_eq!(batch.inputs, [StrategyInput::Time(last.time), StrategyInput::Quote(last)]);
    running.stop().await;
}

#[tokio::test]
async fn a_closed_channel_to_the_strategy_holds_nothing_up() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut running = Running::start(replay("max", &path));
    running.batches.close();
    running.handle.start_feed(Interests { strategy: true, quotes: true }).await.unwrap();
    running.until_finished().await;
    running.stop().await;
}
