//! Timers, while a feed follows a clock.

use std::time::Duration;

use jiff::Timestamp;
use qubx_engine::{Call, EngineConfig, Interests, StrategyInput};
use tokio::time::Instant;

use crate::harness::{Running, file, in_time, replay, sim};

const BEGIN: i64 = 1_767_225_600;

/// Starts a strategy with a timer.
async fn with_timer(config: EngineConfig, every: &str) -> Running {
    let running = Running::start(config);
    running.handle.attach_strategy().await.unwrap();
    let timer = Call::SetTimer("often".to_owned(), every.parse().ok());
    running.handle.call(None, timer).await.unwrap();
    running.handle.start_feed(Interests::FACTS).await.unwrap();
    running
}

/// Returns when the timer was due the first few times, and when that was told, by the engine's clock.
async fn timers(running: &mut Running, count: usize) -> Vec<(Timestamp, Timestamp)> {
    let mut timers = Vec::new();
    while timers.len() < count {
        let batch = in_time("a batch", running.batches.recv()).await.unwrap();
        for input in batch.inputs {
            if let StrategyInput::Timer { time, .. } = input {
                timers.push((time, batch.time));
            }
        }
        batch.done.send(u32::MAX).unwrap();
    }
    timers
}

#[tokio::test(start_paused = true)]
async fn timers_of_a_simulation_are_due_at_whole_multiples_by_the_wall() {
    let mut running = with_timer(sim(), "5s").await;
    let timers = timers(&mut running, 4).await;
    assert!(timers.windows(2).all(|pair| pair[1].0.duration_since(pair[0].0).as_secs() == 5), "{timers:?}");
    for (due, told) in timers {
        assert_eq!(due.as_second() % 5, 0);
        assert!(told.duration_since(due).as_millis() < 25, "{due} {told}");
    }
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn timers_of_a_paced_replay_go_as_fast_as_it_does_also_between_quotes() {
    let text =
        format!("time,bid,bid_size,ask,ask_size\n{BEGIN},1000,1,1001,1\n{},1000,1,1001,1\n", BEGIN + 3_600);
    let (_folder, path) = file("quotes.csv", &text);
    let mut running = with_timer(replay("60", &path), "10m").await;
    let began = Instant::now();
    let timers = timers(&mut running, 6).await;
    let took = began.elapsed().as_secs_f64();
    assert!((took - 60.0).abs() < 0.5, "{took}");
    let expected: Vec<_> = (1..=6).map(|number| BEGIN + 600 * number).collect();
    assert_eq!(timers.iter().map(|(due, _)| due.as_second()).collect::<Vec<_>>(), expected);
    assert!(timers.iter().all(|(due, told)| due == told), "{timers:?}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn timers_belong_to_the_strategy_that_set_them() {
    let mut running = with_timer(sim(), "1s").await;
    timers(&mut running, 1).await;
    running.handle.attach_strategy().await.unwrap();
    running.handle.start_feed(Interests::QUOTES).await.unwrap();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        let batch = in_time("a batch", running.batches.recv()).await.unwrap();
        let is_timer = |input: &StrategyInput| matches!(input, StrategyInput::Timer { .. });
        assert!(batch.is_stale() || !batch.inputs.iter().any(is_timer));
        let _ = batch.done.send(u32::MAX);
    }
    running.stop().await;
}
