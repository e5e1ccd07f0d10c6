//! How the engine task serves each request.

use jiff::Timestamp;
use qubx_protocol::{
    Author, Bar, By, Command, CommandId, InstrumentId, Order, OrderId, OrderStatus, Timeframe,
};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{FeedPhase, Task};
use crate::feed::Feed;
use crate::floor::cancelled_by;
use crate::handle::Request;
use crate::{
    At, Call, CancelSummary, EngineError, EngineEvent, EngineSnapshot, InstrumentIndex, Interests,
    MarketEvent, Reply, StrategyInput, Touch,
};

impl<F: Feed> Task<F> {
    /// Does what is asked and answers. What a person's verb did is handed on before the answer.
    pub(super) async fn serve(&mut self, request: Request) {
        match request {
            Request::Call(at, call, reply) => answer(reply, self.call(at, call).await),
            Request::TellStrategy(id, author, command, reply) => {
                answer(reply, self.tell_strategy(id, author, command));
            }
            Request::Place(request, reply) => {
                let placed = self.place(request).await;
                self.flush().await;
                answer(reply, placed);
            }
            Request::Modify(order, modification, by, reply) => {
                let modified = self.modify(&order, modification, &by).await;
                self.flush().await;
                answer(reply, modified);
            }
            Request::CancelOrder(order, by, reply) => {
                let cancelled = self.cancel_order(&order, &by).await;
                self.flush().await;
                answer(reply, cancelled);
            }
            Request::CancelOrders(instrument, reply) => {
                let summary = self.cancel_orders(instrument.as_ref(), "cancelled with all orders").await;
                self.flush().await;
                answer(reply, summary);
            }
            Request::Close(instrument, by, reply) => {
                let closed = self.close(instrument, &by).await;
                self.flush().await;
                answer(reply, closed);
            }
            Request::Flatten(by, reply) => {
                let summary = self.flatten(&by).await;
                self.flush().await;
                answer(reply, summary);
            }
            Request::Pause(by, reply) => {
                let summary = self.pause("pause", &by).await;
                self.flush().await;
                answer(reply, summary);
            }
            Request::Resume(by, reply) => {
                let resumed = self.resume(&by).await;
                self.flush().await;
                answer(reply, resumed);
            }
            Request::AttachStrategy(reply) => answer(reply, self.attach_strategy()),
            Request::StartFeed(interests, reply) => {
                self.start_feed(interests);
                answer(reply, ());
            }
            Request::Flush(at, reply) => {
                if let Some((lockstep, at)) = self.lockstep.as_mut().zip(at) {
                    lockstep.reach(&mut self.floor, at);
                    self.view.changed();
                }
                self.flush().await;
                self.finish_again().await;
                self.hand_on_checkpoint(at).await;
                answer(reply, ());
            }
            Request::Snapshot(reply) => answer(reply, self.snapshot()),
            Request::Equity(after, reply) => {
                self.now();
                answer(reply, self.floor.equity(after));
            }
            Request::Bars(instrument, timeframe, after, limit, reply) => {
                answer(reply, self.bars(instrument, timeframe, after, limit));
            }
        }
    }

    async fn call(&mut self, at: Option<At>, call: Call) -> Result<Reply, EngineError> {
        if let Some(lockstep) = &mut self.lockstep {
            let reply = lockstep.call(&mut self.floor, at, call);
            self.facts_wait();
            self.view.changed();
            if at.is_none() || self.lockstep.as_ref().is_some_and(|lockstep| lockstep.unsent().1) {
                self.flush().await;
            }
            return reply;
        }
        self.now();
        let before = self.queue.len();
        let (decided, found) = self.floor.decide(call)?;
        self.commit(decided).await;
        let value = self.floor.answer(found)?;
        Ok(self.queue.reply(at, before, value))
    }

    fn tell_strategy(&mut self, id: CommandId, author: Author, command: Command) -> Result<(), EngineError> {
        if !self.has_strategy() {
            return Err(EngineError::NoStrategy);
        }
        let input = StrategyInput::Command { id, author, command: Box::new(command) };
        match &mut self.lockstep {
            Some(lockstep) => lockstep.push(input),
            None => self.queue.fact(input),
        }
        Ok(())
    }

