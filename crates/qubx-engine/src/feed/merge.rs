//! Recorded files of any kinds and instruments, merged by time.
//!
//! Events of the same time come in this order: rates of funding, bars that end then, trades (each behind the quote that
//! stands for it), quotes; and within each of these in the order of the config's instruments. So whoever is told a bar
//! knows nothing of what begins at its end, of no instrument. A row that is older than the one before it in its file comes
//! right behind that one; the clock does not go back for it.

use std::path::PathBuf;

use jiff::Timestamp;
use qubx_protocol::{Instrument, Quantity};

use super::source::{Key, Source};
use crate::{
    DataError, ExchangeConfig, FeedConfig, InstrumentIndex, MarketData, MarketEvent, RecordedFile,
    RecordedKind,
};

/// Some files that are read together.
pub(super) struct Merge {
    sources: Vec<Source>,
}

/// Events in order, and where reading them led to.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) events: Vec<MarketEvent>,
    /// The instruments of which nothing but funding comes any more, each with the number of events of this batch up to
    /// its last one.
    pub(super) over: Vec<(usize, InstrumentIndex)>,
    /// How many bytes of all files were read.
    pub(super) read: u64,
    /// Whether there is nothing behind this batch, and if so, whether that is because of something wrong.
    pub(super) end: Option<Result<(), DataError>>,
}

/// A file of an instrument, and the instrument's lot.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) instrument: InstrumentIndex,
    pub(super) lot: Quantity,
    pub(super) file: RecordedFile,
}

/// Returns the files of all exchanges.
pub(super) fn parts(exchanges: &[ExchangeConfig]) -> Vec<Part> {
    let instruments =
        exchanges.iter().flat_map(|exchange| exchange.instruments.iter().map(move |it| (exchange, it)));
    let of = |((exchange, known), index): ((&ExchangeConfig, &Instrument), u32)| {
        let files: &[RecordedFile] = match &exchange.feed {
            FeedConfig::Replay { files, .. } => files,
            FeedConfig::Sim { .. } => &[],
        };
        let files = files.iter().filter(|file| file.instrument == known.id).cloned();
        let (instrument, lot) = (InstrumentIndex(index), known.lot_size);
        files.map(|file| Part { instrument, lot, file }).collect::<Vec<_>>()
    };
    instruments.zip(0..).flat_map(of).collect()
}

/// Returns the kind of files whose quotes an instrument gets: its own, or those that stand for trades or for bars.
pub(super) fn quoted_by(parts: &[Part], instrument: InstrumentIndex) -> Option<RecordedKind> {
    let kinds = parts.iter().filter(|part| part.instrument == instrument).map(|part| part.file.kind);
    kinds.min().filter(|kind| *kind != RecordedKind::Funding)
}

impl Merge {
    /// Opens the files and reads the first row of each.
    ///
    /// # Errors
    /// A file cannot be read, lacks a column or a row, or its first row makes no sense.
    pub(super) fn open(parts: &[Part]) -> Result<Self, DataError> {
        let open = |part: &Part| {
            let stands_in = quoted_by(parts, part.instrument) == Some(part.file.kind);
            Source::open(part.instrument, &part.file, stands_in.then_some(part.lot))
        };
        Ok(Self { sources: parts.iter().map(open).collect::<Result<_, _>>()? })
    }

    /// Returns when the first event comes.
    pub(super) fn first(&self) -> Option<Timestamp> {
        self.sources.iter().filter_map(Source::key).map(|(time, _, _)| time).min()
    }

    /// Returns how many bytes all files have.
    pub(super) fn size(&self) -> u64 {
        self.sources.iter().map(|source| source.bytes().1).sum()
    }

    /// Takes the next events out, up to `limit`.
    pub(super) fn batch(&mut self, limit: usize) -> Batch {
        let mut batch = Batch { events: Vec::with_capacity(limit), ..Batch::default() };
        while batch.events.len() < limit && batch.end.is_none() {
            match self.next() {
                Some((next, until)) => self.take(next, until, limit, &mut batch),
                None => batch.end = Some(Ok(())),
            }
        }
        batch.read = self.sources.iter().map(|source| source.bytes().0).sum();
        batch
    }

    /// Returns the file whose event comes next, and the place of the one that follows of all others.
    fn next(&self) -> Option<(usize, Option<Key>)> {
        let mut next: Option<(Key, usize)> = None;
        let mut until: Option<Key> = None;
        for (place, source) in self.sources.iter().enumerate() {
            let Some(key) = source.key() else { continue };
            match next {
                Some((least, _)) if least <= key => until = Some(until.map_or(key, |until| until.min(key))),
                _ => {
                    // What was the least before is less than all others.
                    until = next.map(|(least, _)| least);
                    next = Some((key, place));
                }
            }
        }
        next.map(|(_, place)| (place, until))
    }

    /// Takes events of one file out for as long as they come before `until`.
    fn take(&mut self, place: usize, until: Option<Key>, limit: usize, batch: &mut Batch) {
        let source = &mut self.sources[place];
        while batch.events.len() < limit {
            let (event, behind) = source.take();
            batch.events.extend(event);
            if let Err(error) = behind {
                batch.end = Some(Err(error));
                return;
            }
            match source.key() {
                None => return self.note_end(place, batch),
                Some(key) if until.is_some_and(|until| until < key) => return,
                Some(_) => {}
            }
        }
    }

    /// Notes that a file is at its end.
    fn note_end(&self, place: usize, batch: &mut Batch) {
        let instrument = self.sources[place].instrument();
        let goes_on = |source: &Source| {
            source.instrument() == instrument
                && source.kind() != RecordedKind::Funding
                && source.key().is_some()
        };
        if !self.sources.iter().any(goes_on) {
            batch.over.push((batch.events.len(), instrument));
        }
    }
}

/// Returns the file that an event came from, by its instrument and what it tells.
pub(super) fn file_of(parts: &[Part], event: &MarketEvent) -> PathBuf {
    let of_instrument = || parts.iter().filter(|part| part.instrument == event.instrument);
    let kind = match event.data {
        MarketData::Quote(_) => quoted_by(parts, event.instrument),
        MarketData::Trade { .. } => Some(RecordedKind::Trades),
        MarketData::Bar { .. } => Some(RecordedKind::Bars),
        MarketData::FundingRate(_) => Some(RecordedKind::Funding),
    };
    let part = of_instrument().find(|part| Some(part.file.kind) == kind).or_else(|| of_instrument().next());
    part.map(|part| part.file.path.clone()).unwrap_or_default()
}
