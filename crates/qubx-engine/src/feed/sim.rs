//! Simulated quotes: a random walk with trends, jumps and a breathing spread.
//!
//! Each instrument has a generator of its own, seeded by the seed and its name, so its prices are the same
//! whatever else is simulated beside it. Only the times of the quotes are of the wall; their sequence is not, so the
//! number of quotes given so far tells where every price is.

use std::num::NonZeroU32;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::{Instrument, InstrumentId, Price, Quantity, Quote};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use tokio::time::{Instant, sleep_until};

use super::Feed;
use super::pace::Pace;
use crate::instruments::start_price;
use crate::{DataError, ExchangeConfig, FeedConfig};

/// The typical relative move in one second: a lively market, about twice a real one.
const VOLATILITY: f64 = 2e-4;

/// The strongest drift of a trend, relative, in one second.
const STRONGEST_TREND: f64 = 2e-5;

/// How long a trend lasts, in seconds.
const TREND_SECONDS: std::ops::Range<f64> = 20.0..120.0;

/// A jump comes about every five minutes, and moves the price by up to this part.
const JUMPS_PER_SECOND: f64 = 1.0 / 300.0;
const LARGEST_JUMP: f64 = 3e-3;

/// The pull back to the first price, a second: weak for hours, but a walk of weeks stays near.
const PULL: f64 = 2e-5;

/// What is offered at the touch is worth about this much.
const USUAL_SIZE: f64 = 50_000.0;

/// Quotes of all simulated instruments.
pub(crate) struct SimFeed {
    walks: Vec<Walk>,
    pace: Pace,
    clock: WallClock,
}

impl SimFeed {
    /// Returns the feed of all instruments of exchanges that simulate.
    pub(crate) fn new(exchanges: &[ExchangeConfig]) -> Self {
        let walks = exchanges.iter().flat_map(|exchange| {
            let FeedConfig::Sim { seed, quotes_per_second } = exchange.feed else { return Vec::new() };
            let count = exchange.instruments.len() as u32;
            let interval = Duration::from_secs(1) / quotes_per_second.get();
            let instruments = exchange.instruments.iter().zip(0..);
            // The instruments take turns within an interval, so that quotes do not come in clumps.
            instruments
                .map(|(instrument, turn)| {
                    Walk::new(instrument, seed, quotes_per_second, interval / count.max(1) * turn)
                })
                .collect()
        });
        Self { walks: walks.collect(), pace: Pace::default(), clock: WallClock::new() }
    }

    /// Goes on behind the first `place` quotes, and returns the last of each instrument, as of `time`.
    ///
    /// Prices go on where they were only if seed, rate and instruments are what they were.
    pub(crate) fn skip(&mut self, place: u64, time: Timestamp) -> Vec<Quote> {
        let mut last = vec![None; self.walks.len()];
        for _ in 0..place {
            let Some(turn) = self.turn() else { break };
            last[turn] = Some(self.walks[turn].step());
        }
        // The schedule begins with the quote that comes next, not with the ones that were skipped.
        if let Some(turn) = self.turn() {
            let passed = self.walks[turn].offset;
            self.walks.iter_mut().for_each(|walk| walk.offset = walk.offset.saturating_sub(passed));
        }
        let walks = self.walks.iter().zip(last);
        walks.filter_map(|(walk, touch)| Some(walk.quote(touch?, time))).collect()
    }

    /// Returns whose quote comes next; the first of the config when several are due together.
    fn turn(&self) -> Option<usize> {
        let offsets = self.walks.iter().enumerate().map(|(index, walk)| (walk.offset, index));
        offsets.min().map(|(_, index)| index)
    }
}

impl Feed for SimFeed {
    async fn next(&mut self) -> Option<Result<Quote, DataError>> {
        let turn = self.turn()?;
        sleep_until(self.pace.due(self.walks[turn].offset)).await;
        let time = self.clock.now();
        let walk = &mut self.walks[turn];
        let touch = walk.step();
        Some(Ok(walk.quote(touch, time)))
    }

    fn now(&mut self) -> Timestamp {
        self.clock.now()
    }
}

/// The price of one instrument.
struct Walk {
    instrument: InstrumentId,
    tick: f64,
    tick_size: Decimal,
    lot: f64,
    lot_size: Decimal,
    random: StdRng,
    start: f64,
    price: f64,
    trend: f64,
    /// How many quotes the trend goes on for.
    trend_left: u32,
    quotes_per_second: f64,
    interval: Duration,
    /// When the next quote comes, from the beginning.
    offset: Duration,
}

/// What is bid and asked, in ticks and lots.
#[derive(Clone, Copy)]
struct Touch {
    bid: f64,
    ask: f64,
    bid_size: f64,
    ask_size: f64,
}

impl Walk {
    fn new(instrument: &Instrument, seed: u64, quotes_per_second: NonZeroU32, offset: Duration) -> Self {
        let start = start_price(&instrument.id.symbol);
        Self {
            instrument: instrument.id.clone(),
            tick: approximately(instrument.tick_size.0),
            tick_size: instrument.tick_size.0,
            lot: approximately(instrument.lot_size.0),
            lot_size: instrument.lot_size.0,
            random: StdRng::seed_from_u64(seed ^ fingerprint(&instrument.id.to_string())),
            start,
            price: start,
            trend: 0.0,
            trend_left: 0,
            quotes_per_second: f64::from(quotes_per_second.get()),
            interval: Duration::from_secs(1) / quotes_per_second.get(),
            offset,
        }
    }

