//! Bars by the market's own times: of the mid price, made from quotes, or as they were recorded. No I/O, no clock.
//!
//! A bar is closed by its instrument's first quote, trade or recorded bar at or after its end, and an interval without
//! quotes gives none: time that nobody quotes in makes no bar. Trades add their volume and no price. Bars go on being made
//! while nobody wants them, so that a strategy that starts again gets the bar that is open as a whole.
//!
//! From the first recorded bar of an instrument on, its bars of that timeframe are the recorded ones, to the digit, and
//! those of a multiple are put together from them; both count no quotes. What is finer is made from quotes all the same.

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::{Bar, InstrumentId, Timeframe};

use self::chart::Chart;
pub use self::chart::chart_timeframes;
use self::series::{Ohlc, Series};
use crate::{InstrumentIndex, MarketData, MarketEvent};

mod chart;
mod series;

/// The bars that are being made.
#[derive(Debug)]
pub(crate) struct Bars {
    /// The lengths of the bars that are made, the shortest first.
    frames: Vec<Frame>,
    instruments: Vec<OfInstrument>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    timeframe: Timeframe,
    /// Whether a strategy asked for them once. Others are made for charts alone.
    is_asked_for: bool,
    /// Whether the strategy wants to see them.
    is_wanted: bool,
    /// Whether the longer bars of charts are made of them.
    is_base: bool,
}

#[derive(Debug)]
struct OfInstrument {
    id: InstrumentId,
    /// One of each frame, in their order.
    series: Vec<Series>,
    chart: Chart,
    /// No event before this closes a wanted bar, unless it is a recorded bar.
    due: Timestamp,
}

/// The bars as they will be behind events that are not taken in yet. Only what those events touch is copied.
#[derive(Debug)]
pub(crate) struct Outlook {
    instruments: Vec<Option<OfInstrument>>,
}

impl Outlook {
    /// Foresees what [`Bars::market`] will give for the next event.
    pub(crate) fn market(&mut self, bars: &Bars, event: &MarketEvent, complete: &mut Vec<Bar>) {
        let place = event.instrument.place();
        let Some(now) = bars.instruments.get(place) else { return };
        if self.instruments.len() <= place {
            self.instruments.resize_with(place + 1, || None);
        }
        let of = self.instruments[place].get_or_insert_with(|| now.without_history());
        of.market(&bars.frames, event, complete);
    }
}

impl OfInstrument {
    /// Takes in what its market said, and appends the wanted bars that are complete by it, the shortest first.
    fn market(&mut self, frames: &[Frame], event: &MarketEvent, complete: &mut Vec<Bar>) {
        let time = event.time;
        let mut looks = time >= self.due;
        let Self { id, series, chart, .. } = &mut *self;
        let mut tell = |chart: &mut Chart, frame: &Frame, bar: Ohlc| {
            if frame.is_base {
                chart.lengthen(end_of(bar.start, frame.timeframe), &bar);
            }
            if frame.is_wanted {
                complete.push(bar.bar(id, frame.timeframe));
            }
        };
        let each = series.iter_mut().zip(frames);
        match event.data {
            MarketData::Quote(touch) => {
                let sum = touch.bid.0 + touch.ask.0;
                for (series, frame) in each {
                    looks |= series.begins(time);
                    if let Some(bar) = series.quote(time, sum) {
                        tell(chart, frame, bar);
                    }
                }
            }
            MarketData::Trade { size, .. } => {
                for (series, frame) in each {
                    looks |= series.begins(time);
                    if let Some(bar) = series.trade(time, size.0) {
                        tell(chart, frame, bar);
                    }
                }
            }
            MarketData::Bar { timeframe, open, high, low, close, volume } => {
                looks = true;
                let start = start_of_recorded(time, timeframe);
                let bar = Ohlc { start, open, high, low, close, volume, quotes: 0 };
                chart.recorded(time, timeframe, &bar);
                for (series, frame) in each {
                    match Relation::of(frame.timeframe, timeframe) {
                        Relation::Same => series.exact(time, &bar, |bar| tell(chart, frame, bar)),
                        Relation::Multiple => series.part(time, &bar, |bar| tell(chart, frame, bar)),
                        Relation::Other => {
                            series.pass(time).into_iter().for_each(|bar| tell(chart, frame, bar))
                        }
                    }
                }
            }
            // Rates of funding come before all else of their moment, so they must not close what is still to be told.
            MarketData::FundingRate(_) => return,
        }
        if looks {
            self.look(frames);
        }
    }

