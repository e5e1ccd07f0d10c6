//! What a market says, as the engine takes it in: small values that are copied, a hundred million times a replay.
//!
//! An instrument is named by its place in the config here; its name is for the edges.

use jiff::Timestamp;
use qubx_protocol::{InstrumentId, Price, Quantity, Quote, Side, Timeframe, Trade};
use rust_decimal::Decimal;

/// The place of an instrument among all of a config: exchange after exchange, and in the order of each one's universe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstrumentIndex(pub u32);

impl InstrumentIndex {
    /// Returns the place as an index into a list of all instruments.
    #[must_use]
    pub fn place(self) -> usize {
        self.0 as usize
    }
}

/// One thing that a market said about one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketEvent {
    /// The instrument.
    pub instrument: InstrumentIndex,
    /// When the market said so; of a bar, its end.
    pub time: Timestamp,
    /// What.
    pub data: MarketData,
}

/// What a market says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarketData {
    /// The best bid and ask.
    Quote(Touch),
    /// A trade of others.
    Trade {
        /// At what price.
        price: Price,
        /// How much.
        size: Quantity,
        /// The side of whoever took what rested.
        side: Side,
    },
    /// A recorded bar, at its end. The quotes that stand for its prices came before it.
    Bar {
        /// The length of its interval.
        timeframe: Timeframe,
        /// The first price.
        open: Price,
        /// The highest price.
        high: Price,
        /// The lowest price.
        low: Price,
        /// The last price.
        close: Price,
        /// How much was traded.
        volume: Quantity,
    },
    /// The rate of funding that is paid now, as a part of a position's value.
    FundingRate(Decimal),
}

/// The best bid and ask with their sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The highest price at which somebody buys.
    pub bid: Price,
    /// The lowest price at which somebody sells.
    pub ask: Price,
    /// How much is wanted at the bid.
    pub bid_size: Quantity,
    /// How much is offered at the ask.
    pub ask_size: Quantity,
}

impl Touch {
    /// Returns the middle between bid and ask.
    #[must_use]
    pub fn mid(&self) -> Price {
        Price((self.bid.0 + self.ask.0) / Decimal::TWO)
    }

    /// Returns the price that an order of this side takes.
    #[must_use]
    pub fn taken_by(&self, side: Side) -> Price {
        match side {
            Side::Buy => self.ask,
            Side::Sell => self.bid,
        }
    }

    /// Returns how much is there for an order of this side.
    #[must_use]
    pub fn size_for(&self, side: Side) -> Quantity {
        match side {
            Side::Buy => self.ask_size,
            Side::Sell => self.bid_size,
        }
    }

    /// Returns the quote that says this of an instrument.
    #[must_use]
    pub fn quote(&self, instrument: InstrumentId, time: Timestamp) -> Quote {
        let Self { bid, ask, bid_size, ask_size } = *self;
        Quote { instrument, time, bid, ask, bid_size, ask_size }
    }
}

impl From<&Quote> for Touch {
    fn from(quote: &Quote) -> Self {
        let Quote { bid, ask, bid_size, ask_size, .. } = *quote;
        Self { bid, ask, bid_size, ask_size }
    }
}

impl MarketEvent {
    /// Returns a quote as an event.
    #[must_use]
    pub fn quote(instrument: InstrumentIndex, time: Timestamp, touch: Touch) -> Self {
        Self { instrument, time, data: MarketData::Quote(touch) }
    }

    /// Returns the trade that this is of an instrument; none when it is something else.
    #[must_use]
    pub fn trade(&self, instrument: &InstrumentId) -> Option<Trade> {
        let MarketData::Trade { price, size, side } = self.data else { return None };
        Some(Trade { instrument: instrument.clone(), time: self.time, price, size, side })
    }
}
