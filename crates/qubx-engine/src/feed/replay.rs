//! Recorded quotes, one file per instrument, merged by time and paced.
//!
//! A replay can go on behind the quotes that another one gave. The quotes before that place must be the same ones:
//! files may have grown, or lost rows behind the place, and the replay ends where they end now.

use std::num::NonZeroU32;
use std::time::Duration;

use jiff::Timestamp;
use qubx_protocol::ReplayProgress;
use tokio::time::sleep_until;

use super::Feed;
use super::pace::Pace;
use super::quotes_file::QuotesFile;
use crate::freshness::Silence;
use crate::{DataError, InstrumentIndex, MarketEvent, RecordedFile, Speed};

/// A replay of one or more files.
pub(crate) struct ReplayFeed {
    speed: Speed,
    sources: Vec<Source>,
    /// The time of the first quote of all.
    first: Timestamp,
    now: Timestamp,
    pace: Pace,
    /// What is wrong with the rows that come next; told when the quotes before them are.
    broken: Option<DataError>,
    finished: bool,
    /// The source of the last quote that was given.
    last: usize,
}

/// A file and the quote that it is at; none at its end.
struct Source {
    file: QuotesFile,
    head: Option<MarketEvent>,
}

impl ReplayFeed {
    /// Opens the files and reads the first row of each.
    ///
    /// # Errors
    /// A file cannot be read, lacks a column or a row, or its first row makes no sense.
    pub(crate) fn open(speed: Speed, files: &[(InstrumentIndex, RecordedFile)]) -> Result<Self, DataError> {
        let mut sources = Vec::with_capacity(files.len());
        for (index, recorded) in files {
            let mut file = QuotesFile::open(*index, &recorded.path)?;
            let head = file.next()?.ok_or_else(|| file.empty())?;
            sources.push(Source { file, head: Some(head) });
        }
        let first = sources.iter().filter_map(|source| Some(source.head.as_ref()?.time)).min();
        let first = first.unwrap_or(Timestamp::UNIX_EPOCH);
        let pace = Pace::default();
        Ok(Self { speed, sources, first, now: first, pace, broken: None, finished: false, last: 0 })
    }

    /// Goes on behind the first `place` quotes, at `time`; `seen` gets each of them.
    ///
    /// # Errors
    /// A row on the way makes no sense, the files have fewer quotes, or the one at `place` is not of `time`.
    pub(crate) fn skip(
        &mut self,
        place: u64,
        time: Option<Timestamp>,
        mut seen: impl FnMut(MarketEvent),
    ) -> Result<(), DataError> {
        for given in 0..place {
            match self.take() {
                Some(quote) => seen(quote?),
                None => {
                    return Err(self.changed(format!(
                        "the replay is to go on after quote {place}, and {given} {}",
                        if self.sources.len() == 1 { "are there" } else { "are in all files together" }
                    )));
                }
            }
        }
        if let Some(time) = time
            && place > 0
            && time != self.now
        {
            let problem = format!(
                "the replay is to go on after quote {place}, of {time}, which is of {} now",
                self.now
            );
            return Err(self.changed(problem));
        }
        // What was skipped takes no time.
        self.first = self.now;
        Ok(())
    }

    /// Returns the error of files that are not the ones that were replayed.
    fn changed(&self, problem: String) -> DataError {
        self.sources[self.last].file.changed(problem)
    }

    /// Takes the oldest quote out and reads the next one of its file.
    fn take(&mut self) -> Option<Result<MarketEvent, DataError>> {
        if let Some(error) = self.broken.take() {
            return Some(Err(error));
        }
        let Some(oldest) = self.oldest() else {
            self.finished = true;
            return None;
        };
        self.last = oldest;
        let source = &mut self.sources[oldest];
        let quote = source.head.take()?;
        match source.file.next() {
            Ok(head) => source.head = head,
            Err(error) => self.broken = Some(error),
        }
        self.now = self.now.max(quote.time);
        Some(Ok(quote))
    }

    /// Returns the source whose quote comes next; the first of the config when several are equally old.
    fn oldest(&self) -> Option<usize> {
        let heads = self.sources.iter().enumerate();
        heads
            .filter_map(|(index, source)| Some((source.head.as_ref()?.time, index)))
            .min()
            .map(|(_, index)| index)
    }
}

impl Feed for ReplayFeed {
    async fn next(&mut self, into: &mut Vec<MarketEvent>, limit: usize) -> Result<bool, DataError> {
        if let Speed::Times(times) = self.speed
            && self.broken.is_none()
            && let Some(event) = self.oldest().and_then(|oldest| self.sources[oldest].head.as_ref())
        {
            // A row that is older than the first ones is due at once.
            let recorded = Duration::try_from(event.time.duration_since(self.first)).unwrap_or_default();
            sleep_until(self.pace.due(recorded / times.get())).await;
        }
        let limit = if self.is_lockstep() { limit } else { 1 };
        for count in 0..limit {
            match self.take() {
                Some(Ok(event)) => into.push(event),
                // What came before it is taken first.
                Some(Err(error)) if count > 0 => {
                    self.broken = Some(error);
                    return Ok(true);
                }
                Some(Err(error)) => return Err(error),
                None => return Ok(count > 0),
            }
        }
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
        self.sources
            .iter()
            .any(|source| source.head.as_ref().is_some_and(|head| head.instrument == instrument))
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
        let (read, size) =
            self.sources.iter().map(|source| source.file.bytes()).fold((0, 0), |sum, bytes| {
                let (read, size) = bytes;
                (sum.0 + read, sum.1 + size)
            });
        let fraction = if self.finished || size == 0 { 1.0 } else { (read as f64 / size as f64).min(1.0) };
        Some(ReplayProgress { fraction, speed: self.speed.to_string(), finished: self.finished })
    }
}
