//! What screens see of the strategy: what it published, how long its callbacks take, whether it is busy. No I/O.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use qubx_protocol::{CallbackTime, StrategyView};

use super::published::PublishedBoard;

/// Screens are told at most this often.
const EVERY: Duration = Duration::from_millis(200);

/// A batch that takes longer than this is shown as being worked on.
const LONG: Duration = Duration::from_secs(1);

/// What is known of the strategy's work.
#[derive(Debug, Default)]
pub(crate) struct StrategyWatch {
    /// Shared with those who answer questions about lines.
    board: Arc<Mutex<PublishedBoard>>,
    callbacks: IndexMap<String, Times>,
    /// The same of a strategy that counts them itself.
    counted: Vec<CallbackTime>,
    /// Since when it works on a batch.
    busy: Option<Instant>,
    /// The same by the wall, of a strategy that says so itself.
    busy_by_wall: Option<Timestamp>,
    /// How many inputs wait for it.
    backlog: u64,
    /// When screens are to be told; none while there is nothing new.
    due: Option<Instant>,
    told: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Times {
    count: u64,
    total_ns: u64,
    worst_ns: u64,
}

impl StrategyWatch {
    /// Returns the board, to be read by others.
    pub(crate) fn board(&self) -> Arc<Mutex<PublishedBoard>> {
        Arc::clone(&self.board)
    }

