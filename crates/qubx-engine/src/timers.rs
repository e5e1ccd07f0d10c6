//! The strategy's timers, by the engine's clock. No I/O, no clock.
//!
//! A timer is due at the whole multiples of its interval since the Unix epoch, like bars. Those that were missed, because
//! the machine slept, are told once: at the newest of them. In a replay in lockstep nothing is ever missed: the time
//! between two events is gone through, and each is told in its turn.

use std::sync::Arc;

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use qubx_protocol::Timeframe;

/// The timers that are set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers {
    /// By name, in the order in which they were set; that of those that are due at the same time.
    timers: IndexMap<Arc<str>, Timer>,
    next: Option<Timestamp>,
    tells_each: bool,
}

#[derive(Clone, Copy, Debug)]
struct Timer {
    every: Timeframe,
    due: Timestamp,
}

impl Timers {
    /// Tells each multiple from now on, also those that are over.
    pub(crate) fn tell_each(&mut self) {
        self.tells_each = true;
    }

    /// Sets a timer anew, or takes it away. It is due after `now`.
    pub(crate) fn set(&mut self, name: &str, every: Option<Timeframe>, now: Timestamp) {
        match every {
            Some(every) => {
                self.timers.insert(name.into(), Timer { every, due: after(every, every.start_of(now)) });
            }
            None => drop(self.timers.shift_remove(name)),
        }
        self.find_next();
    }

    /// Takes all timers away: they belong to a strategy that is gone.
    pub(crate) fn clear(&mut self) {
        *self = Self { tells_each: self.tells_each, ..Self::default() };
    }

    /// Returns when the first one is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.next
    }

    /// Returns what [`Timers::fire`] would return the time of.
    pub(crate) fn due_until(&self, until: Timestamp) -> Option<Timestamp> {
        self.first(until).map(|(_, time)| time)
    }

    /// Takes the first of those that are due at `until`, and tells for which time.
    pub(crate) fn fire(&mut self, until: Timestamp) -> Option<(Arc<str>, Timestamp)> {
        let (place, time) = self.first(until)?;
        let (name, timer) = self.timers.get_index_mut(place)?;
        timer.due = after(timer.every, time);
        let fired = (Arc::clone(name), time);
        self.find_next();
        Some(fired)
    }

    /// Returns the place of the first that is due, and the time to tell: the newest at which it was, or the oldest when each
    /// is told.
    fn first(&self, until: Timestamp) -> Option<(usize, Timestamp)> {
        if self.next? > until {
            return None;
        }
        let due = self.timers.values().enumerate().filter(|(_, timer)| timer.due <= until);
        let told = |timer: &Timer| if self.tells_each { timer.due } else { timer.every.start_of(until) };
        due.map(|(place, timer)| (told(timer), place)).min().map(|(time, place)| (place, time))
    }

    fn find_next(&mut self) {
        self.next = self.timers.values().map(|timer| timer.due).min();
    }
}

/// Returns the time one interval later.
fn after(every: Timeframe, time: Timestamp) -> Timestamp {
    time.saturating_add(SignedDuration::from_secs(every.seconds().into())).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    fn fired(timers: &mut Timers, until: &str) -> Vec<String> {
        let mut fired = Vec::new();
        while let Some((name, time)) = timers.fire(at(until)) {
            fired.push(format!("{name} {}", time.strftime("%T")));
        }
        fired
    }

    #[test]
    fn timers_are_due_at_whole_multiples_and_missed_ones_are_told_once() {
        let mut timers = Timers::default();
        timers.set("ten", "10s".parse().ok(), at("00:00:10"));
        timers.set("four", "4s".parse().ok(), at("00:00:10.5"));
        assert_eq!(timers.next(), Some(at("00:00:12")));
        assert_eq!(fired(&mut timers, "00:00:11.999"), [""; 0]);
        assert_eq!(fired(&mut timers, "00:00:12"), ["four 00:00:12"]);
        assert_eq!(fired(&mut timers, "00:00:21"), ["ten 00:00:20", "four 00:00:20"]);
        assert_eq!(fired(&mut timers, "00:10:01"), ["ten 00:10:00", "four 00:10:00"]);
        timers.set("ten", None, at("00:10:01"));
        timers.set("nobody", None, at("00:10:01"));
        assert_eq!(fired(&mut timers, "00:10:20"), ["four 00:10:20"]);
        timers.clear();
        assert_eq!((timers.next(), fired(&mut timers, "23:00:00")), (None, Vec::new()));
    }

    #[test]
    fn each_multiple_is_told_when_none_is_missed() {
        let mut timers = Timers::default();
        timers.tell_each();
        timers.clear();
        timers.set("ten", "10s".parse().ok(), at("00:00:00"));
        timers.set("fifteen", "15s".parse().ok(), at("00:00:00"));
        let expected =
            ["ten 00:00:10", "fifteen 00:00:15", "ten 00:00:20", "ten 00:00:30", "fifteen 00:00:30"];
        assert_eq!(fired(&mut timers, "00:00:31"), expected);
    }

    #[test]
    fn timers_that_are_due_at_different_times_are_told_in_their_order() {
        let mut timers = Timers::default();
        timers.set("minute", "1m".parse().ok(), at("00:00:00"));
        timers.set("seven", "7s".parse().ok(), at("00:00:00"));
        // A minute is due at 00:01:00, and the newest of the other at 00:01:03.
        assert_eq!(fired(&mut timers, "00:01:05"), ["minute 00:01:00", "seven 00:01:03"]);
    }
}
