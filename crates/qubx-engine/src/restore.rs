//! What an engine needs to go on where another one stopped. No I/O.

use std::collections::BTreeMap;

use jiff::Timestamp;
use qubx_protocol::{Money, Order, Position};
use serde::{Deserialize, Serialize};

/// What the facts do not tell of an engine: where its feed is, and what its checks remember.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// How many quotes the feed has given.
    pub place: u64,
    /// The engine's clock.
    pub time: Option<Timestamp>,
    /// Why trading is paused; none while it is not.
    pub paused: Option<String>,
    /// The day, counted from the epoch of Unix, whose first equities are in `equity_at_midnight`.
    pub day: Option<i64>,
    /// What each account was worth when that day began, by exchange.
    pub equity_at_midnight: BTreeMap<String, Money>,
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
