//! How far the engine's clock is from those of the exchanges whose quotes come as they are made. No I/O, no clock.
//!
//! A quote is late by the way that it took and by what the clocks differ. The way differs from quote to quote, the clocks do
//! not, so the smallest lag of a minute is taken for the difference.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::SignedDuration;
use qubx_protocol::LogLevel;
use tokio::time::Instant;

use crate::EngineEvent;

/// The time whose smallest lag counts.
const WINDOW: Duration = Duration::from_secs(60);
/// The window moves on by so much.
const SLICE: Duration = Duration::from_secs(5);
/// So many quotes of the window tell something.
const FEWEST: u32 = 3;
/// Clocks that differ by more are wrong. Orders and bars have times, and exchanges refuse what comes too late.
const WRONG_FROM: SignedDuration = SignedDuration::from_secs(1);
/// They are right again below this, so that one at the edge does not come and go.
const RIGHT_FROM: SignedDuration = SignedDuration::from_millis(900);

/// What is known of each exchange's clock, by its place in the config.
#[derive(Debug, Default)]
pub(crate) struct Clocks {
    exchanges: Vec<Lags>,
}

/// How late the quotes of an exchange were.
#[derive(Clone, Debug, Default)]
struct Lags {
    slices: VecDeque<Slice>,
    is_wrong: bool,
}

#[derive(Clone, Copy, Debug)]
struct Slice {
    began: Instant,
    quotes: u32,
    smallest: SignedDuration,
}

impl Clocks {
    /// Notes how late a quote of an exchange was by the engine's clock; negative when it came before its time. Tells when
    /// the clocks begin to differ, and when that ends.
    pub(crate) fn quote(
        &mut self,
        exchange: usize,
        name: &str,
        lag: SignedDuration,
        now: Instant,
    ) -> Option<EngineEvent> {
        if self.exchanges.len() <= exchange {
            self.exchanges.resize(exchange + 1, Lags::default());
        }
        let lags = &mut self.exchanges[exchange];
        lags.add(lag, now);
        let ahead = lags.smallest(now)?;
        let limit = if lags.is_wrong { RIGHT_FROM } else { WRONG_FROM };
        let is_wrong = ahead.abs() > limit;
        if std::mem::replace(&mut lags.is_wrong, is_wrong) == is_wrong {
            return None;
        }
        Some(if is_wrong {
            let direction = if ahead.is_positive() { "ahead of" } else { "behind" };
            let seconds = ahead.abs().as_secs_f64();
            let text = format!(
                "this machine's clock is {seconds:.1} s {direction} that of {name}: one of them is wrong. Set this one by \
                 a time server"
            );
            EngineEvent::log(LogLevel::Warning, text)
        } else {
            EngineEvent::log(LogLevel::Info, format!("this machine's clock and that of {name} agree again"))
        })
    }

    /// Returns the exchanges whose clocks are wrong, with how far the engine's is ahead of each.
    pub(crate) fn wrong(&self, now: Instant) -> impl Iterator<Item = (usize, SignedDuration)> {
        let wrong = self.exchanges.iter().enumerate().filter(|(_, lags)| lags.is_wrong);
        wrong.filter_map(move |(exchange, lags)| Some((exchange, lags.smallest(now)?)))
    }
}

impl Lags {
    fn add(&mut self, lag: SignedDuration, now: Instant) {
        while self.slices.front().is_some_and(|oldest| is_over(oldest, now)) {
            self.slices.pop_front();
        }
        match self.slices.back_mut() {
            Some(newest) if now.saturating_duration_since(newest.began) < SLICE => {
                newest.quotes = newest.quotes.saturating_add(1);
                newest.smallest = newest.smallest.min(lag);
            }
            _ => self.slices.push_back(Slice { began: now, quotes: 1, smallest: lag }),
        }
    }

    /// Returns the smallest lag of the window; none while too few quotes came in it.
    fn smallest(&self, now: Instant) -> Option<SignedDuration> {
        let slices = || self.slices.iter().filter(move |slice| !is_over(slice, now));
        let quotes = slices().fold(0_u32, |quotes, slice| quotes.saturating_add(slice.quotes));
        slices().map(|slice| slice.smallest).min().filter(|_| quotes >= FEWEST)
    }
}

fn is_over(slice: &Slice, now: Instant) -> bool {
    now.saturating_duration_since(slice.began) >= WINDOW
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The clocks of two exchanges, and the seconds since the beginning.
    struct Watched {
        clocks: Clocks,
        began: Instant,
    }

    impl Watched {
        fn new() -> Self {
            Self { clocks: Clocks::default(), began: Instant::now() }
        }

        fn at(&self, second: u64) -> Instant {
            self.began + Duration::from_secs(second)
        }

        /// Takes a quote of the second exchange in, so many milliseconds late, and returns what is told.
        fn quote(&mut self, second: u64, lag: i64) -> Option<String> {
            let now = self.at(second);
            match self.clocks.quote(1, "OKX", SignedDuration::from_millis(lag), now)? {
                EngineEvent::Log { level, text, .. } => Some(format!("{level:?} {text}")),
                other => panic!("{other:?}"),
            }
        }

        fn wrong(&self, second: u64) -> Vec<(usize, i128)> {
            let now = self.at(second);
            self.clocks.wrong(now).map(|(exchange, ahead)| (exchange, ahead.as_millis())).collect()
        }
    }

    #[test]
    fn the_smallest_lag_of_a_minute_is_the_difference_of_the_clocks() {
        let mut watched = Watched::new();
        assert_eq!((watched.quote(0, 2_900), watched.quote(0, 2_300)), (None, None));
        assert_eq!(watched.wrong(0), [], "too few to tell");
        let told = watched.quote(1, 9_000).unwrap();
        assert!(told.starts_with("Warning this machine's clock is 2.3 s ahead of that of OKX"), "{told}");
        assert_eq!(watched.wrong(1), [(1, 2_300)]);
        assert_eq!((watched.quote(2, 2_200), watched.wrong(2)), (None, vec![(1, 2_200)]));
        // Quotes that were only late do not count.
        assert_eq!((watched.quote(3, 950), watched.wrong(3)), (None, vec![(1, 950)]), "not right enough yet");
        let told = watched.quote(3, 20).unwrap();
        assert_eq!(told, "Info this machine's clock and that of OKX agree again");
        for second in 4..60 {
            assert_eq!(
                watched.quote(second, 5_000),
                None,
                "what is late for less than a minute is only late"
            );
        }
        assert_eq!(watched.wrong(60), []);
        assert!(watched.quote(66, 5_000).is_some());
        assert_eq!(watched.wrong(66), [(1, 5_000)]);
        assert_eq!(watched.wrong(140), [], "without quotes nothing is known");
    }

    #[test]
    fn a_clock_that_is_behind_sees_quotes_before_their_time() {
        let mut watched = Watched::new();
        let told: Vec<String> =
            [-1_400, -1_500, -1_200].iter().filter_map(|lag| watched.quote(0, *lag)).collect();
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("1.5 s behind that of OKX"), "{told:?}");
        assert_eq!(watched.wrong(0), [(1, -1_500)]);
    }
}
