//! The verbs that the engine does, and what they report when they are done.

use qubx_engine::{EngineError, EngineHandle};
use qubx_protocol::{By, Command, VerbOutcome};

/// Does a verb and returns how it ended, with the result in words. Verbs that are not the engine's are not for here.
pub(crate) async fn run(engine: &EngineHandle, command: Command, by: By) -> (VerbOutcome, String) {
    match command {
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

fn report(result: Result<(bool, String), EngineError>) -> (VerbOutcome, String) {
    match result {
        Ok((true, text)) => (VerbOutcome::Done, text),
        Ok((false, text)) => (VerbOutcome::Failed, text),
        Err(error) => (VerbOutcome::Failed, error.to_string()),
    }
}