    fn without_history(&self) -> Self {
        let series = self.series.iter().map(Series::without_history).collect();
        Self { id: self.id.clone(), series, chart: Chart::default(), due: self.due }
    }

    fn look(&mut self, frames: &[Frame]) {
        let wanted = self.series.iter().zip(frames).filter(|(_, frame)| frame.is_wanted);
        self.due = wanted.map(|(series, _)| series.due()).min().unwrap_or(Timestamp::MAX);
    }
}

impl Bars {
    /// Makes no bars of these instruments yet but those for charts.
    pub(crate) fn new(instruments: impl IntoIterator<Item = InstrumentId>) -> Self {
        let ids: Vec<InstrumentId> = instruments.into_iter().collect();
        let kept = chart::kept_of_each(ids.len());
        let base = Frame { timeframe: chart::base(), is_asked_for: false, is_wanted: false, is_base: true };
        let of = |id| OfInstrument {
            id,
            series: vec![Series::keeping(base.timeframe, kept)],
            chart: Chart::keeping(kept),
            due: Timestamp::MAX,
        };
        Self { frames: vec![base], instruments: ids.into_iter().map(of).collect() }
    }

    /// Makes bars of this length of every instrument, from the next quote on, for the strategy.
    pub(crate) fn subscribe(&mut self, timeframe: Timeframe) {
        let place = self.place(timeframe);
        self.frames[place].is_wanted = true;
        self.look();
    }

    /// Forgets who wanted bars: the strategy that starts now has not asked for any.
    pub(crate) fn unsubscribe_all(&mut self) {
        self.frames.iter_mut().for_each(|frame| frame.is_wanted = false);
        self.look();
    }

    /// Makes bars of these lengths, which nobody wants yet.
    pub(crate) fn make(&mut self, timeframes: &[Timeframe]) {
        for &timeframe in timeframes {
            self.place(timeframe);
        }
    }

    /// Returns the lengths of the bars that a strategy asked for.
    pub(crate) fn timeframes(&self) -> Vec<Timeframe> {
        self.frames.iter().filter(|frame| frame.is_asked_for).map(|frame| frame.timeframe).collect()
    }

