//! Waiting until a session that was started is ready.

use qubx_session::Progress;

use crate::out::say;
use crate::owner::signals::Signals;
use crate::owner::steps::Steps;
use crate::owner::supervise::{News, Supervisor};

/// A session whose strategy runs or has failed.
pub(crate) struct Ready {
    /// How Jupyter clients reach its kernel.
    pub(crate) connection_file: String,
    /// Why its strategy does not run.
    pub(crate) failed: Option<String>,
}

/// Waits until the strategy runs, or has failed. None when the service has ended, because a signal asked for that or by
/// itself.
pub(crate) async fn wait_until_ready(
    supervisor: &mut Supervisor,
    signals: &mut Signals,
    steps: &mut Steps,
) -> Option<Ready> {
    let mut file = String::new();
    loop {
        let news = tokio::select! {
            news = supervisor.news.recv() => news?,
            _ = signals.next() => {
                say!("stopping …");
                supervisor.terminate();
                continue;
            }
        };
        if let Some(crash) = news.of_crash() {
            steps.failed(&crash);
            steps.begin("starting the service again");
        }
        match news {
            News::Step(Progress::KernelReady { connection_file }) => {
                file = connection_file;
                steps.done("kernel up");
                steps.begin("starting the strategy");
            }
            News::Step(Progress::StrategyStarted) => {
                steps.done("strategy started");
                return Some(Ready { connection_file: file, failed: None });
            }
            News::Step(Progress::StrategyFailed { error }) => {
                steps.failed(&format!("strategy failed: {error}"));
                return Some(Ready { connection_file: file, failed: Some(error) });
            }
            News::Step(Progress::Listening { .. } | Progress::Ended { .. } | Progress::Failed { .. })
            | News::Crashed { .. } => {}
        }
    }
}
