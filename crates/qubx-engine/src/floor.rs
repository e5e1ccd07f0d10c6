//! Desk, bars, timers and the clock joined: all that an event of the market touches, in its order. No I/O.
//!
//! What the clock alone brings comes before the event at or after its time: orders that arrive, funding, then timers.
//! Then the event is applied: it fills orders, then it closes bars. Whoever tells a strategy tells it in this order, and
//! the event itself last.

use std::sync::Arc;

use jiff::Timestamp;
use qubx_protocol::{Bar, By, EquitySample, Order, OrderId, Results};

use crate::bars::Bars;
use crate::desk::Desk;
use crate::equity::EquityLine;
use crate::timers::Timers;
use crate::{Call, CallValue, EngineError, EngineEvent, FAILURES_THAT_PAUSE, MarketEvent, ResultsCollector};

/// All that an event touches.
#[derive(Debug)]
pub(crate) struct Floor {
    pub(crate) desk: Desk,
    pub(crate) bars: Bars,
    pub(crate) timers: Timers,
    pub(crate) equity: EquityLine,
    /// The engine's clock. It never goes back.
    clock: Timestamp,
    /// The newest time of the events that were applied.
    market_time: Timestamp,
    /// How many events were applied.
    place: u64,
    /// Collects what comes of a replay; none for what is none.
    results: Option<ResultsCollector>,
    /// Whether the results are other ones than those that were told.
    has_news: bool,
}

/// Something that the clock brought.
#[derive(Debug)]
pub(crate) enum Due {
    /// The desk did something by itself.
    Desk(Vec<EngineEvent>),
    /// A timer.
    Timer(Arc<str>, Timestamp),
}

/// How the answer to a call is found once what it decided is done.
#[derive(Debug)]
pub(crate) enum Answer {
    Value(CallValue),
    Order(OrderId),
    Orders(Vec<OrderId>),
}

impl Floor {
    /// Returns a floor behind `place` events.
    pub(crate) fn new(desk: Desk, bars: Bars, clock: Timestamp, place: u64) -> Self {
        Self {
            desk,
            bars,
            timers: Timers::default(),
            equity: EquityLine::new(),
            clock,
            market_time: clock,
            place,
            results: None,
            has_news: true,
        }
    }

    /// Collects from now on what comes of it.
    pub(crate) fn collect(&mut self, results: ResultsCollector) {
        self.results = Some(results);
    }

    /// Returns what was collected so far.
    pub(crate) fn collected(&self) -> Option<&ResultsCollector> {
        self.results.as_ref()
    }

    /// Takes in what was told, for the results.
    pub(crate) fn told(&mut self, events: &[EngineEvent]) {
        if let Some(results) = &mut self.results {
            results.events(events);
            self.has_news |= events.iter().any(|event| {
                matches!(
                    event,
                    EngineEvent::Order(_) | EngineEvent::Fill { .. } | EngineEvent::Funding { .. }
                )
            });
        }
    }

    /// Returns what came of it; none when nothing is collected, or it was told since the newest fact.
    pub(crate) fn take_results(&mut self) -> Option<Results> {
        if !std::mem::take(&mut self.has_news) {
            return None;
        }
        let accounts = self.desk.state().accounts();
        self.results.as_ref().map(|results| results.finish(self.market_time, &accounts, self.place))
    }

    /// Returns the engine's time.
    pub(crate) fn clock(&self) -> Timestamp {
        self.clock
    }

    /// Lets the clock go on to `time`; it never goes back.
    pub(crate) fn see_time(&mut self, time: Timestamp) {
        if let Some(results) = self.results.as_mut().filter(|results| time > results.due()) {
            results.sample(time, &self.desk.state().accounts());
        }
        if time >= self.equity.due() && self.place > 0 {
            self.equity.add(time, &self.desk.state().accounts());
        }
        self.clock = self.clock.max(time);
    }

    /// Returns what the accounts were worth after a time, up to now.
    pub(crate) fn equity(&self, after: Option<Timestamp>) -> Vec<EquitySample> {
        self.equity.after(after, self.clock, &self.desk.state().accounts())
    }

    /// Returns the newest time of the events that were applied.
    pub(crate) fn market_time(&self) -> Timestamp {
        self.market_time
    }

    /// Returns how many events were applied.
    pub(crate) fn place(&self) -> u64 {
        self.place
    }

