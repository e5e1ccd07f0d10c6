//! A process's identity that survives the reuse of its number: pid, start time and boot.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use crate::{HomeError, service_holder};

/// A process: its number, and when it started in clock ticks since the boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    /// Its number.
    pub pid: u32,
    /// Field 22 of `/proc/PID/stat`, see proc(5).
    pub start_ticks: u64,
}

impl ProcessId {
    /// Returns the process with this number now; none when there is none, or it has ended and waits to be reaped.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field is the program's name in parentheses and may hold anything, so count from the last one.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let state = fields.next()?;
        let start_ticks = fields.nth(18)?.parse().ok()?;
        (!matches!(state, "Z" | "X")).then_some(Self { pid, start_ticks })
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

/// A service that is proven: the process that a connection file names, and it holds the session's lock.
#[derive(Debug)]
pub struct ProvenService {
    pidfd: OwnedFd,
}

impl ProvenService {
    /// Proves that `service` serves the session in `session_dir`; none when it cannot be proven.
    ///
    /// The process is taken hold of first and asked about afterwards, so that no other one can have its number in
    /// between.
    ///
    /// # Errors
    /// When the lock cannot be asked about.
    pub fn of(service: ProcessId, session_dir: &Path) -> Result<Option<Self>, HomeError> {
        let Some(pid) = i32::try_from(service.pid).ok().and_then(Pid::from_raw) else { return Ok(None) };
        let Ok(pidfd) = pidfd_open(pid, PidfdFlags::empty()) else { return Ok(None) };
        let holds = service_holder(session_dir)?.is_some_and(|holder| holder.pid == service.pid);
        Ok((holds && service.is_alive()).then_some(Self { pidfd }))
    }

    /// Asks the process to end (`SIGTERM`); one that has ended needs no word.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn terminate(&self) -> std::io::Result<()> {
        match pidfd_send_signal(&self.pidfd, Signal::TERM) {
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
