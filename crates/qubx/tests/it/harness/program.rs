//! One run of the program: its exit code and its words.

use std::path::PathBuf;
use std::process::ExitStatus;

use rustix::process::Signal;
use serde_json::Value;
use tokio::process::{Child, ChildStdin};

use super::{LIMIT, send_signal, wait_for};

/// A run that has ended.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The exit code; none when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    pub(crate) fn new(status: ExitStatus, stdout: &[u8], stderr: &[u8]) -> Self {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        Self { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// Asserts how it ended.
    #[track_caller]
    pub(crate) fn code(self, expected: i32) -> Self {
        assert_eq!(self.code, Some(expected), "{self:#?}");
        self
    }

    /// Asserts that standard error has all of these.
    #[track_caller]
    pub(crate) fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "`{part}` is not in\n{}\n{}", self.stderr, self.stdout);
        }
        self
    }

    /// Returns standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Returns the lines of standard output as JSON.
    #[track_caller]
    pub(crate) fn json_lines(&self) -> Vec<Value> {
        let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stdout.lines().map(read).collect()
    }
}

/// A run that goes on, its output in files.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: PathBuf,
    pub(crate) stderr: PathBuf,
}

impl Running {
    pub(crate) fn out(&self) -> String {
        std::fs::read_to_string(&self.stdout).unwrap()
    }

    pub(crate) fn err(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap()
    }

    /// Waits until the text is on standard output.
    pub(crate) async fn prints(&mut self, text: &str) {
        self.writes(text, Self::out).await;
    }

    /// Waits until the text is on standard error.
    pub(crate) async fn says(&mut self, text: &str) {
        self.writes(text, Self::err).await;
    }

    async fn writes(&mut self, text: &str, read: impl Fn(&Self) -> String) {
        wait_for(&format!("`{text}` in the output"), async || {
            let ended = self.child.try_wait().unwrap();
            let written = read(self);
            let found = written.contains(text);
            assert!(found || ended.is_none(), "ended without `{text}`:\n{}\n{written}", self.err());
            found.then_some(())
        })
        .await;
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        send_signal(self.child.id().expect("it runs"), signal);
    }

    /// Waits until it has ended.
    pub(crate) async fn end(mut self) -> Finished {
        drop(self.stdin.take());
        let status = tokio::time::timeout(LIMIT, self.child.wait()).await;
        let status =
            status.unwrap_or_else(|_| panic!("it does not end:\n{}\n{}", self.out(), self.err())).unwrap();
        Finished::new(status, self.out().as_bytes(), self.err().as_bytes())
    }
}
