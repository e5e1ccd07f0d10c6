//! A plain Jupyter client on a session's connection file: `guest.py`, in a process of its own.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use super::{LIMIT, Place};

/// A Jupyter client.
pub(crate) struct Guest {
    child: Child,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Guest {
    /// Connects to the session `name` and waits until its kernel answers.
    pub(crate) async fn connect(place: &Place, name: &str) -> Self {
        let script = place.write("guest.py", include_str!("guest.py"));
        let mut command = Command::new(&place.python);
        place.prepare(&mut command);
        let mut child = command
            .arg(script)
            .arg(place.session(name).path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (commands, answers) = child.stdin.take().zip(child.stdout.take()).unwrap();
        let mut guest = Self { child, commands, answers: BufReader::new(answers).lines() };
        assert_eq!(guest.answer().await, json!("ready"));
        guest
    }

    /// Runs a cell; returns the reply's status, and the messages from the last question to the cell's end.
    pub(crate) async fn run(&mut self, code: &str) -> (String, Vec<(String, String)>) {
        let answer = self.ask(json!({ "run": code })).await;
        (answer["status"].as_str().unwrap().to_owned(), seen(&answer))
    }

    /// Runs a cell that the client's arguments `how` hide; returns the reply's status.
    pub(crate) async fn run_hidden(&mut self, code: &str, how: Value) -> String {
        let answer = self.ask(json!({ "run": code, "how": how })).await;
        answer["status"].as_str().unwrap().to_owned()
    }

    /// Waits until the kernel answers again; the client stays the same one.
    pub(crate) async fn is_answered(&mut self) {
        assert_eq!(self.ask(json!({ "ready": true })).await, json!("ready"));
    }

    /// Returns the messages up to the first that has `text`.
    pub(crate) async fn until(&mut self, text: &str) -> Vec<(String, String)> {
        seen(&self.ask(json!({ "until": text })).await)
    }

    /// Asks the kernel to end and returns its answer.
    pub(crate) async fn shutdown(&mut self, restart: bool) -> Value {
        self.ask(json!({ "restart": restart })).await
    }

    async fn ask(&mut self, command: Value) -> Value {
        self.commands.write_all(format!("{command}\n").as_bytes()).await.unwrap();
        self.answer().await
    }

    async fn answer(&mut self) -> Value {
        let line =
            tokio::time::timeout(LIMIT, self.answers.next_line()).await.expect("an answer in time").unwrap();
        serde_json::from_str(&line.expect("the Jupyter client lives")).unwrap()
    }

    pub(crate) async fn leave(self) {
        let Self { mut child, commands, answers } = self;
        drop((commands, answers));
        tokio::time::timeout(LIMIT, child.wait()).await.expect("the Jupyter client ends").unwrap();
    }
}

fn seen(answer: &Value) -> Vec<(String, String)> {
    serde_json::from_value(answer["seen"].clone()).unwrap()
}