    /// Moves the price on and returns what is bid and asked then.
    fn step(&mut self) -> Touch {
        self.offset += self.interval;
        self.walk();
        // The touch is the walk's price rounded down, and one to a few ticks above.
        let bid = (self.price / self.tick).floor().max(1.0);
        let spread = f64::from(1 + self.random.random_range(0_u32..10).saturating_sub(6));
        Touch { bid, ask: bid + spread, bid_size: self.size(), ask_size: self.size() }
    }

    fn quote(&self, touch: Touch, time: Timestamp) -> Quote {
        Quote {
            instrument: self.instrument.clone(),
            time,
            bid: Price(multiple(touch.bid, self.tick_size)),
            ask: Price(multiple(touch.ask, self.tick_size)),
            bid_size: Quantity(multiple(touch.bid_size, self.lot_size)),
            ask_size: Quantity(multiple(touch.ask_size, self.lot_size)),
        }
    }

    fn walk(&mut self) {
        let seconds = 1.0 / self.quotes_per_second;
        if self.trend_left == 0 {
            self.trend = self.random.random_range(-STRONGEST_TREND..STRONGEST_TREND);
            self.trend_left = (self.random.random_range(TREND_SECONDS) * self.quotes_per_second) as u32;
        }
        self.trend_left = self.trend_left.saturating_sub(1);
        let mut change = self.trend * seconds + VOLATILITY * seconds.sqrt() * self.normal();
        change += PULL * seconds * (self.start / self.price).ln();
        if self.random.random_bool((JUMPS_PER_SECOND * seconds).min(1.0)) {
            change += self.random.random_range(-LARGEST_JUMP..LARGEST_JUMP);
        }
        self.price = (self.price * change.exp()).max(self.tick);
    }

    fn size(&mut self) -> f64 {
        let size = USUAL_SIZE / self.price * (0.8 * self.normal()).exp();
        (size / self.lot).round().max(1.0)
    }

    /// Returns a number that is nearly normal: the sum of twelve uniform ones, less six.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.random.random::<f64>()).sum::<f64>() - 6.0
    }
}

/// Returns `count` steps, exactly.
fn multiple(count: f64, step: Decimal) -> Decimal {
    (Decimal::from_f64(count).unwrap_or(Decimal::ONE) * step).normalize()
}

/// Returns a decimal as near as a float comes; at least the smallest step that a config may have.
fn approximately(value: Decimal) -> f64 {
    value.to_string().parse().unwrap_or(1e-12)
}

/// Returns a number that a name has on every machine (FNV-1a).
fn fingerprint(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Wall time that never goes back and that a test can pause: it is carried on by the runtime's clock.
struct WallClock {
    began: Timestamp,
    instant: Instant,
}

impl WallClock {
    /// When the wall is ahead by this much, the machine slept or its clock was set: follow it.
    const BEHIND: SignedDuration = SignedDuration::from_secs(1);

    fn new() -> Self {
        Self { began: Timestamp::now(), instant: Instant::now() }
    }

    fn now(&mut self) -> Timestamp {
        let carried = self.began.saturating_add(self.instant.elapsed()).unwrap_or(self.began);
        let wall = Timestamp::now();
        if wall.duration_since(carried) > Self::BEHIND {
            *self = Self { began: wall, instant: Instant::now() };
            return wall;
        }
        carried
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::Limits;
    use crate::core::check_quote;
    use crate::testing::config;

    async fn prices(seed: u64, symbols: usize, count: usize) -> HashMap<InstrumentId, Vec<(Price, Price)>> {
        let mut exchanges = config(Limits::default()).exchanges;
        exchanges[0].feed = FeedConfig::Sim { seed, quotes_per_second: 10.try_into().unwrap() };
        exchanges[0].instruments.truncate(symbols);
        let mut feed = SimFeed::new(&exchanges);
        let mut prices: HashMap<_, Vec<_>> = HashMap::new();
        for _ in 0..count * symbols {
            let quote = feed.next().await.unwrap().unwrap();
            check_quote(&quote).unwrap();
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

    #[tokio::test(start_paused = true)]
    async fn a_feed_that_skips_goes_on_where_another_one_stopped_even_one_that_was_suspended() {
        let touch =
            |quote: &Quote| (quote.instrument.clone(), quote.bid, quote.ask, quote.bid_size, quote.ask_size);
        let exchanges = config(Limits::default()).exchanges;
        let mut whole = SimFeed::new(&exchanges);
        let mut touches = Vec::new();
        for number in 0..100 {
            touches.push(touch(&whole.next().await.unwrap().unwrap()));
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
                assert_eq!(touch(&feed.next().await.unwrap().unwrap()), *expected);
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
            feed.next().await.unwrap().unwrap();
        }
        // Two instruments ten times a second each: 200 quotes take ten seconds.
        let took = began.elapsed().as_secs_f64();
        assert!((9.8..10.2).contains(&took), "{took}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_feed_that_was_suspended_sends_no_burst() {
        let mut feed = SimFeed::new(&config(Limits::default()).exchanges);
        feed.next().await.unwrap().unwrap();
        tokio::time::advance(Duration::from_secs(3_600)).await;
        let resumed = Instant::now();
        for _ in 0..20 {
            feed.next().await.unwrap().unwrap();
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
}
