//! The newest quotes that the strategy does not know. No I/O.

use crate::MarketEvent;

/// The newest quote of each instrument that was quoted since the strategy was told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    newest: Vec<Option<MarketEvent>>,
    /// Those that there are, in the order in which they came first.
    order: Vec<usize>,
}

impl Seen {
    /// Notes a quote, in place of the one before of its instrument.
    pub(crate) fn note(&mut self, quote: MarketEvent) {
        let place = quote.instrument.place();
        if self.newest.len() <= place {
            self.newest.resize(place + 1, None);
        }
        if self.newest[place].replace(quote).is_none() {
            self.order.push(place);
        }
    }

    /// Tells whether the strategy knows all.
    pub(crate) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.take().for_each(drop);
    }

    /// Takes all as inputs.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = crate::StrategyInput> {
        let newest = &mut self.newest;
        self.order.drain(..).filter_map(|place| newest[place].take()).map(crate::StrategyInput::See)
    }
}
