//! `jupyter console` on a session's kernel, in the terminal of the command that owns the session.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::failure::Failure;

/// How long Python may take to say whether it has a console.
const ASKED_WITHIN: Duration = Duration::from_secs(30);
/// How long a console may take to leave when its session has ended.
const LEAVES_WITHIN: Duration = Duration::from_secs(5);

/// A console that can be opened.
pub(crate) struct ConsoleProgram {
    python: PathBuf,
}

/// Checks that there is a terminal, and that this Python has Jupyter's console.
pub(crate) async fn prepare(python: &Path) -> Result<ConsoleProgram, Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Failure::usage("the Jupyter console needs a terminal on standard input and output")
            .hint(
                "in a pipe or a script use --kernel-only, and `jupyter console --existing FILE` elsewhere",
            ));
    }
    let has_console = Command::new(python)
        .args(["-c", "import jupyter_console"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status();
    match tokio::time::timeout(ASKED_WITHIN, has_console).await {
        Ok(Ok(status)) if status.success() => Ok(ConsoleProgram { python: python.to_owned() }),
        _ => Err(Failure::usage(format!("{} has no Jupyter console", python.display()))
            .hint(format!("install it: {} -m pip install jupyter-console", python.display()))),
    }
}

impl ConsoleProgram {
    /// Opens the console on a connection file.
    pub(crate) fn open(&self, connection_file: &str) -> Result<Console, Failure> {
        let child = Command::new(&self.python)
            .args(["-m", "jupyter_console", "--existing", connection_file])
            .kill_on_drop(true)
            .spawn()
            .map_err(Failure::because("cannot open the Jupyter console"))?;
        Ok(Console { child })
    }
}

/// An open console.
pub(crate) struct Console {
    child: Child,
}

impl Console {
    /// Waits until it is left. May be dropped half-way.
    pub(crate) async fn left(&mut self) {
        let _ = self.child.wait().await;
    }

    /// Ends it, because its kernel has ended.
    pub(crate) async fn end(mut self) {
        if let Some(pid) = self.child.id().and_then(|pid| i32::try_from(pid).ok()) {
            // It gives the terminal back before it leaves. The child is not reaped yet, so its number is its own.
            let pid = rustix::process::Pid::from_raw(pid);
            let _ = pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::TERM));
        }
        if tokio::time::timeout(LEAVES_WITHIN, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }
}
