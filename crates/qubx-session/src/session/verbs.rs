//! The verbs that the engine does, and what they report when they are done.

use qubx_engine::{EngineError, EngineHandle, Modification, OrderRequest};
use qubx_protocol::{By, Command, Order, OrderStatus, VerbOutcome};

/// Does a verb and returns how it ended, with the result in words. Verbs that are not the engine's are not for here.
pub(crate) async fn run(engine: &EngineHandle, command: Command, by: By) -> (VerbOutcome, String) {
    match command {
        Command::Place(order) => {
            let placed = engine.place_at_once(OrderRequest::of(order, by)).await;
            outcome_or_error(placed)
        }
        Command::Modify { order, price, stop_price, quantity } => {
            let modification = Modification { quantity, price, stop_price };
            outcome_or_error(engine.modify_at_once(order, modification, by).await)
        }
        Command::CancelOrder { order } => report(
            engine.cancel_order(order, by).await.map(|order| (true, format!("{} cancelled", order.id))),
        ),
        Command::CancelOrders { instrument } => {
            let summary = engine.cancel_orders(instrument).await;
            report(summary.map(|summary| (summary.failed.is_empty(), summary.to_string())))
        }
        Command::Close { instrument } => {
            report(engine.close(instrument, by).await.map(|summary| (true, summary.to_string())))
        }
        Command::Flatten => {
            let summary = engine.flatten(by).await;
            report(summary.map(|summary| {
                let whole = summary.failed.is_empty() && summary.flat == summary.positions;
                (whole, summary.to_string())
            }))
        }
        Command::Pause => {
            report(engine.pause(by).await.map(|summary| (summary.failed.is_empty(), summary.to_string())))
        }
        Command::Resume => {
            report(engine.resume(by).await.map(|()| (true, "new entries are allowed".to_owned())))
        }
        Command::Execute { .. }
        | Command::Interrupt { .. }
        | Command::Stop { .. }
        | Command::Release
        | Command::Answer { .. }
        | Command::SetParameter { .. }
        | Command::Action { .. }
        | Command::RestartKernel => (VerbOutcome::Failed, "this verb is not the engine's".to_owned()),
    }
}

fn outcome_or_error(order: Result<Order, EngineError>) -> (VerbOutcome, String) {
    order.map_or_else(|error| (VerbOutcome::Failed, error.to_string()), |order| outcome_of(&order))
}

/// Tells whether an order came to something, and in words to what. A rejected one did not, and neither did one that was
/// cancelled before anything of it was filled.
pub(super) fn outcome_of(order: &Order) -> (VerbOutcome, String) {
    let Order { id, quantity, filled, status, .. } = order;
    let average = order.avg_price.map_or_else(String::new, |price| format!(" at {}", price.0.normalize()));
    let reason = order.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    match status {
        OrderStatus::Rejected => (VerbOutcome::Failed, format!("{id} is rejected{reason}")),
        OrderStatus::Cancelled if filled.is_zero() => {
            (VerbOutcome::Failed, format!("{id} is cancelled{reason}"))
        }
        OrderStatus::Cancelled => {
            let text = format!("{id}: {filled} of {quantity} filled{average}, the rest is cancelled{reason}");
            (VerbOutcome::Done, text)
        }
        OrderStatus::Filled => (VerbOutcome::Done, format!("{id}: {filled} filled{average}")),
        OrderStatus::PartiallyFilled => {
            (VerbOutcome::Done, format!("{id}: {filled} of {quantity} filled{average}, the rest rests"))
        }
        OrderStatus::New => (VerbOutcome::Done, format!("{id} rests")),
        OrderStatus::Intended => (VerbOutcome::Done, format!("{id} is on its way")),
    }
}

fn report(result: Result<(bool, String), EngineError>) -> (VerbOutcome, String) {
    match result {
        Ok((true, text)) => (VerbOutcome::Done, text),
        Ok((false, text)) => (VerbOutcome::Failed, text),
        Err(error) => (VerbOutcome::Failed, error.to_string()),
    }
}
