//! A batch of quiet events that is ahead of the engine: which of its inputs stands for how many of its events. No I/O.

use crate::MarketEvent;
use crate::floor::Floor;

/// Returns how many of these events are quiet, one after the other.
///
/// One that comes late, with a time before the clock's, can only be the first: else the strategy, which need not be told
/// of the events before it, would take its time for the clock's.
pub(super) fn quiet(floor: &Floor, events: &[MarketEvent]) -> usize {
    let Some(first) = events.first() else { return 0 };
    let fence = floor.fence(first.time);
    let mut time = floor.clock().max(first.time);
    if !floor.is_quiet(fence, time, first) {
        return 0;
    }
    let is_quiet = |event: &&MarketEvent| {
        let is_late = event.time < time;
        time = event.time;
        !is_late && floor.is_quiet(fence, time, event)
    };
    1 + events[1..].iter().take_while(is_quiet).count()
}

/// Where the strategy is in its batch.
#[derive(Debug)]
pub(super) struct Ahead {
    /// For each input, how many events of the batch there are up to it and with it.
    events: Vec<u32>,
    /// How many there are in all, also those without an input.
    all: u32,
    /// How many of them are applied.
    applied: u32,
    /// How many inputs count, if not all.
    end: Option<u32>,
    /// Whether the batch was as large as it might be.
    is_full: bool,
    /// How many events were looked at again.
    looks: usize,
}

impl Ahead {
    /// Returns a batch that begins with so many quotes that are applied already.
    pub(super) fn new(seen: usize, is_full: bool) -> Self {
        Self { events: vec![0; seen], all: 0, applied: 0, end: None, is_full, looks: 0 }
    }

    /// Adds an event with its input.
    pub(super) fn push(&mut self) {
        self.all += 1;
        self.events.push(self.all);
    }

    /// Adds an event of which the strategy is told nothing.
    pub(super) fn skip(&mut self) {
        self.all += 1;
    }

    /// Notes that so many inputs were begun, and returns how many more events are to be applied.
    pub(super) fn begin(&mut self, record: u32) -> u32 {
        let record = self.end.map_or(record, |end| record.min(end));
        let reached = (record as usize).min(self.events.len());
        let until = reached.checked_sub(1).map_or(0, |last| self.events[last]);
        let more = until.saturating_sub(self.applied);
        self.applied += more;
        more
    }

    /// Returns how many events are not applied.
    pub(super) fn left(&self) -> usize {
        (self.all - self.applied) as usize
    }

    /// Ends the batch where the first event is that is not quiet: of those that are `left`, so many are. Returns how many
    /// inputs count if it is cut.
    pub(super) fn cut(&mut self, quiet: usize, left: usize) -> Option<u32> {
        self.looks += quiet;
        if quiet == left {
            return None;
        }
        let until = self.applied + quiet as u32;
        let end = self.events.partition_point(|events| *events <= until) as u32;
        self.all = until;
        let was = self.end.unwrap_or(self.events.len() as u32);
        self.end = Some(end.min(was));
        self.end
    }

    /// Returns how many events the next batch should have, after one with this limit.
    ///
    /// Where this one was cut the next one may well be cut, too; and each call looks at all that is left of a batch.
    pub(super) fn next_limit(&self, limit: usize) -> usize {
        let events = self.all as usize;
        if self.looks > events * super::LOOKS {
            limit / 2
        } else if self.end.is_some() {
            limit.min(2 * events)
        } else if self.is_full {
            limit * 2
        } else {
            limit
        }
    }
}
