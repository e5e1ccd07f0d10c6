//! What a simulated feed promises: the same prices for the same seed, at an even pace, and after a restore.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use qubx_protocol::{InstrumentId, Price, Quantity};
use rust_decimal::Decimal;

use super::*;
use crate::core::check_touch;
use crate::testing::config;
use crate::{Limits, MarketData};

async fn prices(seed: u64, symbols: usize, count: usize) -> HashMap<InstrumentId, Vec<(Price, Price)>> {
    let mut exchanges = config(Limits::default()).exchanges;
    exchanges[0].feed = FeedConfig::Sim {
        seed,
        quotes_per_second: 10.try_into().unwrap(),
        clock_offset: SignedDuration::ZERO,
    };
    exchanges[0].instruments.truncate(symbols);
    let mut feed = SimFeed::new(&exchanges);
    let mut prices: HashMap<_, Vec<_>> = HashMap::new();
    for _ in 0..count * symbols {
        let quote = one(&mut feed).await;
        check_touch(&crate::Touch::from(&quote)).unwrap();
        prices.entry(quote.instrument).or_default().push((quote.bid, quote.ask));
    }
    prices
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_prices_whatever_is_beside() {
    let (one, two) = (prices(7, 2, 500).await, prices(7, 1, 500).await);
    let id = crate::testing::id("BTCUSDT");
    assert_eq!(one[&id], two[&id]);
    assert_eq!(one[&id].len(), 500);
    assert_ne!(one[&id], prices(8, 1, 500).await[&id]);
}

/// Changes a state so that it cannot be right.
type BreakIt = fn(&mut WalkState);

type Touch = (InstrumentId, Price, Price, Quantity, Quantity);

/// Returns all of a quote but its time, which is of the wall.
fn touch(quote: &Quote) -> Touch {
    (quote.instrument.clone(), quote.bid, quote.ask, quote.bid_size, quote.ask_size)
}

async fn next(feed: &mut SimFeed, count: usize) -> Vec<Touch> {
    let mut quotes = Vec::new();
    for _ in 0..count {
        quotes.push(touch(&one(feed).await));
    }
    quotes
}

/// Returns where the walks are, with all that is to come but the times of the wall.
fn walks(feed: &SimFeed) -> Vec<WalkState> {
    feed.simulation().into_iter().map(|state| WalkState { quote: None, ..state }).collect()
}

/// Returns what is stored of a feed that gave so many quotes, as it is read again.
fn stored(feed: &mut SimFeed, place: u64) -> Checkpoint {
    let simulation = feed.simulation();
    let checkpoint = Checkpoint { place, time: Some(feed.now()), simulation, ..Checkpoint::default() };
    serde_json::from_value(serde_json::to_value(checkpoint).unwrap()).unwrap()
}

/// Returns exchanges that simulate, each with a rate and this many instruments.
fn exchanges(seed: u64, shapes: &[(u32, usize)]) -> Vec<ExchangeConfig> {
    let exchange = |(number, (rate, instruments)): (usize, &(u32, usize))| {
        let mut exchange = config(Limits::default()).exchanges.remove(0);
        exchange.name = format!("SIM{number}");
        let symbols = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"].into_iter().take(*instruments);
        exchange.instruments =
            symbols.map(|symbol| crate::default_instrument(&exchange.name, symbol, "USDT")).collect();
        exchange.feed = FeedConfig::Sim {
            seed,
            quotes_per_second: (*rate).try_into().unwrap(),
            clock_offset: SignedDuration::ZERO,
        };
        exchange
    };
    shapes.iter().enumerate().map(exchange).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn a_feed_that_is_restored_gives_what_one_that_was_not_interrupted_gives(
        seed in any::<u64>(),
        shapes in proptest::collection::vec((1..200_u32, 1..=4_usize), 1..=3),
        parts in proptest::collection::vec(0..400_usize, 1..5),
        with_states in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(async {
            let exchanges = exchanges(seed, &shapes);
            let mut whole = SimFeed::new(&exchanges);
            let mut feed = SimFeed::new(&exchanges);
            let mut place = 0;
            for part in parts {
                assert_eq!(next(&mut feed, part).await, next(&mut whole, part).await);
                place += part as u64;
                let mut checkpoint = stored(&mut feed, place);
                if !with_states {
                    checkpoint.simulation.clear();
                }
                let expected: Vec<Quote> = whole.walks.iter().filter_map(|walk| walk.last.clone()).collect();
                feed = SimFeed::new(&exchanges);
                let newest = feed.restore(&checkpoint).unwrap();
                assert!(newest.iter().map(touch).eq(expected.iter().map(touch)));
                assert_eq!(walks(&feed), walks(&whole));
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_skips_goes_on_where_another_one_stopped_even_one_that_was_suspended() {
    let exchanges = config(Limits::default()).exchanges;
    let mut whole = SimFeed::new(&exchanges);
    let mut touches = Vec::new();
    for number in 0..100 {
        touches.push(touch(&one(&mut whole).await));
        if number % 7 == 0 {
            tokio::time::advance(Duration::from_millis(1_700)).await;
        }
    }
    for place in [0_usize, 1, 2, 49, 98] {
        let mut feed = SimFeed::new(&exchanges);
        let last = feed.skip(place as u64, crate::testing::at("00:00:00"));
        // The newest quote of each instrument is known, and the next one comes as soon as it would.
        assert!(last.iter().all(|quote| touches[place.saturating_sub(2)..place].contains(&touch(quote))));
        assert_eq!(last.len(), place.min(2));
        let began = Instant::now();
        for expected in &touches[place..] {
            assert_eq!(touch(&one(&mut feed).await), *expected);
        }
        let took = began.elapsed().as_secs_f64();
        assert!((took - (touches.len() - place - 1) as f64 / 20.0).abs() < 0.1, "{took}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_instrument_is_quoted_as_often_as_wanted() {
    let mut feed = SimFeed::new(&config(Limits::default()).exchanges);
    let began = Instant::now();
    for _ in 0..200 {
        one(&mut feed).await;
    }
    // Two instruments ten times a second each: 200 quotes take ten seconds.
    let took = began.elapsed().as_secs_f64();
    assert!((9.8..10.2).contains(&took), "{took}");
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_was_suspended_sends_no_burst() {
    let mut feed = SimFeed::new(&config(Limits::default()).exchanges);
    one(&mut feed).await;
    tokio::time::advance(Duration::from_secs(3_600)).await;
    let resumed = Instant::now();
    for _ in 0..20 {
        one(&mut feed).await;
    }
    assert!(resumed.elapsed() >= Duration::from_millis(800), "{:?}", resumed.elapsed());
}

#[tokio::test(start_paused = true)]
async fn prices_stay_sensible_for_long() {
    let prices = prices(3, 1, 50_000).await;
    let mids = &prices[&crate::testing::id("BTCUSDT")];
    let half = Decimal::from(40_000);
    assert!(mids.iter().all(|(bid, ask)| bid.0 > half && ask.0 < half * Decimal::from(4)));
    let distinct: std::collections::HashSet<_> = mids.iter().collect();
    assert!(distinct.len() > 1_000, "{}", distinct.len());
}

#[tokio::test(start_paused = true)]
async fn time_does_not_go_back_when_the_wall_clock_did_before_a_restore() {
    let mut feed = SimFeed::new(&exchanges(7, &[(10, 2)]));
    next(&mut feed, 50).await;
    let ahead = feed.now() + SignedDuration::from_hours(1);
    for with_states in [true, false] {
        let mut checkpoint = Checkpoint { time: Some(ahead), ..stored(&mut feed, 50) };
        if !with_states {
            checkpoint.simulation.clear();
        }
        let mut restored = SimFeed::new(&exchanges(7, &[(10, 2)]));
        restored.restore(&checkpoint).unwrap();
        let (first, later) = (one(&mut restored).await, restored.now());
        assert!(ahead <= first.time && first.time <= later, "{ahead} {} {later}", first.time);
    }
}

#[tokio::test(start_paused = true)]
async fn an_instrument_that_is_new_in_the_config_begins_and_one_that_is_gone_is_forgotten() {
    let mut feed = SimFeed::new(&exchanges(7, &[(10, 2)]));
    let before = next(&mut feed, 50).await;
    let checkpoint = stored(&mut feed, 50);
    for count in [1, 3] {
        let mut feed = SimFeed::new(&exchanges(7, &[(10, count)]));
        let newest = feed.restore(&checkpoint).unwrap();
        assert_eq!(newest.len(), count.min(2));
        assert!(newest.iter().map(touch).eq(before[48..].iter().take(count).cloned()));
        let quoted: HashSet<_> = next(&mut feed, count).await.into_iter().map(|touch| touch.0).collect();
        assert_eq!(quoted.len(), count);
    }
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_that_cannot_be_right_is_refused_with_what_is_wrong() {
    let exchanges = exchanges(7, &[(10, 2)]);
    let mut feed = SimFeed::new(&exchanges);
    next(&mut feed, 4).await;
    let good = stored(&mut feed, 4);
    SimFeed::new(&exchanges).restore(&good).unwrap();
    let broken: [(BreakIt, &str); 9] = [
        (|state| state.price = f64::NAN, "the simulated price of SIM0:ETHUSDT is NaN, not between 0 and"),
        (|state| state.price = -1.5, "the simulated price of SIM0:ETHUSDT is -1.5, not between 0 and"),
        (
            |state| state.price = f64::INFINITY,
            "the simulated price of SIM0:ETHUSDT is inf, not between 0 and",
        ),
        (|state| state.price = 0.0, "the simulated price of SIM0:ETHUSDT is 0, not between 0 and"),
        (|state| state.trend = f64::NAN, "the trend of SIM0:ETHUSDT is NaN"),
        (|state| state.wait_ns = u64::MAX, "the next quote of SIM0:ETHUSDT is 18446744073709551615 ns away"),
        (
            |state| state.quote.as_mut().unwrap().bid = "-3".parse().unwrap(),
            "the newest quote of SIM0:ETHUSDT, bid: the price -3 is not between 0 and",
        ),
        (
            |state| state.quote.as_mut().unwrap().instrument = crate::testing::id("BTCUSDT"),
            "the newest quote of SIM0:ETHUSDT is one of SIM:BTCUSDT",
        ),
        (|state| state.instrument.symbol = "BTCUSDT".to_owned(), "SIM0:BTCUSDT is simulated twice"),
    ];
    for (break_it, expected) in broken {
        let mut checkpoint = good.clone();
        break_it(&mut checkpoint.simulation[1]);
        let error = SimFeed::new(&exchanges).restore(&checkpoint).unwrap_err().to_string();
        let expected = format!("the checkpoint to go on from cannot be right: {expected}");
        assert!(error.starts_with(&expected), "{error}");
    }
    // A generator that is as far as can be told is no reason to stop.
    let mut late = good.clone();
    late.simulation.iter_mut().for_each(|state| (state.words, state.trend_left) = (u64::MAX, u32::MAX));
    let mut feed = SimFeed::new(&exchanges);
    feed.restore(&late).unwrap();
    next(&mut feed, 10).await;
}

#[tokio::test(start_paused = true)]
async fn a_seed_gives_the_prices_that_it_gave_in_every_version() {
    let mut feed = SimFeed::new(&exchanges(7, &[(10, 1)]));
    let quote = next(&mut feed, 1_000).await.pop().unwrap();
    assert_eq!((quote.1.to_string().as_str(), quote.3.to_string().as_str()), ("87555.8", "1.149"));
}

/// Returns the next quote of a feed, with its name.
async fn one(feed: &mut SimFeed) -> Quote {
    let mut events = Vec::new();
    assert!(feed.next(&mut events, 1).await.unwrap());
    let MarketData::Quote(touch) = events[0].data else { unreachable!() };
    let walk = &feed.walks[events[0].instrument.place()];
    touch.quote(walk.instrument.clone(), events[0].time)
}
