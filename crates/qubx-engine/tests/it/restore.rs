//! An engine goes on where another one stopped, as if nothing had happened.

use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;
use qubx_engine::{Call, EngineConfig, EngineEvent, Interests, Limits, OrderRequest, StrategyInput};
use qubx_protocol::{OrderStatus, Side};
use rust_decimal::Decimal;

use crate::harness::{
    Running, Seat, Stored, file, fills_of, going_on, in_time, quote_of, replay, replay_all, request,
    swinging_quotes, work_while,
};

const NOBODY: Interests = Interests::NONE;
const ALL: Interests = Interests::ALL;
const HEADER: &str = "time,bid,bid_size,ask,ask_size\n";
const BEGIN: i64 = 1_767_225_600;

/// Reacts to quotes and bars by what is in them alone, so that one that starts in the middle does what one that runs
/// from the beginning does. It rests orders near the price, and takes some at market.
fn reaction(input: &StrategyInput) -> Vec<OrderRequest> {
    match input {
        StrategyInput::Event(event) => {
            let (_, quote) = quote_of(input).unwrap();
            let number = event.time.as_second();
            let symbol = "BTCUSDT";
            let side = if number % 2 == 0 { Side::Buy } else { Side::Sell };
            let away = Decimal::from(number % 9 + 1) * -side.sign();
            match number % 5 {
                0 => vec![request(symbol, side, "0.4", Some(&(quote.bid.0 + away).to_string()))],
                3 => vec![request(symbol, side, "0.3", None)],
                _ => Vec::new(),
            }
        }
        StrategyInput::Bar(bar, _) => {
            let side = if bar.close > bar.open { Side::Sell } else { Side::Buy };
            vec![request(&bar.instrument.symbol, side, &format!("0.{}", bar.quotes % 9 + 1), None)]
        }
        StrategyInput::Timer { time, .. } => {
            let side = if time.as_second() % 2 == 0 { Side::Buy } else { Side::Sell };
            vec![request("BTCUSDT", side, "0.2", None)]
        }
        _ => Vec::new(),
    }
}

async fn react(seat: &Seat, input: StrategyInput) {
    for request in reaction(&input) {
        seat.place(request).await;
    }
}

/// Starts an engine with a strategy of its own.
pub(crate) async fn attached(config: EngineConfig) -> Running {
    let running = Running::start(config);
    running.handle.attach_strategy().await.unwrap();
    running.handle.subscribe_bars("7s".parse().unwrap()).await.unwrap();
    running.handle.call(None, Call::SetTimer("often".to_owned(), "13s".parse().ok())).await.unwrap();
    running.handle.start_feed(ALL).await.unwrap();
    running
}

/// Runs to the end and returns what was stored.
async fn whole(config: EngineConfig) -> Vec<Stored> {
    let mut running = attached(config).await;
    running.run_strategy(react).await;
    running.stop().await
}

/// Runs until the strategy is to see the quote of this number, or to the end, and returns what was stored. What the engine
/// has applied is worked through first: news of the dead are not told again, unless they were ahead of it.
async fn interrupted(config: EngineConfig, quotes: u64) -> Vec<Stored> {
    let mut running = attached(config).await;
    let mut seen = 0;
    while let Some(batch) = running.next_batch().await {
        // With a bar its quote was applied.
        let mut applied = batch.time;
        let wanted = |input: &StrategyInput| {
            match input {
                StrategyInput::Bar(_, time) => applied = *time,
                StrategyInput::Event(event) => {
                    seen += 1;
                    return seen < quotes || event.time <= applied;
                }
                _ => {}
            }
            true
        };
        let held = work_while(&running.handle, batch, &mut react, wanted).await;
        if held.is_some() {
            return running.stop().await;
        }
    }
    running.stop().await
}

/// Returns a file of quotes a second apart, whose bids move by these steps from 1000. A day begins after the first
/// forty.
fn walk(steps: &[i8]) -> (tempfile::TempDir, PathBuf) {
    let mut text = HEADER.to_owned();
    let mut bid = 1_000_i64;
    for (second, step) in steps.iter().enumerate() {
        bid = (bid + i64::from(*step)).max(100);
        text.push_str(&format!("{},{bid}.0,1,{bid}.5,1\n", BEGIN - 40 + second as i64));
    }
    file("quotes.csv", &text)
}

