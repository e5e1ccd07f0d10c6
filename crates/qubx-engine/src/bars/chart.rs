//! Bars for charts, which are made whether a strategy wants any or not: those of a minute, which are a strategy's too if it
//! wants some, and the longer ones from those, or from recorded ones where there are some. No I/O, no clock.
//!
//! They are never told to a strategy and end no batch. A replay that goes on makes them again from what it skips; a
//! simulation that goes on begins anew.

use jiff::Timestamp;
use qubx_protocol::Timeframe;

use super::series::{Ohlc, Series};
use super::{Relation, end_of};

/// What a chart may ask for, the shortest first.
const TIMEFRAMES: [&str; 6] = ["1m", "5m", "15m", "1h", "4h", "1d"];

/// How many bars are kept of one timeframe at most: of a minute's, those of a day and a half.
const MOST_KEPT: usize = 2_000;
/// How many are kept of it in any case.
const LEAST_KEPT: usize = 200;
/// How many are kept of all instruments and timeframes together: 50 MB.
const KEPT_OF_ALL: usize = 400_000;

/// Returns the lengths of the bars that are made for charts, the shortest first.
#[must_use]
pub fn chart_timeframes() -> Vec<Timeframe> {
    TIMEFRAMES.iter().map(|text| text.parse().expect("these are timeframes")).collect()
}

/// The length of the bars that the longer ones are made of.
pub(super) fn base() -> Timeframe {
    TIMEFRAMES[0].parse().expect("this is a timeframe")
}

/// Returns how many bars are kept for charts of each timeframe and of each of so many instruments.
pub(super) fn kept_of_each(instruments: usize) -> usize {
    let of_each = KEPT_OF_ALL / (TIMEFRAMES.len() * instruments.max(1));
    of_each.clamp(LEAST_KEPT, MOST_KEPT)
}

/// The longer bars of one instrument.
#[derive(Debug, Default)]
pub(super) struct Chart {
    longer: Vec<Longer>,
}

#[derive(Debug)]
struct Longer {
    timeframe: Timeframe,
    series: Series,
    /// Whether recorded bars make it, and not those of the shortest timeframe.
    is_recorded: bool,
}

impl Chart {
    pub(super) fn keeping(kept: usize) -> Self {
        let longer = chart_timeframes().into_iter().skip(1).map(|timeframe| Longer {
            timeframe,
            series: Series::keeping(timeframe, kept),
            is_recorded: false,
        });
        Self { longer: longer.collect() }
    }

    /// Takes in a recorded bar that ends at `time`, before what it closes of the shortest timeframe.
    pub(super) fn recorded(&mut self, time: Timestamp, timeframe: Timeframe, bar: &Ohlc) {
        for longer in &mut self.longer {
            let relation = Relation::of(longer.timeframe, timeframe);
            if !matches!(relation, Relation::Other) && !std::mem::replace(&mut longer.is_recorded, true) {
                // What stands for this very bar was made to quotes, and counts no more.
                longer.series.forget_parts();
            }
            match relation {
                Relation::Same => longer.series.exact(time, bar, |_| {}),
                Relation::Multiple => longer.series.part(time, bar, |_| {}),
                Relation::Other => {}
            }
        }
    }

    /// Adds a closed bar of the shortest timeframe, which ended at `end`.
    pub(super) fn lengthen(&mut self, end: Timestamp, bar: &Ohlc) {
        for longer in self.longer.iter_mut().filter(|longer| !longer.is_recorded) {
            longer.series.part(end, bar, |_| {});
        }
    }

    /// Returns the newest bars that end after a time, oldest first; the last one is what is known of the open one: of
    /// recorded bars up to its newest part. None when no such bars are made. `base` has those of the shortest timeframe.
    pub(super) fn newest(
        &self,
        base: &Series,
        timeframe: Timeframe,
        after: Option<Timestamp>,
        limit: usize,
    ) -> Option<Vec<Ohlc>> {
        let mut bars = self.bars(base, timeframe)?;
        let is_over = |bar: &Ohlc, after| end_of(bar.start, timeframe) <= after;
        let first = after.map_or(0, |after| bars.partition_point(|bar| is_over(bar, after)));
        bars.drain(..first.max(bars.len().saturating_sub(limit)));
        Some(bars)
    }

