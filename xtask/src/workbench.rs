//! A place of its own for sessions that bench and picture start: the release build of qubx, a Python, and a home that
//! goes with it. Sessions of the user are neither seen nor touched.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use qubx_home::{Found, Home, list_sessions};
use tempfile::TempDir;

use crate::{python, repository, step};

/// The config of every session here.
const CONFIG: &str = "examples/ema_cross.yml";
/// How long a session whose owner is gone may take to end.
const ENDS_WITHIN: Duration = Duration::from_secs(40);
/// How often that end is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Where sessions are started.
pub(crate) struct Workbench {
    program: PathBuf,
    python: PathBuf,
    home: TempDir,
}

impl Workbench {
    /// Builds qubx, prepares Python and makes an empty home.
    ///
    /// # Errors
    /// When a step fails.
    pub(crate) fn prepare() -> Result<Self> {
        Self::build(&["--release"], "release")
    }

    /// As [`Workbench::prepare`], with the build that tests have too: where speed is no matter.
    ///
    /// # Errors
    /// When a step fails.
    pub(crate) fn prepare_unoptimised() -> Result<Self> {
        Self::build(&[], "debug")
    }

    fn build(how: &[&str], folder: &str) -> Result<Self> {
        let python = python::environment(&python::shared_folder(), python::DEMO)?;
        let mut build = repository::cargo();
        step::run("building qubx", build.args(["build", "--package", "qubx"]).args(how))?;
        let program = repository::target_folder()?.join(folder).join("qubx");
        let home = tempfile::Builder::new().prefix("qubx-").tempdir().context("making a folder")?;
        Ok(Self { program, python, home })
    }

    /// Returns the Python of the sessions.
    pub(crate) fn python(&self) -> &Path {
        &self.python
    }

    /// Returns the home of the sessions.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Returns `qubx` with arguments, to be run in the repository's root.
    pub(crate) fn qubx<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(&self.program);
        command
            .current_dir(repository::root())
            .args(arguments)
            .env("QUBX_HOME", self.home.path())
            // So that sockets are in the home too, where they can be found before the session is listed.
            .env_remove("XDG_RUNTIME_DIR")
            .env_remove("NO_COLOR");
        command
    }

    /// Returns `qubx run` of the example, with further arguments.
    pub(crate) fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = self.qubx(["run", CONFIG, "--paper", "--python"]);
        command.arg(&self.python).args(arguments);
        command
    }

    /// Starts a session of the example that stays, and returns it.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start_session(&self, name: &str) -> Result<Found> {
        self.start_session_of(Path::new(CONFIG), name)
    }

    /// Starts a session of a config that stays, and returns it.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start_session_of(&self, config: &Path, name: &str) -> Result<Found> {
        self.start_session_with(config, name, &[])
    }

    /// As [`Workbench::start_session_of`], with further arguments of `qubx run`.
    ///
    /// # Errors
    /// When it does not start.
    pub(crate) fn start_session_with(&self, config: &Path, name: &str, arguments: &[&str]) -> Result<Found> {
        let mut run = self.qubx(["run", "--paper", "--detach", "--name", name, "--python"]);
        run.arg(&self.python).arg(config).args(arguments);
        let output = run.output().context("running qubx run")?;
        ensure!(output.status.success(), "qubx run failed:\n{}", String::from_utf8_lossy(&output.stderr));
        let found = self.sessions()?.into_iter().find(|found| found.alive && found.is_named(name));
        found.with_context(|| format!("the session {name} was started and is not listed"))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When it cannot be ended.
    pub(crate) fn stop_session(&self, name: &str) -> Result<()> {
        let output =
            self.qubx(["kernel", "stop", name, "--yes"]).output().context("running qubx kernel stop")?;
        ensure!(
            output.status.success(),
            "qubx kernel stop failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(())
    }

    /// Waits until no session lives here any more.
    ///
    /// # Errors
    /// When one does not end in time.
    pub(crate) fn wait_until_empty(&self) -> Result<()> {
        let deadline = Instant::now() + ENDS_WITHIN;
        while self.sessions()?.iter().any(|found| found.alive) {
            if Instant::now() > deadline {
                bail!("a session whose owner is gone has not ended after {} s", ENDS_WITHIN.as_secs());
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    fn sessions(&self) -> Result<Vec<Found>> {
        Ok(list_sessions(&Home::at(self.home.path().to_owned()))?)
    }
}

impl Drop for Workbench {
    fn drop(&mut self) {
        // After a mistake a session may live still; without its home nobody would find it any more.
        for found in self.sessions().unwrap_or_default().iter().filter(|found| found.alive) {
            let stop = ["kernel", "stop", &found.file.qubx.name, "--yes"];
            let _ = self.qubx(stop).stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
    }
}
