//! A replay at full speed waits for the strategy, so its result depends on the data alone.

use std::time::Duration;

use qubx_engine::{At, Call, Interests, StrategyInput, start};
use qubx_protocol::{Fill, Side, Timeframe};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::harness::{Running, Seat, file, in_time, quote_of, replay, request, swinging_quotes, work};

/// Trades against each bar: sells when it rose, buys when it fell, by limit and at market in turns.
async fn against_the_bar(seat: &Seat, input: StrategyInput) {
    let StrategyInput::Bar(bar, _) = input else { return };
    let side = if bar.close > bar.open { Side::Sell } else { Side::Buy };
    let price = (bar.quotes % 2 == 0).then(|| bar.close.to_string());
    seat.place(request("BTCUSDT", side, "0.5", price.as_deref())).await;
}

async fn fills_of_a_run(path: &std::path::Path, quotes: bool, timeframe: &str) -> Vec<Fill> {
    let mut running = Running::start(replay("max", path));
    running.handle.subscribe_bars(timeframe.parse::<Timeframe>().unwrap()).await.unwrap();
    running.handle.start_feed(Interests { quotes, ..Interests::FACTS }).await.unwrap();
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
    running.handle.start_feed(Interests::FACTS).await.unwrap();
    let mut quoted = None;
    let mut bars = Vec::new();
    running
        .run_strategy(async |_, input| match input {
            StrategyInput::See(quote) => quoted = Some(quote.time),
            // The quote that closed the bar came before it.
            StrategyInput::Bar(bar, _) => bars.push(quoted.unwrap().duration_since(bar.time).as_secs()),
            other => panic!("{other:?}"),
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
    running.handle.start_feed(Interests::QUOTES).await.unwrap();
    let mut last = None;
    let mut placed = false;
    let mut fills = 0;
    running
        .run_strategy(async |seat, input| {
            if let Some(quote) = quote_of(&input) {
                if !placed {
                    placed = true;
                    seat.place(request("BTCUSDT", Side::Buy, "1", Some("1010"))).await;
                }
                last = Some(quote);
            }
            if let StrategyInput::Fill(fill) = input {
                let (event, touch) = last.unwrap();
                assert_eq!(fill.0.time, event.time);
                assert!(touch.ask <= fill.0.price);
                fills += 1;
            }
        })
        .await;
    assert_eq!(fills, 1);
    running.stop().await;
}

#[tokio::test]
async fn requests_are_served_while_the_feed_waits_for_the_strategy() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut running = Running::start(replay("max", &path));
    running.handle.start_feed(Interests::QUOTES).await.unwrap();
    // The first quote of all begins a day, so it is alone.
    in_time("a batch", running.batches.recv()).await.unwrap().done.send(u32::MAX).unwrap();
    let batch = in_time("a batch", running.batches.recv()).await.unwrap();
    // The engine is where the strategy is known to be.
    assert_eq!(running.handle.snapshot().await.unwrap().time.as_second(), 1_767_225_600);
    let at = At { batch: batch.number, record: 6 };
    running.handle.call(Some(at), Call::Accounts).await.unwrap();
    let before = running.handle.snapshot().await.unwrap().time;
    running.place("BTCUSDT", Side::Buy, "1", None).await;
    let summary = in_time("flatten", running.handle.flatten("tester".into())).await.unwrap();
    assert_eq!(summary.to_string(), "1/1 flat, 0 cancelled, 0 failed");
    assert_eq!(running.handle.snapshot().await.unwrap().time, before, "the feed waits");
    assert_eq!(before.as_second(), 1_767_225_600 + 6);
    // A batch that is forgotten counts as done.
    drop(batch);
    running.run_strategy(async |_, _| {}).await;
    running.stop().await;
}

#[tokio::test]
async fn a_strategy_that_ended_holds_nothing_up() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut running = Running::start(replay("max", &path));
    running.handle.start_feed(Interests::QUOTES).await.unwrap();
    let _held = in_time("a batch", running.batches.recv()).await.unwrap();
    running.handle.start_feed(Interests::NONE).await.unwrap();
    running.until_finished().await;
    running.stop().await;
}

