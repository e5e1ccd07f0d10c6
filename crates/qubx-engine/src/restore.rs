//! What an engine needs to go on where another one stopped. No I/O.
//!
//! The facts tell the book: positions and open orders. A [`Checkpoint`] tells the rest, so that an engine that goes
//! on does with every later quote what the one before would have done. What waited for the strategy is in neither:
//! news that it had not worked through is not told again, because told twice it could trade twice.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use qubx_protocol::{Author, InstrumentId, Money, Order, OrderId, Position, Price, Quantity, Timeframe};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{EngineError, ExchangeConfig, ResultsCollector, WalkState};

/// What the facts do not tell of an engine: where its feed is, and what its checks remember.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Checkpoint {
    /// How many events the feed has given, the quotes that stand for trades or bars with them.
    pub place: u64,
    /// The market's time at that place.
    pub time: Option<Timestamp>,
    /// The engine's clock where it is later than that, because something was due by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<Timestamp>,
    /// Why trading is paused; none while it is not.
    pub paused: Option<String>,
    /// The day, counted from the epoch of Unix, whose first equities are in `equity_at_midnight`.
    pub day: Option<i64>,
    /// What each account was worth when that day began, by exchange.
    pub equity_at_midnight: BTreeMap<String, Money>,
    /// When the orders of the last minute were accepted, oldest first; empty when their number is not limited,
    /// and never longer than that limit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<Timestamp>,
    /// The bars that are being made. A replay makes them again from what it skips.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub timeframes: Vec<Timeframe>,
    /// What was collected of a replay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub results: Option<ResultsCollector>,
    /// Where each simulated price is. It may be empty when quotes are simulated: going behind `place` quotes step by
    /// step leads to the same, and takes the longer the more there were.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub simulation: Vec<WalkState>,
    /// What strategies and cells gave that is still on its way to the paper broker, in the sequence in which it arrives.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub under_way: Vec<UnderWay>,
    /// How many fills each open order had that had one; its next trade is named by it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fills: BTreeMap<OrderId, u32>,
    /// The resting orders in the sequence of their places in time; empty while that is the sequence of their age.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<OrderId>,
    /// What is remembered of each instrument; those of which nothing is are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub markets: Vec<MarketCheckpoint>,
}

/// What is on its way to the paper broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnderWay {
    /// When it arrives.
    pub arrives: Timestamp,
    /// What it is.
    pub command: WireCommand,
}

/// What a strategy or a cell sends to the paper broker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WireCommand {
    /// A new order.
    Order {
        /// Its id.
        order: OrderId,
    },
    /// A change of an order.
    Modify {
        /// The order.
        order: OrderId,
        /// The whole quantity wanted.
        #[serde(default)]
        quantity: Option<Quantity>,
        /// The limit wanted.
        #[serde(default)]
        price: Option<Price>,
        /// The stop price wanted.
        #[serde(default)]
        stop_price: Option<Price>,
        /// Who wants it.
        author: Author,
    },
    /// A cancel of an order.
    Cancel {
        /// The order.
        order: OrderId,
        /// Why.
        reason: String,
    },
}

impl UnderWay {
    /// Returns the order that is new, if this is one.
    pub(crate) fn new_order(&self) -> Option<&OrderId> {
        match &self.command {
            WireCommand::Order { order } => Some(order),
            WireCommand::Modify { .. } | WireCommand::Cancel { .. } => None,
        }
    }
}

/// A payment of funding that waits for its rate: what was held when it was due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owed {
    /// When it was due.
    pub due: Timestamp,
    /// What was held; negative when short.
    pub quantity: Quantity,
    /// The middle of the last quote.
    pub price: Price,
}

/// What is remembered of one instrument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketCheckpoint {
    /// The instrument.
    pub instrument: InstrumentId,
    /// What buyers took of the newest quote.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bought: Quantity,
    /// What sellers took of the newest quote.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub sold: Quantity,
    /// The newest rate of funding.
    #[serde(default, with = "rust_decimal::serde::str_option", skip_serializing_if = "Option::is_none")]
    pub funding_rate: Option<Decimal>,
    /// When funding is paid next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub funding_due: Option<Timestamp>,
    /// What is owed and waits for its rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub funding_owed: Option<Owed>,
}

fn is_zero(value: &Quantity) -> bool {
    value.is_zero()
}

/// What a stored session left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restore {
    /// Every position that was ever held, also those that are flat.
    pub positions: Vec<Position>,
    /// The orders that were open, oldest first.
    pub orders: Vec<Order>,
    /// The newest checkpoint; none when the session ended before its first.
    pub checkpoint: Option<Checkpoint>,
}

impl Restore {
    /// Checks that the config still has every instrument that was traded; flat ones count, for their profit is
    /// part of the account.
    ///
    /// # Errors
    /// [`EngineError::Config`] names what is missing, and says what to do.
    pub(crate) fn check(&self, exchanges: &[ExchangeConfig]) -> Result<(), EngineError> {
        let known: HashSet<&InstrumentId> =
            exchanges.iter().flat_map(|exchange| &exchange.instruments).map(|known| &known.id).collect();
        let positions = self.positions.iter().map(|position| {
            (&position.instrument, format!("a position of {} in {}", position.quantity, position.instrument))
        });
        let orders = self
            .orders
            .iter()
            .map(|order| (&order.instrument, format!("order {} in {}", order.id, order.instrument)));
        match orders.chain(positions).find(|(instrument, _)| !known.contains(instrument)) {
            None => Ok(()),
            Some((instrument, what)) => Err(EngineError::Config(format!(
                "the session to restore has {what}, which the config no longer has: put {} back into the universe \
                 of {}, or start without --restore",
                instrument.symbol, instrument.exchange
            ))),
        }
    }
}
