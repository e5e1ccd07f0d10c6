//! Which instruments have had a quote since the feed began. No I/O, no clock.
//!
//! Quotes that a restored engine knows from before do not count: they tell nothing of the feed.

use qubx_protocol::InstrumentId;

use crate::{InstrumentIndex, MarketData, MarketEvent};

/// The first quotes of a feed, as far as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FirstQuotes {
    /// Whether the feed gave anything.
    pub connected: bool,
    /// How many instruments it gives quotes of; none before it begins.
    pub instruments: usize,
    /// Those of them that had none yet, with their places in the config, in its order.
    pub missing: Vec<(InstrumentIndex, InstrumentId)>,
    /// Whether the feed is at its end, so that those will have none.
    pub ended: bool,
}

impl FirstQuotes {
    /// Begins to wait for a quote of each instrument of which the feed gives some. A feed that rested goes on as it was.
    pub(crate) fn begin(&mut self, expected: impl Iterator<Item = (InstrumentIndex, InstrumentId)>) {
        if self.instruments > 0 {
            return;
        }
        self.missing = expected.collect();
        self.instruments = self.missing.len();
    }

    /// Takes in what the feed gave, and tells whether it tells anything new.
    pub(crate) fn see(&mut self, events: &[MarketEvent]) -> bool {
        let mut is_news = !self.connected && !events.is_empty();
        self.connected |= is_news;
        if self.missing.is_empty() {
            return is_news;
        }
        for event in events.iter().filter(|event| matches!(event.data, MarketData::Quote(_))) {
            if let Some(row) = self.missing.iter().position(|(index, _)| *index == event.instrument) {
                self.missing.remove(row);
                is_news = true;
            }
        }
        is_news
    }
}

#[cfg(test)]
mod tests {
    use rust_decimal::Decimal;

    use super::*;
    use crate::testing::{at, event, id};

    #[test]
    fn each_first_quote_is_news_once() {
        let mut first = FirstQuotes::default();
        let names = ["A", "B"];
        first.begin((0..).map(InstrumentIndex).zip(names.map(id)));
        let rate = MarketEvent {
            instrument: InstrumentIndex(0),
            time: at("00:00:00"),
            data: MarketData::FundingRate(Decimal::ONE),
        };
        let quote = |place| event(place, at("00:00:00"), "1", "2");
        let mut take = |events: &[MarketEvent]| {
            let is_news = first.see(events);
            let missing: String = first.missing.iter().map(|(_, id)| id.symbol.as_str()).collect();
            (is_news, first.connected, missing)
        };
        assert_eq!(take(&[]), (false, false, "AB".to_owned()));
        assert_eq!(take(&[rate]), (true, true, "AB".to_owned()), "a rate is no quote");
        assert_eq!(take(&[rate]), (false, true, "AB".to_owned()));
        assert_eq!(take(&[quote(1), quote(1)]), (true, true, "A".to_owned()));
        assert_eq!(take(&[quote(1)]), (false, true, "A".to_owned()));
        assert_eq!(take(&[quote(0)]), (true, true, String::new()));
        assert_eq!(take(&[quote(0)]), (false, true, String::new()));
        assert_eq!(first.instruments, 2);
    }
}
