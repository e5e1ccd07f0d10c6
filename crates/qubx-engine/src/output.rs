//! What comes out of an engine: facts for the session, and answers for those who asked.

use std::fmt;

use jiff::Timestamp;
use qubx_protocol::{
    Account, By, Fill, Funding, InstrumentId, LogLevel, NewOrder, Order, Position, Price, Quantity, Results,
    Side, TimeInForce,
};
use tokio::sync::oneshot;

use crate::Checkpoint;

/// Facts that belong together, in order.
#[derive(Debug)]
pub struct EngineOutput {
    /// The facts; none when the output only tells how far the feed is, about once a second while nothing else does.
    pub events: Vec<EngineEvent>,
    /// Present when orders wait for it: they are sent once it says that `events` are stored, and are
    /// rejected with its reason, or when it is dropped, otherwise.
    pub committed: Option<oneshot::Sender<Result<(), String>>>,
    /// To be stored together with `events`, in place of the one before.
    pub checkpoint: Checkpoint,
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineEvent {
    /// An order changed.
    Order(Order),
    /// An order was filled.
    Fill {
        /// The fill.
        fill: Fill,
        /// The position that results.
        position: Position,
    },
    /// Funding was paid or received.
    Funding {
        /// The payment.
        funding: Funding,
        /// The position that results.
        position: Position,
    },
    /// Trading paused or goes on.
    Paused {
        /// Whether orders that would increase a position are refused.
        paused: bool,
        /// Why, and by whom.
        reason: String,
        /// When, by the engine's clock.
        time: Option<Timestamp>,
    },
    /// Something to tell.
    Log {
        /// How grave.
        level: LogLevel,
        /// What.
        text: String,
        /// When, by the engine's clock.
        time: Option<Timestamp>,
    },
    /// A replay is at its end, and in lockstep the strategy is done with all of it. Said once.
    FeedFinished,
    /// What came of a replay; follows its end.
    Results(Box<Results>),
}

impl EngineEvent {
    /// Returns something to tell, of which [`stamp`] will say when.
    pub(crate) fn log(level: LogLevel, text: String) -> Self {
        Self::Log { level, text, time: None }
    }

    /// Returns the beginning or the end of a pause, of which [`stamp`] will say when.
    pub(crate) fn paused(paused: bool, reason: String) -> Self {
        Self::Paused { paused, reason, time: None }
    }
}

/// Notes when these happened, by the engine's clock, in what does not say so by itself.
pub(crate) fn stamp(now: Timestamp, events: &mut [EngineEvent]) {
    for event in events {
        match event {
            EngineEvent::Order(order) => order.changed_at = Some(now),
            EngineEvent::Paused { time, .. } | EngineEvent::Log { time, .. } => *time = Some(now),
            EngineEvent::Fill { .. }
            | EngineEvent::Funding { .. }
            | EngineEvent::FeedFinished
            | EngineEvent::Results(_) => {}
        }
    }
}

/// An order that somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRequest {
    /// What to trade.
    pub instrument: InstrumentId,
    /// Whether to buy or to sell.
    pub side: Side,
    /// How much; positive. It is rounded to the nearest lot.
    pub quantity: Quantity,
    /// The limit, rounded to the nearest tick; none for a market order and a stop.
    pub price: Option<Price>,
    /// The price that the market must reach first, rounded to the nearest tick; none for an order without a stop.
    pub stop_price: Option<Price>,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// Whether it is refused rather than filled at once.
    pub post_only: bool,
    /// Whether it is cut down, or cancelled, rather than ever increase a position.
    pub reduce_only: bool,
    /// Who wants it.
    pub by: By,
}

impl OrderRequest {
    /// Returns the request of an order that stays until it is filled or cancelled: at market without a price.
    #[must_use]
    pub fn new(
        instrument: InstrumentId,
        side: Side,
        quantity: Quantity,
        price: Option<Price>,
        by: By,
    ) -> Self {
        Self {
            instrument,
            side,
            quantity,
            price,
            stop_price: None,
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            reduce_only: false,
            by,
        }
    }

    /// Returns the request of what a person wants.
    #[must_use]
    pub fn of(order: NewOrder, by: By) -> Self {
        let NewOrder { instrument, side, quantity, price, stop_price, time_in_force, post_only, reduce_only } =
            order;
        Self { instrument, side, quantity, price, stop_price, time_in_force, post_only, reduce_only, by }
    }
}

/// What of an open order is to be changed; none leaves it as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Modification {
    /// The whole quantity, with what is filled already.
    pub quantity: Option<Quantity>,
    /// The limit.
    pub price: Option<Price>,
    /// The stop price, while it is not reached.
    pub stop_price: Option<Price>,
}

/// What became of cancelling orders. Its text is like `2 cancelled, 0 failed`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CancelSummary {
    /// How many are cancelled.
    pub cancelled: usize,
    /// What could not be cancelled, and why.
    pub failed: Vec<String>,
}

impl fmt::Display for CancelSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cancelled, {} failed", self.cancelled, self.failed.len())?;
        write_reasons(f, &self.failed)
    }
}

/// How a position was closed. Its text says so in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseSummary {
    /// The instrument, flat now.
    pub instrument: InstrumentId,
    /// The order that closed it; none when it was flat already.
    pub order: Option<Order>,
}

impl fmt::Display for CloseSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let symbol = &self.instrument.symbol;
        match &self.order {
            Some(Order { side: Side::Buy, quantity, .. }) => write!(f, "{symbol} flat, bought {quantity}"),
            Some(Order { side: Side::Sell, quantity, .. }) => write!(f, "{symbol} flat, sold {quantity}"),
            None => write!(f, "{symbol} was flat already"),
        }
    }
}

/// What became of a flatten. Its text is like `3/3 flat, 2 cancelled, 0 failed`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlattenSummary {
    /// How many positions were open.
    pub positions: usize,
    /// How many of them are flat now.
    pub flat: usize,
    /// How many orders are cancelled.
    pub cancelled: usize,
    /// What could not be done, and why.
    pub failed: Vec<String>,
}

impl fmt::Display for FlattenSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { positions, flat, cancelled, failed } = self;
        write!(f, "{flat}/{positions} flat, {cancelled} cancelled, {} failed", failed.len())?;
        write_reasons(f, failed)
    }
}

fn write_reasons(f: &mut fmt::Formatter<'_>, reasons: &[String]) -> fmt::Result {
    if reasons.is_empty() { Ok(()) } else { write!(f, ": {}", reasons.join("; ")) }
}

/// The engine's book at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineSnapshot {
    /// Open orders and the newest final ones, oldest first within each.
    pub orders: Vec<Order>,
    /// Every position that was ever opened, flat ones too.
    pub positions: Vec<Position>,
    /// The account of each exchange.
    pub accounts: Vec<Account>,
    /// The engine's clock.
    pub time: Timestamp,
}

impl EngineSnapshot {
    /// Returns the orders that are open.
    #[must_use]
    pub fn open_orders(&self) -> Vec<Order> {
        self.orders.iter().filter(|order| order.status.is_open()).cloned().collect()
    }
}
