//! Verbs that are done only when their orders are: an order may be filled in parts.

use std::time::Duration;

use qubx_protocol::{By, InstrumentId, Order, OrderId, OrderStatus};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{FeedPhase, Task};
use crate::feed::Feed;
use crate::floor::decided_order;
use crate::{CancelSummary, CloseSummary, EngineError, EngineEvent, FlattenSummary};

/// How long a verb waits for its orders: whoever gave it should hear what is left while it matters.
const PATIENCE: Duration = Duration::from_secs(10);

/// A verb that waits for its orders.
pub(super) struct Waiting {
    orders: Vec<OrderId>,
    until: Instant,
    verb: Verb,
}

enum Verb {
    Close(InstrumentId, oneshot::Sender<Result<CloseSummary, EngineError>>),
    Flatten {
        /// What is to be flat.
        open: Vec<InstrumentId>,
        cancelled: usize,
        failed: Vec<String>,
        reply: oneshot::Sender<FlattenSummary>,
    },
}

impl<F: Feed> Task<F> {
    pub(super) async fn close(
        &mut self,
        instrument: InstrumentId,
        by: &By,
        reply: oneshot::Sender<Result<CloseSummary, EngineError>>,
    ) {
        if self.floor.desk.state().position(&instrument).is_none() {
            return answer(reply, Err(EngineError::UnknownInstrument(instrument)));
        }
        let now = self.now();
        let decided = self.floor.desk.close(now, std::slice::from_ref(&instrument), by);
        self.wait_for(decided, Verb::Close(instrument, reply)).await;
    }

    pub(super) async fn flatten(&mut self, by: &By, reply: oneshot::Sender<FlattenSummary>) {
        let CancelSummary { cancelled: cancelled_by_pause, .. } = self.pause("flatten", by).await;
        let CancelSummary { cancelled, failed } = self.cancel_orders(None, "flatten").await;
        let positions = self.floor.desk.state().positions().into_iter();
        let open: Vec<_> = positions
            .filter(|position| !position.quantity.is_zero())
            .map(|position| position.instrument)
            .collect();
        let now = self.now();
        let decided = self.floor.desk.close(now, &open, by);
        let cancelled = cancelled + cancelled_by_pause;
        self.wait_for(decided, Verb::Flatten { open, cancelled, failed, reply }).await;
    }

    async fn wait_for(&mut self, decided: Vec<EngineEvent>, verb: Verb) {
        let orders = decided.iter().filter_map(decided_order).map(|order| order.id.clone()).collect();
        self.commit(decided).await;
        self.waiting.push(Waiting { orders, until: Instant::now() + PATIENCE, verb });
    }

    /// Answers the verbs that are done, and all when no order can be filled any more.
    pub(super) async fn answer_verbs(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let state = self.floor.desk.state();
        let is_over = self.feed_phase == FeedPhase::Ended;
        let is_open = |id: &OrderId| state.order(id).is_some_and(|order| order.status.is_open());
        let is_done = |waiting: &mut Waiting| is_over || !waiting.orders.iter().any(is_open);
        let done: Vec<Waiting> = self.waiting.extract_if(.., is_done).collect();
        self.answer_all(done).await;
    }

    /// Returns when the first verb has waited for long enough.
    pub(super) fn verbs_are_due(&self) -> Option<Instant> {
        self.waiting.iter().map(|waiting| waiting.until).min()
    }

    /// Answers the verbs that have waited for long enough.
    pub(super) async fn give_verbs_up(&mut self) {
        let now = Instant::now();
        let late: Vec<Waiting> = self.waiting.extract_if(.., |waiting| waiting.until <= now).collect();
        self.answer_all(late).await;
    }

    async fn answer_all(&mut self, done: Vec<Waiting>) {
        if done.is_empty() {
            return;
        }
        self.flush().await;
        for Waiting { orders, verb, .. } in done {
            let orders: Vec<Order> =
                orders.iter().filter_map(|id| self.floor.desk.state().order(id).cloned()).collect();
            match verb {
                Verb::Close(instrument, reply) => answer(reply, closed(instrument, orders)),
                Verb::Flatten { open, cancelled, failed, reply } => {
                    answer(reply, self.flattened(&open, cancelled, failed, &orders));
                }
            }
        }
    }

    fn flattened(
        &self,
        open: &[InstrumentId],
        cancelled: usize,
        mut failed: Vec<String>,
        orders: &[Order],
    ) -> FlattenSummary {
        let unfilled = orders.iter().filter(|order| order.status != OrderStatus::Filled);
        failed.extend(unfilled.map(|order| format!("{}: {}", order.instrument, why(order))));
        let state = self.floor.desk.state();
        let is_flat =
            |id: &&InstrumentId| state.position(id).is_none_or(|position| position.quantity.is_zero());
        FlattenSummary { positions: open.len(), flat: open.iter().filter(is_flat).count(), cancelled, failed }
    }
}

fn closed(instrument: InstrumentId, mut orders: Vec<Order>) -> Result<CloseSummary, EngineError> {
    match orders.pop() {
        Some(order) if order.status != OrderStatus::Filled => {
            Err(EngineError::NotClosed { instrument, reason: why(&order) })
        }
        order => Ok(CloseSummary { instrument, order }),
    }
}

/// Answers; if nobody waits for it any more, the answer is dropped.
pub(super) fn answer<T>(reply: oneshot::Sender<T>, value: T) {
    let _: Result<(), T> = reply.send(value);
}

fn why(order: &Order) -> String {
    if order.status.is_open() {
        return format!("{} of {} is left, order {} goes on", order.remaining(), order.quantity, order.id);
    }
    order
        .reason
        .clone()
        .unwrap_or_else(|| format!("the order is {}", order.status.to_string().to_lowercase()))
}
