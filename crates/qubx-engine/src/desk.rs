//! State and broker joined: what the task drives. No I/O, no clock.
//!
//! An order passes in two steps, because its intent must be stored before it is sent: [`Desk::place`] or
//! [`Desk::close`] decides, then [`Desk::send`] or [`Desk::refuse`] acts on all that is intended.
//!
//! What strategies and cells send is on its way for the paper broker's latency; what people do by a verb acts at once.
//! Whoever drives a desk lets it [`advance`](Desk::advance) to a time before it does anything else at that time.

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::{By, InstrumentId, OrderId, Quantity, Rejection, Side};

use self::guard::Guard;
use self::wire::Wire;
use crate::broker::{BrokerEvent, PaperBroker};
use crate::core::{Input, Purpose, Refusal, State};
use crate::{EngineConfig, EngineError, EngineEvent, MarketData, MarketEvent, OrderRequest, WireCommand};

mod advance;
mod guard;
mod liquidation;
mod remember;
mod resting;
mod wire;

/// Orders, positions, accounts and the broker that fills the orders.
#[derive(Debug)]
pub(crate) struct Desk {
    state: State,
    broker: PaperBroker,
    /// What is on its way to the broker.
    wire: Wire,
    /// How long it is, by exchange.
    latency: Vec<SignedDuration>,
    /// The orders that are decided and wait to be sent.
    unsent: Vec<Unsent>,
    /// Within which prices a quote changes nothing else, by instrument.
    guards: Vec<Guard>,
    /// Before this time nothing happens by the clock alone.
    next_due: Timestamp,
}

#[derive(Debug)]
struct Unsent {
    order: OrderId,
    way: Way,
}

/// How a command reaches the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// A verb of a person.
    AtOnce,
    /// A strategy's or a cell's.
    Delayed,
}

impl Desk {
    /// Returns a desk at the beginning of an account's life.
    pub(crate) fn new(config: &EngineConfig) -> Self {
        let latency = config.exchanges.iter().map(|exchange| exchange.paper.latency);
        let state = State::new(config);
        Self {
            guards: (0..state.len()).map(|place| Guard::new(state.tick(place))).collect(),
            state,
            broker: PaperBroker::new(config),
            wire: Wire::default(),
            latency: latency.map(|latency| SignedDuration::try_from(latency).unwrap_or_default()).collect(),
            unsent: Vec::new(),
            next_due: Timestamp::MIN,
        }
    }

    /// Returns what is known.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Tells whether taking this event in would change nothing but the market's own numbers. It may say no when unsure.
    ///
    /// The answer stays right while only events for which it is yes are taken in.
    pub(crate) fn is_quiet(&self, time: Timestamp, event: &MarketEvent) -> bool {
        let place = event.instrument.place();
        let Some(guard) = self.guards.get(place) else { return false };
        self.is_idle(time)
            && match &event.data {
                MarketData::Quote(touch) => guard.admits(touch),
                MarketData::Trade { price, size, .. } => guard.admits_trade(*price, *size),
                MarketData::Bar { .. } => true,
                MarketData::FundingRate(_) => !self.state.waits_for_rate(place),
            }
    }

    /// Takes in what a market said, and appends what came of it.
    pub(crate) fn market(&mut self, time: Timestamp, event: &MarketEvent, out: &mut Vec<EngineEvent>) {
        if self.is_quiet(time, event) {
            let place = event.instrument.place();
            match event.data {
                MarketData::Quote(touch) => {
                    self.state.note_touch(place, event.time, touch);
                    self.broker.requote(place);
                    return;
                }
                MarketData::Trade { .. } | MarketData::Bar { .. } => return,
                MarketData::FundingRate(_) => {}
            }
        }
        self.market_at_length(time, event, out);
    }

    fn market_at_length(&mut self, time: Timestamp, event: &MarketEvent, out: &mut Vec<EngineEvent>) {
        let before = out.len();
        self.advance_to(time, out);
        // The broker sees only what the state took over, so a quote that makes no sense fills nothing.
        if self.state.market(time, event, out) {
            let place = event.instrument.place();
            if matches!(event.data, MarketData::Quote(_)) {
                self.broker.requote(place);
            }
            // A quote that makes trading pause, or sinks an account, fills no order that would increase a position.
            self.hold_back(time, out);
            self.restrain(time, before, out);
            self.sweep(time, place, &event.data, out);
        }
        self.settle(time, before, out);
    }

    /// Fills and triggers what an event reaches. What follows from each fill comes before the next one.
    fn sweep(&mut self, time: Timestamp, place: usize, data: &MarketData, out: &mut Vec<EngineEvent>) {
        let Some(mut sweep) = self.broker.sweep(place, data, self.state.touch(place)) else { return };
        let mut told = Vec::new();
        let mut goes_on = true;
        while goes_on {
            goes_on = self.broker.sweep_on(&mut sweep, &mut told);
            let before = out.len();
            self.book(time, std::mem::take(&mut told), out);
            self.hold_back(time, out);
            self.restrain(time, before, out);
        }
    }

    /// Decides about orders of a strategy or a cell: each is intended or rejected.
    pub(crate) fn place(&mut self, time: Timestamp, requests: Vec<OrderRequest>) -> Vec<EngineEvent> {
        self.place_by(time, requests, Way::Delayed)
    }

    /// Decides about an order that a person gives by a verb. It passes what all others pass.
    pub(crate) fn place_at_once(&mut self, time: Timestamp, request: OrderRequest) -> Vec<EngineEvent> {
        self.place_by(time, vec![request], Way::AtOnce)
    }

