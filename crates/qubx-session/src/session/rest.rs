//! Bringing a session to rest before it ends.

use std::time::Duration;

use qubx_engine::{EngineHandle, HostHandle};
use qubx_kernel::KernelHandle;
use tokio::sync::oneshot;

/// How long `on_stop` may take when somebody stops the session.
pub(crate) const PATIENT: Duration = Duration::from_secs(5);
/// How long `on_stop` may take when the system ends the service: it kills what has not ended soon.
pub(crate) const HURRIED: Duration = Duration::from_secs(3);

/// A strategy that runs.
#[derive(Clone, Debug)]
pub(crate) enum Stoppable {
    /// In Python.
    Python(KernelHandle),
    /// In a thread of this process.
    Rust(HostHandle),
}

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

/// Brings strategy and engine to rest before a session ends; returns whether all was done, and what in words.
pub(crate) async fn bring_to_rest(
    engine: &EngineHandle,
    strategy: Option<&Stoppable>,
    strategy_stopped: oneshot::Receiver<()>,
    rest: Rest,
) -> (bool, String) {
    let Rest { flatten, keep_orders, patience } = rest;
    let (mut whole, mut done) = (true, Vec::new());
    if let Some(strategy) = strategy {
        match strategy {
            Stoppable::Python(kernel) => kernel.stop_strategy(),
            Stoppable::Rust(host) => host.stop(),
        }
        if tokio::time::timeout(patience, strategy_stopped).await.is_err() {
            done.push(format!("the strategy did not stop within {} s", patience.as_secs()));
        }
    }
    if flatten {
        match engine.flatten("stop".into()).await {
            Ok(summary) => {
                whole &= summary.failed.is_empty() && summary.flat == summary.positions;
                done.push(summary.to_string());
            }
            Err(error) => {
                whole = false;
                done.push(format!("not flattened: {error}"));
            }
        }
    } else if !keep_orders {
        match engine.cancel_orders(None).await {
            Ok(summary) => {
                whole &= summary.failed.is_empty();
                done.push(summary.to_string());
            }
            Err(error) => {
                whole = false;
                done.push(format!("orders not cancelled: {error}"));
            }
        }
    }
    // What the strategy traded at its end belongs to the results of a replay.
    if let Err(error) = engine.flush(None).await {
        tracing::debug!(%error, "nothing more is told");
    }
    (whole, done.join("; "))
}
