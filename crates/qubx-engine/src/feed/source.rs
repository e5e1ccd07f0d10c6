//! The events of one recorded file, in the order of its rows.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::{Quantity, Timeframe};

use super::record::{RecordedBar, Records};
use super::stand_in;
use crate::{DataError, InstrumentIndex, MarketData, MarketEvent, RecordedFile, RecordedKind};

/// The timeframe of a file of bars is found from so many of its rows.
const FIRST_BARS: usize = 100;

/// A file, and the event that comes next of it.
pub(super) struct Source {
    instrument: InstrumentIndex,
    kind: RecordedKind,
    records: Records,
    /// The lot of the instrument, if this file is to give quotes of it because none has any.
    stands_in: Option<Quantity>,
    bars: Option<FirstBars>,
    /// What is still to be told of the row that was read last.
    rest: VecDeque<MarketEvent>,
    head: Option<MarketEvent>,
}

/// The first rows of a file of bars, which are read to find their timeframe.
struct FirstBars {
    timeframe: Timeframe,
    rows: VecDeque<RecordedBar>,
    /// What is wrong with the row behind them.
    broken: Option<DataError>,
}

/// What comes first among events of the same time: what is paid, then what ends, then what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Funding,
    Bar,
    /// A trade, and the quote that stands for it.
    Trade,
    Quote,
}

/// The place of an event among those of all files. No two files ever have the same.
pub(super) type Key = (Timestamp, Rank, InstrumentIndex);

impl Source {
    /// Opens a file and reads its first row, or its first bars.
    ///
    /// # Errors
    /// The file cannot be read, lacks a column or a row, its first row makes no sense, or its bars have no timeframe.
    pub(super) fn open(
        instrument: InstrumentIndex,
        file: &RecordedFile,
        stands_in: Option<Quantity>,
    ) -> Result<Self, DataError> {
        let mut records = Records::open(file)?;
        let bars = if file.kind == RecordedKind::Bars { Some(FirstBars::read(&mut records)?) } else { None };
        let rest = VecDeque::new();
        let mut source = Self { instrument, kind: file.kind, records, stands_in, bars, rest, head: None };
        source.advance()?;
        if source.head.is_none() { Err(source.records.empty()) } else { Ok(source) }
    }

    pub(super) fn instrument(&self) -> InstrumentIndex {
        self.instrument
    }

    pub(super) fn kind(&self) -> RecordedKind {
        self.kind
    }

    /// Returns how many bytes of the file were read, and how many there are.
    pub(super) fn bytes(&self) -> (u64, u64) {
        let rows = self.records.rows();
        (rows.read(), rows.size())
    }

    /// Returns the place of the event that comes next; none at the end of the file.
    pub(super) fn key(&self) -> Option<Key> {
        let head = self.head.as_ref()?;
        let rank = match (&head.data, self.kind) {
            (MarketData::FundingRate(_), _) => Rank::Funding,
            (MarketData::Bar { .. }, _) => Rank::Bar,
            (MarketData::Trade { .. }, _) | (MarketData::Quote(_), RecordedKind::Trades) => Rank::Trade,
            (MarketData::Quote(_), _) => Rank::Quote,
        };
        Some((head.time, rank, self.instrument))
    }

    /// Takes the event that comes next out, and reads on. An error is of what comes behind it.
    pub(super) fn take(&mut self) -> (Option<MarketEvent>, Result<(), DataError>) {
        let event = self.head.take();
        (event, self.advance())
    }

    fn advance(&mut self) -> Result<(), DataError> {
        self.head = match self.rest.pop_front() {
            None => self.row()?,
            rest => rest,
        };
        Ok(())
    }

    /// Reads a row and returns the first event of it.
    fn row(&mut self) -> Result<Option<MarketEvent>, DataError> {
        let instrument = self.instrument;
        if let Some(bars) = &mut self.bars {
            let timeframe = bars.timeframe;
            let Some(bar) = bars.next(&mut self.records)? else { return Ok(None) };
            if let Some(lot) = self.stands_in {
                let quotes = stand_in::of_bar(&bar, timeframe, lot);
                self.rest.extend(quotes.map(|(time, data)| MarketEvent { instrument, time, data }));
            }
            self.rest.push_back(at_its_end(instrument, &bar, timeframe));
            return Ok(self.rest.pop_front());
        }
        let Some((time, data)) = self.records.next()? else { return Ok(None) };
        let event = MarketEvent { instrument, time, data };
        if let MarketData::Trade { price, size, .. } = data
            && self.stands_in.is_some()
        {
            self.rest.push_back(event);
            return Ok(Some(MarketEvent { data: stand_in::at_price(price, size), ..event }));
        }
        Ok(Some(event))
    }
}

impl FirstBars {
    fn read(records: &mut Records) -> Result<Self, DataError> {
        let mut rows = VecDeque::with_capacity(FIRST_BARS);
        let mut broken = None;
        while rows.len() < FIRST_BARS && broken.is_none() {
            match records.bar() {
                Ok(Some(bar)) => rows.push_back(bar),
                Ok(None) => break,
                Err(error) => broken = Some(error),
            }
        }
        if rows.is_empty() {
            return Err(broken.unwrap_or_else(|| records.empty()));
        }
        let starts: Vec<Timestamp> = rows.iter().map(|bar| bar.start).collect();
        match commonest_step(&starts) {
            Ok(timeframe) => Ok(Self { timeframe, rows, broken }),
            Err(problem) => Err(broken.unwrap_or_else(|| {
                let hint = "name a file of bars of one length, from a second to a day, whose times are their beginnings";
                records.rows().bad_file(None, problem, hint)
            })),
        }
    }

    fn next(&mut self, records: &mut Records) -> Result<Option<RecordedBar>, DataError> {
        match (self.rows.pop_front(), self.broken.take()) {
            (None, None) => records.bar(),
            (None, Some(error)) => Err(error),
            (bar, broken) => {
                self.broken = broken;
                Ok(bar)
            }
        }
    }
}

/// Returns the commonest difference between one time and the next, the shortest when there are several.
///
/// # Errors
/// The problem in words.
fn commonest_step(times: &[Timestamp]) -> Result<Timeframe, String> {
    let mut counts: HashMap<SignedDuration, usize> = HashMap::new();
    for pair in times.windows(2) {
        let step = pair[1].duration_since(pair[0]);
        if step.is_positive() {
            *counts.entry(step).or_default() += 1;
        }
    }
    let commonest = counts.into_iter().max_by_key(|&(step, count)| (count, -step)).map(|(step, _)| step);
    let Some(step) = commonest else {
        return Err(format!(
            "the timeframe of the bars cannot be found: it is the commonest difference between the times of the first \
             {FIRST_BARS} rows, and there are no two that follow each other"
        ));
    };
    let seconds = (step.subsec_nanos() == 0).then(|| step.as_secs());
    seconds.and_then(|seconds| format!("{seconds}s").parse().ok()).ok_or_else(|| {
        format!(
            "the timeframe of the bars cannot be found: the commonest difference between the times of the first \
             {FIRST_BARS} rows is {step:#}, and that is no timeframe"
        )
    })
}

/// Returns a bar as it is told: when it is over.
fn at_its_end(instrument: InstrumentIndex, bar: &RecordedBar, timeframe: Timeframe) -> MarketEvent {
    let RecordedBar { start, open, high, low, close, volume } = *bar;
    let length = SignedDuration::from_secs(i64::from(timeframe.seconds()));
    let data = MarketData::Bar { timeframe, open, high, low, close, volume };
    MarketEvent { instrument, time: start.saturating_add(length).unwrap_or(Timestamp::MAX), data }
}