#[tokio::test]
async fn a_strategy_that_starts_again_is_told_the_last_quotes() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut running = Running::start(replay("max", &path));
    running.handle.start_feed(Interests::NONE).await.unwrap();
    running.until_finished().await;
    running.handle.start_feed(Interests::FACTS).await.unwrap();
    let batch = in_time("a batch", running.batches.recv()).await.unwrap();
    let last = running.handle.market().borrow().quotes[0].clone();
    let (event, touch) = quote_of(&batch.inputs[0]).unwrap();
    assert_eq!((batch.inputs.len(), touch.quote(last.instrument.clone(), event.time)), (1, last));
    running.stop().await;
}

#[tokio::test]
async fn a_closed_channel_to_the_strategy_holds_nothing_up() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut running = Running::start(replay("max", &path));
    running.batches.close();
    running.handle.start_feed(Interests::QUOTES).await.unwrap();
    running.until_finished().await;
    running.stop().await;
}

/// Buys and sells in turns with each quote.
async fn with_each_quote(seat: &Seat, input: StrategyInput) {
    let StrategyInput::Event(event) = input else { return };
    let side = if event.time.as_second() % 2 == 0 { Side::Buy } else { Side::Sell };
    seat.place(request("BTCUSDT", side, "0.1", None)).await;
}

#[tokio::test]
async fn facts_are_stored_in_groups_and_in_order() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut running = Running::start(replay("max", &path));
    running.handle.start_feed(Interests::QUOTES).await.unwrap();
    running.run_strategy(with_each_quote).await;
    let places: Vec<u64> = running.outputs().iter().map(|(_, checkpoint)| checkpoint.place).collect();
    assert!(places.is_sorted() && places.last() == Some(&120), "{places:?}");
    let numbers: Vec<u64> = running.fills().iter().map(|fill| fill.order.0[1..].parse().unwrap()).collect();
    assert_eq!(numbers, (1..=120).collect::<Vec<_>>());
    // An intent, a fill and an order of each: without groups there would be a few hundred.
    let sizes: Vec<usize> = running.outputs().iter().map(|(events, _)| events.len()).collect();
    assert!(sizes.iter().sum::<usize>() >= 360 && sizes.len() < 60, "{sizes:?}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_replay_waits_while_nobody_takes_its_facts() {
    let mut text = "time,bid,bid_size,ask,ask_size\n".to_owned();
    (0..5_000).for_each(|second| text.push_str(&format!("{},1000,1,1001,1\n", 1_767_225_600 + second)));
    let (_folder, path) = file("quotes.csv", &text);
    let (outputs, mut taken) = mpsc::channel(1);
    let (sender, mut batches) = mpsc::channel(1);
    let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
    let handle = start(replay("max", &path), outputs, sender, &tracker, cancel.clone()).unwrap();
    handle.start_feed(Interests::QUOTES).await.unwrap();
    let strategy = async {
        while let Some(batch) = batches.recv().await {
            work(&handle, batch, &mut with_each_quote).await;
        }
    };
    let session = async {
        let mut market = handle.market();
        while tokio::time::timeout(Duration::from_secs(1), market.changed()).await.is_ok() {}
        let first = taken.recv().await.unwrap().checkpoint.place;
        assert!(first < 1_000, "{first}");
        let mut last = first;
        while last < 5_000 {
            last = taken.recv().await.unwrap().checkpoint.place;
        }
    };
    in_time("the end", async {
        tokio::select! {
            () = strategy => panic!("the engine ended"),
            () = session => {}
        }
    })
    .await;
    cancel.cancel();
    tracker.close();
    in_time("stopping", tracker.wait()).await;
}
