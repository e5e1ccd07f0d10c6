//! Liquidation: an account that is worth no more than its positions need loses them. No I/O.
//!
//! An account is liquidated when its margin balance falls to the maintenance margin (Binance USD-M, Liquidation
//! protocols). The exchange does it by itself, so nothing is stored before: the orders are intended and executed at once.

use jiff::Timestamp;
use qubx_protocol::{By, InstrumentId, LogLevel, OrderId, Side};

use super::Desk;
use crate::EngineEvent;
use crate::core::{Input, Purpose};

/// Who gives the orders, and why others are cancelled.
const LIQUIDATION: &str = "liquidation";

impl Desk {
    /// Cancels the orders that would increase a position of an account that is about to be liquidated. What reduces one may
    /// still save it.
    pub(super) fn hold_back(&mut self, time: Timestamp, out: &mut Vec<EngineEvent>) {
        for account in self.state.accounts_under_water() {
            for id in self.state.increasing_orders() {
                if self.state.place_of(&id).is_some_and(|place| self.state.exchange_of(place) == account) {
                    self.cancel_now(time, &id, LIQUIDATION, out);
                }
            }
        }
    }

    /// Cancels all orders of an account, closes all that it holds at market, and pauses. What nobody takes now is closed
    /// by a later quote.
    pub(super) fn liquidate(&mut self, time: Timestamp, account: usize, out: &mut Vec<EngineEvent>) {
        let closable = self.closable(account);
        if closable.is_empty() {
            return;
        }
        let (name, (equity, needed)) =
            (self.state.exchange_name(account).to_owned(), self.state.margins(account));
        let text = format!(
            "the account of {name} is liquidated: its equity of {equity} is not above the maintenance margin of {needed}"
        );
        out.push(EngineEvent::log(LogLevel::Error, text));
        let orders: Vec<OrderId> = self
            .state
            .open_orders()
            .filter(|order| order.instrument.exchange == name)
            .map(|order| order.id.clone())
            .collect();
        for id in orders {
            self.cancel_now(time, &id, LIQUIDATION, out);
        }
        for instrument in closable {
            let Some(request) = self.closing(&instrument, &By::from(LIQUIDATION)) else { continue };
            self.state.apply(time, Input::Place(request, Purpose::Close), out);
            let Some(EngineEvent::Order(order)) = out.last() else { continue };
            let id = order.id.clone();
            self.arrive(time, &id, out);
        }
        let reason = format!("liquidation of the account of {name}");
        self.state.apply(time, Input::Pause { reason }, out);
    }

    /// Returns what an account holds and somebody would take.
    fn closable(&self, account: usize) -> Vec<InstrumentId> {
        let held = (0..self.state.len()).filter(|place| self.state.exchange_of(*place) == account);
        held.filter_map(|place| {
            let instrument = &self.state.instrument(place).id;
            let quantity = self.state.position(instrument)?.quantity;
            let touch = self.state.touch(place)?;
            let side = if quantity.0.is_sign_positive() { Side::Sell } else { Side::Buy };
            let is_wanted = !quantity.is_zero() && self.broker.can_take(place, side, &touch);
            is_wanted.then(|| instrument.clone())
        })
        .collect()
    }
}