    /// Returns the lengths of those that the strategy wants to see.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = Timeframe> + Clone {
        self.frames.iter().filter(|frame| frame.is_wanted).map(|frame| frame.timeframe)
    }

    /// Returns when the next bar ends that the strategy wants; none when it wants none.
    pub(crate) fn next_end(&self, now: Timestamp) -> Option<Timestamp> {
        self.wanted().map(|timeframe| end_of(timeframe.start_of(now), timeframe)).min()
    }

    /// Returns the newest bars of an instrument, oldest first; the last one is open, if anything is known of an open one.
    ///
    /// They are remembered from when bars of this length are first made, which asking for them begins, and up to ten
    /// thousand of each instrument and timeframe. A replay that goes on after a restart makes them anew.
    pub(crate) fn history(
        &mut self,
        instrument: InstrumentIndex,
        timeframe: Timeframe,
        length: usize,
    ) -> Vec<Bar> {
        let place = self.place(timeframe);
        let Some(of) = self.instruments.get(instrument.place()) else { return Vec::new() };
        of.series[place].newest(length).into_iter().map(|bar| bar.bar(&of.id, timeframe)).collect()
    }

    /// Returns the newest bars of an instrument for a chart that end after a time, oldest first; the last one may be open.
    /// None when no such bars are made: see [`chart_timeframes`].
    pub(crate) fn chart(
        &self,
        instrument: InstrumentIndex,
        timeframe: Timeframe,
        after: Option<Timestamp>,
        limit: usize,
    ) -> Option<Vec<Bar>> {
        let of = self.instruments.get(instrument.place())?;
        let base = self.frames.iter().position(|frame| frame.is_base)?;
        let bars = of.chart.newest(&of.series[base], timeframe, after, limit)?;
        Some(bars.into_iter().map(|bar| bar.bar(&of.id, timeframe)).collect())
    }

    /// Tells whether [`Self::market`] may give a bar for this event. It is cheap, and never wrong when it says no.
    pub(crate) fn closes(&self, event: &MarketEvent) -> bool {
        let Some(of) = self.instruments.get(event.instrument.place()) else { return false };
        match event.data {
            MarketData::Quote(_) | MarketData::Trade { .. } => event.time >= of.due,
            MarketData::FundingRate(_) => false,
            MarketData::Bar { timeframe, .. } => {
                let start = start_of_recorded(event.time, timeframe);
                event.time >= of.due
                    || self.frames.iter().zip(&of.series).any(|(frame, series)| {
                        frame.is_wanted
                            && match Relation::of(frame.timeframe, timeframe) {
                                Relation::Same => true,
                                Relation::Multiple => series.is_completed_by(event.time, start),
                                Relation::Other => false,
                            }
                    })
            }
        }
    }

    /// Takes in what a market said, and appends the wanted bars that are complete by it, the shortest first.
    pub(crate) fn market(&mut self, event: &MarketEvent, complete: &mut Vec<Bar>) {
        if let Some(of) = self.instruments.get_mut(event.instrument.place()) {
            of.market(&self.frames, event, complete);
        }
    }

    /// Begins to foresee which bars events will complete; none when nobody wants any.
    pub(crate) fn outlook(&self) -> Option<Outlook> {
        self.wanted().next().is_some().then(|| Outlook { instruments: Vec::new() })
    }

    /// Returns the place of a timeframe in the frames, and makes its bars for a strategy if none are made.
    fn place(&mut self, timeframe: Timeframe) -> usize {
        let place = self.frames.partition_point(|frame| frame.timeframe < timeframe);
        match self.frames.get_mut(place).filter(|frame| frame.timeframe == timeframe) {
            Some(frame) if frame.is_asked_for => {}
            Some(frame) => {
                frame.is_asked_for = true;
                self.instruments.iter_mut().for_each(|of| of.series[place].keep_for_strategy());
            }
            None => {
                let frame = Frame { timeframe, is_asked_for: true, is_wanted: false, is_base: false };
                self.frames.insert(place, frame);
                for of in &mut self.instruments {
                    of.series.insert(place, Series::new(timeframe));
                }
            }
        }
        place
    }

    fn look(&mut self) {
        for of in &mut self.instruments {
            of.look(&self.frames);
        }
    }
}

/// What bars of one length are to recorded ones of another.
enum Relation {
    Same,
    Multiple,
    Other,
}

impl Relation {
    fn of(made: Timeframe, recorded: Timeframe) -> Self {
        match made.seconds() {
            made if made == recorded.seconds() => Relation::Same,
            made if made % recorded.seconds() == 0 => Relation::Multiple,
            _ => Relation::Other,
        }
    }
}

/// Returns when a bar ends that began at `start`.
fn end_of(start: Timestamp, timeframe: Timeframe) -> Timestamp {
    let length = SignedDuration::from_secs(i64::from(timeframe.seconds()));
    start.saturating_add(length).unwrap_or(Timestamp::MAX)
}

/// Returns when a recorded bar began that ends at `end`.
fn start_of_recorded(end: Timestamp, timeframe: Timeframe) -> Timestamp {
    let length = SignedDuration::from_secs(i64::from(timeframe.seconds()));
    end.saturating_sub(length).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests;