    fn place_by(&mut self, time: Timestamp, requests: Vec<OrderRequest>, way: Way) -> Vec<EngineEvent> {
        let mut decided = Vec::new();
        self.state.roll_day(time, &mut decided);
        for request in requests {
            self.decide(time, request, Purpose::Trade, way, &mut decided);
        }
        // What is liquidated has orders too, which are none of these: that is for whatever comes next.
        self.tidy(time, 0, &mut decided);
        decided
    }

    /// Decides about the market orders that would close the positions of these instruments, by a verb of a person.
    pub(crate) fn close(
        &mut self,
        time: Timestamp,
        instruments: &[InstrumentId],
        by: &By,
    ) -> Vec<EngineEvent> {
        self.close_by(time, instruments, by, Way::AtOnce)
    }

    /// Decides the same for a strategy or a cell.
    pub(crate) fn strategy_close(
        &mut self,
        time: Timestamp,
        instruments: &[InstrumentId],
        by: &By,
    ) -> Vec<EngineEvent> {
        self.close_by(time, instruments, by, Way::Delayed)
    }

    fn close_by(
        &mut self,
        time: Timestamp,
        instruments: &[InstrumentId],
        by: &By,
        way: Way,
    ) -> Vec<EngineEvent> {
        let mut decided = Vec::new();
        self.state.roll_day(time, &mut decided);
        for instrument in instruments {
            if let Some(request) = self.closing(instrument, by) {
                self.decide(time, request, Purpose::Close, way, &mut decided);
            }
        }
        self.tidy(time, 0, &mut decided);
        decided
    }

    /// Returns the order that would close a position; none when it is flat.
    fn closing(&self, instrument: &InstrumentId, by: &By) -> Option<OrderRequest> {
        let held = self.state.position(instrument).map_or(Quantity::ZERO, |position| position.quantity);
        let side = if held.0.is_sign_positive() { Side::Sell } else { Side::Buy };
        // Whatever happens until it arrives, it never opens a position the other way round.
        (!held.is_zero()).then(|| OrderRequest {
            reduce_only: true,
            ..OrderRequest::new(instrument.clone(), side, held.abs(), None, by.clone())
        })
    }

    fn decide(
        &mut self,
        time: Timestamp,
        request: OrderRequest,
        purpose: Purpose,
        way: Way,
        out: &mut Vec<EngineEvent>,
    ) {
        self.state.apply(time, Input::Place(request, purpose), out);
        if let Some(EngineEvent::Order(order)) = out.last()
            && order.status.is_open()
        {
            self.unsent.push(Unsent { order: order.id.clone(), way });
        }
    }

    /// Returns the orders that are decided and wait to be sent.
    pub(crate) fn intended(&self) -> Vec<OrderId> {
        let unsent = self.unsent.iter().map(|unsent| &unsent.order);
        unsent.filter(|order| self.state.is_intended(order)).cloned().collect()
    }

    /// Sends the intended orders, and returns what became of them. One that is on its way stays intended.
    pub(crate) fn send(&mut self, time: Timestamp) -> Vec<EngineEvent> {
        let mut events = Vec::new();
        for (number, Unsent { order, way }) in std::mem::take(&mut self.unsent).into_iter().enumerate() {
            let Some(place) = self.state.place_of(&order) else { continue };
            match self.latency_of(place, way) {
                None if number == 0 => self.arrive(time, &order, &mut events),
                // What was sent before it may have changed what it may do.
                None => self.arrive_late(time, order, &mut events),
                Some(latency) => self.wire.push(time, latency, WireCommand::Order { order }),
            }
        }
        self.settle(time, 0, &mut events);
        events
    }

    /// Rejects the intended orders: their intent could not be stored.
    pub(crate) fn refuse(&mut self, time: Timestamp, reason: &str) -> Vec<EngineEvent> {
        let mut events = Vec::new();
        for Unsent { order, .. } in std::mem::take(&mut self.unsent) {
            let refusal = Refusal::new(Rejection::NotStored, reason);
            self.state.apply(time, Input::Refused(order, refusal), &mut events);
        }
        self.settle(time, 0, &mut events);
        events
    }

    /// Refuses what would increase a position from now on, and cancels the orders that would.
    pub(crate) fn pause(&mut self, time: Timestamp, reason: String) -> Vec<EngineEvent> {
        let mut events = Vec::new();
        self.state.apply(time, Input::Pause { reason }, &mut events);
        self.settle(time, 0, &mut events);
        events
    }

    /// Ends a pause.
    ///
    /// # Errors
    /// [`EngineError::LossLimit`] while the loss of the day is above its limit.
    pub(crate) fn resume(&mut self, time: Timestamp, by: &By) -> Result<Vec<EngineEvent>, EngineError> {
        let mut events = Vec::new();
        if !self.state.is_paused() {
            return Ok(events);
        }
        self.state.roll_day(time, &mut events);
        if let Some(reason) = self.state.loss_reached() {
            return Err(EngineError::LossLimit(reason));
        }
        self.state.apply(time, Input::Resume { reason: format!("resumed by {by}") }, &mut events);
        self.settle(time, 0, &mut events);
        Ok(events)
    }

    /// Lets the state take in what the broker told.
    fn book(&mut self, time: Timestamp, told: Vec<BrokerEvent>, out: &mut Vec<EngineEvent>) {
        for event in told {
            self.state.apply(time, Input::Broker(event), out);
        }
    }

    /// Returns how long a command is on its way; none when it acts at once.
    fn latency_of(&self, place: usize, way: Way) -> Option<SignedDuration> {
        let latency = self.latency[self.state.exchange_of(place)];
        (way == Way::Delayed && latency > SignedDuration::ZERO).then_some(latency)
    }
}

#[cfg(test)]
mod clock_tests;
#[cfg(test)]
mod margin_tests;
#[cfg(test)]
mod modify_tests;
#[cfg(test)]
mod places;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod script;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;
