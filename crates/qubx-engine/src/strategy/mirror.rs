//! The market and the book as a strategy sees them: a copy of what it was told, up to its callback. No I/O.

use std::collections::HashMap;

use indexmap::IndexMap;
use jiff::Timestamp;
use qubx_protocol::{Instrument, InstrumentId, Order, OrderId, Position, Price, Quantity, Side};

use crate::{EngineSnapshot, InstrumentIndex, MarketData, MarketEvent, StrategyInput, Touch};

/// A trade of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Print {
    /// At what price.
    pub price: Price,
    /// How much.
    pub size: Quantity,
    /// The side of whoever took what rested.
    pub side: Side,
}

/// What a strategy sees.
#[derive(Debug)]
pub(super) struct Mirror {
    pub(super) time: Timestamp,
    pub(super) instruments: Vec<Instrument>,
    /// By place, as positions.
    pub(super) quotes: Vec<Option<Touch>>,
    pub(super) positions: Vec<Position>,
    /// The open orders.
    pub(super) orders: IndexMap<OrderId, Order>,
    places: HashMap<InstrumentId, InstrumentIndex>,
}

impl Mirror {
    /// Returns what is seen before anything happened.
    pub(super) fn new(instruments: Vec<Instrument>) -> Self {
        let ids = instruments.iter().map(|instrument| instrument.id.clone());
        Self {
            time: Timestamp::MIN,
            quotes: vec![None; instruments.len()],
            positions: ids.clone().map(Position::flat).collect(),
            orders: IndexMap::new(),
            places: ids.zip((0..).map(InstrumentIndex)).collect(),
            instruments,
        }
    }

    /// Takes over the book with which a strategy begins.
    pub(super) fn begin(&mut self, book: EngineSnapshot) {
        self.time = book.time;
        book.positions.into_iter().for_each(|position| self.hold(position));
        let open = book.orders.into_iter().filter(|order| order.status.is_open());
        self.orders = open.map(|order| (order.id.clone(), order)).collect();
    }

    /// Returns the place of an instrument.
    pub(super) fn place(&self, instrument: &InstrumentId) -> Option<InstrumentIndex> {
        self.places.get(instrument).copied()
    }

    /// Takes in what the market said.
    pub(super) fn market(&mut self, event: &MarketEvent) {
        self.see_time(event.time);
        if let MarketData::Quote(touch) = event.data
            && let Some(quote) = self.quotes.get_mut(event.instrument.place())
        {
            *quote = Some(touch);
        }
    }

    /// Takes in a piece of news.
    pub(super) fn see(&mut self, input: &StrategyInput) {
        match input {
            StrategyInput::Event(event) | StrategyInput::See(event) => self.market(event),
            StrategyInput::Order(order) => self.order(order),
            StrategyInput::Fill(fill) => {
                self.see_time(fill.0.time);
                self.hold(fill.1.clone());
            }
            StrategyInput::Funding(funding) => {
                self.see_time(funding.0.time);
                self.hold(funding.1.clone());
            }
            StrategyInput::Timer { time, .. } | StrategyInput::Bar(_, time) => self.see_time(*time),
            StrategyInput::Command { .. } => {}
        }
    }

    /// Takes in an order as it stands.
    pub(super) fn order(&mut self, order: &Order) {
        if order.status.is_open() {
            self.orders.insert(order.id.clone(), order.clone());
        } else {
            self.orders.shift_remove(&order.id);
        }
    }

    /// Lets the clock go on; it never goes back.
    pub(super) fn see_time(&mut self, time: Timestamp) {
        self.time = self.time.max(time);
    }

    fn hold(&mut self, position: Position) {
        if let Some(place) = self.place(&position.instrument) {
            self.positions[place.place()] = position;
        }
    }
}
