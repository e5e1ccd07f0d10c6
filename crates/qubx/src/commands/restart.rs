//! `qubx kernel restart`: another Python process for a session, whose orders and positions stay.

use qubx_protocol::{Command, KernelState, SessionStatus, StrategyState, VerbOutcome};
use tokio::time::Instant;

use crate::arguments::RestartArguments;
use crate::commands::verbs::confirm;
use crate::failure::{Failure, Outcome};
use crate::find::find;
use crate::out::outln;
use crate::talk::{ANSWER_WITHIN, Talk, question};

/// `qubx kernel restart NAME`
pub(crate) async fn restart(arguments: RestartArguments) -> Result<Outcome, Failure> {
    let found = find(&arguments.name)?;
    let mut talk = Talk::open(question(&found, true, ANSWER_WITHIN)).await?;
    let effect = "ends Python and starts it again: a running cell ends and variables of the REPL are lost; orders and \
        positions stay, and the strategy is created anew";
    confirm(&arguments.name, effect, arguments.yes)?;
    let deadline = Instant::now() + arguments.timeout;
    let before = talk.state().status.as_ref().and_then(|status| status.kernel.pid);
    let verb = talk.verb(Command::RestartKernel, arguments.timeout).await?;
    if verb.outcome != VerbOutcome::Done {
        return Err(Failure::new(format!("{} failed: {}", verb.verb, verb.text)));
    }
    let end = tokio::time::timeout_at(deadline, wait_for_end(&mut talk, before)).await;
    let end = end.unwrap_or_else(|_| {
        let seconds = arguments.timeout.as_secs_f64();
        Err(Failure::new(format!("Python is not ready after {seconds} s; it may still come up"))
            .hint(format!("look at it with `qubx status {}`", arguments.name)))
    })?;
    talk.client.close().await;
    match end {
        End::Ready { pid } => {
            outln!("{} restarted: Python is ready (process {pid})", arguments.name);
            Ok(Outcome::Done)
        }
        End::StrategyFailed(error) => {
            outln!("{} restarted: Python is ready, and the strategy failed: {error}", arguments.name);
            Ok(Outcome::StrategyFailed)
        }
    }
}

/// How a restart ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Ready { pid: u32 },
    StrategyFailed(String),
}

async fn wait_for_end(talk: &mut Talk, before: Option<u32>) -> Result<End, Failure> {
    let mut was_starting = false;
    loop {
        if let Some(status) = &talk.state().status {
            was_starting |= status.kernel.state == KernelState::Starting;
            if let Some(end) = end(status, before, was_starting) {
                return end;
            }
        }
        talk.next().await?;
    }
}

/// Decides from a status whether the restart of the process `before` is over; none while it goes on. Between the end of
/// the one process and the start of the other there is none either, so a dead kernel says something only after a start.
fn end(status: &SessionStatus, before: Option<u32>, was_starting: bool) -> Option<Result<End, Failure>> {
    let kernel = &status.kernel;
    match (kernel.state, kernel.pid) {
        (KernelState::Ready, Some(pid)) if Some(pid) != before => match status.strategy.state {
            StrategyState::Starting => None,
            StrategyState::Running | StrategyState::Stopped => Some(Ok(End::Ready { pid })),
            StrategyState::Failed => {
                Some(Ok(End::StrategyFailed(status.strategy.error.clone().unwrap_or_default())))
            }
        },
        (KernelState::Dead, _) if was_starting && kernel.next_start.is_none() => {
            let how = kernel.ended.as_deref().unwrap_or("it ended");
            let hint = "its last output is in `qubx kernel logs`";
            Some(Err(Failure::new(format!("Python did not come up ({how})")).hint(hint)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use qubx_protocol::{KernelStatus, Mode, Ownership, Phase, Runtime, SessionInfo, StrategyStatus};

    use super::*;

    fn status(kernel: KernelState, pid: Option<u32>, strategy: StrategyState) -> SessionStatus {
        let time = "2026-01-02T03:04:05Z".parse().unwrap();
        let text = String::new;
        let error = (strategy == StrategyState::Failed).then(|| "it raised".to_owned());
        SessionStatus {
            info: SessionInfo {
                name: text(),
                strategy_name: text(),
                strategy: text(),
                mode: Mode::Paper,
                runtime: Runtime::Native,
                config: text(),
                connection_file: text(),
                session_dir: text(),
                pid: 1,
                started_at: time,
                instruments: Vec::new(),
                exchanges: Vec::new(),
                limits: qubx_protocol::Limits::default(),
                timeframes: Vec::new(),
                version: text(),
            },
            kernel: KernelStatus {
                state: kernel,
                since: time,
                pid,
                restarts: 0,
                ended: None,
                next_start: None,
            },
            strategy: StrategyStatus {
                state: strategy,
                error,
                callback_errors: 0,
                parameters: Vec::new(),
                actions: Vec::new(),
            },
            paused: false,
            ownership: Ownership::Owned,
            phase: Phase::Running,
        }
    }

    #[test]
    fn a_restart_is_over_when_another_python_has_its_strategy_or_stays_down() {
        use KernelState::{Dead, Ready, Starting};
        use StrategyState::{Failed, Running};
        let of = |kernel, pid, strategy, was_starting| {
            end(&status(kernel, pid, strategy), Some(7), was_starting).map(|end| end.map_err(|_| ()))
        };
        assert_eq!(of(Ready, Some(7), Running, false), None, "still the old one");
        assert_eq!(of(Dead, None, Failed, false), None, "the old one has just ended");
        assert_eq!(of(Starting, Some(8), StrategyState::Starting, true), None);
        assert_eq!(of(Ready, Some(8), StrategyState::Starting, true), None, "its strategy is not there yet");
        assert_eq!(of(Ready, Some(8), Running, true), Some(Ok(End::Ready { pid: 8 })));
        assert_eq!(of(Ready, Some(8), Failed, true), Some(Ok(End::StrategyFailed("it raised".to_owned()))));
        assert_eq!(of(Dead, None, Failed, true), Some(Err(())), "the new one did not come up");
    }
}