/// Limits that bite: a few orders a minute, and a loss that is reached.
fn tight() -> Limits {
    Limits {
        orders_per_minute: Some(20),
        daily_loss: Some("12".parse().unwrap()),
        position_notional: Some("3000".parse().unwrap()),
        ..Limits::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn an_engine_that_was_interrupted_makes_the_fills_of_one_that_was_not(
        steps in proptest::collection::vec(-6..=6_i8, 30..200),
        interruptions in proptest::collection::vec(1..40_u64, 1..6),
        limited in any::<bool>(),
        latency in proptest::option::of(1..3_000_u64),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (_folder, path) = walk(&steps);
            let mut config = replay("max", &path);
            config.limits = if limited { tight() } else { Limits::default() };
            config.exchanges[0].paper.latency = Duration::from_millis(latency.unwrap_or_default());
            let expected = fills_of(&whole(config.clone()).await);

            let mut stored = Vec::new();
            for quotes in interruptions.into_iter().chain([u64::MAX]) {
                let part = interrupted(config.clone(), quotes).await;
                config = going_on(&config, &part);
                let is_over = part.iter().any(|(events, _)| events.contains(&EngineEvent::FeedFinished));
                stored.extend(part);
                if is_over {
                    break;
                }
            }
            assert_eq!(fills_of(&stored), expected);
        });
    }
}

#[tokio::test]
async fn a_session_can_end_after_any_output_and_goes_on_with_the_same_fills() {
    // Slowly down by twenty, up by forty and down again, so that many orders are filled one after the other.
    let steps: Vec<i8> = (20..140).map(|second| if second % 80 < 40 { -1 } else { 1 }).collect();
    let (folder, path) = walk(&steps);
    let other = folder.path().join("other.csv");
    std::fs::write(&other, std::fs::read_to_string(&path).unwrap().replace(".0,1,", ".2,1,")).unwrap();
    let config = replay_all("max", &[("BTCUSDT", path), ("ETHUSDT", other)]);
    // Many orders rest from the beginning; then nobody is there any more.
    let running = Running::start(config.clone());
    running.handle.attach_strategy().await.unwrap();
    running.handle.start_feed(ALL).await.unwrap();
    let mut running = running;
    let mut placed = false;
    running
        .run_strategy(async |seat, input| {
            // Each fact is stored by itself.
            seat.handle.flush(None).await.unwrap();
            if matches!(&input, StrategyInput::Event(event) if event.instrument.0 == 1) && !placed {
                placed = true;
                for (number, symbol) in (0..60).zip(["BTCUSDT", "ETHUSDT"].into_iter().cycle()) {
                    let side = if number % 4 < 2 { Side::Buy } else { Side::Sell };
                    let price = 975 + (number * 17) % 45;
                    let order = request(symbol, side, "0.1", Some(&price.to_string()));
                    seat.place(order).await;
                }
            }
        })
        .await;
    let stored = running.stop().await;
    let expected = fills_of(&stored);
    // What is after the last order: an earlier end would leave out orders of a strategy that is gone.
    let is_intended = |(events, _): &Stored| {
        events
            .iter()
            .any(|event| matches!(event, EngineEvent::Order(order) if order.status == OrderStatus::Intended))
    };
    let first = stored.iter().rposition(is_intended).unwrap() + 2;
    assert!(stored.len() - first > 15, "{}", stored.len() - first);
    for end in first..stored.len() {
        let mut running = Running::start(going_on(&config, &stored[..end]));
        running.handle.start_feed(NOBODY).await.unwrap();
        running.until_finished().await;
        let mut fills = fills_of(&stored[..end]);
        fills.extend(fills_of(&running.stop().await));
        assert_eq!(fills, expected, "after output {end}");
    }
}

