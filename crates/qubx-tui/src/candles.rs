//! The bars of the instrument that is looked at closely, as far as this screen has asked for them. No I/O.
//!
//! They are asked for while somebody looks, at most once a second, and only those that are new; between two answers the
//! last one moves with the quotes.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use qubx_client::Mirror;
use qubx_protocol::{Bar, InstrumentId, Price, Quantity, RequestId, Timeframe};

use crate::facts::Facts;
use crate::paced::Paced;

/// The shortest time between two questions.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// Bars that are asked for at once and kept: more than the widest screen shows.
pub(crate) const MOST_BARS: usize = 1_000;

/// What a service of an older version, which does not say what it has, is asked for.
const USUAL: [&str; 6] = ["1m", "5m", "15m", "1h", "4h", "1d"];

/// Returns the timeframes to choose from: those that the service has bars of.
pub(crate) fn timeframes(mirror: &Mirror) -> Vec<Timeframe> {
    match mirror.info() {
        Some(info) if !info.timeframes.is_empty() => info.timeframes.clone(),
        _ => USUAL.iter().filter_map(|text| text.parse().ok()).collect(),
    }
}

/// Returns the timeframe at a place of the choice, the last one when there are fewer.
pub(crate) fn timeframe(mirror: &Mirror, place: usize) -> Option<Timeframe> {
    let choice = timeframes(mirror);
    choice.get(place.min(choice.len().saturating_sub(1))).copied()
}

/// The bars of one instrument.
#[derive(Debug, Default)]
pub(crate) struct Candles {
    of: Option<(InstrumentId, Timeframe)>,
    bars: Vec<Bar>,
    /// How many of them the service has told; the rest is made from quotes.
    answered: usize,
    /// Why there are none.
    failed: Option<String>,
    question: Paced,
}

impl Candles {
    /// Turns to an instrument and a timeframe; what was known of others is forgotten.
    pub(crate) fn look_at(&mut self, id: &InstrumentId, timeframe: Timeframe) {
        let is_it = self.of.as_ref().is_some_and(|(of, length)| of == id && *length == timeframe);
        if !is_it {
            *self = Self { of: Some((id.clone(), timeframe)), ..Self::default() };
        }
    }

    /// Tells whether it is time to ask, and after which moment; it is asked then.
    pub(crate) fn want(&mut self, now: Instant) -> Option<Option<Timestamp>> {
        if !self.question.is_due(now, ASK_EVERY) {
            return None;
        }
        self.question.ask(now);
        // The last bar may not have been whole: it comes again, as it is now.
        Some(self.answered.checked_sub(1).and_then(|place| self.bars.get(place)).map(|bar| bar.time))
    }

    /// Notes the question's id.
    pub(crate) fn asked(&mut self, request: RequestId) {
        self.question.asked_as(request);
    }

    /// Tells whether an answer is for what was asked last.
    pub(crate) fn is_for(&self, request: &RequestId) -> bool {
        self.question.is_for(request)
    }

    /// Takes bars in.
    pub(crate) fn take(&mut self, bars: Vec<Bar>) {
        self.question.answered();
        self.failed = None;
        if let Some(first) = bars.first() {
            self.bars.retain(|bar| bar.time < first.time);
        }
        self.bars.extend(bars);
        let surplus = self.bars.len().saturating_sub(MOST_BARS);
        self.bars.drain(..surplus);
        self.answered = self.bars.len();
    }

    /// Notes that there are none, and why.
    pub(crate) fn fail(&mut self, why: String) {
        self.question.answered();
        self.failed = Some(why);
    }

    /// Returns why there are no bars.
    pub(crate) fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// Forgets everything: the connection was lost, or the session begins anew.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Returns the bars of an instrument, oldest first.
    pub(crate) fn bars(&self, id: &InstrumentId, timeframe: Timeframe) -> &[Bar] {
        match &self.of {
            Some((of, length)) if of == id && *length == timeframe => &self.bars,
            _ => &[],
        }
    }

    /// Moves the last bar to a price of now, or begins the next one.
    pub(crate) fn quote(&mut self, time: Timestamp, price: Price) {
        let Some((id, timeframe)) = &self.of else { return };
        let start = timeframe.start_of(time);
        match self.bars.last_mut() {
            Some(last) if last.time == start => {
                last.close = price;
                last.high = last.high.max(price);
                last.low = last.low.min(price);
            }
            Some(last) if last.time > start => {}
            _ => self.bars.push(Bar {
                instrument: id.clone(),
                timeframe: *timeframe,
                time: start,
                open: price,
                high: price,
                low: price,
                close: price,
                volume: Quantity::ZERO,
                quotes: 1,
            }),
        }
        let surplus = self.bars.len().saturating_sub(MOST_BARS);
        self.bars.drain(..surplus);
        self.answered = self.answered.saturating_sub(surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(id: &InstrumentId, second: i64, close: &str) -> Bar {
        let price: Price = close.parse().unwrap();
        Bar {
            instrument: id.clone(),
            timeframe: "1m".parse().unwrap(),
            time: Timestamp::from_second(second).unwrap(),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: Quantity::ZERO,
            quotes: 1,
        }
    }

    #[test]
    fn only_new_bars_are_asked_for_and_the_last_one_is_replaced() {
        let id = InstrumentId::new("SIM", "BTCUSDT");
        let minute: Timeframe = "1m".parse().unwrap();
        let now = Instant::now();
        let mut candles = Candles::default();
        candles.look_at(&id, minute);
        assert_eq!(candles.want(now), Some(None));
        assert_eq!(candles.want(now + Duration::from_millis(999)), None);
        candles.take(vec![bar(&id, 0, "1"), bar(&id, 60, "2")]);
        assert_eq!(candles.want(now + ASK_EVERY), Some(Some(Timestamp::from_second(60).unwrap())));
        candles.take(vec![bar(&id, 60, "3"), bar(&id, 120, "4")]);
        let closes: Vec<String> = candles.bars(&id, minute).iter().map(|bar| bar.close.to_string()).collect();
        assert_eq!(closes, ["1", "3", "4"]);
        let hour: Timeframe = "1h".parse().unwrap();
        assert!(candles.bars(&id, hour).is_empty());
        candles.look_at(&id, hour);
        assert_eq!(candles.want(now + ASK_EVERY), Some(None));
    }

    #[test]
    fn the_last_bar_moves_with_the_price_and_a_new_one_begins_when_it_is_time() {
        let id = InstrumentId::new("SIM", "BTCUSDT");
        let minute: Timeframe = "1m".parse().unwrap();
        let mut candles = Candles::default();
        candles.look_at(&id, minute);
        candles.take(vec![bar(&id, 60, "10")]);
        let mut quote = |second, price: &str| {
            candles.quote(Timestamp::from_second(second).unwrap(), price.parse().unwrap());
            let last = candles.bars(&id, minute).last().unwrap().clone();
            (candles.bars(&id, minute).len(), last.high.to_string(), last.low.to_string())
        };
        assert_eq!(quote(119, "12"), (1, "12".to_owned(), "10".to_owned()));
        assert_eq!(quote(120, "9"), (2, "9".to_owned(), "9".to_owned()));
        // What is older than the last bar moves nothing.
        assert_eq!(quote(30, "1"), (2, "9".to_owned(), "9".to_owned()));
    }
}
