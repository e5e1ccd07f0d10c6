//! A process's identity that survives the reuse of its number: pid, start time and boot.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use crate::{HomeError, owner_holder, service_holder};

/// A process: its number, and when it started in clock ticks since the boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    /// Its number.
    pub pid: u32,
    /// Field 22 of `/proc/PID/stat`, see proc(5).
    pub start_ticks: u64,
}

impl ProcessId {
    /// Returns the process with this number now; none when there is none, or it has ended and waits to be reaped. It lives
    /// as long as one of its threads does: until then its locks are held, although its first thread has ended.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        Self::and_group_of(pid).map(|(process, _)| process)
    }

    /// As [`ProcessId::of`], with the number of its process group.
    pub(crate) fn and_group_of(pid: u32) -> Option<(Self, u32)> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field is the program's name in parentheses and may hold anything, so count from the last one.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let state = fields.next()?;
        let group = fields.nth(1)?.parse().ok()?;
        let threads: u32 = fields.nth(14)?.parse().ok()?;
        let start_ticks = fields.nth(1)?.parse().ok()?;
        let has_ended = matches!(state, "Z" | "X") && threads <= 1;
        (!has_ended).then_some((Self { pid, start_ticks }, group))
    }

    /// Returns this very process.
    #[must_use]
    pub fn own() -> Option<Self> {
        Self::of(std::process::id())
    }

    /// Tells whether the process still is the one that was meant.
    #[must_use]
    pub fn is_alive(self) -> bool {
        Self::of(self.pid) == Some(self)
    }
}

/// A process that is proven to be a session's service or owner: it holds the lock of one.
#[derive(Debug)]
pub struct ProvenProcess {
    pid: u32,
    pidfd: OwnedFd,
}

impl ProvenProcess {
    /// Proves that `service` serves the session in `session_dir`; none when it cannot be proven.
    ///
    /// The process is taken hold of first and asked about afterwards, so that no other one can have its number in
    /// between.
    ///
    /// # Errors
    /// When the lock cannot be asked about.
    pub fn service(service: ProcessId, session_dir: &Path) -> Result<Option<Self>, HomeError> {
        let Some(process) = Self::take_hold(service.pid) else { return Ok(None) };
        let holds = service_holder(session_dir)?.is_some_and(|holder| holder.pid == service.pid);
        Ok((holds && service.is_alive()).then_some(process))
    }

    /// Proves which process owns the session in `session_dir`; none when it has no owner, or when that cannot be proven.
    ///
    /// # Errors
    /// When the lock cannot be asked about.
    pub fn owner(session_dir: &Path) -> Result<Option<Self>, HomeError> {
        let Some(owner) = owner_holder(session_dir)? else { return Ok(None) };
        let Some(process) = Self::take_hold(owner.pid) else { return Ok(None) };
        Ok((owner_holder(session_dir)? == Some(owner)).then_some(process))
    }

    fn take_hold(pid: u32) -> Option<Self> {
        let number = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
        let pidfd = pidfd_open(number, PidfdFlags::empty()).ok()?;
        Some(Self { pid, pidfd })
    }

    /// Returns its number.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Asks the process to end (`SIGTERM`); one that has ended needs no word.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn terminate(&self) -> std::io::Result<()> {
        self.signal(Signal::TERM)
    }

    /// Ends the process where it stands (`SIGKILL`), also one that was stopped.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(&self) -> std::io::Result<()> {
        self.signal(Signal::KILL)
    }

    fn signal(&self, signal: Signal) -> std::io::Result<()> {
        match pidfd_send_signal(&self.pidfd, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Returns the id of this boot; empty when the system does not tell.
#[must_use]
pub fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_more_than_its_number() {
        let own = ProcessId::own().unwrap();
        assert!(own.is_alive());
        assert!(!ProcessId { start_ticks: own.start_ticks + 1, ..own }.is_alive());
    }
}