    fn bars(&self, base: &Series, timeframe: Timeframe) -> Option<Vec<Ohlc>> {
        if timeframe == base.timeframe() {
            return Some(base.newest(usize::MAX));
        }
        let longer = self.longer.iter().find(|longer| longer.timeframe == timeframe)?;
        let mut bars = longer.series.newest(usize::MAX);
        if !longer.is_recorded
            && let Some(open) = base.open()
        {
            let start = timeframe.start_of(open.start);
            match bars.last_mut().filter(|last| last.start == start) {
                Some(last) => last.extend(&open),
                None => bars.push(Ohlc { start, ..open }),
            }
        }
        Some(bars)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use qubx_protocol::{Bar, Price, Quantity};

    use super::*;
    use crate::bars::Bars;
    use crate::testing::{at, decimal, event, id};
    use crate::{InstrumentIndex, MarketData, MarketEvent};

    fn charts() -> Bars {
        Bars::new([id("BTCUSDT")])
    }

    fn market(charts: &mut Bars, event: &MarketEvent) {
        let mut complete = Vec::new();
        charts.market(event, &mut complete);
        assert!(complete.is_empty(), "nobody wants bars: {complete:?}");
    }

    fn quote(charts: &mut Bars, time: &str, price: &str) {
        market(charts, &event(0, at(time), price, price));
    }

    /// Returns each bar as its beginning, its prices and how many quotes it has.
    fn shown(charts: &Bars, timeframe: &str, after: Option<&str>, limit: usize) -> Vec<String> {
        let bars = charts.chart(InstrumentIndex(0), timeframe.parse().unwrap(), after.map(at), limit);
        let line = |bar: Bar| {
            let Bar { open, high, low, close, quotes, .. } = bar;
            format!("{} {open} {high} {low} {close} {quotes}", bar.time.strftime("%H:%M"))
        };
        bars.unwrap().into_iter().map(line).collect()
    }

    #[test]
    fn longer_bars_are_those_of_a_minute_together_and_the_last_one_is_open() {
        let mut charts = charts();
        for (time, price) in
            [("00:00:01", "10"), ("00:00:59", "12"), ("00:03:00", "9"), ("00:07:30", "11"), ("00:07:40", "8")]
        {
            quote(&mut charts, time, price);
        }
        assert_eq!(
            shown(&charts, "1m", None, 10),
            ["00:00 10 12 10 12 2", "00:03 9 9 9 9 1", "00:07 11 11 8 8 2"]
        );
        assert_eq!(shown(&charts, "5m", None, 10), ["00:00 10 12 9 9 3", "00:05 11 11 8 8 2"]);
        assert_eq!(shown(&charts, "1d", None, 10), ["00:00 10 12 8 8 5"]);
        // Whoever has the open one asks for what ends after it began, and gets it again.
        assert_eq!(shown(&charts, "5m", Some("00:05:00"), 10), ["00:05 11 11 8 8 2"]);
        assert_eq!(shown(&charts, "1m", Some("00:04:00"), 10), ["00:07 11 11 8 8 2"]);
        assert_eq!(shown(&charts, "1m", None, 1), ["00:07 11 11 8 8 2"]);
        assert!(charts.chart(InstrumentIndex(0), "2m".parse().unwrap(), None, 1).is_none());
        assert!(charts.chart(InstrumentIndex(1), "1m".parse().unwrap(), None, 1).is_none());
    }

    #[test]
    fn recorded_bars_are_shown_to_the_digit_and_put_together() {
        let mut charts = charts();
        let price = |text: &str| Price(decimal(text));
        for (hour, [open, high, low, close]) in
            [("01", ["10", "13", "9", "11"]), ("02", ["11", "14", "10", "12"])]
        {
            let end = format!("{hour}:00:00");
            quote(&mut charts, &format!("{:02}:59:00", hour.parse::<u32>().unwrap() - 1), open);
            market(
                &mut charts,
                &MarketEvent {
                    instrument: InstrumentIndex(0),
                    time: at(&end),
                    data: MarketData::Bar {
                        timeframe: "1h".parse().unwrap(),
                        open: price(open),
                        high: price(high),
                        low: price(low),
                        close: price(close),
                        volume: Quantity(decimal("2")),
                    },
                },
            );
        }
        assert_eq!(shown(&charts, "1h", None, 10), ["00:00 10 13 9 11 0", "01:00 11 14 10 12 0"]);
        assert_eq!(shown(&charts, "4h", None, 10), ["00:00 10 14 9 12 0"]);
        assert_eq!(shown(&charts, "1m", None, 10), ["00:59 10 10 10 10 1", "01:59 11 11 11 11 1"]);
        assert_eq!(shown(&charts, "15m", None, 10), ["00:45 10 10 10 10 1", "01:45 11 11 11 11 1"]);
    }

    #[test]
    fn memory_is_bounded_however_long_it_goes_on_and_however_many_there_are() {
        let mut charts = charts();
        for minute in 0..3_000 {
            let time = at("00:00:00") + SignedDuration::from_mins(minute);
            market(&mut charts, &event(0, time, "10", "11"));
        }
        assert_eq!(shown(&charts, "1m", None, usize::MAX).len(), MOST_KEPT + 1);
        assert_eq!(shown(&charts, "5m", None, usize::MAX).len(), 600);
        assert_eq!(kept_of_each(10_000), LEAST_KEPT);
    }
}
