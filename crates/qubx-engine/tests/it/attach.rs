//! A strategy that starts again gets the book, and then every fact after it, once.

use std::cell::Cell;
use std::collections::HashSet;

use qubx_engine::{EngineEvent, Interests, StrategyInput};
use qubx_protocol::{OrderStatus, Side};
use tokio::sync::oneshot;

use crate::harness::{
    Running, Seat, file, in_time, quote_of, replay, request, sim, swinging_quotes, work_while,
};

const ALL: Interests = Interests::ALL;

/// Works on batches, placing a resting order with every fifth quote, until so many quotes were seen; returns what holds
/// the last batch, on which the work is not done.
async fn trade_until(running: &mut Running, quotes: usize) -> oneshot::Sender<u32> {
    let seen = Cell::new(0_usize);
    let mut trade = async |seat: &Seat, input: StrategyInput| {
        let StrategyInput::Event(event) = input else { return };
        let (_, touch) = quote_of(&StrategyInput::Event(event)).unwrap();
        seen.set(seen.get() + 1);
        if seen.get().is_multiple_of(5) {
            let side = if seen.get().is_multiple_of(2) { Side::Buy } else { Side::Sell };
            let away = if seen.get().is_multiple_of(2) { "-4" } else { "4" };
            let price = touch.bid.0 + away.parse::<rust_decimal::Decimal>().unwrap();
            seat.place(request("BTCUSDT", side, "0.1", Some(&price.to_string()))).await;
        }
    };
    loop {
        let batch = in_time("a batch", running.batches.recv()).await.unwrap();
        if let Some(held) = work_while(&running.handle, batch, &mut trade, |_| seen.get() < quotes).await {
            return held;
        }
    }
}

#[tokio::test]
async fn a_strategy_that_starts_again_in_lockstep_misses_nothing_and_sees_nothing_twice() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    for quotes in [1, 5, 17, 40, 99] {
        let mut running = Running::start(replay("max", &path));
        running.handle.start_feed(ALL).await.unwrap();
        let left = trade_until(&mut running, quotes).await;

        // The engine may have sent nothing more: the strategy still works on this batch. Then it dies.
        let book = in_time("attaching", running.handle.attach_strategy()).await.unwrap();
        assert!(left.is_closed());
        running.flush().await;
        let facts_before = running.facts().len();

        // While the new one starts, somebody trades, and the feed rests.
        running.place("BTCUSDT", Side::Buy, "0.1", None).await;
        running.place("BTCUSDT", Side::Buy, "0.1", Some("500")).await;
        assert_eq!(running.handle.snapshot().await.unwrap().time, book.time);
        running.handle.start_feed(ALL).await.unwrap();

        let (mut orders, mut fills, mut times) = (Vec::new(), Vec::new(), Vec::new());
        running
            .run_strategy(async |_, input| match input {
                StrategyInput::Order(order) => orders.push(*order),
                StrategyInput::Fill(fill) => fills.push(fill.0),
                StrategyInput::Event(event) | StrategyInput::See(event) => times.push(event.time),
                other => panic!("{other:?}"),
            })
            .await;
        // A quote that caused something is seen before it is reacted to.
        times.dedup();
        let after = running.facts().split_off(facts_before);
        let (mut expected_orders, mut expected_fills) = (Vec::new(), Vec::new());
        for event in after {
            match event {
                EngineEvent::Order(order) if order.status != OrderStatus::Intended => {
                    expected_orders.push(order)
                }
                EngineEvent::Fill { fill, .. } => expected_fills.push(fill),
                _ => {}
            }
        }
        assert_eq!(orders, expected_orders);
        assert_eq!(fills, expected_fills);
        assert!(fills.len() > 1 || quotes == 1, "{quotes} {}", fills.len());
        // The quote of the book, and every later one.
        let seconds: Vec<_> = times.iter().map(|time| time.as_second()).collect();
        assert_eq!(seconds, (book.time.as_second()..1_767_225_600 + 120).collect::<Vec<_>>());
        let ids: HashSet<_> =
            book.orders.iter().filter(|order| !order.status.is_open()).map(|order| &order.id).collect();
        assert!(orders.iter().all(|order| !ids.contains(&order.id)), "a final order is told again");
        running.stop().await;
    }
}

#[tokio::test]
async fn a_batch_on_its_way_to_the_strategy_before_is_known_as_stale() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut running = Running::start(replay("max", &path));
    running.handle.start_feed(ALL).await.unwrap();
    // Somebody takes what the first batch holds, and the next one waits in the channel.
    in_time("a batch", running.batches.recv()).await.unwrap().done.send(u32::MAX).unwrap();
    in_time("a second batch", async {
        while running.batches.is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let book = running.handle.attach_strategy().await.unwrap();
    running.handle.start_feed(ALL).await.unwrap();
    let stale = in_time("the old batch", running.batches.recv()).await.unwrap();
    assert!(stale.is_stale());
    let fresh = in_time("the first batch", running.batches.recv()).await.unwrap();
    assert!(!fresh.is_stale());
    assert!(matches!(&fresh.inputs[0], StrategyInput::See(quote) if quote.time == book.time));
    running.stop().await;
}

#[tokio::test]
async fn bars_that_a_strategy_before_wanted_are_not_told_and_an_open_bar_stays_whole() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut running = Running::start(replay("max", &path));
    for timeframe in ["10s", "3s"] {
        running.handle.subscribe_bars(timeframe.parse().unwrap()).await.unwrap();
    }
    running.handle.start_feed(ALL).await.unwrap();
    let left = trade_until(&mut running, 26).await;
    running.handle.attach_strategy().await.unwrap();
    running.handle.subscribe_bars("10s".parse().unwrap()).await.unwrap();
    running.handle.start_feed(ALL).await.unwrap();
    drop(left);
    let mut bars = Vec::new();
    running
        .run_strategy(async |_, input| {
            if let StrategyInput::Bar(bar, _) = input {
                bars.push((bar.timeframe.seconds(), bar.time.as_second() - 1_767_225_600, bar.quotes));
            }
        })
        .await;
    assert_eq!(bars, (2..11).map(|number| (10, number * 10, 10)).collect::<Vec<_>>());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_follows_a_clock_goes_on_while_a_strategy_starts() {
    let mut running = Running::start(sim());
    running.handle.start_feed(ALL).await.unwrap();
    running.until("quotes", |view| view.quotes.len() == 2).await;
    let _left = in_time("a batch", running.batches.recv()).await.unwrap();
    let book = running.handle.attach_strategy().await.unwrap();
    running.until("later quotes", |view| view.quotes.iter().all(|quote| quote.time > book.time)).await;
    let batch = in_time("a batch", running.batches.recv()).await.unwrap();
    assert!(!batch.is_stale() && batch.inputs.len() >= 2, "{batch:?}");
    // Nobody is there after all.
    running.handle.start_feed(Interests::NONE).await.unwrap();
    assert!(batch.is_stale());
    running.stop().await;
}
