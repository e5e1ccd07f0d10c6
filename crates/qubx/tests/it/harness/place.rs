//! A place: a folder with a home of its own, in which the program runs.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use qubx_home::{Found, Home, list_sessions, owner_holder, service_holder};
use rustix::process::Signal;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::program::{Finished, Running};
use super::strategies::{IDLE, config};
use super::user::User;
use super::{LIMIT, needs, processes, send_signal, wait_for};

/// A folder with a home of its own.
pub(crate) struct Place {
    pub(super) folder: TempDir,
    pub(crate) python: PathBuf,
    runs: std::cell::Cell<usize>,
    /// The user that the program runs as; none for the test's own.
    pub(super) user: Option<User>,
    finished: bool,
}

impl Place {
    /// Makes a place; none without a Python.
    pub(crate) fn new() -> Option<Self> {
        let python = needs::python()?;
        // A socket's path has at most 107 bytes, so the folder's is short.
        let folder = tempfile::Builder::new().prefix("qx").tempdir_in("/tmp").unwrap();
        Some(Self { folder, python, runs: 0.into(), user: None, finished: false })
    }

    /// Makes a place with a strategy that does nothing, named `idle`, and starts it detached.
    pub(crate) async fn with_idle_session() -> Option<Self> {
        Self::with_idle_session_and("").await
    }

    /// As [`Place::with_idle_session`], with more lines in its config.
    pub(crate) async fn with_idle_session_and(more: &str) -> Option<Self> {
        let place = Self::new()?;
        place.write("idle.py", IDLE);
        place.write("idle.yml", &(config("idle", "idle.Idle") + more));
        place.start("idle.yml").await;
        Some(place)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// Writes a file and returns its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// Returns the environment's changes for everything that runs here.
    pub(crate) fn prepare(&self, command: &mut Command) {
        for name in ["XDG_RUNTIME_DIR", "VIRTUAL_ENV", "NO_COLOR", "QUBX_LOG", "TMUX"] {
            command.env_remove(name);
        }
        command.env("QUBX_HOME", self.home()).env("QUBX_PYTHON", &self.python).env("USER", "op");
        command.current_dir(self.folder.path()).stdin(Stdio::null()).kill_on_drop(true);
    }

    /// Returns the program as a command of this place.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.as_its_user(Path::new(env!("CARGO_BIN_EXE_qubx")));
        command.args(arguments);
        command
    }

    /// Runs the program to its end.
    pub(crate) async fn qubx(&self, arguments: &[&str]) -> Finished {
        self.finish_command(self.command(arguments), "").await
    }

    /// Runs the program to its end with something on its standard input.
    pub(crate) async fn qubx_with_input(&self, arguments: &[&str], input: &str) -> Finished {
        self.finish_command(self.command(arguments), input).await
    }

    /// Runs a command of this place to its end.
    pub(crate) async fn finish_command(&self, mut command: Command, input: &str) -> Finished {
        let what = format!("{command:?}");
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A program that reads nothing may have ended already.
        let _ = stdin.write_all(input.as_bytes()).await;
        drop(stdin);
        let output = tokio::time::timeout(LIMIT, child.wait_with_output()).await;
        let output = output.unwrap_or_else(|_| panic!("not within {} s: {what}", LIMIT.as_secs())).unwrap();
        Finished::new(output.status, &output.stdout, &output.stderr)
    }

