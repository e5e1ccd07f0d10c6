//! When to draw: at once for what a person does, and not too often for what comes by itself. Pure: time comes in.

use std::time::{Duration, Instant};

/// Time between two drawings of news: about thirty a second, which is as much as an eye follows.
const FRAME: Duration = Duration::from_millis(33);

/// When the next drawing is due.
#[derive(Debug)]
pub(super) struct Pace {
    drawn_at: Instant,
    /// None while nothing has changed.
    due: Option<Instant>,
}

impl Pace {
    /// Returns the pace of a screen that has never been drawn.
    pub(super) fn new(now: Instant) -> Self {
        Self { drawn_at: now, due: Some(now) }
    }

    /// Something has changed that somebody waits for.
    pub(super) fn at_once(&mut self) {
        self.due = Some(self.drawn_at);
    }

    /// Something has changed.
    pub(super) fn soon(&mut self) {
        self.due.get_or_insert(self.drawn_at + FRAME);
    }

    /// Everything was drawn.
    pub(super) fn drawn(&mut self, now: Instant) {
        *self = Self { drawn_at: now, due: None };
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_drawn_at_once_and_news_thirty_times_a_second() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut pace = Pace::new(start);
        assert!(pace.is_due(start), "the first drawing");
        pace.drawn(at(1));
        assert!(!pace.is_due(at(10_000)), "nothing has changed");
        pace.soon();
        assert!(!pace.is_due(at(33)) && pace.is_due(at(34)), "news have their frame");
        pace.at_once();
        assert!(pace.is_due(at(2)), "a key does not wait for it");
        pace.soon();
        assert!(pace.is_due(at(2)), "news behind it do not delay it");
        pace.drawn(at(3));
        pace.soon();
        assert!(!pace.is_due(at(35)) && pace.is_due(at(36)), "the drawing of a key shows the news too");
    }
}
