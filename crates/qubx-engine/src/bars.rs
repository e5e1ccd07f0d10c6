//! Bars of the mid price, made from quotes by the quotes' own times. No I/O, no clock.
//!
//! A bar is closed by the first quote at or after its end, and an interval without quotes gives none:
//! time that nobody quotes in makes no bar. Bars go on being made while nobody wants them, so that a strategy that
//! starts again gets the bar that is open as a whole.

use std::collections::{BTreeSet, HashMap};

use qubx_protocol::{Bar, InstrumentId, Quantity, Quote, Timeframe};

use crate::{MarketData, MarketEvent};

/// The bars that are being made.
#[derive(Debug, Default)]
pub(crate) struct Bars {
    made: BTreeSet<Timeframe>,
    /// Those of `made` that the strategy wants to see.
    wanted: BTreeSet<Timeframe>,
    open: HashMap<(InstrumentId, Timeframe), Bar>,
}

impl Bars {
    /// Makes bars of this length of every instrument, from the next quote on.
    pub(crate) fn subscribe(&mut self, timeframe: Timeframe) {
        self.made.insert(timeframe);
        self.wanted.insert(timeframe);
    }

    /// Forgets who wanted bars: the strategy that starts now has not asked for any.
    pub(crate) fn unsubscribe_all(&mut self) {
        self.wanted.clear();
    }

    /// Makes bars of these lengths, which nobody wants yet.
    pub(crate) fn make(&mut self, timeframes: &[Timeframe]) {
        self.made.extend(timeframes);
    }

    /// Returns the lengths of the bars that are made.
    pub(crate) fn timeframes(&self) -> Vec<Timeframe> {
        self.made.iter().copied().collect()
    }

    /// Tells whether an event closes a bar that somebody wants.
    pub(crate) fn closes(&self, id: &InstrumentId, event: &MarketEvent) -> bool {
        self.wanted.iter().any(|timeframe| {
            let open = self.open.get(&(id.clone(), *timeframe));
            open.is_some_and(|bar| timeframe.start_of(event.time) > bar.time)
        })
    }

    /// Takes an event in and returns the wanted bars that it closes, the shortest first.
    pub(crate) fn market(&mut self, id: &InstrumentId, event: &MarketEvent) -> Vec<Bar> {
        let MarketData::Quote(touch) = event.data else { return Vec::new() };
        if self.made.is_empty() { Vec::new() } else { self.quote(&touch.quote(id.clone(), event.time)) }
    }

    /// Returns the newest bars, the open one last.
    pub(crate) fn history(&self, id: &InstrumentId, timeframe: Timeframe, length: usize) -> Vec<Bar> {
        self.open.get(&(id.clone(), timeframe)).filter(|_| length > 0).into_iter().cloned().collect()
    }

    /// Takes a quote in and returns the wanted bars that it closes, the shortest first.
    pub(crate) fn quote(&mut self, quote: &Quote) -> Vec<Bar> {
        let mut closed = Vec::new();
        for &timeframe in &self.made {
            let start = timeframe.start_of(quote.time);
            let price = quote.mid();
            let fresh = || Bar {
                instrument: quote.instrument.clone(),
                timeframe,
                time: start,
                open: price,
                high: price,
                low: price,
                close: price,
                volume: Quantity::ZERO,
                quotes: 1,
            };
            match self.open.get_mut(&(quote.instrument.clone(), timeframe)) {
                Some(bar) if start > bar.time => {
                    let whole = std::mem::replace(bar, fresh());
                    if self.wanted.contains(&timeframe) {
                        closed.push(whole);
                    }
                }
                // A quote that comes late counts in the bar that is open.
                Some(bar) => {
                    bar.high = bar.high.max(price);
                    bar.low = bar.low.min(price);
                    bar.close = price;
                    bar.quotes += 1;
                }
                None => {
                    self.open.insert((quote.instrument.clone(), timeframe), fresh());
                }
            }
        }
        closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::quote_at;

    #[test]
    fn a_bar_is_closed_by_the_first_quote_at_or_after_its_end() {
        let mut bars = Bars::default();
        bars.subscribe("1m".parse().unwrap());
        let mut seen = Vec::new();
        for (time, bid) in [
            ("00:00:10", "100"),
            ("00:00:20", "104"),
            ("00:00:50", "98"),
            ("00:00:59.999", "101"),
            ("00:01:00", "110"),
            // Four minutes without quotes give no bar.
            ("00:05:30", "120"),
            // This one is late.
            ("00:05:10", "121"),
            ("00:06:00", "122"),
        ] {
            for bar in bars.quote(&quote_at("BTCUSDT", time, bid, bid)) {
                let Bar { open, high, low, close, quotes, .. } = bar;
                seen.push(format!("{time} closes {} {open} {high} {low} {close} {quotes}", bar.time));
            }
        }
        assert_eq!(
            seen,
            [
                "00:01:00 closes 2026-01-01T00:00:00Z 100 104 98 101 4",
                "00:05:30 closes 2026-01-01T00:01:00Z 110 110 110 110 1",
                "00:06:00 closes 2026-01-01T00:05:00Z 120 121 120 121 2",
            ]
        );
    }

    #[test]
    fn a_strategy_that_subscribes_again_gets_the_open_bar_as_a_whole_and_none_that_it_did_not_ask_for() {
        let mut bars = Bars::default();
        bars.make(&["1m".parse().unwrap(), "1s".parse().unwrap()]);
        assert!(bars.quote(&quote_at("BTCUSDT", "00:00:10", "1", "1")).is_empty());
        bars.subscribe("1m".parse().unwrap());
        let closed = bars.quote(&quote_at("BTCUSDT", "00:01:00", "1", "1"));
        assert_eq!(
            closed.iter().map(|bar| (bar.timeframe.seconds(), bar.quotes)).collect::<Vec<_>>(),
            [(60, 1)]
        );
        bars.unsubscribe_all();
        assert!(bars.quote(&quote_at("BTCUSDT", "00:02:00", "1", "1")).is_empty());
    }

    #[test]
    fn each_timeframe_and_each_instrument_has_its_own_bars() {
        let mut bars = Bars::default();
        bars.subscribe("1m".parse().unwrap());
        bars.subscribe("1s".parse().unwrap());
        bars.subscribe("1s".parse().unwrap());
        assert!(bars.quote(&quote_at("BTCUSDT", "00:00:10", "1", "1")).is_empty());
        assert!(bars.quote(&quote_at("ETHUSDT", "00:00:11", "1", "1")).is_empty());
        let closed = bars.quote(&quote_at("BTCUSDT", "00:01:00", "1", "1"));
        let closed: Vec<_> = closed.iter().map(|bar| bar.timeframe.to_string()).collect();
        assert_eq!(closed, ["1s", "1m"]);
    }
}
