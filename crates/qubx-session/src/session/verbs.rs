//! The verbs that the engine does, and what they report when they are done.

use std::fmt::Display;

use qubx_engine::{CancelSummary, EngineError, EngineHandle, FlattenSummary, Modification, OrderRequest};
use qubx_protocol::{By, Command, Order, OrderStatus, VerbOutcome};

/// How a verb ended.
#[derive(Debug)]
pub(crate) struct Did {
    pub(crate) outcome: VerbOutcome,
    /// The result in words.
    pub(crate) text: String,
    /// Whether there was nothing left to do.
    pub(crate) was_idle: bool,
}

/// Does a verb and returns how it ended. Verbs that are not the engine's are not for here.
pub(crate) async fn run(engine: &EngineHandle, command: Command, by: By) -> Did {
    let was_paused = engine.paused();
    match command {
        Command::Place(order) => of_order(engine.place_at_once(OrderRequest::of(order, by)).await),
        Command::Modify { order, price, stop_price, quantity } => {
            let modification = Modification { quantity, price, stop_price };
            of_order(engine.modify_at_once(order, modification, by).await)
        }
        Command::CancelOrder { order } => match engine.cancel_order(order, by).await {
            Ok(order) => done(true, format!("{} cancelled", order.id), false),
            Err(error) => {
                let was_idle = is_cancelled_already(&error);
                Did { outcome: VerbOutcome::Failed, text: error.to_string(), was_idle }
            }
        },
        Command::CancelOrders { instrument } => report(engine.cancel_orders(instrument).await, |summary| {
            let CancelSummary { cancelled, failed } = summary;
            (failed.is_empty(), *cancelled == 0 && failed.is_empty())
        }),
        Command::Close { instrument } => {
            report(engine.close(instrument, by).await, |summary| (true, summary.order.is_none()))
        }
        Command::Flatten => report(engine.flatten(by).await, |summary| {
            let FlattenSummary { positions, flat, cancelled, failed } = summary;
            let whole = failed.is_empty() && flat == positions;
            (whole, whole && was_paused && *positions == 0 && *cancelled == 0)
        }),
        Command::Pause => report(engine.pause(by).await, |summary| (summary.failed.is_empty(), was_paused)),
        Command::Resume => match engine.resume(by).await {
            Ok(()) => done(true, "new entries are allowed".to_owned(), !was_paused),
            Err(error) => failed(&error),
        },
        Command::Execute { .. }
        | Command::Interrupt { .. }
        | Command::Stop { .. }
        | Command::Release
        | Command::Answer { .. }
        | Command::SetParameter { .. }
        | Command::Action { .. }
        | Command::RestartKernel => done(false, "this verb is not the engine's".to_owned(), false),
    }
}

fn of_order(order: Result<Order, EngineError>) -> Did {
    match order {
        Ok(order) => {
            let (outcome, text) = outcome_of(&order);
            Did { outcome, text, was_idle: false }
        }
        Err(error) => failed(&error),
    }
}

fn is_cancelled_already(error: &EngineError) -> bool {
    matches!(error, EngineError::OrderIsFinal { status: OrderStatus::Cancelled, .. })
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

/// Returns how a verb ended that gives a summary, of which `judge` tells whether it is whole, and whether it was idle.
fn report<T: Display>(result: Result<T, EngineError>, judge: impl FnOnce(&T) -> (bool, bool)) -> Did {
    match result {
        Ok(summary) => {
            let (is_whole, was_idle) = judge(&summary);
            done(is_whole, summary.to_string(), was_idle)
        }
        Err(error) => failed(&error),
    }
}

fn done(is_whole: bool, text: String, was_idle: bool) -> Did {
    Did { outcome: if is_whole { VerbOutcome::Done } else { VerbOutcome::Failed }, text, was_idle }
}

fn failed(error: &EngineError) -> Did {
    done(false, error.to_string(), false)
}
