//! What a session's Python started, when nobody was left to end it.
//!
//! A service ends Python's process group together with Python. One that is killed cannot, so it notes which group that is,
//! and whoever comes next ends it: the service that takes its folder over, or the command that removes the folder. Numbers
//! are given out again, so a process is ended only if it is in that group, is no older than that Python, and has the name
//! of this very folder in its environment.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::{HomeError, ProcessId, boot_id, create_private_file};

/// The variable of Python's environment that names its runtime folder.
pub const RUNTIME_DIR_VARIABLE: &str = "QUBX_RUNTIME_DIR";

/// The file that says which group it is.
const RECORD: &str = "python.group";
/// How long killed processes may take to be gone; one that waits for a disk takes longer and is left.
const GONE_WITHIN: Duration = Duration::from_secs(1);

/// Notes that the process group of Python `pid` belongs to a runtime folder.
///
/// # Errors
/// When that cannot be written down.
pub fn note_python(runtime_dir: &Path, pid: u32) -> Result<(), HomeError> {
    // One that has ended already has started nothing.
    let Some(ProcessId { pid, start_ticks }) = ProcessId::of(pid) else { return Ok(()) };
    let record = format!("{pid} {start_ticks} {}\n", boot_id());
    let path = runtime_dir.join(RECORD);
    create_private_file(&path)?;
    std::fs::write(&path, record).map_err(HomeError::io("write", &path))
}

/// Ends what is left of the process group that was noted last in a runtime folder, and returns how many processes those
/// were. Without a note, or when it is of another boot of the machine, there is nothing to end.
pub fn end_python_group(runtime_dir: &Path) -> usize {
    let Some(leader) = read_record(runtime_dir) else { return 0 };
    let processes = std::fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let killed: Vec<OwnedFd> = numbers.filter_map(|pid| end(pid, leader, runtime_dir)).collect();
    let deadline = Instant::now() + GONE_WITHIN;
    for process in &killed {
        wait_for_end(process, deadline);
    }
    let _ = std::fs::remove_file(runtime_dir.join(RECORD));
    killed.len()
}

fn read_record(runtime_dir: &Path) -> Option<ProcessId> {
    let record = std::fs::read_to_string(runtime_dir.join(RECORD)).ok()?;
    let mut fields = record.split_whitespace();
    let (pid, start_ticks) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    (fields.next()? == boot_id()).then_some(ProcessId { pid, start_ticks })
}

/// Ends a process if it belongs to the group.
fn end(pid: u32, leader: ProcessId, runtime_dir: &Path) -> Option<OwnedFd> {
    // Taken hold of first and asked about afterwards, so that no other one can have its number in between.
    let number = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
    let pidfd = pidfd_open(number, PidfdFlags::empty()).ok()?;
    let (process, group) = ProcessId::and_group_of(pid)?;
    let is_of_group = group == leader.pid && process.start_ticks >= leader.start_ticks;
    (is_of_group && has_mark(pid, runtime_dir)).then_some(())?;
    pidfd_send_signal(&pidfd, Signal::KILL).ok()?;
    Some(pidfd)
}

fn has_mark(pid: u32, runtime_dir: &Path) -> bool {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let mark = format!("{RUNTIME_DIR_VARIABLE}={}", runtime_dir.display());
    environment.split(|byte| *byte == 0).any(|variable| variable == mark.as_bytes())
}

fn wait_for_end(process: &OwnedFd, deadline: Instant) {
    let mut waiting = [PollFd::new(process, PollFlags::IN)];
    let left = Timespec::try_from(deadline.saturating_duration_since(Instant::now()));
    // An interrupted wait is a shorter one.
    let _ = left.map(|left| poll(&mut waiting, Some(&left)));
}
