//! What is of one machine or one run, made neutral: paths, processes, and the mode.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use qubx_home::QubxSection;
use qubx_protocol::ServerMessage;
use serde_json::Value;

use crate::repository;

/// Where everything is in a recording.
const HOME: &str = "/home/op/.qubx";
/// Where the repository is in a recording.
const REPOSITORY: &str = "/home/op/qubx";
/// Who started the session of a recording.
const USER: &str = "op";
/// What the command line has behind its user's name.
const FROM_A_SHELL: &str = "@cli";
/// The processes of a recording: the service's, and Python's.
const PIDS: [u32; 2] = [4711, 4720];

/// What is replaced, and by what.
pub(super) struct Neutral {
    paths: Vec<(String, &'static str)>,
    pids: [(u32, u32); 2],
}

impl Neutral {
    /// Returns what is replaced in the frames of a session whose home is `home`.
    pub(super) fn of(home: &Path, session: &QubxSection) -> Self {
        let both = |path: PathBuf| {
            let real = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
            [real.display().to_string(), path.display().to_string()]
        };
        let homes = both(home.to_owned()).map(|path| (path, HOME));
        let roots = both(repository::root()).map(|path| (path, REPOSITORY));
        let pids = [(session.service.pid, PIDS[0]), (session.kernel_pid, PIDS[1])];
        Self { paths: homes.into_iter().chain(roots).collect(), pids }
    }

    /// Returns a frame as it goes into the recording.
    ///
    /// # Errors
    /// When something of this machine is left in it, or it is no frame any more.
    pub(super) fn make(&self, message: &ServerMessage) -> Result<ServerMessage> {
        let mut value = serde_json::to_value(message)?;
        self.change(&mut value);
        let text = value.to_string();
        for (path, _) in &self.paths {
            ensure!(!text.contains(path), "{path} is left in {text}");
        }
        serde_json::from_value(value).context("reading a frame that was made neutral")
    }

    fn change(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.change(value)),
            Value::Object(fields) => {
                for (name, value) in fields.iter_mut() {
                    match (name.as_str(), &*value) {
                        ("mode", Value::String(mode)) if mode == "paper" => *value = "live".into(),
                        ("pid", Value::Number(pid)) => *value = self.pid(pid.as_u64()).into(),
                        _ => self.change(value),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&self, text: &str) -> String {
        if text.ends_with(FROM_A_SHELL) {
            return format!("{USER}{FROM_A_SHELL}");
        }
        let mut text = text.to_owned();
        for (path, neutral) in &self.paths {
            text = text.replace(path, neutral);
        }
        for (pid, neutral) in self.pids {
            text = text.replace(&format!("process {pid}"), &format!("process {neutral}"));
        }
        text.replace("sessions/paper-", "sessions/live-")
    }

    fn pid(&self, pid: Option<u64>) -> u32 {
        let known = self.pids.iter().find(|(of, _)| Some(u64::from(*of)) == pid);
        known.map_or(PIDS[1], |(_, neutral)| *neutral)
    }
}
