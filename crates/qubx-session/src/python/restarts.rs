//! When Python that ended is started again: soon after the first crash, later after each of the next, and not at all
//! after too many. No I/O.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The time in which crashes are counted together.
const WINDOW: Duration = Duration::from_secs(600);
/// The pause before the first restart; it doubles with each crash in the window.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The crashes not long ago.
#[derive(Debug)]
pub(crate) struct Restarts {
    /// How many restarts there are in a window at most.
    limit: usize,
    crashes: VecDeque<Instant>,
}

impl Restarts {
    /// Returns a record without crashes.
    pub(crate) fn new(limit: u32) -> Self {
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), crashes: VecDeque::new() }
    }

    /// Notes a crash, and returns how long to wait before Python is started again; none when it stays down.
    pub(crate) fn crashed(&mut self, now: Instant) -> Option<Duration> {
        self.crashes.retain(|crash| now.duration_since(*crash) < WINDOW);
        self.crashes.push_back(now);
        let earlier = self.crashes.len() - 1;
        if earlier >= self.limit {
            return None;
        }
        let doubled = FIRST_PAUSE.saturating_mul(1 << earlier.min(10));
        Some(doubled.min(LONGEST_PAUSE))
    }

    /// Forgets the crashes, as somebody asked for a restart.
    pub(crate) fn forget(&mut self) {
        self.crashes.clear();
    }

    /// Returns how many crashes are remembered.
    pub(crate) fn count(&self) -> usize {
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
        assert_eq!(restarts.crashed(begin + 2 * WINDOW), Some(FIRST_PAUSE));
        assert_eq!(Restarts::new(0).crashed(begin), None);
    }
}
