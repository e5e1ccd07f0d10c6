//! Real recorded quotes, if they are there.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use qubx_engine::{Checkpoint, Interests, Restore, StrategyInput};
use qubx_protocol::{Money, Side};
use rust_decimal::Decimal;

use crate::harness::{Running, Seat, replay, request};

/// Returns the file, or none where it is absent and nothing requires it.
fn recorded_quotes() -> Option<PathBuf> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/binance-um-BTCUSDT-quotes.csv.gz");
    if path.exists() {
        return Some(path);
    }
    let required = std::env::var("QUBX_REQUIRE").unwrap_or_default();
    assert!(!required.split(',').any(|what| what.trim() == "data"), "{} is required", path.display());
    println!("skipped: {} is not there", path.display());
    None
}

/// Is long after a minute that rose and short after one that fell.
async fn follow(seat: &Seat, input: StrategyInput) {
    let StrategyInput::Bar(bar, _) = input else { return };
    let target = if bar.close > bar.open { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
    let positions = seat.handle.snapshot().await.unwrap().positions;
    let held = positions.first().map_or(Decimal::ZERO, |position| position.quantity.0);
    let delta = target - held;
    if !delta.is_zero() {
        let side = if delta > Decimal::ZERO { Side::Buy } else { Side::Sell };
        seat.place(request("BTCUSDT", side, &delta.abs().to_string(), None)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_days_of_real_quotes_give_the_same_result_twice() {
    let Some(path) = recorded_quotes() else { return };
    let mut results = Vec::new();
    for _ in 0..2 {
        let mut running = Running::start(replay("max", &path));
        running.handle.subscribe_bars("15m".parse().unwrap()).await.unwrap();
        running.handle.start_feed(Interests::FACTS).await.unwrap();
        let mut bars = 0;
        running
            .run_strategy(async |seat, input| {
                bars += u32::from(matches!(input, StrategyInput::Bar(..)));
                follow(seat, input).await;
            })
            .await;
        let snapshot = running.handle.snapshot().await.unwrap();
        let market = running.handle.market().borrow().clone();
        let fills = running.fills();

        // 172,686 quotes of two days: 192 quarters of an hour, of which the last one stays open.
        assert!((188..=191).contains(&bars), "{bars} bars");
        assert_eq!(snapshot.time.to_string(), "2026-01-02T23:59:59Z");
        assert!(market.replay.as_ref().unwrap().finished && market.feed_error.is_none());
        assert!(fills.len() > 50, "{} fills", fills.len());

        // The account is what was paid and what is held.
        let account = &snapshot.accounts[0];
        let paid: Money = fills
            .iter()
            .map(|fill| Money((fill.price * fill.quantity).0 * fill.side.sign()) + fill.fee)
            .sum();
        let held = market.marks.iter().map(|mark| mark.market_value.unwrap()).sum::<Money>();
        let expected = account.capital - paid + held;
        assert!((account.equity - expected).abs() < Money(Decimal::new(1, 6)), "{account:?} {expected}");

        results.push((fills, snapshot));
        running.stop().await;
    }
    assert!(results[0] == results[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_of_two_days_goes_on_at_its_end_within_seconds() {
    let Some(path) = recorded_quotes() else { return };
    let mut config = replay("max", &path);
    // Eighty-six quotes, a minute, are left.
    let checkpoint =
        Checkpoint { place: 172_600, timeframes: vec!["15m".parse().unwrap()], ..Checkpoint::default() };
    config.restore = Some(Restore { checkpoint: Some(checkpoint), ..Restore::default() });
    let began = Instant::now();
    let mut running = Running::start(config);
    let took = began.elapsed();
    println!("172,600 quotes are skipped in {took:?}");
    // A build that is not optimized takes about ten times as long as one that is.
    let limit = if cfg!(debug_assertions) { 20 } else { 2 };
    assert!(took < Duration::from_secs(limit), "{took:?}");
    running.handle.start_feed(Interests::NONE).await.unwrap();
    running.until_finished().await;
    let (_, checkpoint) = running.stop().await.pop().unwrap();
    assert_eq!(checkpoint.place, 172_686);
    assert_eq!(checkpoint.time.unwrap().to_string(), "2026-01-02T23:59:59Z");
}
