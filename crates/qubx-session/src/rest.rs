//! Bringing a session to rest before it ends.

use std::time::Duration;

use qubx_engine::EngineHandle;
use qubx_kernel::KernelHandle;
use tokio::sync::oneshot;

/// How long `on_stop` may take when somebody stops the session.
pub(crate) const PATIENT: Duration = Duration::from_secs(5);
/// How long `on_stop` may take when the system ends the service: it kills what has not ended soon.
pub(crate) const HURRIED: Duration = Duration::from_secs(3);

/// How a session is brought to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rest {
    /// Closes all positions.
    pub(crate) flatten: bool,
    /// Leaves open orders as they are.
    pub(crate) keep_orders: bool,
    /// How long `on_stop` may take.
    pub(crate) patience: Duration,
}

impl Rest {
    /// Orders are cancelled, positions stay.
    pub(crate) fn usual(patience: Duration) -> Self {
        Self { flatten: false, keep_orders: false, patience }
    }
}

/// Brings strategy and engine to rest before a session ends, and returns what was done in words.
pub(crate) async fn bring_to_rest(
    engine: &EngineHandle,
    python: Option<&KernelHandle>,
    strategy_stopped: oneshot::Receiver<()>,
    rest: Rest,
) -> String {
    let Rest { flatten, keep_orders, patience } = rest;
    let mut done = Vec::new();
    if let Some(kernel) = python {
        kernel.stop_strategy();
        if tokio::time::timeout(patience, strategy_stopped).await.is_err() {
            done.push(format!("the strategy did not stop within {} s", patience.as_secs()));
        }
    }
    if flatten {
        let summary = engine.flatten("stop".into()).await;
        done.push(
            summary.map_or_else(|error| format!("not flattened: {error}"), |summary| summary.to_string()),
        );
    } else if !keep_orders {
        let summary = engine.cancel_orders(None).await;
        done.push(
            summary
                .map_or_else(|error| format!("orders not cancelled: {error}"), |summary| summary.to_string()),
        );
    }
    done.join("; ")
}
