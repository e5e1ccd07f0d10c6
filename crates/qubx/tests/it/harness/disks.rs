//! Disks that refuse: one that is full, and one that fails to keep what it took.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tokio::process::Child;

use super::{needs, wait_for};

/// A small disk at a place's home.
pub(crate) struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// Mounts one; none when this is not allowed here.
    pub(crate) fn mount(at: &Path, size: &str) -> Option<Self> {
        if !needs::is_root("mount a small disk") {
            return None;
        }
        std::fs::create_dir(at).unwrap();
        // What lies below the disk shows when it is gone.
        std::fs::set_permissions(at, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let options = format!("size={size},mode=0700");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "qubx-test"]).arg(at).status();
        let is_mounted = mount.is_ok_and(|status| status.success());
        if !needs::has("mount", is_mounted, "a small disk cannot be mounted here") {
            std::fs::remove_dir(at).unwrap();
            return None;
        }
        Some(Self { at: at.to_owned() })
    }

    /// Fills what is free and returns the file that does.
    pub(crate) fn fill(&self) -> PathBuf {
        self.fill_but(0)
    }

    /// Fills what is free but for `left` bytes, by adding to a file, and returns that file.
    pub(crate) fn fill_but(&self, left: u64) -> PathBuf {
        /// Small enough to leave what is to be left.
        const BLOCK: u64 = 64 << 10;
        let path = self.at.join("filler");
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let block = [1; BLOCK as usize];
        while left == 0 || self.free() >= left + BLOCK {
            // To the last byte that the disk takes.
            if !std::io::Write::write(&mut file, &block).is_ok_and(|written| written > 0) {
                break;
            }
        }
        path
    }

    /// Returns how many bytes are free.
    fn free(&self) -> u64 {
        let found = rustix::fs::statvfs(&self.at).unwrap();
        found.f_bavail * found.f_frsize
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}

/// A disk that fails to keep the ledger of one service. It ends with the service.
pub(crate) struct FailingDisk {
    _strace: Child,
}

impl FailingDisk {
    /// Has the `nth` sync of the ledger from now on fail. None without `strace`.
    pub(crate) async fn below(session_dir: &Path, service: u32, nth: u32) -> Option<Self> {
        let fault = format!("inject=fsync,fdatasync:error=EIO:when={nth}");
        Some(Self { _strace: inject(session_dir, service, &fault).await? })
    }
}

/// A disk that takes its time with each write to the ledger of one service. It ends with the service.
pub(crate) struct SlowDisk {
    _strace: Child,
}

impl SlowDisk {
    /// Has each write take so much longer. None without `strace`.
    pub(crate) async fn below(session_dir: &Path, service: u32, longer: Duration) -> Option<Self> {
        let fault = format!("inject=pwrite64:delay_enter={}", longer.as_micros());
        Some(Self { _strace: inject(session_dir, service, &fault).await? })
    }
}

/// Has system calls on the ledger go wrong, by way of `strace`, which can do that to another process.
async fn inject(session_dir: &Path, service: u32, fault: &str) -> Option<Child> {
    let mut strace = tokio::process::Command::new(needs::program("strace")?);
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync,pwrite64", "-e", fault]);
    for name in ["ledger.db", "ledger.db-wal"] {
        strace.arg("-P").arg(session_dir.join(name));
    }
    let strace = strace.args(["-p", &service.to_string()]).kill_on_drop(true).spawn().unwrap();
    wait_for("every thread of the service to be traced", async || is_traced(service).then_some(())).await;
    Some(strace)
}

fn is_traced(process: u32) -> bool {
    let is_traced = |thread: std::fs::DirEntry| {
        // A thread that has ended meanwhile needs no tracer.
        let status = std::fs::read_to_string(thread.path().join("status")).unwrap_or_default();
        !status.lines().any(|line| line.split_whitespace().eq(["TracerPid:", "0"]))
    };
    std::fs::read_dir(format!("/proc/{process}/task")).unwrap().all(|thread| thread.is_ok_and(is_traced))
}
