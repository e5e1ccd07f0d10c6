//! Cancelling orders and changing those that rest: at once by a verb of a person, or after the latency for a strategy or a
//! cell.

use jiff::Timestamp;
use qubx_protocol::{By, OrderId};

use super::{Desk, Way};
use crate::core::Refusal;
use crate::{EngineError, EngineEvent, Modification, WireCommand};

impl Desk {
    /// Cancels one order at once, also one that is still on its way: a person wants it.
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
        let mut events = Vec::new();
        if !self.cancel_now(time, id, reason, &mut events) {
            return Err(EngineError::OrderIsFinal { order: id.clone(), status });
        }
        self.settle(time, 0, &mut events);
        Ok(events)
    }

    /// Cancels one order for a strategy or a cell, which takes the latency. Nothing happens before.
    ///
    /// # Errors
    /// [`EngineError::UnknownOrder`] or [`EngineError::OrderIsFinal`].
    pub(crate) fn strategy_cancel(
        &mut self,
        time: Timestamp,
        id: &OrderId,
        reason: &str,
    ) -> Result<Vec<EngineEvent>, EngineError> {
        let latency = self.state.place_of(id).and_then(|place| self.latency_of(place, Way::Delayed));
        let Some(latency) = latency else { return self.cancel(time, id, reason) };
        let command = WireCommand::Cancel { order: id.clone(), reason: reason.to_owned() };
        self.wire.push(time, latency, command);
        self.refresh();
        Ok(Vec::new())
    }

    /// Changes an order that rests, for a strategy or a cell. With a latency nothing happens before it arrives, and what
    /// is refused then is told in the log.
    ///
    /// # Errors
    /// [`EngineError::UnknownOrder`], or [`EngineError::NotModified`]: the order stays as it is.
    pub(crate) fn modify(
        &mut self,
        time: Timestamp,
        id: &OrderId,
        modification: Modification,
        by: &By,
    ) -> Result<Vec<EngineEvent>, EngineError> {
        self.modify_by(time, id, modification, by, Way::Delayed)
    }

    /// Changes an order that rests, now: a person wants it.
    ///
    /// # Errors
    /// [`EngineError::UnknownOrder`], or [`EngineError::NotModified`]: the order stays as it is.
    pub(crate) fn modify_at_once(
        &mut self,
        time: Timestamp,
        id: &OrderId,
        modification: Modification,
        by: &By,
    ) -> Result<Vec<EngineEvent>, EngineError> {
        self.modify_by(time, id, modification, by, Way::AtOnce)
    }

    fn modify_by(
        &mut self,
        time: Timestamp,
        id: &OrderId,
        modification: Modification,
        by: &By,
        way: Way,
    ) -> Result<Vec<EngineEvent>, EngineError> {
        if self.state.order(id).is_none() {
            return Err(EngineError::UnknownOrder(id.clone()));
        }
        let mut events = Vec::new();
        let latency = self.state.place_of(id).and_then(|place| self.latency_of(place, way));
        let done = match latency {
            None => self.modify_now(time, id, modification, by, &mut events),
            Some(latency) => self.state.check_modification(id, modification, by, time, false).map(|_| {
                let Modification { quantity, price, stop_price } = modification;
                let (order, author) = (id.clone(), by.author.clone());
                let command = WireCommand::Modify { order, quantity, price, stop_price, author };
                self.wire.push(time, latency, command);
            }),
        };
        match done {
            Ok(()) => {
                self.settle(time, 0, &mut events);
                Ok(events)
            }
            // It changed nothing, so nothing follows from it. What is to come of something else is for whatever comes next.
            Err(Refusal { rejection, reason }) => {
                Err(EngineError::NotModified { order: id.clone(), rejection, reason })
            }
        }
    }
}
