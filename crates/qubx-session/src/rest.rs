//! Bringing a session to rest before it ends.

use std::time::Duration;

use qubx_engine::EngineHandle;
use qubx_kernel::KernelHandle;
use tokio::sync::oneshot;

/// How long `on_stop` may take.
const ON_STOP_WITHIN: Duration = Duration::from_secs(5);

/// Brings strategy and engine to rest before a session ends, and returns what was done in words.
pub(crate) async fn bring_to_rest(
    engine: &EngineHandle,
    kernel: &KernelHandle,
    python_lives: bool,
    strategy_stopped: oneshot::Receiver<()>,
    flatten: bool,
    keep_orders: bool,
) -> String {
    let mut done = Vec::new();
    if python_lives {
        kernel.stop_strategy();
        if tokio::time::timeout(ON_STOP_WITHIN, strategy_stopped).await.is_err() {
            done.push(format!("the strategy did not stop within {} s", ON_STOP_WITHIN.as_secs()));
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
