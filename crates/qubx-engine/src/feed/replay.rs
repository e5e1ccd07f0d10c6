//! Recorded files, replayed at a pace.
//!
//! A replay can go on behind the events that another one gave. The events before that place must be the same ones:
//! files may have grown, or lost rows behind the place, and the replay ends where they end now.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::time::Duration;

use jiff::Timestamp;
use qubx_protocol::ReplayProgress;
use tokio::time::sleep_until;

use super::Feed;
use super::merge::{Batch, Merge, Part, file_of, parts, quoted_by};
use super::pace::Pace;
use super::reader::{BATCH, Reader};
use super::rows::whole;
use crate::freshness::Silence;
use crate::{DataError, ExchangeConfig, FeedConfig, InstrumentIndex, MarketEvent, RecordedKind, Speed};

/// A replay of one or more files.
pub(crate) struct ReplayFeed {
    speed: Speed,
    parts: Vec<Part>,
    /// The files, until the first event is wanted.
    merge: Option<Merge>,
    /// The thread that reads them from then on; none when the first batch had all.
    reader: Option<Reader>,
    /// What was read and is not given yet: what is behind `given`.
    batch: Batch,
    given: usize,
    /// How many bytes of all files were read before this batch, and how many there are.
    read_before: u64,
    size: u64,
    /// The instruments of which something but funding is still to come.
    going_on: HashSet<InstrumentIndex>,
    /// The time of the first event of all.
    first: Timestamp,
    now: Timestamp,
    pace: Pace,
    finished: bool,
}

/// Opens the recorded files of all exchanges and reads how they begin, as a replay does before it starts.
///
/// # Errors
/// A file cannot be read, lacks a column or a row, or its first row makes no sense.
pub fn check_files(exchanges: &[ExchangeConfig]) -> Result<(), DataError> {
    let parts = parts(exchanges);
    if parts.is_empty() { Ok(()) } else { Merge::open(&parts).map(drop) }
}

impl ReplayFeed {
    /// Opens the files of all exchanges and reads the first events of them; none when they simulate.
    ///
    /// # Errors
    /// A file cannot be read, lacks a column or a row, or its first row makes no sense.
    pub(crate) fn open(exchanges: &[ExchangeConfig]) -> Result<Option<Self>, DataError> {
        let speed = exchanges.iter().find_map(|exchange| match exchange.feed {
            FeedConfig::Replay { speed, .. } => Some(speed),
            FeedConfig::Sim { .. } => None,
        });
        let Some(speed) = speed else { return Ok(None) };
        let parts = parts(exchanges);
        let mut merge = Merge::open(&parts)?;
        let first = merge.first().unwrap_or(Timestamp::UNIX_EPOCH);
        // Whose bars are all that there is is silent for most of the time.
        let quoted = parts.iter().map(|part| part.instrument).filter(|instrument| {
            matches!(quoted_by(&parts, *instrument), Some(RecordedKind::Quotes | RecordedKind::Trades))
        });
        let going_on = quoted.collect();
        let size = merge.size();
        // Files that are short are read once and for all here.
        let batch = merge.batch(BATCH);
        let mut feed = Self {
            speed,
            parts,
            merge: Some(merge),
            reader: None,
            batch: Batch::default(),
            given: 0,
            read_before: 0,
            size,
            going_on,
            first,
            now: first,
            pace: Pace::default(),
            finished: false,
        };
        feed.begin(batch);
        Ok(Some(feed))
    }

    /// Goes on behind the first `place` events, at `time`; `seen` gets each of them.
    ///
    /// # Errors
    /// A row on the way makes no sense, the files have fewer events, or the one at `place` is not of `time`.
    pub(crate) fn skip(
        &mut self,
        place: u64,
        time: Option<Timestamp>,
        mut seen: impl FnMut(&MarketEvent),
    ) -> Result<(), DataError> {
        let mut skipped = 0;
        while skipped < place {
            let wanted = usize::try_from(place - skipped).unwrap_or(usize::MAX);
            let events = self.give(wanted);
            if events.is_empty() {
                match (self.batch.end.take(), &mut self.merge) {
                    (None, Some(merge)) => {
                        let batch = merge.batch(BATCH);
                        self.begin(batch);
                    }
                    (Some(Err(error)), _) => return Err(error),
                    (Some(Ok(())), _) | (None, None) => {
                        let there =
                            if self.parts.len() == 1 { "are there" } else { "are in all files together" };
                        let problem =
                            format!("the replay is to go on after event {place}, and {skipped} {there}");
                        return Err(self.changed(problem));
                    }
                }
                continue;
            }
            skipped += events.len() as u64;
            events.iter().for_each(&mut seen);
        }
        if let Some(time) = time
            && place > 0
            && time != self.now
        {
            let now = self.now;
            let problem =
                format!("the replay is to go on after event {place}, of {time}, which is of {now} now");
            return Err(self.changed(problem));
        }
        // What was skipped takes no time.
        self.first = self.now;
        Ok(())
    }

