//! Faults that are really caused: kills at random moments, and a disk that is full.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use qubx_home::service_holder;
use qubx_protocol::{Event, Seq};
use rustix::process::Signal;

use super::{Place, Screen, is_alive, send_signal, wait_for};

/// A source of chance that can be repeated: `QUBX_TEST_SEED` is its seed, which it prints.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new() -> Self {
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into();
        let given = std::env::var("QUBX_TEST_SEED").ok().map(|seed| seed.parse().unwrap());
        let seed: u64 = given.unwrap_or_else(now);
        println!("repeat this with QUBX_TEST_SEED={seed}");
        // The generator below must not begin with zero.
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Returns a number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// Lets a moment pass, as long as chance has it. Nothing is expected to happen meanwhile: what follows is a fault,
    /// and it is to come at any moment.
    pub(crate) async fn moment(&mut self, longest: Duration) {
        let millis = u64::try_from(longest.as_millis()).unwrap();
        tokio::time::sleep(Duration::from_millis(self.below(millis))).await;
    }
}

/// Kills the service of a session and returns its process number.
pub(crate) fn kill_service(place: &Place, name: &str) -> u32 {
    let pid = service_of(place, name).expect("it has a service");
    send_signal(pid, Signal::KILL);
    pid
}

/// Returns the process that holds the lock of a session.
pub(crate) fn service_of(place: &Place, name: &str) -> Option<u32> {
    service_holder(&place.session_dir(name)).unwrap().map(|holder| holder.pid)
}

/// Kills the service of a session that nobody starts again, and waits until it and its kernel are gone.
pub(crate) async fn end_by_kill(place: &Place, name: &str) {
    let qubx = place.session(name).file.qubx;
    send_signal(qubx.service.pid, Signal::KILL);
    wait_for("the end of service and kernel", async || {
        (!is_alive(qubx.service.pid) && !is_alive(qubx.kernel_pid)).then_some(())
    })
    .await;
}

/// Returns all events that a session has written down.
pub(crate) fn written(place: &Place, name: &str) -> Vec<Event> {
    qubx_session::read_history(&place.session_dir(name), usize::MAX, |_| true).unwrap()
}

/// Asserts that every event which a screen was sent as it happened is written down just so.
#[track_caller]
pub(crate) fn assert_kept(screen: &Screen, written: &[Event]) {
    let live: Vec<&Event> = screen.events.iter().filter(|event| event.seq > screen.attached_at).collect();
    let numbers: Vec<u64> = live.iter().map(|event| event.seq.0).collect();
    let expected: Vec<u64> = (screen.attached_at.next().0..).take(numbers.len()).collect();
    assert_eq!(numbers, expected, "a screen sees every number once, in order");
    let first = live.first().map_or(Seq(u64::MAX), |event| event.seq);
    let kept: Vec<&Event> = written.iter().filter(|event| event.seq >= first).take(live.len()).collect();
    for (seen, kept) in live.iter().zip(&kept) {
        assert_eq!(seen, kept);
    }
    assert_eq!(live.len(), kept.len(), "what was acknowledged is written down");
}

/// Tells whether this runs as root. What only root can cause is skipped without it, with a word.
pub(crate) fn is_root(what: &str) -> bool {
    super::needs::has("root", rustix::process::geteuid().is_root(), &format!("only root can {what}"))
}

/// A small disk at a place's home.
pub(crate) struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    /// Mounts one; none when this is not allowed here.
    pub(crate) fn mount(at: &Path, size: &str) -> Option<Self> {
        if !is_root("mount a small disk") {
            return None;
        }
        std::fs::create_dir(at).unwrap();
        // What lies below the disk shows when it is gone.
        std::fs::set_permissions(at, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let options = format!("size={size},mode=0700");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "qubx-test"]).arg(at).status();
        let is_mounted = mount.is_ok_and(|status| status.success());
        if !super::needs::has("mount", is_mounted, "a small disk cannot be mounted here") {
            std::fs::remove_dir(at).unwrap();
            return None;
        }
        Some(Self { at: at.to_owned() })
    }

    /// Fills what is free and returns the file that does.
    pub(crate) fn fill(&self) -> PathBuf {
        let path = self.at.join("filler");
        let mut file = std::fs::File::create(&path).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let block = vec![1; 64 << 10];
        // To the last byte that the disk takes.
        while std::io::Write::write(&mut file, &block).is_ok_and(|written| written > 0) {}
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}
