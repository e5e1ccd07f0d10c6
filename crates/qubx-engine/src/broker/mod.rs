//! Brokers: what executes an order that was decided. No I/O in the paper one.

mod paper;

use qubx_protocol::{Liquidity, Money, OrderId, Price, Quantity};

pub(crate) use paper::PaperBroker;

/// What a broker tells about an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BrokerEvent {
    /// It rests.
    Accepted(OrderId),
    /// It was executed.
    Filled(Execution),
    /// It is cancelled.
    Cancelled { order: OrderId, reason: String },
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