    /// Returns when the clock brings something next.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.desk.due().into_iter().chain(self.timers.next()).min()
    }

    /// Does the first thing that the clock brings until `time`; none when there is nothing.
    pub(crate) fn act(&mut self, time: Timestamp) -> Option<Due> {
        let desk = self.desk.due().filter(|due| *due <= time);
        let timer = self.timers.due_until(time);
        if let Some(due) = desk
            && timer.is_none_or(|timer| due <= timer)
        {
            self.see_time(due);
            let mut events = Vec::new();
            self.desk.advance(self.clock, &mut events);
            return Some(Due::Desk(events));
        }
        let (name, time) = self.timers.fire(time)?;
        self.see_time(time);
        Some(Due::Timer(name, time))
    }

    /// Applies an event at the engine's time, appends what came of it, and returns the bars that it closed.
    pub(crate) fn market(&mut self, event: &MarketEvent, out: &mut Vec<EngineEvent>) -> Vec<Bar> {
        self.place += 1;
        self.market_time = self.market_time.max(event.time);
        self.desk.market(self.clock, event, out);
        let mut complete = Vec::new();
        self.bars.market(event, &mut complete);
        complete
    }

    /// Decides about a call: returns what happened, with orders that are only intended, and how to find the answer.
    ///
    /// # Errors
    /// What it names does not exist, or is over.
    pub(crate) fn decide(&mut self, call: Call) -> Result<(Vec<EngineEvent>, Answer), EngineError> {
        let time = self.clock;
        Ok(match call {
            Call::Place(request) => {
                let decided = self.desk.place(time, vec![request]);
                let id = decided.iter().rev().find_map(decided_order).map(|order| order.id.clone());
                (decided, Answer::Orders(id.into_iter().collect()).one())
            }
            Call::Modify(id, change, by) => (self.desk.modify(time, &id, change, &by)?, Answer::Order(id)),
            Call::CancelOrder(id, by) => {
                (self.desk.strategy_cancel(time, &id, &cancelled_by(&by))?, Answer::Order(id))
            }
            Call::CancelOrders(instrument, by) => {
                let wanted =
                    |order: &&Order| instrument.as_ref().is_none_or(|wanted| *wanted == order.instrument);
                let open = self.desk.state().open_orders().filter(wanted);
                let ids: Vec<OrderId> = open.map(|order| order.id.clone()).collect();
                let mut events = Vec::new();
                for id in &ids {
                    // One that cannot be cancelled stays as it is, and the answer shows it.
                    let cancelled = self.desk.strategy_cancel(time, id, &cancelled_by(&by));
                    events.extend(cancelled.unwrap_or_default());
                }
                (events, Answer::Orders(ids))
            }
            Call::Close(instrument, by) => {
                if self.desk.state().position(&instrument).is_none() {
                    return Err(EngineError::UnknownInstrument(instrument));
                }
                let decided = self.desk.strategy_close(time, &[instrument], &by);
                let answer = Answer::Orders(decided_ids(&decided));
                (decided, answer)
            }
            Call::CloseAll(by) => {
                let instruments: Vec<_> = self.desk.state().instruments().collect();
                let decided = self.desk.strategy_close(time, &instruments, &by);
                let answer = Answer::Orders(decided_ids(&decided));
                (decided, answer)
            }
            Call::SubscribeBars(timeframe) => {
                self.bars.subscribe(timeframe);
                (Vec::new(), Answer::Value(CallValue::Done))
            }
            Call::History { instrument, timeframe, length } => {
                let index = self.desk.state().index(&instrument);
                let index = index.ok_or(EngineError::UnknownInstrument(instrument))?;
                let bars = self.bars.history(index, timeframe, length);
                (Vec::new(), Answer::Value(CallValue::Bars(bars)))
            }
            Call::SetTimer(name, every) => {
                self.timers.set(&name, every, time);
                (Vec::new(), Answer::Value(CallValue::Done))
            }
            Call::PauseOnFailures => {
                let reason = format!("{FAILURES_THAT_PAUSE} callbacks in a row raised");
                let is_paused = self.desk.state().is_paused();
                let events = if is_paused { Vec::new() } else { self.desk.pause(time, reason) };
                (events, Answer::Value(CallValue::Done))
            }
            Call::Accounts => (Vec::new(), Answer::Value(CallValue::Accounts(self.desk.state().accounts()))),
        })
    }

    /// Returns the answer to a call, as things stand now.
    pub(crate) fn answer(&self, answer: Answer) -> Result<CallValue, EngineError> {
        let order = |id: &OrderId| self.desk.state().order(id).cloned();
        match answer {
            Answer::Value(value) => Ok(value),
            Answer::Order(id) => {
                order(&id).map(|order| CallValue::Order(Box::new(order))).ok_or(EngineError::UnknownOrder(id))
            }
            Answer::Orders(ids) => Ok(CallValue::Orders(ids.iter().filter_map(order).collect())),
        }
    }
}

impl Answer {
    /// Returns the answer of one order, when there is just one.
    fn one(self) -> Self {
        match self {
            Answer::Orders(mut ids) if ids.len() == 1 => Answer::Order(ids.remove(0)),
            other => other,
        }
    }
}

/// Tells whether a call can change what later events do.
pub(crate) fn changes(call: &Call) -> bool {
    !matches!(call, Call::History { .. } | Call::Accounts)
}

/// Returns the order that a decision is about; a pause may have cancelled others on the way.
pub(crate) fn decided_order(event: &EngineEvent) -> Option<&Order> {
    use qubx_protocol::OrderStatus::{Intended, Rejected};
    match event {
        EngineEvent::Order(order) if matches!(order.status, Intended | Rejected) => Some(order),
        _ => None,
    }
}

fn decided_ids(decided: &[EngineEvent]) -> Vec<OrderId> {
    decided.iter().filter_map(decided_order).map(|order| order.id.clone()).collect()
}

/// Returns the reason of a cancel that somebody asked for.
pub(crate) fn cancelled_by(by: &By) -> String {
    format!("cancelled by {by}")
}
