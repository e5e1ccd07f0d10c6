//! How the engine task serves each request.

use qubx_protocol::{By, InstrumentId, Order, OrderId, OrderStatus};

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{FeedPhase, Task};
use crate::feed::Feed;
use crate::handle::Request;
use crate::{
    CancelSummary, CloseSummary, EngineError, EngineEvent, EngineSnapshot, FlattenSummary, Interests,
    OrderRequest,
};

impl<F: Feed> Task<F> {
    /// Does what is asked and answers.
    pub(super) async fn serve(&mut self, request: Request) {
        match request {
            Request::Place(requests, reply) => answer(reply, self.place(requests).await),
            Request::CancelOrder(order, by, reply) => {
                answer(reply, self.cancel_order(&order, &by).await);
            }
            Request::CancelOrders(instrument, reply) => {
                answer(reply, self.cancel_orders(instrument.as_ref(), "cancelled with all orders").await);
            }
            Request::Close(instrument, by, reply) => answer(reply, self.close(instrument, &by).await),
            Request::Flatten(by, reply) => answer(reply, self.flatten(&by).await),
            Request::Pause(by, reply) => answer(reply, self.pause("pause", &by).await),
            Request::Resume(by, reply) => answer(reply, self.resume(&by).await),
            Request::AttachStrategy(reply) => answer(reply, self.attach_strategy()),
            Request::SubscribeBars(timeframe, reply) => {
                self.bars.subscribe(timeframe);
                answer(reply, ());
            }
            Request::StartFeed(interests, reply) => {
                self.start_feed(interests);
                answer(reply, ());
            }
            Request::Snapshot(reply) => answer(reply, self.snapshot()),
        }
    }

    async fn place(&mut self, requests: Vec<OrderRequest>) -> Vec<Order> {
        let decided = self.desk.place(self.feed.now(), requests);
        self.commit_orders(decided).await
    }

    async fn cancel_order(&mut self, id: &OrderId, by: &By) -> Result<Order, EngineError> {
        let events = self.desk.cancel(self.feed.now(), id, &format!("cancelled by {by}"))?;
        self.tell(events).await;
        self.desk.state().order(id).cloned().ok_or_else(|| EngineError::UnknownOrder(id.clone()))
    }

    async fn cancel_orders(&mut self, instrument: Option<&InstrumentId>, reason: &str) -> CancelSummary {
        let wanted = |order: &&Order| instrument.is_none_or(|instrument| order.instrument == *instrument);
        let ids: Vec<_> =
            self.desk.state().open_orders().filter(wanted).map(|order| order.id.clone()).collect();
        let time = self.feed.now();
        let mut summary = CancelSummary::default();
        let mut events = Vec::new();
        for id in ids {
            match self.desk.cancel(time, &id, reason) {
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

    async fn close(&mut self, instrument: InstrumentId, by: &By) -> Result<CloseSummary, EngineError> {
        if self.desk.state().position(&instrument).is_none() {
            return Err(EngineError::UnknownInstrument(instrument));
        }
        let decided = self.desk.close(self.feed.now(), std::slice::from_ref(&instrument), by);
        match self.commit_orders(decided).await.pop() {
            Some(order) if order.status != OrderStatus::Filled => {
                Err(EngineError::NotClosed { instrument, reason: why(&order) })
            }
            order => Ok(CloseSummary { instrument, order }),
        }
    }

    async fn flatten(&mut self, by: &By) -> FlattenSummary {
        let CancelSummary { cancelled: cancelled_by_pause, .. } = self.pause("flatten", by).await;
        let CancelSummary { cancelled, mut failed } = self.cancel_orders(None, "flatten").await;

        let positions = self.desk.state().positions();
        let open: Vec<_> = positions
            .into_iter()
            .filter(|position| !position.quantity.is_zero())
            .map(|position| position.instrument)
            .collect();
        let decided = self.desk.close(self.feed.now(), &open, by);
        for order in self.commit_orders(decided).await {
            if order.status != OrderStatus::Filled {
                failed.push(format!("{}: {}", order.instrument, why(&order)));
            }
        }
        let is_flat = |id: &&InstrumentId| {
            self.desk.state().position(id).is_none_or(|position| position.quantity.is_zero())
        };
        FlattenSummary {
            positions: open.len(),
            flat: open.iter().filter(is_flat).count(),
            cancelled: cancelled + cancelled_by_pause,
            failed,
        }
    }

    /// Pauses because of a verb.
    async fn pause(&mut self, verb: &str, by: &By) -> CancelSummary {
        let events = self.desk.pause(self.feed.now(), format!("{verb} by {by}"));
        let cancelled = events.iter().filter(|event| is_cancelled(event)).count();
        self.tell(events).await;
        CancelSummary { cancelled, failed: Vec::new() }
    }

    async fn resume(&mut self, by: &By) -> Result<(), EngineError> {
        let events = self.desk.resume(self.feed.now(), by)?;
        self.tell(events).await;
        Ok(())
    }

    /// Takes the book and begins to collect for a strategy in one step, so that nothing falls between.
    fn attach_strategy(&mut self) -> EngineSnapshot {
        self.in_flight = None;
        self.bars.unsubscribe_all();
        self.queue.begin();
        self.tell_newest_quotes();
        if self.lockstep && self.feed_phase == FeedPhase::Running {
            self.feed_phase = FeedPhase::Waiting;
        }
        self.snapshot()
    }

    fn start_feed(&mut self, interests: Interests) {
        let begins = interests.strategy && !self.queue.has_strategy();
        self.queue.set_interests(interests);
        if begins {
            self.tell_newest_quotes();
        }
        if !interests.strategy {
            self.in_flight = None;
        }
        if self.feed_phase == FeedPhase::Waiting {
            self.feed_phase = FeedPhase::Running;
            self.freshness.begin(self.desk.state().instruments(), Instant::now());
        }
    }

    /// Tells a strategy that starts the quotes of before, of which it knows nothing.
    fn tell_newest_quotes(&mut self) {
        self.desk.state().quotes().iter().for_each(|quote| self.queue.quote(quote));
    }

    fn snapshot(&mut self) -> EngineSnapshot {
        let state = self.desk.state();
        EngineSnapshot {
            orders: state.orders(),
            positions: state.positions(),
            accounts: state.accounts(),
            time: self.feed.now(),
        }
    }

    /// Stores and sends what was decided, and returns the orders as they stand then.
    async fn commit_orders(&mut self, decided: Vec<EngineEvent>) -> Vec<Order> {
        let orders: Vec<Order> = decided.iter().filter_map(decided_order).cloned().collect();
        self.commit(decided).await;
        let now = |order: Order| self.desk.state().order(&order.id).cloned().unwrap_or(order);
        orders.into_iter().map(now).collect()
    }
}

/// Answers; if nobody waits for it any more, the answer is dropped.
fn answer<T>(reply: oneshot::Sender<T>, value: T) {
    let _: Result<(), T> = reply.send(value);
}

/// Returns the order that a decision is about; a pause may have cancelled others on the way.
fn decided_order(event: &EngineEvent) -> Option<&Order> {
    match event {
        EngineEvent::Order(order)
            if matches!(order.status, OrderStatus::Intended | OrderStatus::Rejected) =>
        {
            Some(order)
        }
        _ => None,
    }
}

fn is_cancelled(event: &EngineEvent) -> bool {
    matches!(event, EngineEvent::Order(order) if order.status == OrderStatus::Cancelled)
}

fn why(order: &Order) -> String {
    order
        .reason
        .clone()
        .unwrap_or_else(|| format!("the order is {}", order.status.to_string().to_lowercase()))
}
