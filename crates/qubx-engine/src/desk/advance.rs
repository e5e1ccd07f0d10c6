//! What happens by the clock alone, what arrives, and what follows from everything that happened. No I/O, no clock.

use jiff::Timestamp;
use qubx_protocol::{By, LogLevel, OrderId, Rejection};

use super::Desk;
use crate::broker::BrokerEvent;
use crate::core::{Input, Refusal};
use crate::{EngineEvent, Modification, WireCommand};

impl Desk {
    /// Returns when the next thing happens by the clock alone: something arrives, funding is paid, a day begins.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.earliest()
    }

    /// Tells whether nothing happens by the clock alone until `time`, `time` itself with it. It may say no when unsure.
    pub(crate) fn is_idle(&self, time: Timestamp) -> bool {
        time < self.next_due
    }

    /// Lets happen what is due until `time`, each at its own time, and appends what came of it.
    pub(crate) fn advance(&mut self, time: Timestamp, out: &mut Vec<EngineEvent>) {
        let before = out.len();
        self.advance_to(time, out);
        self.settle(time, before, out);
    }

    /// Pays the funding that still waits for its rate, as the market has ended.
    pub(crate) fn end_market(&mut self, time: Timestamp) -> Vec<EngineEvent> {
        let mut out = Vec::new();
        self.state.pay_all_owed(time, &mut out);
        self.settle(time, 0, &mut out);
        out
    }

    /// Returns when the next of what is on its way arrives.
    pub(crate) fn next_arrival(&self) -> Option<Timestamp> {
        self.wire.next()
    }

    /// Returns when the last of what is on its way arrives.
    pub(crate) fn last_arrival(&self) -> Option<Timestamp> {
        self.wire.last()
    }

    pub(super) fn advance_to(&mut self, time: Timestamp, out: &mut Vec<EngineEvent>) {
        let before = out.len();
        self.state.begin(time, out);
        self.settle(time, before, out);
        while let Some(due) = self.earliest().filter(|due| *due <= time) {
            let before = out.len();
            self.state.roll_day(due, out);
            while let Some(command) = self.wire.pop(due) {
                self.execute(due, command, out);
            }
            self.state.pay_funding(due, out);
            self.settle(due, before, out);
        }
    }

    /// Does what a strategy or a cell sent a while ago.
    fn execute(&mut self, time: Timestamp, command: WireCommand, out: &mut Vec<EngineEvent>) {
        match command {
            WireCommand::Order { order } => self.arrive_late(time, order, out),
            WireCommand::Cancel { order, reason } => {
                if !self.cancel_now(time, &order, &reason, out) {
                    let status =
                        self.state.order(&order).map(|order| order.status.to_string().to_lowercase());
                    let status = status.unwrap_or_else(|| "unknown".to_owned());
                    let text = format!("the cancel of {order} came too late: it is {status}");
                    out.push(EngineEvent::log(LogLevel::Info, text));
                }
            }
            WireCommand::Modify { order, quantity, price, stop_price, author } => {
                let modification = Modification { quantity, price, stop_price };
                let by = By { author, cause: None };
                if let Err(refusal) = self.modify_now(time, &order, modification, &by, out) {
                    let text = format!("order {order} is not modified: {}", refusal.reason);
                    out.push(EngineEvent::log(LogLevel::Warning, text));
                }
            }
        }
    }

    /// Lets an order reach the broker, if it still passes since it was decided. A pause judges for itself.
    pub(super) fn arrive_late(&mut self, time: Timestamp, order: OrderId, out: &mut Vec<EngineEvent>) {
        match self.state.check_arrival(&order) {
            Ok(()) => self.arrive(time, &order, out),
            Err(refusal) => self.state.apply(time, Input::Refused(order, refusal), out),
        }
    }

    /// Lets an order reach the broker.
    pub(super) fn arrive(&mut self, time: Timestamp, id: &OrderId, out: &mut Vec<EngineEvent>) {
        let Some(place) = self.state.place_of(id).filter(|_| self.state.is_intended(id)) else { return };
        let Some(order) = self.state.order(id).cloned() else { return };
        let mut told = Vec::new();
        match (self.state.touch(place), self.state.paused_because()) {
            (None, _) => {
                let refusal = Refusal::new(Rejection::NoQuote, "there is no quote");
                told.push(BrokerEvent::Rejected(order.id, refusal));
            }
            (_, Some(reason)) if self.state.increases(&order) => {
                told.push(BrokerEvent::Rejected(order.id, self.state.refusal_of_pause(reason)));
            }
            (Some(touch), _) => self.broker.submit(place, &order, &touch, &mut told),
        }
        self.book(time, told, out);
    }

    /// Cancels an order that rests or is on its way. False when it is neither.
    pub(super) fn cancel_now(
        &mut self,
        time: Timestamp,
        id: &OrderId,
        reason: &str,
        out: &mut Vec<EngineEvent>,
    ) -> bool {
        let Some(place) = self.state.place_of(id) else { return false };
        let was_there = self.broker.cancel(place, id) || self.wire.remove_order(id);
        if was_there {
            let event = BrokerEvent::Cancelled { order: id.clone(), reason: reason.to_owned() };
            self.state.apply(time, Input::Broker(event), out);
        }
        was_there
    }

    /// Changes an order that rests.
    pub(super) fn modify_now(
        &mut self,
        time: Timestamp,
        id: &OrderId,
        modification: Modification,
        by: &By,
        out: &mut Vec<EngineEvent>,
    ) -> Result<(), Refusal> {
        let change = self.state.check_modification(id, modification, by, time, true)?;
        let gone = || Refusal::new(Rejection::NotOpen, format!("order {id} is not open"));
        let place = self.state.place_of(id).ok_or_else(gone)?;
        let touch = self.state.touch(place).ok_or_else(gone)?;
        let order = self.state.order(id).cloned().ok_or_else(gone)?;
        let mut told = Vec::new();
        self.broker.modify(place, &order, change, &touch, &mut told)?;
        self.book(time, told, out);
        Ok(())
    }

    /// Does what follows from whatever just happened: liquidates, and tidies up.
    pub(super) fn settle(&mut self, time: Timestamp, before: usize, out: &mut Vec<EngineEvent>) {
        for account in self.state.accounts_under_water() {
            self.liquidate(time, account, out);
        }
        self.tidy(time, before, out);
    }

    /// Cancels what may not stay, and notes anew what market events would matter.
    pub(super) fn tidy(&mut self, time: Timestamp, before: usize, out: &mut Vec<EngineEvent>) {
        self.restrain(time, before, out);
        self.refresh();
    }

    /// Cancels the orders that may not stay after what happened: those that would increase a position in a pause, and those
    /// that only reduced one and now would open one that is too large. What is only intended does not rest, and is judged
    /// once it is sent.
    pub(super) fn restrain(&mut self, time: Timestamp, before: usize, out: &mut Vec<EngineEvent>) {
        // Only something that happened can have made an order one that would increase a position.
        if self.state.is_paused() && out.len() > before {
            for id in self.state.increasing_orders() {
                self.cancel_now(time, &id, "paused", out);
            }
        }
        for (place, side) in self.state.take_uncovered() {
            while let Some((id, Refusal { reason, .. })) = self.state.newest_too_much(place, side) {
                let reason = format!("what it would have reduced is closed, and {reason}");
                if !self.cancel_now(time, &id, &reason, out) {
                    break;
                }
            }
        }
    }

    /// Notes anew what market events would matter.
    pub(super) fn refresh(&mut self) {
        for (place, guard) in self.guards.iter_mut().enumerate() {
            guard.set(self.state.touch(place), &self.broker.bounds(place), &self.state.band(place));
        }
        let due = self.earliest();
        self.next_due = if self.state.has_begun() { due.unwrap_or(Timestamp::MAX) } else { Timestamp::MIN };
    }

    fn earliest(&self) -> Option<Timestamp> {
        let state = &self.state;
        [self.wire.next(), state.next_funding(), state.next_midnight()].into_iter().flatten().min()
    }
}
