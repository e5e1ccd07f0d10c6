//! The process between browsers and sessions, started by `run` and `web`, which tell it what to serve in one line of its
//! standard input and are told in one line of its standard output whether it listens. It ends with them.

use std::io::{BufRead, Write};
use std::path::PathBuf;

use qubx_gateway::{GatewayError, Listening, Options};
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::failure::{Failure, Outcome, chain};
use crate::service::{descriptors, own_log};

/// What it is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Launch {
    /// What to serve, and how.
    pub(crate) options: Options,
    /// Where its log goes.
    pub(crate) log: PathBuf,
}

/// What it answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// It listens.
    Listening {
        /// The address that links to it begin with.
        origin: String,
        /// The port, which a later one is to take again.
        port: u16,
    },
    /// It may not, or cannot.
    Failed(Problem),
}

/// Why a gateway does not listen.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Problem {
    message: String,
    /// What lies behind it.
    causes: Vec<String>,
    /// What to do about it.
    hint: Option<String>,
}

/// `qubx gateway`
pub(crate) async fn gateway() -> Result<Outcome, Failure> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let Launch { options, log } = serde_json::from_str(&line).map_err(Failure::because(
        "`qubx gateway` is started by `qubx run` or `qubx web`, which tell it what to serve",
    ))?;
    own_log::start(&log)?;
    descriptors::raise_limit();
    let _ = std::fs::write("/proc/self/comm", "qubx-gateway");
    let listening = match qubx_gateway::listen(options).await {
        Ok(listening) => listening,
        Err(error) => {
            tracing::error!(%error, "it does not listen");
            answer(&Answer::Failed(Problem::of(&error)))?;
            return Ok(Outcome::NotWell);
        }
    };
    let Listening { origin, port, .. } = &listening;
    tracing::info!(origin, "it listens");
    answer(&Answer::Listening { origin: origin.clone(), port: *port })?;
    let cancel = CancellationToken::new();
    end_with_starter(cancel.clone())?;
    listening.serve(cancel).await.map_err(Failure::because("the gateway cannot serve"))?;
    Ok(Outcome::Done)
}

fn answer(answer: &Answer) -> std::io::Result<()> {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}", serde_json::to_string(answer).expect("answers have string keys"))?;
    stdout.flush()
}

impl Problem {
    pub(crate) fn of(error: &GatewayError) -> Self {
        let hint = match error {
            GatewayError::Refused(refused) => Some(refused.hint.to_owned()),
            GatewayError::Listen { source, .. } if source.kind() == std::io::ErrorKind::AddrInUse => {
                Some("something listens there already; take another port: --port 8001".to_owned())
            }
            _ => None,
        };
        // What is transparent is its own cause.
        let behind =
            if matches!(error, GatewayError::Listen { .. }) { chain(error).split_off(1) } else { Vec::new() };
        Self { message: error.to_string(), causes: behind, hint }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::refused(problem.message, problem.causes, problem.hint)
    }
}

/// The end of the standard input means that the starter is gone. A terminal's Ctrl+C is the starter's to act on: tabs are to
/// hear that their session ends.
fn end_with_starter(cancel: CancellationToken) -> Result<(), Failure> {
    let ended = cancel.clone();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        ended.cancel();
    });
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    // It ends with the process.
    TaskTracker::new().spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => return cancel.cancel(),
                _ = interrupt.recv() => {}
                _ = hangup.recv() => {}
            }
        }
    });
    Ok(())
}
