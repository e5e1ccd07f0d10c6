//! State and broker joined: what the task drives. No I/O, no clock.
//!
//! An order passes in two steps, because its intent must be stored before it is sent: [`Desk::place`] or
//! [`Desk::close`] decides, then [`Desk::send`] or [`Desk::refuse`] acts on all that is intended.

use std::collections::HashMap;

use jiff::Timestamp;
use qubx_protocol::{By, InstrumentId, OrderId, OrderStatus, Quantity, Quote, Side};

use crate::broker::PaperBroker;
use crate::core::{Input, Purpose, State};
use crate::{
    EngineConfig, EngineError, EngineEvent, MarketData, MarketEvent, Modification, OrderRequest, Restore,
};

/// Orders, positions, accounts and the broker that fills the orders.
#[derive(Debug)]
pub(crate) struct Desk {
    state: State,
    broker: PaperBroker,
}

impl Desk {
    /// Returns a desk at the beginning of an account's life.
    pub(crate) fn new(config: &EngineConfig) -> Self {
        let fees: HashMap<_, _> =
            config.exchanges.iter().map(|exchange| (exchange.name.clone(), exchange.fees)).collect();
        Self { state: State::new(config), broker: PaperBroker::new(fees) }
    }

    /// Takes over what a stored session left: orders rest again, in their old sequence. Returns what became of those
    /// that were only intended.
    pub(crate) fn restore(&mut self, restore: Restore) -> Vec<EngineEvent> {
        let events = self.state.restore(restore);
        self.state.open_orders().cloned().for_each(|order| self.broker.rest(order));
        events
    }

    /// Takes over a quote that was seen before the session ended, which does nothing anew.
    pub(crate) fn restore_quote(&mut self, quote: Quote) {
        self.state.restore_quote(quote);
    }

    /// Returns what is known.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Takes in what a market said, and appends what came of it.
    pub(crate) fn market(&mut self, time: Timestamp, event: &MarketEvent, out: &mut Vec<EngineEvent>) {
        let before = out.len();
        // The broker sees only what the state took over, so a quote that makes no sense fills nothing.
        if self.state.market(time, event, out)
            && let MarketData::Quote(touch) = &event.data
        {
            for outcome in self.broker.quote(self.state.id(event.instrument), touch) {
                out.extend(self.state.apply(time, Input::Broker(outcome)));
            }
        }
        self.keep_paused(time, before, out);
    }

    /// Decides about orders: each is intended or rejected.
    pub(crate) fn place(&mut self, time: Timestamp, requests: Vec<OrderRequest>) -> Vec<EngineEvent> {
        let mut decided = requests
            .into_iter()
            .flat_map(|request| self.state.apply(time, Input::Place(request, Purpose::Trade)))
            .collect();
        self.keep_paused(time, 0, &mut decided);
        decided
    }

    /// Decides about the market orders that would close the positions of these instruments.
    pub(crate) fn close(
        &mut self,
        time: Timestamp,
        instruments: &[InstrumentId],
        by: &By,
    ) -> Vec<EngineEvent> {
        let mut decided = Vec::new();
        for instrument in instruments {
            let held = self.state.position(instrument).map_or(Quantity::ZERO, |position| position.quantity);
            if held.is_zero() {
                continue;
            }
            let request = OrderRequest::new(
                instrument.clone(),
                if held.0.is_sign_positive() { Side::Sell } else { Side::Buy },
                held.abs(),
                None,
                by.clone(),
            );
            decided.extend(self.state.apply(time, Input::Place(request, Purpose::Close)));
        }
        self.keep_paused(time, 0, &mut decided);
        decided
    }

    /// Returns the orders that are decided and wait to be sent.
    pub(crate) fn intended(&self) -> Vec<OrderId> {
        let intended = self.state.open_orders().filter(|order| order.status == OrderStatus::Intended);
        intended.map(|order| order.id.clone()).collect()
    }

    /// Sends the intended orders, and returns what became of them.
    pub(crate) fn send(&mut self, time: Timestamp) -> Vec<EngineEvent> {
        let mut events = Vec::new();
        for id in self.intended() {
            let Some(order) = self.state.order(&id) else { continue };
            let outcome = match self.state.touch(&order.instrument) {
                Some(touch) => Input::Broker(self.broker.submit(order.clone(), &touch)),
                None => Input::Refused { order: id, reason: "there is no quote".to_owned() },
            };
            events.extend(self.state.apply(time, outcome));
        }
        self.keep_paused(time, 0, &mut events);
        events
    }