    /// Returns the error of files that are not the ones that were replayed: that of the newest event is named.
    fn changed(&self, problem: String) -> DataError {
        let newest = self.given.checked_sub(1).and_then(|newest| self.batch.events.get(newest));
        let path = newest.or(self.batch.events.first()).map(|event| file_of(&self.parts, event));
        let path = path.or_else(|| self.parts.first().map(|part| part.file.path.clone())).unwrap_or_default();
        whole(&path, problem, "put the file back as it was, or start without --restore")
    }

    /// Gives out up to `limit` events of the batch.
    fn give(&mut self, limit: usize) -> &[MarketEvent] {
        let from = self.given;
        self.given = from.saturating_add(limit).min(self.batch.events.len());
        let events = &self.batch.events[from..self.given];
        if let Some(newest) = events.iter().map(|event| event.time).max() {
            self.now = self.now.max(newest);
        }
        while let Some((_, instrument)) = self.batch.over.pop_if(|(place, _)| *place <= self.given) {
            self.going_on.remove(&instrument);
        }
        events
    }

    fn begin(&mut self, batch: Batch) {
        self.read_before = self.batch.read;
        self.batch = batch;
        self.given = 0;
        // They are taken off its end, the first one first.
        self.batch.over.reverse();
    }

    /// Waits until there are events that are not given yet; false when there will be none.
    async fn wait_for_events(&mut self) -> Result<bool, DataError> {
        while self.given == self.batch.events.len() {
            if let Some(end) = self.batch.end.take() {
                self.finished = end.is_ok();
                self.reader = None;
                return end.map(|()| false);
            }
            let Some(reader) = &mut self.reader else { return Ok(false) };
            match reader.next().await {
                Some(batch) => self.begin(batch),
                None => {
                    self.reader = None;
                    let problem = "reading it ended before its end".to_owned();
                    return Err(self.failed(problem, "look into the log of the service, and start again"));
                }
            }
        }
        Ok(true)
    }

    /// Has a thread read on, if all was not read yet.
    fn start_reader(&mut self) -> Result<(), DataError> {
        if let Some(merge) = self.merge.take()
            && self.batch.end.is_none()
        {
            let reader = Reader::start(merge).map_err(|error| {
                self.failed(format!("cannot start reading it: {error}"), "let the machine have more threads")
            })?;
            self.reader = Some(reader);
        }
        Ok(())
    }

    /// Returns an error that no single file is to blame for.
    fn failed(&self, problem: String, hint: &str) -> DataError {
        let path = self.parts.first().map(|part| part.file.path.clone()).unwrap_or_default();
        whole(&path, problem, hint)
    }

    /// Returns how many of the events that are read are due now, after waiting for the first of them.
    async fn due(&mut self, times: NonZeroU32) -> usize {
        let waiting = &self.batch.events[self.given..];
        // A row that is older than the first ones is due at once.
        let since_first = |event: &MarketEvent| {
            Duration::try_from(event.time.duration_since(self.first)).unwrap_or_default()
        };
        sleep_until(self.pace.due(since_first(&waiting[0]) / times.get())).await;
        let passed = self.pace.passed().saturating_mul(times.get());
        let due = waiting.iter().take_while(|event| since_first(event) <= passed).count();
        due.max(1)
    }
}

impl Feed for ReplayFeed {
    async fn next(&mut self, into: &mut Vec<MarketEvent>, limit: usize) -> Result<bool, DataError> {
        self.start_reader()?;
        if !self.wait_for_events().await? {
            return Ok(false);
        }
        let due = match self.speed {
            Speed::Times(times) => self.due(times).await,
            Speed::Max => usize::MAX,
        };
        into.extend_from_slice(self.give(due.min(limit)));
        Ok(true)
    }

    fn now(&mut self) -> Timestamp {
        self.now
    }

    fn silence(&self) -> Silence {
        match self.speed {
            Speed::Times(NonZeroU32::MIN) => Silence::Anybody,
            Speed::Times(_) => Silence::Everybody,
            Speed::Max => Silence::Nobody,
        }
    }

    fn has_more(&self, instrument: InstrumentIndex) -> bool {
        self.going_on.contains(&instrument)
    }

    fn is_lockstep(&self) -> bool {
        self.speed == Speed::Max
    }

    fn times(&self) -> u32 {
        match self.speed {
            Speed::Times(times) => times.get(),
            Speed::Max => 1,
        }
    }

    fn progress(&self) -> Option<ReplayProgress> {
        let given = self.given as f64 / self.batch.events.len().max(1) as f64;
        let of_batch = self.batch.read.saturating_sub(self.read_before) as f64;
        let read = self.read_before as f64 + of_batch * given;
        let is_over = self.finished || self.size == 0;
        let fraction = if is_over { 1.0 } else { (read / self.size as f64).min(1.0) };
        Some(ReplayProgress { fraction, speed: self.speed.to_string(), finished: self.finished })
    }
}

#[cfg(test)]
mod tests;
