//! What an engine needs to go on where another one stopped. No I/O.
//!
//! The facts tell the book: positions and open orders. A [`Checkpoint`] tells the rest, so that an engine that goes
//! on does with every later quote what the one before would have done. What waited for the strategy is in neither:
//! news that it had not worked through is not told again, because told twice it could trade twice.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use qubx_protocol::{InstrumentId, Money, Order, Position, Timeframe};
use serde::{Deserialize, Serialize};

use crate::{EngineError, ExchangeConfig, WalkState};

/// What the facts do not tell of an engine: where its feed is, and what its checks remember.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Checkpoint {
    /// How many events the feed has given, the quotes that stand for trades or bars with them.
    pub place: u64,
    /// The engine's clock.
    pub time: Option<Timestamp>,
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
    /// Where each simulated price is. It may be empty when quotes are simulated: going behind `place` quotes step by
    /// step leads to the same, and takes the longer the more there were.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub simulation: Vec<WalkState>,
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