    async fn cancel_order(&mut self, id: &OrderId, by: &By) -> Result<Order, EngineError> {
        let now = self.now();
        let events = self.floor.desk.cancel(now, id, &cancelled_by(by))?;
        self.tell(events).await;
        self.floor.desk.state().order(id).cloned().ok_or_else(|| EngineError::UnknownOrder(id.clone()))
    }

    pub(super) async fn cancel_orders(
        &mut self,
        instrument: Option<&InstrumentId>,
        reason: &str,
    ) -> CancelSummary {
        let time = self.now();
        let wanted = |order: &&Order| instrument.is_none_or(|instrument| order.instrument == *instrument);
        let open = self.floor.desk.state().open_orders().filter(wanted);
        let ids: Vec<_> = open.map(|order| order.id.clone()).collect();
        let mut summary = CancelSummary::default();
        let mut events = Vec::new();
        for id in ids {
            match self.floor.desk.cancel(time, &id, reason) {
                Ok(cancelled) => {
                    summary.cancelled += 1;
                    events.extend(cancelled);
                }
                Err(error) => summary.failed.push(error.to_string()),
            }
        }
        self.tell(events).await;
        summary
    }

    /// Pauses because of a verb.
    pub(super) async fn pause(&mut self, verb: &str, by: &By) -> CancelSummary {
        let now = self.now();
        let events = self.floor.desk.pause(now, format!("{verb} by {by}"));
        let cancelled = events.iter().filter(|event| is_cancelled(event)).count();
        self.tell(events).await;
        CancelSummary { cancelled, failed: Vec::new() }
    }

    async fn resume(&mut self, by: &By) -> Result<(), EngineError> {
        let now = self.now();
        let events = self.floor.desk.resume(now, by)?;
        self.tell(events).await;
        Ok(())
    }

    /// Takes the book and begins to collect for a strategy in one step, so that nothing falls between.
    fn attach_strategy(&mut self) -> EngineSnapshot {
        self.in_flight = None;
        self.outgoing = None;
        self.floor.bars.unsubscribe_all();
        self.floor.timers.clear();
        match &mut self.lockstep {
            Some(lockstep) => lockstep.begin(),
            None => self.queue.begin(),
        }
        self.show_newest_quotes();
        if self.lockstep.is_some() && self.feed_phase == FeedPhase::Running {
            self.feed_phase = FeedPhase::Waiting;
        }
        self.snapshot()
    }

    fn start_feed(&mut self, interests: Interests) {
        let begins = interests.strategy && !self.has_strategy();
        self.set_interests(interests);
        if begins {
            self.show_newest_quotes();
        }
        if self.feed_phase == FeedPhase::Waiting {
            self.feed_phase = FeedPhase::Running;
            let instruments = self.floor.desk.state().instruments();
            let expected =
                (0..).map(InstrumentIndex).zip(instruments).filter(|(index, _)| self.feed.has_more(*index));
            self.first_quotes.send_modify(|first| first.begin(expected));
            self.freshness.begin(self.floor.desk.state().instruments(), Instant::now());
        }
    }

    /// Shows a strategy that starts the quotes of before, of which it knows nothing.
    fn show_newest_quotes(&mut self) {
        let state = self.floor.desk.state();
        for quote in state.quotes() {
            let Some(index) = state.index(&quote.instrument) else { continue };
            let event = MarketEvent::quote(index, quote.time, Touch::from(&quote));
            match &mut self.lockstep {
                Some(lockstep) => lockstep.see(event),
                None => self.queue.see(event),
            }
        }
    }

    fn bars(
        &self,
        instrument: InstrumentId,
        timeframe: Timeframe,
        after: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<Bar>, EngineError> {
        let index = self.floor.desk.state().index(&instrument);
        let index = index.ok_or(EngineError::UnknownInstrument(instrument))?;
        self.floor.bars.chart(index, timeframe, after, limit).ok_or(EngineError::NotCharted(timeframe))
    }

    fn snapshot(&mut self) -> EngineSnapshot {
        let time = self.now();
        let state = self.floor.desk.state();
        EngineSnapshot {
            orders: state.orders(),
            positions: state.positions(),
            accounts: state.accounts(),
            time,
        }
    }
}

/// Answers; if nobody waits for it any more, the answer is dropped.
fn answer<T>(reply: oneshot::Sender<T>, value: T) {
    let _: Result<(), T> = reply.send(value);
}

fn is_cancelled(event: &EngineEvent) -> bool {
    matches!(event, EngineEvent::Order(order) if order.status == OrderStatus::Cancelled)
}
