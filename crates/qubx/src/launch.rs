//! Starting the service, and what passes between it and its starter: the launch on its standard input, whose end later
//! means that the owner is gone, and the steps of the start on its standard output.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use qubx_home::{Home, create_private_file, ensure_private_dir};
use qubx_session::Progress;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::config::Config;
use crate::failure::Failure;

/// Everything that the service must know. It is passed through a pipe: a command line is for everyone to read.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Launch {
    pub(crate) home: PathBuf,
    pub(crate) session_dir: PathBuf,
    pub(crate) config_file: PathBuf,
    pub(crate) python: PathBuf,
    pub(crate) config: Config,
}

/// A service that this process started and owns.
pub(crate) struct Service {
    child: Child,
    /// Its end tells the service that the owner is gone.
    _owner: ChildStdin,
    steps: Lines<BufReader<ChildStdout>>,
    log: PathBuf,
}

impl Service {
    /// Starts the service. Its folder is made here, so that its log can catch its first words.
    pub(crate) async fn start(launch: &Launch) -> Result<Self, Failure> {
        Home::at(launch.home.clone()).create()?;
        ensure_private_dir(&launch.session_dir)?;
        let log = launch.session_dir.join("service.log");
        let program =
            std::env::current_exe().map_err(Failure::because("cannot find this program's own file"))?;
        let mut child = Command::new(program)
            .arg("service")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(create_private_file(&log)?)
            .spawn()
            .map_err(Failure::because("cannot start the service"))?;
        let (mut owner, stdout) = child.stdin.take().zip(child.stdout.take()).expect("both are piped");
        let mut line = serde_json::to_vec(launch).expect("a launch has string keys");
        line.push(b'\n');
        owner.write_all(&line).await.map_err(Failure::because("the service does not listen"))?;
        Ok(Self { child, _owner: owner, steps: BufReader::new(stdout).lines(), log })
    }

    /// Waits for the next step of the start.
    ///
    /// # Errors
    /// When the service says that it cannot start, or ends without a word.
    pub(crate) async fn step(&mut self) -> Result<Progress, Failure> {
        while let Some(line) = self.steps.next_line().await? {
            match serde_json::from_str(&line) {
                Ok(Progress::Failed { message, last_output }) => {
                    let failure = Failure::new(message);
                    return Err(if last_output.is_empty() {
                        failure
                    } else {
                        failure.hint(format!("the last output was:\n{}", last_output.trim_end()))
                    });
                }
                Ok(progress) => return Ok(progress),
                Err(error) => tracing::warn!(%error, line, "the service says what cannot be read"),
            }
        }
        let status = self.child.wait().await?;
        Err(Failure::new(format!("the service ended before it was ready ({status})"))
            .hint(format!("its log: {}", self.log.display())))
    }

    /// Waits until the service has ended.
    ///
    /// # Errors
    /// When it takes longer, and when it did not end in good order.
    pub(crate) async fn ended(&mut self, within: Duration) -> Result<(), Failure> {
        match tokio::time::timeout(within, self.child.wait()).await {
            Ok(status) => match status? {
                status if status.success() => Ok(()),
                status => Err(Failure::new(format!("the service ended without a word ({status})"))
                    .hint(format!("its log: {}", self.log.display()))),
            },
            Err(_) => Err(Failure::new(format!(
                "the service (process {}) has not ended after {} s",
                self.child.id().unwrap_or_default(),
                within.as_secs()
            ))),
        }
    }
}
