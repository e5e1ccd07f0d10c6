//! Verbs that give orders: new ones, changed ones, and those that close positions. What a person gives is not on its way
//! for a while, so each is filled, at rest or refused when its verb is done.

use qubx_protocol::{By, InstrumentId, Order, OrderId, OrderStatus};

use super::Task;
use crate::feed::Feed;
use crate::floor::decided_order;
use crate::{
    CancelSummary, CloseSummary, EngineError, EngineEvent, FlattenSummary, Modification, OrderRequest,
};

impl<F: Feed> Task<F> {
    pub(super) async fn place(&mut self, request: OrderRequest) -> Result<Order, EngineError> {
        // An order of what the session does not have would be in its history for ever.
        if self.floor.desk.state().position(&request.instrument).is_none() {
            return Err(EngineError::UnknownInstrument(request.instrument));
        }
        let now = self.now();
        let decided = self.floor.desk.place_at_once(now, request);
        self.commit_orders(decided).await.pop().ok_or(EngineError::Stopped)
    }

    pub(super) async fn modify(
        &mut self,
        id: &OrderId,
        modification: Modification,
        by: &By,
    ) -> Result<Order, EngineError> {
        let now = self.now();
        let events = self.floor.desk.modify_at_once(now, id, modification, by)?;
        self.commit(events).await;
        self.floor.desk.state().order(id).cloned().ok_or_else(|| EngineError::UnknownOrder(id.clone()))
    }

    pub(super) async fn close(
        &mut self,
        instrument: InstrumentId,
        by: &By,
    ) -> Result<CloseSummary, EngineError> {
        if self.floor.desk.state().position(&instrument).is_none() {
            return Err(EngineError::UnknownInstrument(instrument));
        }
        let now = self.now();
        let decided = self.floor.desk.close(now, std::slice::from_ref(&instrument), by);
        match self.commit_orders(decided).await.pop() {
            Some(order) if order.status != OrderStatus::Filled => {
                Err(EngineError::NotClosed { instrument, reason: why(&order) })
            }
            order => Ok(CloseSummary { instrument, order }),
        }
    }

    pub(super) async fn flatten(&mut self, by: &By) -> FlattenSummary {
        let CancelSummary { cancelled: cancelled_by_pause, .. } = self.pause("flatten", by).await;
        let CancelSummary { cancelled, mut failed } = self.cancel_orders(None, "flatten").await;
        let positions = self.floor.desk.state().positions().into_iter();
        let open: Vec<_> = positions
            .filter(|position| !position.quantity.is_zero())
            .map(|position| position.instrument)
            .collect();
        let now = self.now();
        let decided = self.floor.desk.close(now, &open, by);
        for order in self.commit_orders(decided).await {
            if order.status != OrderStatus::Filled {
                failed.push(format!("{}: {}", order.instrument, why(&order)));
            }
        }
        let state = self.floor.desk.state();
        let is_flat =
            |id: &&InstrumentId| state.position(id).is_none_or(|position| position.quantity.is_zero());
        FlattenSummary {
            positions: open.len(),
            flat: open.iter().filter(is_flat).count(),
            cancelled: cancelled + cancelled_by_pause,
            failed,
        }
    }

    /// Stores and sends what was decided, and returns the orders as they stand then.
    async fn commit_orders(&mut self, decided: Vec<EngineEvent>) -> Vec<Order> {
        let orders: Vec<Order> = decided.iter().filter_map(decided_order).cloned().collect();
        self.commit(decided).await;
        let now = |order: Order| self.floor.desk.state().order(&order.id).cloned().unwrap_or(order);
        orders.into_iter().map(now).collect()
    }
}

fn why(order: &Order) -> String {
    order
        .reason
        .clone()
        .unwrap_or_else(|| format!("the order is {}", order.status.to_string().to_lowercase()))
}