#[tokio::test]
async fn what_a_strategy_keeps_in_the_middle_of_a_batch_is_stored_with_the_place_where_it_is() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut running = Running::start(replay("max", &path));
    running.handle.start_feed(ALL).await.unwrap();
    let mut quotes = 0;
    running
        .run_strategy(async |seat, input| {
            quotes += u64::from(quote_of(&input).is_some());
            if quotes % 25 == 0 {
                seat.flush().await;
            }
        })
        .await;
    let stored = running.stop().await;
    let places: Vec<u64> = stored.iter().map(|(_, checkpoint)| checkpoint.place).collect();
    for kept in [25, 50, 75, 100] {
        assert!(places.contains(&kept), "{kept} of {places:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_that_was_only_intended_is_rejected_with_the_reason() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    // In lockstep an intent is stored with its outcome.
    let config = replay("1", &path);
    let running = Running::start(config.clone());
    running.handle.start_feed(NOBODY).await.unwrap();
    running.until("a quote", |view| !view.quotes.is_empty()).await;
    running.place("BTCUSDT", Side::Buy, "0.1", None).await;
    let stored = running.stop().await;
    let is_intended = |event: &EngineEvent| matches!(event, EngineEvent::Order(order) if order.status == OrderStatus::Intended);
    let end = stored.iter().rposition(|(events, _)| events.iter().any(is_intended)).unwrap() + 1;
    let config = going_on(&config, &stored[..end]);
    let intended = config.restore.as_ref().unwrap().orders[0].clone();
    assert_eq!(intended.status, OrderStatus::Intended);

    let running = Running::start(config);
    let orders = running.handle.snapshot().await.unwrap().orders;
    let rejected = orders.into_iter().find(|order| order.id == intended.id).unwrap();
    assert_eq!(
        (rejected.status, rejected.reason.as_deref()),
        (
            OrderStatus::Rejected,
            Some("the session ended before it was known to have been sent; on paper it never was")
        )
    );
    let place = stored[end - 1].1.place;
    running.stop().await.into_iter().take(1).for_each(|(events, checkpoint)| {
        assert_eq!(events, [EngineEvent::Order(rejected.clone())]);
        assert_eq!(checkpoint.place, place);
    });
}

#[tokio::test]
async fn a_pause_and_the_loss_of_the_day_outlive_the_session() {
    // The price falls by 20, and the limit is a loss of 15.
    let text =
        (0..=20).map(|second| format!("{},{},1,{}.1,1\n", BEGIN + second, 1_000 - second, 1_000 - second));
    let (_folder, path) = file("quotes.csv", &format!("{HEADER}{}", text.collect::<String>()));
    let mut config = replay("max", &path);
    config.limits.daily_loss = Some("15".parse().unwrap());
    let mut running = Running::start(config.clone());
    running.handle.attach_strategy().await.unwrap();
    running.handle.start_feed(ALL).await.unwrap();
    // Ten quotes on, when about ten are lost, the session ends.
    let mut seen = 0;
    let mut buy = async |seat: &Seat, input: StrategyInput| {
        if matches!(input, StrategyInput::Event(_)) {
            seen += 1;
            match seen {
                1 => drop(seat.place(request("BTCUSDT", Side::Buy, "1", None)).await),
                _ => drop(seat.call(Call::Accounts).await.unwrap()),
            }
        }
    };
    let mut left = 11;
    let mut wanted = |input: &StrategyInput| {
        left -= u32::from(matches!(input, StrategyInput::Event(_)));
        left > 0
    };
    loop {
        let batch = in_time("a batch", running.batches.recv()).await.unwrap();
        if work_while(&running.handle, batch, &mut buy, &mut wanted).await.is_some() {
            break;
        }
    }
    let stored = running.stop().await;

    let mut running = Running::start(going_on(&config, &stored));
    assert!(!running.handle.paused());
    let account = running.handle.snapshot().await.unwrap().accounts.remove(0);
    assert!(account.unrealized_pnl.unwrap().0 < Decimal::from(-8), "the last quotes are known: {account:?}");
    running.handle.start_feed(NOBODY).await.unwrap();
    running.until_finished().await;
    let paused = running.facts().into_iter().find_map(|fact| match fact {
        EngineEvent::Paused { paused: true, reason, .. } => Some(reason),
        _ => None,
    });
    let reason = paused.unwrap();
    assert!(reason.starts_with("X lost 15.") && reason.ends_with("the limit is 15"), "{reason}");
    let mut all = stored;
    all.extend(running.stop().await);

    let running = Running::start(going_on(&config, &all));
    assert!(running.handle.paused());
    let refused = running.place("BTCUSDT", Side::Buy, "1", None).await;
    assert_eq!(
        refused.reason.unwrap(),
        format!("paused ({reason}): only orders that reduce a position pass")
    );
    assert!(running.handle.resume("tester".into()).await.is_err());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_paced_replay_goes_on_at_once_and_takes_the_time_that_is_left() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let stored = interrupted(replay("max", &path), 60).await;
    let place = stored.last().unwrap().1.place;
    let mut running = Running::start(going_on(&replay("10", &path), &stored));
    let began = tokio::time::Instant::now();
    running.handle.start_feed(NOBODY).await.unwrap();
    running.until_finished().await;
    let took = began.elapsed().as_secs_f64();
    // The next quote is a second away, which is a tenth; the first one is due when the schedule begins.
    let expected = (120 - place) as f64 / 10.0;
    assert!((took - expected).abs() < 0.2, "{took} {expected}");
    running.stop().await;
}