    /// Rejects the intended orders: their intent could not be stored.
    pub(crate) fn refuse(&mut self, time: Timestamp, reason: &str) -> Vec<EngineEvent> {
        let refuse = |order| Input::Refused { order, reason: reason.to_owned() };
        self.intended().into_iter().flat_map(|order| self.state.apply(time, refuse(order))).collect()
    }

    /// Cancels one order.
    ///
    /// # Errors
    /// [`EngineError::UnknownOrder`] or [`EngineError::OrderIsFinal`].
    pub(crate) fn cancel(
        &mut self,
        time: Timestamp,
        id: &OrderId,
        reason: &str,
    ) -> Result<Vec<EngineEvent>, EngineError> {
        let order = self.state.order(id).ok_or_else(|| EngineError::UnknownOrder(id.clone()))?;
        let status = order.status;
        match self.broker.cancel(id, reason.to_owned()) {
            Some(outcome) => Ok(self.state.apply(time, Input::Broker(outcome))),
            None => Err(EngineError::OrderIsFinal { order: id.clone(), status }),
        }
    }

    /// Tells whether taking an event in at `time` would change nothing but the market's own numbers.
    pub(crate) fn is_quiet(&self, time: Timestamp, event: &MarketEvent) -> bool {
        self.state.is_quiet(time, event)
    }

    /// Returns when something happens by the clock alone.
    #[expect(clippy::unused_self, reason = "nothing does yet")]
    pub(crate) fn due(&self) -> Option<Timestamp> {
        None
    }

    /// Does what is due by the clock.
    #[expect(clippy::unused_self, reason = "nothing is yet")]
    pub(crate) fn advance(&mut self, _time: Timestamp, _out: &mut Vec<EngineEvent>) {}

    /// Changes an open order.
    ///
    /// # Errors
    /// [`EngineError::UnknownOrder`] or [`EngineError::OrderIsFinal`].
    pub(crate) fn modify(
        &mut self,
        time: Timestamp,
        id: &OrderId,
        change: Modification,
        by: &By,
    ) -> Result<Vec<EngineEvent>, EngineError> {
        let order = self.state.order(id).cloned().ok_or_else(|| EngineError::UnknownOrder(id.clone()))?;
        let mut events = self.cancel(time, id, "replaced")?;
        let request = OrderRequest {
            price: change.price.or(order.price),
            ..OrderRequest::new(
                order.instrument.clone(),
                order.side,
                change.quantity.unwrap_or(order.quantity),
                None,
                by.clone(),
            )
        };
        events.extend(self.place(time, vec![request]));
        Ok(events)
    }

    /// Refuses what would increase a position from now on, and cancels the orders that would.
    pub(crate) fn pause(&mut self, time: Timestamp, reason: String) -> Vec<EngineEvent> {
        let mut events = self.state.apply(time, Input::Pause { reason });
        self.keep_paused(time, 0, &mut events);
        events
    }

    /// Ends a pause.
    ///
    /// # Errors
    /// [`EngineError::LossLimit`] while the loss of the day is above its limit.
    pub(crate) fn resume(&mut self, time: Timestamp, by: &By) -> Result<Vec<EngineEvent>, EngineError> {
        if !self.state.is_paused() {
            return Ok(Vec::new());
        }
        match self.state.loss_reached() {
            Some(reason) => Err(EngineError::LossLimit(reason)),
            None => Ok(self.state.apply(time, Input::Resume { reason: format!("resumed by {by}") })),
        }
    }

    /// Cancels, while trading is paused, the resting orders that would increase a position.
    fn keep_paused(&mut self, time: Timestamp, before: usize, events: &mut Vec<EngineEvent>) {
        // Only something that happened can have made an order one of these.
        if self.state.is_paused() && events.len() > before {
            for id in self.state.increasing_orders() {
                // What is only intended does not rest, and is judged once it was sent.
                if let Some(outcome) = self.broker.cancel(&id, "paused".to_owned()) {
                    events.extend(self.state.apply(time, Input::Broker(outcome)));
                }
            }
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
