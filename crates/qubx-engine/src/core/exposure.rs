//! How much of an instrument open orders could add, and which orders would increase a position. No I/O.

use std::collections::HashMap;

use qubx_protocol::{InstrumentId, Order, OrderId, OrderStatus, Side};
use rust_decimal::Decimal;

use super::state::State;

impl State {
    /// Tells whether an order would only reduce the position, with the orders that are on their way.
    pub(super) fn reduces(&self, instrument: &InstrumentId, side: Side, quantity: Decimal) -> bool {
        let held = self.held(instrument);
        let on_their_way =
            self.open_quantity(instrument, side, |order| order.status == OrderStatus::Intended);
        held * side.sign() < Decimal::ZERO && on_their_way + quantity <= held.abs()
    }

    /// Returns the largest position, signed, that an order with the open ones of its side could lead to.
    pub(super) fn position_at_worst(
        &self,
        instrument: &InstrumentId,
        side: Side,
        quantity: Decimal,
    ) -> Decimal {
        self.held(instrument) + side.sign() * (self.open_quantity(instrument, side, |_| true) + quantity)
    }

    /// Returns the open orders that would increase a position if all of them were executed, oldest first.
    pub(crate) fn increasing_orders(&self) -> Vec<OrderId> {
        let mut reducible: HashMap<&InstrumentId, Decimal> = HashMap::new();
        let mut increasing = Vec::new();
        for order in self.open.values() {
            let held = self.held(&order.instrument);
            let left = reducible.entry(&order.instrument).or_insert(held.abs());
            let remaining = order.remaining().0;
            if held * order.side.sign() < Decimal::ZERO && remaining <= *left {
                *left -= remaining;
            } else {
                increasing.push(order.id.clone());
            }
        }
        increasing
    }

    /// Returns the signed quantity that is held; zero for what nobody knows.
    pub(super) fn held(&self, instrument: &InstrumentId) -> Decimal {
        self.books.get(instrument).map_or(Decimal::ZERO, |book| book.position.quantity.0)
    }

    /// Returns what the chosen open orders of one side still want.
    fn open_quantity(
        &self,
        instrument: &InstrumentId,
        side: Side,
        chosen: impl Fn(&Order) -> bool,
    ) -> Decimal {
        self.open
            .values()
            .filter(|order| order.instrument == *instrument && order.side == side && chosen(order))
            .map(|order| order.remaining().0)
            .sum()
    }
}
