//! How often, and after what pauses, a service that crashes is started again. No I/O.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How often a service is started again within [`WINDOW`] before its owner gives up.
pub(super) const MOST_RESTARTS: usize = 5;
/// Crashes that are longer ago do not count.
pub(super) const WINDOW: Duration = Duration::from_secs(600);
/// The pause before the first new start; each further crash doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The crashes that still count.
#[derive(Debug, Default)]
pub(super) struct Crashes {
    at: VecDeque<Instant>,
}

/// What is done about a crash.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// The service is started again.
    StartAgain {
        /// After this pause.
        after: Duration,
        /// The crashes within [`WINDOW`], this one too.
        crashes: usize,
    },
    /// It stays down.
    GiveUp,
}

impl Crashes {
    /// Notes a crash and decides what is done about it.
    pub(super) fn note(&mut self, now: Instant) -> Action {
        self.at.retain(|at| now.duration_since(*at) < WINDOW);
        self.at.push_back(now);
        let crashes = self.at.len();
        if crashes > MOST_RESTARTS {
            return Action::GiveUp;
        }
        let doubled = FIRST_PAUSE.saturating_mul(1 << (crashes - 1));
        Action::StartAgain { after: doubled.min(LONGEST_PAUSE), crashes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn pauses_grow_and_the_sixth_crash_in_ten_minutes_is_the_last() {
        let began = Instant::now();
        let mut crashes = Crashes::default();
        for (number, pause) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16)] {
            let expected = Action::StartAgain { after: seconds(pause), crashes: number };
            assert_eq!(crashes.note(began + seconds(number as u64)), expected);
        }
        assert_eq!(crashes.note(began + seconds(599)), Action::GiveUp);
    }

    #[test]
    fn crashes_of_long_ago_do_not_count() {
        let began = Instant::now();
        let mut crashes = Crashes::default();
        for number in 0..100 {
            // Two are within any ten minutes.
            let action = crashes.note(began + seconds(400 * number));
            assert!(matches!(action, Action::StartAgain { crashes: 1..=2, .. }), "{number}: {action:?}");
        }
        let pauses: Vec<Action> = (0..6).map(|_| crashes.note(began + seconds(100_000))).collect();
        assert_eq!(pauses[0], Action::StartAgain { after: seconds(1), crashes: 1 });
        assert_eq!(pauses[5], Action::GiveUp);
    }
}
