//! A feed that follows a clock waits for nobody.

use std::time::Duration;

use qubx_engine::{InstrumentIndex, Interests, StrategyInput, start};
use qubx_protocol::{OrderStatus, Side};
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::harness::{Running, file, in_time, replay, request, sim, swinging_quotes, work};

const ALL: Interests = Interests::QUOTES;
const NOBODY: Interests = Interests::NONE;

#[tokio::test(start_paused = true)]
async fn a_strategy_that_never_answers_stops_neither_feed_nor_book_nor_verbs() {
    let mut running = Running::start(sim());
    running.handle.start_feed(ALL).await.unwrap();
    let hanging = in_time("a batch", running.batches.recv()).await.unwrap();
    running.until("quotes", |view| view.quotes.len() == 2).await;
    assert_eq!(running.place("BTCUSDT", Side::Buy, "0.5", None).await.status, OrderStatus::Filled);
    let before = running.handle.market().borrow().quotes[0].time;
    // Three thousand quotes go by.
    let later = Duration::from_secs(30);
    running
        .until("half a minute", |view| view.quotes[0].time.duration_since(before).unsigned_abs() > later)
        .await;
    assert_eq!(
        running.handle.flatten("tester".into()).await.unwrap().to_string(),
        "1/1 flat, 0 cancelled, 0 failed"
    );

    // When it answers at last, it gets all facts, and no more quotes than may wait.
    hanging.done.send(u32::MAX).unwrap();
    let batch = in_time("the next batch", running.batches.recv()).await.unwrap();
    let fills = batch.inputs.iter().filter(|input| matches!(input, StrategyInput::Fill(_))).count();
    assert_eq!(fills, 2);
    assert!(batch.inputs.len() <= 1_010, "{}", batch.inputs.len());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_strategy_caused_is_told_before_anything_newer() {
    let mut running = Running::start(sim());
    running.handle.start_feed(ALL).await.unwrap();
    let handle = running.handle.clone();
    let (mut seen, mut orders) = (String::new(), 0);
    while orders < 20 {
        let batch = in_time("a batch", running.batches.recv()).await.unwrap();
        work(&handle, batch, &mut async |seat, input| match input {
            StrategyInput::Event(event) if event.instrument == InstrumentIndex(0) => {
                let side = if orders % 2 == 0 { Side::Buy } else { Side::Sell };
                let order = seat.place(request("BTCUSDT", side, "0.1", None)).await;
                assert_eq!(order.status, OrderStatus::Filled);
                orders += 1;
                seen.push('Q');
            }
            StrategyInput::Order(_) => seen.push('o'),
            StrategyInput::Fill(_) => seen.push('f'),
            _ => seen.push('-'),
        })
        .await;
    }
    let told: Vec<&str> = seen.split('Q').skip(1).collect();
    assert!(told.len() >= 20 && told.iter().all(|told| told.starts_with("fo")), "{seen}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_replay_goes_at_the_speed_that_is_set() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    for (speed, expected_seconds) in [("1", 119.0), ("60", 1.983)] {
        let mut running = Running::start(replay(speed, &path));
        let began = Instant::now();
        running.handle.start_feed(NOBODY).await.unwrap();
        running.until_finished().await;
        let took = began.elapsed().as_secs_f64();
        assert!((took - expected_seconds).abs() < 0.2, "{took} at {speed}");
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn bars_of_a_simulation_reach_the_strategy() {
    let mut running = Running::start(sim());
    running.handle.subscribe_bars("1s".parse().unwrap()).await.unwrap();
    running.handle.start_feed(Interests::FACTS).await.unwrap();
    let mut bars = 0;
    while bars < 10 {
        let batch = in_time("a batch", running.batches.recv()).await.unwrap();
        for input in batch.inputs {
            if let StrategyInput::Bar(bar, _) = input {
                assert!(bar.low <= bar.open && bar.close <= bar.high && bar.quotes <= 51);
                bars += 1;
            }
        }
        batch.done.send(u32::MAX).unwrap();
    }
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn quotes_without_facts_are_checkpointed_about_once_a_second_and_when_the_engine_stops() {
    let running = Running::start(sim());
    running.handle.start_feed(NOBODY).await.unwrap();
    let mut market = running.handle.market();
    in_time("ten seconds", async {
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(10_500) {
            market.changed().await.unwrap();
        }
    })
    .await;
    let before = running.outputs().len();
    assert!((9..=11).contains(&before), "{before}");
    let stored = running.stop().await;
    assert!(stored.iter().all(|(events, _)| events.is_empty()));
    let places: Vec<u64> = stored.iter().map(|(_, checkpoint)| checkpoint.place).collect();
    assert!(places.is_sorted_by(|one, next| one < next), "{places:?}");
    // Two instruments, fifty times a second.
    assert!((1_040..=1_060).contains(places.last().unwrap()), "{places:?}");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_takes_nothing_holds_no_quote_up() {
    let (outputs, mut taken) = mpsc::channel(1);
    let tracker = TaskTracker::new();
    let cancel = CancellationToken::new();
    let handle = start(sim(), outputs, mpsc::channel(1).0, &tracker, cancel.clone()).unwrap();
    handle.start_feed(NOBODY).await.unwrap();
    let began = jiff::Timestamp::now();
    let mut market = handle.market();
    let late = |view: &std::sync::Arc<qubx_protocol::MarketView>| {
        view.time.is_some_and(|time| time.duration_since(began).as_secs() >= 10)
    };
    in_time("ten seconds of quotes", market.wait_for(late)).await.unwrap();
    let first = taken.recv().await.unwrap().checkpoint.place;
    let next = in_time("the next checkpoint", taken.recv()).await.unwrap().checkpoint.place;
    assert!(first <= 120 && next >= 1_000, "{first} {next}");
    cancel.cancel();
    tracker.close();
    in_time("stopping", tracker.wait()).await;
}
