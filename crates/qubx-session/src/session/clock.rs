//! Notices that the service stood still, that the machine slept, and that the wall clock was set.
//!
//! Nothing here goes by the wall clock: it only stamps what is told to people. Three clocks are compared. The monotonic
//! one stands still while the machine sleeps, the boot clock does not, and nobody sets either.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use rustix::time::{ClockId, clock_gettime};

/// How often the clocks are compared.
const EVERY: Duration = Duration::from_secs(1);
/// A pause from here on is told: nothing was done in it, and quotes of before are old.
const STOOD_STILL: Duration = Duration::from_secs(5);
/// A difference between two clocks from here on is told; less is the usual correction.
const DIFFERENCE: Duration = Duration::from_secs(2);
/// Readings that lie further apart were interrupted, which would look like a difference between the clocks.
const TOGETHER: Duration = Duration::from_millis(100);
/// How often readings that were interrupted are repeated.
const READINGS: usize = 10;

/// What the clocks show at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    monotonic: Instant,
    /// Since the machine was started, its sleep included.
    boot: Duration,
    wall: Timestamp,
}

impl Moment {
    /// Reads the clocks.
    pub(crate) fn now() -> Self {
        let mut moment = Self::read();
        for _ in 1..READINGS {
            if moment.monotonic.elapsed() < TOGETHER {
                break;
            }
            moment = Self::read();
        }
        moment
    }

    fn read() -> Self {
        let boot = Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default();
        Self { monotonic: Instant::now(), boot, wall: Timestamp::now() }
    }
}

/// The clocks as they were at the last look.
#[derive(Debug)]
pub(crate) struct Clock {
    last: Moment,
}

impl Clock {
    /// Returns a clock that was looked at now.
    pub(crate) fn new(now: Moment) -> Self {
        Self { last: now }
    }

    /// Returns when to look again.
    pub(crate) fn due(&self) -> Instant {
        self.last.monotonic + EVERY
    }

    /// Looks at the clocks, and says in words what is odd since the last look: a line for each thing that is.
    pub(crate) fn look(&mut self, now: Moment) -> Vec<String> {
        let last = std::mem::replace(&mut self.last, now);
        let ran = now.monotonic.saturating_duration_since(last.monotonic);
        let slept = now.boot.saturating_sub(last.boot).saturating_sub(ran);
        let passed = SignedDuration::try_from(ran + slept).unwrap_or_default();
        let set = now.wall.duration_since(last.wall).saturating_sub(passed);
        let mut lines = Vec::new();
        if ran >= STOOD_STILL {
            let seconds = ran.as_secs_f64();
            lines.push(format!("the service stood still for {seconds:.0} s; quotes of before are that old"));
        }
        if slept >= DIFFERENCE {
            let seconds = slept.as_secs_f64();
            lines.push(format!("the machine slept for {seconds:.0} s; quotes of before are that old"));
        }
        if set.unsigned_abs() >= DIFFERENCE {
            let seconds = set.as_secs_f64();
            lines.push(format!(
                "the wall clock was set: it moved by {seconds:+.0} s; order and durations of what happens do not go \
                 by it"
            ));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_sleep_and_steps_are_all_told_and_small_corrections_are_not() {
        const PAUSE: &str = "the service stood still for 30 s";
        const SLEEP: &str = "the machine slept for 600 s";
        let begin = Moment::now();
        let seconds = Duration::from_secs_f64;
        for (ran, slept, passed, expected) in [
            (1.0, 0.0, 1.0, &[][..]),
            (1.0, 0.0, 1.4, &[]),
            (30.0, 0.0, 30.0, &[PAUSE]),
            (1.0, 600.0, 601.0, &[SLEEP]),
            (1.0, 0.0, 3_601.0, &["moved by +3600 s"]),
            (1.0, 0.0, -3_599.0, &["moved by -3600 s"]),
            (30.0, 0.0, -3_570.0, &[PAUSE, "moved by -3600 s"]),
            (30.0, 600.0, 630.0, &[PAUSE, SLEEP]),
            (1.0, 600.0, 1.0, &[SLEEP, "moved by -600 s"]),
        ] {
            let later = Moment {
                monotonic: begin.monotonic + seconds(ran),
                boot: begin.boot + seconds(ran + slept),
                wall: begin.wall + SignedDuration::from_secs_f64(passed),
            };
            let told = Clock::new(begin).look(later);
            assert_eq!(told.len(), expected.len(), "{told:?}");
            assert!(told.iter().zip(expected).all(|(line, part)| line.contains(part)), "{told:?}");
        }
    }

    #[test]
    fn each_thing_is_told_once() {
        let begin = Moment::now();
        let mut clock = Clock::new(begin);
        let later = Moment { wall: begin.wall + SignedDuration::from_hours(-1), ..begin };
        assert_eq!((clock.look(later).len(), clock.look(later).len()), (1, 0));
    }
}
