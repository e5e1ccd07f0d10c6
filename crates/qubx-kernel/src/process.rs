//! The child process: a thread of its own starts it, waits for its end and reaps it.
//!
//! The thread lives exactly as long as the child, because the child asks the system to be killed when the
//! *thread* that started it ends. Signals go through a pidfd, so they never reach another process.

use std::io::{Read, Seek, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;

use qubx_home::create_private_file;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal};
use tokio::sync::watch;

use crate::KernelError;

/// How much of the child's log is told when it dies.
const LAST_OUTPUT_BYTES: u64 = 4096;
/// How much of a crash's trace is told: some hundred frames of some dozen threads.
const TRACE_BYTES: u64 = 64 * 1024;

/// A running or ended child. Clones are the same child.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pid: u32,
    pidfd: Arc<OwnedFd>,
    ended: watch::Receiver<Option<String>>,
}

impl Process {
    /// Starts `command` as a process group of its own, with all it writes appended to `output_log`.
    pub(crate) fn start(mut command: Command, output_log: &Path) -> Result<Self, KernelError> {
        let prepare = |source| KernelError::Prepare { path: output_log.to_owned(), source };
        let log = create_private_file(output_log).map_err(std::io::Error::other).map_err(prepare)?;
        command.process_group(0).stdin(Stdio::null()).stdout(log.try_clone().map_err(prepare)?).stderr(log);
        let python = command.get_program().into();
        let (started, wait_for_start) = std::sync::mpsc::sync_channel(1);
        let (tell_end, ended) = watch::channel(None);
        let spawned =
            std::thread::Builder::new().name("kernel-child".into()).spawn(move || {
                match start_child(command) {
                    Ok((child, pidfd)) => {
                        let pidfd = Arc::new(pidfd);
                        let _ = started.send(Ok((child.id(), pidfd.clone())));
                        tell_end.send_replace(Some(wait_for_end(child, &pidfd)));
                    }
                    Err(error) => {
                        let _ = started.send(Err(error));
                    }
                }
            });
        let result = spawned.and_then(|_| {
            wait_for_start.recv().unwrap_or_else(|_| Err(std::io::Error::other("its thread ended")))
        });
        match result {
            Ok((pid, pidfd)) => Ok(Self { pid, pidfd, ended }),
            Err(source) => Err(KernelError::Spawn { python, source }),
        }
    }

    /// Returns the process id; after the end it may be another process's.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends a signal; a child that has ended gets none.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Err(error) = pidfd_send_signal(&*self.pidfd, signal) {
            tracing::debug!(pid = self.pid, %error, "the kernel took no signal");
        }
    }

    /// Waits until the child is reaped and its process group is killed; returns how it ended.
    pub(crate) async fn ended(&self) -> String {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(status) => status.clone().unwrap_or_default(),
            Err(_) => "unknown".into(),
        }
    }

    /// Tells whether the child is reaped.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }
}

fn start_child(mut command: Command) -> std::io::Result<(Child, OwnedFd)> {
    let mut child = command.spawn()?;
    match pidfd_open(Pid::from_child(&child), PidfdFlags::empty()) {
        Ok(pidfd) => Ok((child, pidfd)),
        Err(error) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(error.into())
        }
    }
}

fn wait_for_end(mut child: Child, pidfd: &OwnedFd) -> String {
    let mut waiting = [PollFd::new(pidfd, PollFlags::IN)];
    while matches!(poll(&mut waiting, None), Err(rustix::io::Errno::INTR)) {}
    // Whatever the kernel left running goes with it. The group is killed before the child is reaped: until
    // then nobody else can have its number.
    let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
    child.wait().map_or_else(|error| error.to_string(), describe)
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => match signal_name(signal) {
            Some(name) => format!("signal {signal} ({name})"),
            None => format!("signal {signal}"),
        },
        (None, None) => status.to_string(),
    }
}

/// Returns what a signal means, for those that end processes in practice.
fn signal_name(signal: i32) -> Option<&'static str> {
    let names = [
        (Signal::HUP, "hangup"),
        (Signal::INT, "interrupted"),
        (Signal::QUIT, "quit"),
        (Signal::ILL, "illegal instruction"),
        (Signal::ABORT, "aborted"),
        (Signal::BUS, "bus error"),
        (Signal::FPE, "arithmetic error"),
        (Signal::KILL, "killed"),
        (Signal::SEGV, "segmentation fault"),
        (Signal::PIPE, "broken pipe"),
        (Signal::ALARM, "alarm"),
        (Signal::TERM, "terminated"),
        (Signal::XCPU, "processor time limit"),
        (Signal::XFSZ, "file size limit"),
        (Signal::SYS, "forbidden system call"),
    ];
    names.into_iter().find(|(known, _)| known.as_raw() == signal).map(|(_, name)| name)
}

/// The file into which a crashing child writes where its threads are.
#[derive(Clone, Debug)]
pub(crate) struct CrashFile(PathBuf);

impl CrashFile {
    /// Removes what an older child left in the folder.
    pub(crate) fn new(folder: &Path) -> Result<Self, KernelError> {
        let file = Self(folder.join("crash.txt"));
        match std::fs::remove_file(&file.0) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(KernelError::Prepare { path: file.0, source })
            }
            _ => Ok(file),
        }
    }

    /// Returns the trace and removes the file; empty when there is none.
    pub(crate) fn take(&self) -> String {
        let mut bytes = Vec::new();
        let read =
            std::fs::File::open(&self.0).and_then(|file| file.take(TRACE_BYTES).read_to_end(&mut bytes));
        let removed = std::fs::remove_file(&self.0);
        // A child that ended before it made the file has left nothing to say.
        if let Err(error) = read.and(removed)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(path = %self.0.display(), %error, "the trace of a crash is not read");
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Returns the end of a log, from the beginning of a line.
pub(crate) fn last_output(log: &Path) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = std::fs::File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LAST_OUTPUT_BYTES)))?;
        let mut bytes = Vec::new();
        file.take(LAST_OUTPUT_BYTES).read_to_end(&mut bytes)?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let whole = length <= LAST_OUTPUT_BYTES;
        Ok(match text.split_once('\n') {
            Some((_, rest)) if !whole => rest.to_owned(),
            _ => text,
        })
    };
    read().unwrap_or_default()
}
