//! When something that is due at a moment of a schedule is due on the clock.

use std::time::Duration;

use tokio::time::Instant;

/// A schedule that is later than this begins anew from now: after a suspended night there is no burst.
const LATE: Duration = Duration::from_secs(1);

/// A schedule that began at a moment.
#[derive(Debug, Default)]
pub(super) struct Pace {
    began: Option<Instant>,
}

impl Pace {
    /// Returns when what comes `offset` after the beginning is due. The first call is the beginning.
    pub(super) fn due(&mut self, offset: Duration) -> Instant {
        let now = Instant::now();
        let began = *self.began.get_or_insert(now);
        let due = began + offset;
        if now.saturating_duration_since(due) <= LATE {
            return due;
        }
        self.began = now.checked_sub(offset).or(self.began);
        now
    }

    /// Returns what offset is due now; nothing before the beginning.
    pub(super) fn passed(&self) -> Duration {
        self.began.map_or(Duration::ZERO, |began| began.elapsed())
    }
}
