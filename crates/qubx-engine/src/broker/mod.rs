//! Brokers: what executes an order that was decided. No I/O in the paper one.

mod depth;
mod market;
mod modify;
mod paper;
mod resting;
mod sweep;

use qubx_protocol::{Liquidity, Money, OrderId, Price, Quantity};

use crate::core::Refusal;

pub(crate) use paper::PaperBroker;
pub(crate) use resting::Bounds;

/// What a broker tells about an order. An exchange may tell it late, twice or in another sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BrokerEvent {
    /// It rests.
    Accepted(OrderId),
    /// It is not taken.
    Rejected(OrderId, Refusal),
    /// The market reached its stop price.
    Triggered(OrderId),
    /// It is another order now, under the same name.
    Changed(OrderId, Change),
    /// It was executed.
    Filled(Execution),
    /// It is cancelled.
    Cancelled { order: OrderId, reason: String },
}

/// The numbers of an order after a modification; on tick and on lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The whole quantity, with what is filled already.
    pub(crate) quantity: Quantity,
    pub(crate) price: Option<Price>,
    pub(crate) stop_price: Option<Price>,
}

/// One execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Execution {
    /// Unique on its exchange.
    pub(crate) trade_id: String,
    pub(crate) order: OrderId,
    pub(crate) quantity: Quantity,
    pub(crate) price: Price,
    /// Negative for a rebate.
    pub(crate) fee: Money,
    pub(crate) liquidity: Liquidity,
}
