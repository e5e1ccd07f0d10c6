//! A Jupyter guest that subscribed to a kernel's output and then stands still, as after Ctrl+Z.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// The guest's program.
const PROGRAM: &str = include_str!("guest.py");

/// The guest. It is killed when this is dropped.
pub(crate) struct Guest(Child);

impl Guest {
    /// Starts it, waits until it has subscribed, and stops it.
    ///
    /// # Errors
    /// When it cannot be started or the kernel does not answer it; it has written why.
    pub(crate) fn that_stands_still(python: &Path, connection_file: &Path) -> Result<Self> {
        let child = Command::new(python)
            .args(["-c", PROGRAM])
            .arg(connection_file)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", python.display()))?;
        let mut guest = Self(child);
        let mut answer = String::new();
        let output = guest.0.stdout.as_mut().expect("stdout is piped above");
        // The program limits its wait, and its end ends this one.
        BufReader::new(output).read_line(&mut answer)?;
        ensure!(answer.trim() == "subscribed", "the Jupyter guest has not subscribed");
        let process = i32::try_from(guest.0.id()).ok().and_then(Pid::from_raw).context("no process")?;
        kill_process(process, Signal::STOP).context("stopping the Jupyter guest")?;
        Ok(guest)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        // Both fail when it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
