//! Plain Jupyter beside us: a Python process with `jupyter_client` and a bare ipykernel, measured in that process, so
//! that talking to it costs nothing that is counted.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

/// The process's program.
const PROGRAM: &str = include_str!("jupyter.py");

/// What can be measured.
#[derive(Debug)]
pub(crate) enum Ask<'a> {
    /// `1+1` on a kernel that runs, from the request to the end of its output and the reply.
    Cell,
    /// A cell that prints so many bytes, the same way; all of them must come.
    Output {
        /// The cell.
        code: &'a str,
        /// What it prints.
        bytes: usize,
    },
    /// From the start of a kernel to its first reply, the request being sent at once.
    FirstAnswer,
    /// The same as `start_new_kernel` has it: the request is sent when the kernel has said that it is ready.
    FirstAnswerWhenReady,
}

/// The process. It ends, with its kernel, when this is dropped.
pub(crate) struct Jupyter {
    child: Child,
    /// None only while this is being dropped.
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Jupyter {
    /// Starts it with the interpreter whose ipykernel is meant.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(python: &Path) -> Result<Self> {
        let mut child = Command::new(python)
            .args(["-c", PROGRAM])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", python.display()))?;
        let commands = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().expect("stdout is piped one line above"));
        Ok(Self { child, commands, answers })
    }

    /// Measures once.
    ///
    /// # Errors
    /// When the process has ended; it has written why. The program limits each of its waits.
    pub(crate) fn measure(&mut self, ask: &Ask<'_>) -> Result<Duration> {
        let command = match ask {
            Ask::Cell => "cell".to_owned(),
            Ask::Output { code, bytes } => format!("output {bytes} {}", serde_json::Value::from(*code)),
            Ask::FirstAnswer => "first_answer".to_owned(),
            Ask::FirstAnswerWhenReady => "first_answer_when_ready".to_owned(),
        };
        let commands = self.commands.as_mut().context("plain Jupyter has ended")?;
        writeln!(commands, "{command}").context("asking plain Jupyter")?;
        let mut answer = String::new();
        ensure!(self.answers.read_line(&mut answer)? > 0, "plain Jupyter has ended while asked for {ask:?}");
        let seconds: f64 = answer.trim().parse().with_context(|| format!("plain Jupyter said {answer:?}"))?;
        Ok(Duration::try_from_secs_f64(seconds)?)
    }
}

impl Drop for Jupyter {
    fn drop(&mut self) {
        // The end of its commands makes it end its kernel, and then itself.
        self.commands = None;
        let _ = self.child.wait();
    }
}