    /// Starts the program and leaves it running, its output in files and its standard input a pipe.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> Running {
        self.spawn_command(self.command(arguments))
    }

    /// Starts a command of this place and leaves it running.
    pub(crate) fn spawn_command(&self, mut command: Command) -> Running {
        let run = self.runs.replace(self.runs.get() + 1);
        let (stdout, stderr) = (self.path(&format!("{run}.out")), self.path(&format!("{run}.err")));
        let file = |path: &Path| std::fs::File::create(path).unwrap();
        command.stdin(Stdio::piped()).stdout(file(&stdout)).stderr(file(&stderr));
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take();
        Running { child, stdin, stdout, stderr }
    }

    /// Starts a session that stays.
    pub(crate) async fn start(&self, config: &str) {
        self.qubx(&["run", config, "--paper", "--detach"]).await.code(0);
    }

    /// Starts a session whose owner runs in the foreground, and waits until its strategy has started.
    pub(crate) async fn own(&self, config: &str) -> Running {
        let mut owner = self.spawn(&["run", config, "--paper"]);
        owner.says("strategy started").await;
        owner
    }

    /// Stops a session.
    pub(crate) async fn stop(&self, name: &str) {
        self.assert_private();
        self.qubx(&["kernel", "stop", name, "--yes"]).await.code(0);
    }

    /// Stops a session and asserts that nothing is left of it.
    pub(crate) async fn stop_and_finish(self, name: &str) {
        self.stop(name).await;
        self.finish().await;
    }

    /// Returns the running session of this name.
    pub(crate) fn session(&self, name: &str) -> Found {
        let sessions = list_sessions(&Home::at(self.home())).unwrap();
        let found = sessions.into_iter().find(|session| session.alive && session.is_named(name));
        found.unwrap_or_else(|| panic!("no session {name}"))
    }

    /// Has whoever looks for a session come to another socket than its own.
    pub(crate) fn lead_to(&self, name: &str, socket: &Path) {
        let Found { path, mut file, .. } = self.session(name);
        file.qubx.socket = socket.to_owned();
        file.replace(&path).unwrap();
    }

    /// Returns the folder of a session, which outlives its runs.
    pub(crate) fn session_dir(&self, name: &str) -> PathBuf {
        Home::at(self.home()).session("paper", "default", name)
    }

    /// Returns the files of the home that have these bytes anywhere.
    pub(crate) fn files_with(&self, bytes: &[u8]) -> Vec<PathBuf> {
        let has = |path: &PathBuf| {
            let content = std::fs::read(path).unwrap_or_default();
            content.windows(bytes.len()).any(|window| window == bytes)
        };
        files_below(&self.home()).into_iter().filter(|path| path.is_file() && has(path)).collect()
    }

    /// Waits until no process of this place is left, and no lock of a session is held: one that was killed loses its
    /// environment, by which it is known, before its locks.
    pub(crate) async fn is_empty(&self) {
        wait_for("the end of every process of this place", async || {
            (processes::of(&self.home()).is_empty() && !self.is_anything_locked()).then_some(())
        })
        .await;
    }

    fn is_anything_locked(&self) -> bool {
        let sessions = std::fs::read_dir(Home::at(self.home()).sessions()).into_iter().flatten();
        let mut folders = sessions.filter_map(Result::ok).map(|entry| entry.path());
        folders.any(|folder| {
            matches!(service_holder(&folder), Ok(Some(_))) || matches!(owner_holder(&folder), Ok(Some(_)))
        })
    }

    /// Asserts that nobody else can read or write anything in the home.
    pub(crate) fn assert_private(&self) {
        let open: Vec<String> = files_below(&self.home())
            .into_iter()
            .filter_map(|path| {
                // A file may be gone by now: a session runs.
                let metadata = std::fs::symlink_metadata(&path).ok()?;
                let mode = metadata.mode();
                // A link has no mode of its own.
                (!metadata.is_symlink() && mode & 0o077 != 0).then(|| format!("{mode:o} {}", path.display()))
            })
            .collect();
        assert!(open.is_empty(), "open to others:\n{}", open.join("\n"));
    }

    /// Returns everything below the home, in order.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files = files_below(&self.home());
        files.sort();
        files
    }

    /// Asserts that nothing was created at all.
    pub(crate) fn assert_untouched(&self) {
        assert!(!self.home().exists(), "left behind: {:#?}", files_below(&self.home()));
    }

    /// Asserts that no process, no connection file and no socket is left, and that what stays is private.
    pub(crate) async fn finish(mut self) {
        self.is_empty().await;
        let left: Vec<PathBuf> =
            ["kernels", "run"].iter().flat_map(|name| files_below(&self.home().join(name))).collect();
        let left: Vec<&PathBuf> = left.iter().filter(|path| **path != self.home().join("kernels")).collect();
        assert!(left.is_empty(), "left behind: {left:#?}");
        self.assert_private();
        self.finished = true;
    }
}

/// Returns a folder and everything below it; nothing when it is not there.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    if !folder.exists() {
        return Vec::new();
    }
    let mut found = vec![folder.to_owned()];
    for entry in std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(files_below(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

impl Drop for Place {
    /// Ends what a failed test left running, and shows what the services wrote.
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        for (pid, command) in processes::of(&self.home()) {
            eprintln!("killed: {pid} {command}");
            send_signal(pid, Signal::KILL);
        }
        for path in
            files_below(&self.home()).iter().filter(|path| path.extension().is_some_and(|kind| kind == "log"))
        {
            eprintln!("{}:\n{}", path.display(), std::fs::read_to_string(path).unwrap_or_default());
        }
        assert!(std::thread::panicking(), "a test that has a place ends with its finish()");
    }
}
