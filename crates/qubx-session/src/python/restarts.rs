//! When a process that crashed is started again, Python by its session and a service by its owner: soon after the first
//! crash, later after each of the next, and not at all after too many. No I/O.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The time in which crashes are counted together.
pub const RESTART_WINDOW: Duration = Duration::from_secs(600);
/// The pause before the first restart; it doubles with each crash in the window.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The crashes not long ago.
#[derive(Debug)]
pub struct Restarts {
    /// How many restarts there are in a window at most.
    limit: usize,
    crashes: VecDeque<Instant>,
}

impl Restarts {
    /// Returns a record without crashes.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), crashes: VecDeque::new() }
    }

    /// Notes a crash, and returns how long to wait before the process is started again; none when it stays down.
    pub fn crashed(&mut self, now: Instant) -> Option<Duration> {
        self.crashes.retain(|crash| now.duration_since(*crash) < RESTART_WINDOW);
        self.crashes.push_back(now);
        let earlier = self.crashes.len() - 1;
        if earlier >= self.limit {
            return None;
        }
        let doubled = FIRST_PAUSE.saturating_mul(1 << earlier.min(10));
        Some(doubled.min(LONGEST_PAUSE))
    }

    /// Forgets the crashes, as somebody asked for a restart.
    pub fn forget(&mut self) {
        self.crashes.clear();
    }

    /// Returns how many crashes are remembered.
    #[must_use]
    pub fn count(&self) -> usize {
        self.crashes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_after_too_many_crashes_python_stays_down_until_they_are_long_ago() {
        let begin = Instant::now();
        let mut restarts = Restarts::new(6);
        let pauses = [Some(1), Some(2), Some(4), Some(8), Some(16), Some(30), None, None];
        for (second, pause) in (0..).zip(pauses) {
            let now = begin + Duration::from_secs(second);
            assert_eq!(restarts.crashed(now), pause.map(Duration::from_secs), "{second}");
        }
        assert_eq!(restarts.crashed(begin + 2 * RESTART_WINDOW), Some(FIRST_PAUSE));
        assert_eq!(Restarts::new(0).crashed(begin), None);
    }

    #[test]
    fn pauses_grow_and_the_sixth_crash_in_ten_minutes_is_the_last() {
        let seconds = Duration::from_secs;
        let began = Instant::now();
        let mut restarts = Restarts::new(5);
        for (number, pause) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16)] {
            assert_eq!(restarts.crashed(began + seconds(number as u64)), Some(seconds(pause)));
            assert_eq!(restarts.count(), number);
        }
        assert_eq!(restarts.crashed(began + seconds(599)), None);
    }

    #[test]
    fn crashes_of_long_ago_do_not_count() {
        let seconds = Duration::from_secs;
        let began = Instant::now();
        let mut restarts = Restarts::new(5);
        for number in 0..100 {
            // Two are within any ten minutes.
            let pause = restarts.crashed(began + seconds(400 * number));
            assert!(pause.is_some() && matches!(restarts.count(), 1..=2), "{number}: {pause:?}");
        }
        let pause = restarts.crashed(began + seconds(100_000));
        assert_eq!((pause, restarts.count()), (Some(seconds(1)), 1));
        let pauses: Vec<_> = (1..6).map(|_| restarts.crashed(began + seconds(100_000))).collect();
        assert_eq!(pauses[4], None);
    }
}
