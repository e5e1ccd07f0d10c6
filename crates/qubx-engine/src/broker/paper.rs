//! The paper broker: executes against the touch of the last quote. No I/O.
//!
//! A fill is always whole, whatever the quoted size. What is marketable when it comes takes the touch and
//! pays the taker's fee; what rests is filled at its own limit, as maker, once the other side reaches it.

use std::collections::HashMap;

use indexmap::IndexMap;
use qubx_protocol::{InstrumentId, Liquidity, Money, Order, OrderId, Price, Side};
use rust_decimal::Decimal;

use super::{BrokerEvent, Execution};
use crate::core::rounded;
use crate::{Fees, Touch};

/// Basis points in one.
const BASIS_POINTS: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);

/// Executes orders against quotes.
#[derive(Debug)]
pub(crate) struct PaperBroker {
    fees: HashMap<String, Fees>,
    /// Orders that wait for their price, oldest first. Bounded by what the checks let through.
    resting: IndexMap<OrderId, Order>,
}

impl PaperBroker {
    /// Returns a broker with the fees of each exchange.
    pub(crate) fn new(fees: HashMap<String, Fees>) -> Self {
        Self { fees, resting: IndexMap::new() }
    }

    /// Takes an order: fills it at the touch, or lets it rest.
    pub(crate) fn submit(&mut self, order: Order, touch: &Touch) -> BrokerEvent {
        let price = touch.taken_by(order.side);
        let marketable = order.price.is_none_or(|limit| reaches(order.side, limit, price));
        if marketable {
            return BrokerEvent::Filled(self.execute(&order, price, Liquidity::Taker));
        }
        let accepted = BrokerEvent::Accepted(order.id.clone());
        self.rest(order);
        accepted
    }

    /// Lets an order rest that rested before, behind those that rest already.
    pub(crate) fn rest(&mut self, order: Order) {
        self.resting.insert(order.id.clone(), order);
    }

    /// Fills what the quote reaches, oldest first.
    pub(crate) fn quote(&mut self, instrument: &InstrumentId, touch: &Touch) -> Vec<BrokerEvent> {
        if self.resting.is_empty() {
            return Vec::new();
        }
        let reached: Vec<OrderId> = self
            .resting
            .values()
            .filter(|order| is_reached(order, instrument, touch))
            .map(|order| order.id.clone())
            .collect();
        reached
            .iter()
            .filter_map(|id| {
                let order = self.resting.shift_remove(id)?;
                let execution = self.execute(&order, order.price?, Liquidity::Maker);
                Some(BrokerEvent::Filled(execution))
            })
            .collect()
    }

    /// Cancels an order; none when it does not rest here.
    pub(crate) fn cancel(&mut self, id: &OrderId, reason: String) -> Option<BrokerEvent> {
        self.resting.shift_remove(id).map(|order| BrokerEvent::Cancelled { order: order.id, reason })
    }

    fn execute(&self, order: &Order, price: Price, liquidity: Liquidity) -> Execution {
        let fees = self.fees.get(&order.instrument.exchange).copied().unwrap_or_default();
        let bps = match liquidity {
            Liquidity::Maker => fees.maker_bps,
            Liquidity::Taker => fees.taker_bps,
        };
        Execution {
            // An order has one fill, so its trade is as unique as the order.
            trade_id: format!("{}-1", order.id),
            order: order.id.clone(),
            quantity: order.quantity,
            price,
            fee: Money(rounded((price * order.quantity).0 * bps / BASIS_POINTS)),
            liquidity,
        }
    }
}

fn is_reached(order: &Order, instrument: &InstrumentId, touch: &Touch) -> bool {
    order.instrument == *instrument
        && order.price.is_some_and(|limit| reaches(order.side, limit, touch.taken_by(order.side)))
}

fn reaches(side: Side, limit: Price, touch: Price) -> bool {
    match side {
        Side::Buy => touch <= limit,
        Side::Sell => touch >= limit,
    }
}
