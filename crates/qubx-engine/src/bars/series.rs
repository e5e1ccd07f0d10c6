//! The bars of one instrument and one timeframe: the one that is being made, and the newest closed ones. No I/O.

use std::collections::VecDeque;

use jiff::Timestamp;
use qubx_protocol::{Bar, InstrumentId, Price, Quantity, Timeframe};
use rust_decimal::Decimal;

use super::end_of;

/// How many closed bars are kept for a strategy of each instrument and timeframe, about a megabyte.
const KEPT: usize = 10_000;

/// A bar without the name of its instrument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ohlc {
    pub(super) start: Timestamp,
    pub(super) open: Price,
    pub(super) high: Price,
    pub(super) low: Price,
    pub(super) close: Price,
    pub(super) volume: Quantity,
    pub(super) quotes: u64,
}

impl Ohlc {
    pub(super) fn bar(self, instrument: &InstrumentId, timeframe: Timeframe) -> Bar {
        let Self { start: time, open, high, low, close, volume, quotes } = self;
        Bar { instrument: instrument.clone(), timeframe, time, open, high, low, close, volume, quotes }
    }

    /// Adds a later bar.
    pub(super) fn extend(&mut self, later: &Ohlc) {
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.volume += later.volume;
        self.quotes += later.quotes;
    }
}

/// A bar that is being made from quotes. Each price is a bid and an ask together: they are halved only at the end.
#[derive(Clone, Copy, Debug)]
struct Making {
    start: Timestamp,
    open: Decimal,
    high: Decimal,
    low: Decimal,
    close: Decimal,
    volume: Decimal,
    /// Zero while there were only trades: no quote, no bar.
    quotes: u64,
}

impl Making {
    fn empty(start: Timestamp) -> Self {
        let none = Decimal::ZERO;
        Self { start, open: none, high: none, low: none, close: none, volume: none, quotes: 0 }
    }

    #[inline]
    fn quote(&mut self, sum: Decimal) {
        if self.quotes == 0 {
            (self.open, self.high, self.low) = (sum, sum, sum);
        } else if sum > self.high {
            self.high = sum;
        } else if sum < self.low {
            self.low = sum;
        }
        self.close = sum;
        self.quotes += 1;
    }

    fn ohlc(&self) -> Option<Ohlc> {
        let half = |sum: Decimal| Price((sum / Decimal::TWO).normalize());
        (self.quotes > 0).then(|| Ohlc {
            start: self.start,
            open: half(self.open),
            high: half(self.high),
            low: half(self.low),
            close: half(self.close),
            volume: Quantity(self.volume),
            quotes: self.quotes,
        })
    }
}

/// The bars of one instrument and one timeframe.
#[derive(Debug)]
pub(super) struct Series {
    timeframe: Timeframe,
    making: Option<Making>,
    /// When the bar that is being made ends; the beginning of all time while none is.
    end: Timestamp,
    /// Whether bars are the recorded ones. What is made from quotes shows the open bar then, and is dropped at its end.
    is_recorded: bool,
    /// The recorded bars of an interval that is not over, put together.
    parts: Option<Ohlc>,
    closed: VecDeque<Ohlc>,
    /// How many of these are kept. The oldest one is forgotten first.
    kept: usize,
}

impl Series {
    pub(super) fn new(timeframe: Timeframe) -> Self {
        Self::keeping(timeframe, KEPT)
    }

    /// Returns a series that keeps so many closed bars.
    pub(super) fn keeping(timeframe: Timeframe, kept: usize) -> Self {
        Self {
            timeframe,
            making: None,
            end: Timestamp::MIN,
            is_recorded: false,
            parts: None,
            closed: VecDeque::new(),
            kept,
        }
    }

    pub(super) fn timeframe(&self) -> Timeframe {
        self.timeframe
    }

    /// Keeps as many from now on as a strategy may ask for.
    pub(super) fn keep_for_strategy(&mut self) {
        self.kept = KEPT;
    }

    /// Forgets the parts of an interval that is not over.
    pub(super) fn forget_parts(&mut self) {
        self.parts = None;
    }

    /// Returns a copy that remembers no more than its next bars need.
    pub(super) fn without_history(&self) -> Self {
        Self { closed: self.closed.back().copied().into_iter().collect(), ..*self }
    }

    /// Returns the first moment at which an event closes a bar; the end of all time when there is nothing to close.
    pub(super) fn due(&self) -> Timestamp {
        match (self.is_recorded, &self.parts, &self.making) {
            (true, Some(parts), _) => self.end_of(parts.start),
            (false, _, Some(_)) => self.end,
            _ => Timestamp::MAX,
        }
    }

    /// Tells whether an event begins a bar.
    #[inline]
    pub(super) fn begins(&self, time: Timestamp) -> bool {
        time >= self.end
    }

