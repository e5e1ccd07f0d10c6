//! Simulated quotes: a random walk of each instrument, at the pace that is set.
//!
//! Each instrument has a generator of its own, seeded by the seed and its name, so its prices are the same
//! whatever else is simulated beside it. Only the times of the quotes are of the wall; their sequence is not, so the
//! number of quotes given so far tells where every price is.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::Quote;
use tokio::time::{Instant, sleep_until};

use super::Feed;
use super::pace::Pace;
use super::walk::Walk;
use crate::{DataError, ExchangeConfig, FeedConfig};

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

    use qubx_protocol::{InstrumentId, Price};
    use rust_decimal::Decimal;

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
