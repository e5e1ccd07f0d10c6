//! Starting the service, and what passes between it and its starter: the launch on its standard input, whose end later
//! means that the owner is gone, and the steps of the start on its standard output.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};

use qubx_home::create_private_file;
use qubx_session::{DISK_FAILED, Progress};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::config::Config;
use crate::failure::Failure;

/// Everything that the service must know. It is passed through a pipe: a command line is for everyone to read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Launch {
    pub(crate) home: PathBuf,
    pub(crate) session_dir: PathBuf,
    pub(crate) config_file: PathBuf,
    pub(crate) python: PathBuf,
    pub(crate) config: Config,
    /// Whether to go on with what the run before left.
    pub(crate) restore: bool,
    /// The folder of sockets that a service which crashed left; none makes a new one.
    pub(crate) runtime_dir: Option<PathBuf>,
    /// The command line that goes on with this session, for a person to type; the service has no use for it.
    #[serde(skip)]
    pub(crate) goes_on_with: String,
}

/// The program that this process runs, even if its file was replaced or removed meanwhile: an owner starts a service of
/// its own version, which speaks its own protocol, also after an upgrade.
const OWN_PROGRAM: &str = "/proc/self/exe";

pub(super) fn own_program() -> Result<PathBuf, Failure> {
    let own = PathBuf::from(OWN_PROGRAM);
    if own.exists() {
        return Ok(own);
    }
    std::env::current_exe().map_err(Failure::because("cannot find this program's own file"))
}

/// A service that this process started and owns.
pub(crate) struct Service {
    child: Child,
    /// Its end tells the service that the owner is gone.
    _owner: ChildStdin,
    steps: Lines<BufReader<ChildStdout>>,
    log: PathBuf,
    /// Why the session does not come up, as the service said it.
    refusal: Option<Failure>,
}

/// How a service ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// In good order, and it said why to whoever was attached.
    Ended,
    /// In good order: it said why the session cannot come up, and would say so again.
    Refused(Failure),
    /// Any other way.
    Crashed(Failure),
}

impl Service {
    /// Starts the service of a session whose folder is there.
    pub(crate) async fn start(launch: &Launch) -> Result<Self, Failure> {
        let log = launch.session_dir.join("service.log");
        let mut child = Command::new(own_program()?)
            .arg0("qubx")
            .arg("service")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Its log catches what it says before it can write to it itself, and a panic.
            .stderr(create_private_file(&log)?)
            .spawn()
            .map_err(Failure::because("cannot start the service"))?;
        let (mut owner, stdout) = child.stdin.take().zip(child.stdout.take()).expect("both are piped");
        let mut line = serde_json::to_vec(launch).expect("a launch has string keys");
        line.push(b'\n');
        owner.write_all(&line).await.map_err(Failure::because("the service does not listen"))?;
        Ok(Self { child, _owner: owner, steps: BufReader::new(stdout).lines(), log, refusal: None })
    }

    /// Waits until the service listens and returns where.
    ///
    /// # Errors
    /// When it ends before.
    pub(crate) async fn listening(&mut self) -> Result<PathBuf, Failure> {
        while let Some(step) = self.step().await {
            if let Progress::Listening { socket } = step {
                return Ok(socket);
            }
        }
        Err(match self.ending().await {
            Ending::Ended => Failure::new("the session ended before it was up"),
            Ending::Refused(failure) | Ending::Crashed(failure) => failure,
        })
    }

    /// Waits for the next step of the start; none when the service has ended. May be dropped half-way.
    pub(crate) async fn step(&mut self) -> Option<Progress> {
        loop {
            // What it said before its end is read first.
            let line = tokio::select! {
                biased;
                line = self.steps.next_line() => line,
                _ = self.child.wait() => self.steps.next_line().await,
            };
            let Ok(Some(line)) = line else {
                // The service closes its end when it has nothing more to say, and goes on.
                let _ = self.child.wait().await;
                return None;
            };
            match serde_json::from_str(&line) {
                Ok(Progress::Failed { message, last_output }) => {
                    let failure = Failure::new(message);
                    self.refusal = Some(if last_output.is_empty() {
                        failure
                    } else {
                        failure.hint(format!("the last output was:\n{}", last_output.trim_end()))
                    });
                }
                Ok(progress) => return Some(progress),
                Err(error) => tracing::warn!(%error, line, "the service says what cannot be read"),
            }
        }
    }

    /// Asks the process to end; it stops the session in good order. One that has ended needs no word.
    pub(crate) fn terminate(&self) {
        // The child is not reaped yet while it has an id, so the number is its own.
        let pid = self.child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
        let _ = pid.map(|pid| kill_process(pid, Signal::TERM));
    }

    /// Waits for the end and returns how it was.
    pub(crate) async fn ending(&mut self) -> Ending {
        match (self.child.wait().await, self.refusal.take()) {
            (Ok(status), None) if status.success() => Ending::Ended,
            (Ok(status), Some(refusal)) if status.code().is_some() => Ending::Refused(refusal),
            (Ok(status), _) => Ending::Crashed(self.crash(status)),
            (Err(error), _) => Ending::Crashed(Failure::because("cannot wait for the service")(error)),
        }
    }

    fn crash(&self, status: ExitStatus) -> Failure {
        let how = match status.code() {
            Some(DISK_FAILED) => "the disk failed to keep its ledger, so it ended".to_owned(),
            _ => format!("the service ended without a word ({status})"),
        };
        Failure::new(how).hint(format!("its log: {}", self.log.display()))
    }
}
