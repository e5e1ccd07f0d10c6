//! The processes of a place: those that have its home in their environment.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use qubx_home::ProcessId;
use rustix::process::{Pid, Signal};

/// Returns the number and the command line of every process whose `QUBX_HOME` is `home`, except this one.
pub(crate) fn of(home: &Path) -> Vec<(u32, String)> {
    let mut wanted = b"QUBX_HOME=".to_vec();
    wanted.extend(home.as_os_str().as_bytes());
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // A process that ended meanwhile, or waits to be reaped, has no environment.
        let environment = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|variable| variable == wanted) && is_alive(pid) {
            let command = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            found.push((pid, String::from_utf8_lossy(&command).replace('\0', " ")));
        }
    }
    found
}

/// Tells whether there is such a process, and it is not one that has ended and waits to be reaped.
pub(crate) fn is_alive(pid: u32) -> bool {
    ProcessId::of(pid).is_some()
}

/// Returns the leader of a process's session.
pub(crate) fn leader_of(pid: u32) -> u32 {
    let leader = rustix::process::getsid(Pid::from_raw(pid.cast_signed())).unwrap();
    leader.as_raw_nonzero().get().cast_unsigned()
}

/// Sends a signal to a process that this test started; one that is gone needs none.
pub(crate) fn send_signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(pid.cast_signed()).unwrap();
    let _ = rustix::process::kill_process(pid, signal);
}
