//! Notices that the machine slept or the service stood still, and that the wall clock was set. No I/O.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// How often the clocks are compared.
pub(crate) const EVERY: Duration = Duration::from_secs(1);
/// A pause from here on is told: nothing was done in it, and quotes of before are old.
const STOOD_STILL: Duration = Duration::from_secs(5);
/// A difference between the clocks from here on is a step of the wall clock; less is its usual correction.
const STEP: i64 = 2;

/// The clocks as they were at the last look.
#[derive(Debug)]
pub(crate) struct Clock {
    monotonic: Instant,
    wall: Timestamp,
}

impl Clock {
    /// Returns a clock that was looked at now.
    pub(crate) fn new(monotonic: Instant, wall: Timestamp) -> Self {
        Self { monotonic, wall }
    }

    /// Returns when to look again.
    pub(crate) fn due(&self) -> Instant {
        self.monotonic + EVERY
    }

    /// Looks at the clocks, and says in words what is odd since the last look.
    pub(crate) fn look(&mut self, monotonic: Instant, wall: Timestamp) -> Option<String> {
        let ran = monotonic.duration_since(self.monotonic);
        let passed = wall.duration_since(self.wall).as_secs_f64();
        (self.monotonic, self.wall) = (monotonic, wall);
        let step = passed - ran.as_secs_f64();
        if ran >= STOOD_STILL {
            return Some(format!(
                "the service stood still for {:.0} s; quotes of before are that old",
                ran.as_secs_f64()
            ));
        }
        if step.abs() < STEP as f64 {
            return None;
        }
        // The monotonic clock stands still while the machine sleeps, the wall clock does not: both look the same.
        Some(format!("the wall clock moved by {step:+.0} s: it was set, or the machine slept"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_and_steps_are_told_and_small_corrections_are_not() {
        let (begin, wall) = (Instant::now(), Timestamp::UNIX_EPOCH);
        for (ran, passed, expected) in [
            (1.0, 1.0, None),
            (1.0, 1.4, None),
            (30.0, 30.0, Some("stood still for 30 s")),
            (1.0, 3_601.0, Some("moved by +3600 s")),
            (1.0, -3_599.0, Some("moved by -3600 s")),
        ] {
            let mut clock = Clock::new(begin, wall);
            let later = wall + jiff::SignedDuration::from_secs_f64(passed);
            let said = clock.look(begin + Duration::from_secs_f64(ran), later);
            assert_eq!(said.is_some(), expected.is_some(), "{said:?}");
            assert!(expected.is_none_or(|part| said.unwrap().contains(part)));
        }
    }
}