    /// Takes a quote in, given as its bid and ask together, and returns the bar that it closes.
    #[inline]
    pub(super) fn quote(&mut self, time: Timestamp, sum: Decimal) -> Option<Ohlc> {
        // A quote that comes late counts in the bar that is open.
        let closed = if time < self.end { None } else { self.roll(time) };
        if let Some(making) = &mut self.making {
            making.quote(sum);
        }
        closed
    }

    /// Takes a trade in and returns the bar that it closes.
    #[inline]
    pub(super) fn trade(&mut self, time: Timestamp, size: Decimal) -> Option<Ohlc> {
        let closed = if time < self.end { None } else { self.roll(time) };
        if let Some(making) = &mut self.making {
            making.volume += size;
        }
        closed
    }

    /// Begins the bar of a time, and closes the one before it.
    fn roll(&mut self, time: Timestamp) -> Option<Ohlc> {
        let start = self.timeframe.start_of(time);
        self.end = self.end_of(start);
        let made = self.making.replace(Making::empty(start));
        let closed = if self.is_recorded {
            self.parts.take_if(|parts| parts.start < start)
        } else {
            made.and_then(|made| made.ohlc())
        };
        self.keep(closed)
    }

    /// Closes what was made from quotes and is over, because another event came.
    pub(super) fn pass(&mut self, time: Timestamp) -> Option<Ohlc> {
        if time < self.end || self.is_recorded {
            return None;
        }
        self.end = Timestamp::MIN;
        let made = self.making.take().and_then(|making| making.ohlc());
        self.keep(made)
    }

    /// Takes in a recorded bar of this very timeframe: it is told as it is.
    pub(super) fn exact(&mut self, time: Timestamp, bar: &Ohlc, mut give: impl FnMut(Ohlc)) {
        self.begin_recorded(bar.start).into_iter().for_each(&mut give);
        self.keep(Some(*bar)).into_iter().for_each(give);
        self.drop_made(time);
    }

    /// Takes in a recorded bar of a part of this timeframe, which ends at `time`. It may complete two: one before a gap,
    /// and its own.
    pub(super) fn part(&mut self, time: Timestamp, bar: &Ohlc, mut give: impl FnMut(Ohlc)) {
        let start = self.timeframe.start_of(bar.start);
        self.begin_recorded(start).into_iter().for_each(&mut give);
        let before = self.parts.take_if(|parts| parts.start < start);
        self.keep(before).into_iter().for_each(&mut give);
        // A part of an interval that was told already comes too late.
        if self.closed.back().is_none_or(|newest| newest.start < start) {
            match &mut self.parts {
                Some(parts) => parts.extend(bar),
                None => self.parts = Some(Ohlc { start, ..*bar }),
            }
            if time >= self.end_of(start) {
                let whole = self.parts.take();
                self.keep(whole).into_iter().for_each(give);
            }
        }
        self.drop_made(time);
    }

    /// Tells whether a recorded bar of a part of this timeframe may complete something.
    pub(super) fn is_completed_by(&self, time: Timestamp, start: Timestamp) -> bool {
        let start = self.timeframe.start_of(start);
        time >= self.end_of(start) || self.parts.is_some_and(|parts| parts.start < start)
    }

    /// Has the recorded bars count from now on. Returns what quotes made of an interval before theirs.
    fn begin_recorded(&mut self, start: Timestamp) -> Option<Ohlc> {
        if std::mem::replace(&mut self.is_recorded, true) {
            return None;
        }
        let before = self.making.filter(|making| making.start < start)?;
        self.keep(before.ohlc())
    }

    /// Forgets what was made from quotes of an interval that is over.
    fn drop_made(&mut self, time: Timestamp) {
        if time >= self.end {
            self.making = None;
            self.end = Timestamp::MIN;
        }
    }

    fn keep(&mut self, closed: Option<Ohlc>) -> Option<Ohlc> {
        if let Some(bar) = closed {
            if self.closed.len() == self.kept {
                self.closed.pop_front();
            }
            self.closed.push_back(bar);
        }
        closed
    }

    fn end_of(&self, start: Timestamp) -> Timestamp {
        end_of(start, self.timeframe)
    }

    /// Returns the newest bars, oldest first. The last one is open, if anything is known of an open one.
    pub(super) fn newest(&self, length: usize) -> Vec<Ohlc> {
        let open = self.open().filter(|_| length > 0);
        let closed = self.closed.len().min(length.saturating_sub(usize::from(open.is_some())));
        self.closed.range(self.closed.len() - closed..).copied().chain(open).collect()
    }

    pub(super) fn open(&self) -> Option<Ohlc> {
        let made = self.making.as_ref().and_then(Making::ohlc);
        match (made, self.parts) {
            (Some(made), Some(parts)) if made.start == parts.start => Some(Ohlc {
                open: parts.open,
                high: parts.high.max(made.high),
                low: parts.low.min(made.low),
                // What was traded since the newest part is not known.
                volume: parts.volume,
                quotes: 0,
                ..made
            }),
            (Some(made), _) => Some(made),
            (None, parts) => parts,
        }
    }
}