    /// Changes the board, and has screens told of it.
    pub(crate) fn change_board<T>(
        &mut self,
        now: Instant,
        change: impl FnOnce(&mut PublishedBoard) -> T,
    ) -> T {
        self.changed(now);
        // Every change is a single step, so a poisoned lock is taken all the same.
        change(&mut self.board.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Begins anew for a strategy that starts.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.change_board(now, PublishedBoard::clear);
        self.callbacks.clear();
        self.counted.clear();
        self.busy = None;
        self.busy_by_wall = None;
        self.backlog = 0;
    }

    /// Notes that the strategy got a batch, while so many inputs wait.
    pub(crate) fn got_batch(&mut self, now: Instant, backlog: u64) {
        self.busy = Some(now);
        self.waits(now, backlog);
    }

    fn waits(&mut self, now: Instant, backlog: u64) {
        if self.backlog != backlog {
            self.backlog = backlog;
            self.changed(now);
        }
    }

    /// Takes a look at a strategy that says itself since when it works on a batch, by the wall, while so many inputs wait.
    pub(crate) fn looked(
        &mut self,
        now: Instant,
        wall: Timestamp,
        busy_since: Option<Timestamp>,
        backlog: u64,
    ) {
        if busy_since != self.busy_by_wall {
            let since = |since| now.checked_sub(Duration::try_from(wall.duration_since(since)).ok()?);
            let was_long = self.busy.is_some_and(|since| now.saturating_duration_since(since) >= LONG);
            self.busy = busy_since.map(|busy| since(busy).unwrap_or(now));
            self.busy_by_wall = busy_since;
            if was_long {
                self.changed(now);
            }
        }
        self.waits(now, backlog);
    }

    /// Notes that it is done with its batch, and how long its callbacks took: how often, together, the longest.
    pub(crate) fn done(&mut self, now: Instant, callbacks: &BTreeMap<String, [u64; 3]>) {
        self.busy = None;
        for (name, &[count, total_ns, worst_ns]) in callbacks {
            let times = self.callbacks.entry(name.clone()).or_default();
            times.count = times.count.saturating_add(count);
            times.total_ns = times.total_ns.saturating_add(total_ns);
            times.worst_ns = times.worst_ns.max(worst_ns);
        }
        if !callbacks.is_empty() {
            self.changed(now);
        }
    }

    /// Takes over the times of callbacks that are counted elsewhere.
    pub(crate) fn counted(&mut self, now: Instant, callbacks: Vec<CallbackTime>) {
        self.counted = callbacks;
        self.changed(now);
    }

    /// Returns when screens are to be told next.
    pub(crate) fn due(&self) -> Option<Instant> {
        let long =
            self.busy.map(|since| since + LONG).filter(|long| self.told.is_none_or(|told| told < *long));
        [self.due, long].into_iter().flatten().min()
    }

    /// Returns what screens are told now, if something is due.
    pub(crate) fn take_due(&mut self, now: Instant, wall: Timestamp) -> Option<StrategyView> {
        self.due().filter(|due| *due <= now)?;
        self.due = None;
        self.told = Some(now);
        let busy = self.busy.map(|since| now.saturating_duration_since(since)).filter(|busy| *busy >= LONG);
        let published = self.board.lock().unwrap_or_else(PoisonError::into_inner).view();
        let callbacks = self.callbacks.iter().map(|(name, times)| CallbackTime {
            name: name.clone(),
            count: times.count,
            mean_us: times.total_ns as f64 / 1e3 / times.count.max(1) as f64,
            worst_us: times.worst_ns as f64 / 1e3,
        });
        Some(StrategyView {
            published,
            callbacks: callbacks.chain(self.counted.iter().cloned()).collect(),
            backlog: self.backlog,
            busy_since: busy.and_then(|busy| wall.checked_sub(SignedDuration::try_from(busy).ok()?).ok()),
        })
    }

    fn changed(&mut self, now: Instant) {
        let next = self.told.map_or(now, |told| told + EVERY);
        self.due.get_or_insert(next.max(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn screens_are_told_now_and_then_and_of_a_slow_callback_once() {
        let (start, wall) = (Instant::now(), Timestamp::UNIX_EPOCH);
        let mut watch = StrategyWatch::default();
        assert_eq!(watch.due(), None);
        let times = BTreeMap::from([("on_quote".to_owned(), [2, 4_000, 3_000])]);
        watch.got_batch(start, 0);
        watch.done(start, &times);
        let view = watch.take_due(start, wall).unwrap();
        assert_eq!(
            (view.callbacks[0].count, view.callbacks[0].mean_us, view.callbacks[0].worst_us),
            (2, 2.0, 3.0)
        );
        watch.done(start, &times);
        assert!(watch.take_due(start, wall).is_none());
        assert_eq!(watch.take_due(start + EVERY, wall).unwrap().callbacks[0].count, 4);

        let begun = start + EVERY * 2;
        watch.got_batch(begun, 0);
        assert_eq!(watch.due(), Some(begun + LONG));
        let view = watch.take_due(begun + LONG, Timestamp::from_second(10).unwrap()).unwrap();
        assert_eq!(view.busy_since, Some(Timestamp::from_second(9).unwrap()));
        assert_eq!(watch.due(), None);
        watch.done(begun + LONG, &times);
        assert!(watch.take_due(begun + LONG * 2, wall).unwrap().busy_since.is_none());
    }

    #[test]
    fn a_strategy_that_hangs_is_shown_by_looking_at_it() {
        let (start, second) = (Instant::now(), |second| Timestamp::from_second(second).unwrap());
        let mut watch = StrategyWatch::default();
        watch.looked(start, second(10), None, 0);
        assert_eq!(watch.due(), None);
        watch.looked(start, second(10), Some(second(10)), 0);
        assert_eq!(watch.due(), Some(start + LONG));
        let later = start + LONG * 3;
        watch.looked(later, second(13), Some(second(10)), 7);
        let view = watch.take_due(later, second(13)).unwrap();
        assert_eq!((view.busy_since, view.backlog), (Some(second(10)), 7));
        watch.looked(later + LONG, second(14), Some(second(10)), 7);
        assert_eq!(watch.due(), None);
        watch.looked(later + LONG * 2, second(15), None, 0);
        let view = watch.take_due(later + LONG * 2, second(15)).unwrap();
        assert_eq!((view.busy_since, view.backlog), (None, 0));
    }
}
