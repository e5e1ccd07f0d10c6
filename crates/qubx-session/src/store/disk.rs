//! The disk below a session: how much is free, and the ballast, a file that holds room for the ledger.
//!
//! A full disk refuses even to delete from a database, so room is held in advance. It is given up for the ledger alone:
//! while it is gone the session log is not written, or text would take what was kept for facts of money.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::FallocateFlags;

/// How large the ballast is, in bytes: some 30,000 rows of the ledger.
pub(super) const BALLAST: u64 = 16 << 20;
/// The ballast is made when it would take no more than this part of what is free.
const PART_OF_FREE: u64 = 4;
/// How often the disk is looked at.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(3);
/// Less than this is little, in bytes, or this part of the whole, whichever is less.
const LITTLE: u64 = 1 << 30;
const LITTLE_PART: u64 = 10;

/// The disk below a session's folder.
#[derive(Debug)]
pub(super) struct Disk {
    dir: PathBuf,
    ballast: Ballast,
    looked: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ballast {
    /// There was never room for it.
    Never,
    Ready,
    /// It was given up for the ledger.
    GivenUp,
}

/// What there is, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) free: u64,
    pub(super) total: u64,
}

impl Room {
    /// Tells whether it is time to warn.
    pub(super) fn is_little(self) -> bool {
        self.free < LITTLE.min(self.total / LITTLE_PART)
    }
}

impl Disk {
    /// Looks at the disk below `dir` and makes the ballast there if there is room.
    pub(super) fn new(dir: &Path) -> Self {
        let mut disk = Self { dir: dir.to_owned(), ballast: Ballast::Never, looked: None };
        let is_there = std::fs::symlink_metadata(disk.path())
            .is_ok_and(|metadata| metadata.is_file() && metadata.len() == BALLAST);
        if is_there {
            disk.ballast = Ballast::Ready;
        }
        disk
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    fn path(&self) -> PathBuf {
        self.dir.join("ballast")
    }

    /// Tells whether the room that there is belongs to the ledger alone.
    pub(super) fn is_for_the_ledger(&self) -> bool {
        self.ballast == Ballast::GivenUp
    }

    /// Gives the ballast up; tells whether that freed anything.
    pub(super) fn give_ballast_up(&mut self) -> bool {
        if self.ballast != Ballast::Ready {
            return false;
        }
        self.ballast = Ballast::GivenUp;
        match std::fs::remove_file(self.path()) {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "the ballast cannot be removed");
                false
            }
        }
    }

    /// Returns what room there is beside the ledger's, and makes the ballast if there is enough for it; none when the last look was a
    /// moment ago, or the system does not say.
    pub(super) fn look(&mut self) -> Option<Room> {
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK_EVERY) {
            return None;
        }
        self.looked = Some(Instant::now());
        let room = room(&self.dir).ok()?;
        if self.ballast != Ballast::Ready && room.free >= BALLAST * PART_OF_FREE {
            match make_ballast(&self.path()) {
                Ok(()) => self.ballast = Ballast::Ready,
                Err(error) => tracing::warn!(%error, "no room can be held for the ledger"),
            }
        }
        // What the ballast gave back is the ledger's, and no reason to be calm.
        let owed = if self.is_for_the_ledger() { BALLAST } else { 0 };
        Some(Room { free: room.free.saturating_sub(owed), ..room })
    }

    /// Forgets when the last look was.
    #[cfg(test)]
    pub(super) fn look_again(&mut self) {
        self.looked = None;
    }
}

fn room(dir: &Path) -> io::Result<Room> {
    let found = rustix::fs::statvfs(dir)?;
    Ok(Room { free: found.f_bavail * found.f_frsize, total: found.f_blocks * found.f_frsize })
}

/// Makes the ballast with its blocks allocated: a file with holes would hold nothing.
fn make_ballast(path: &Path) -> io::Result<()> {
    // One that was half made is made anew.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let made = qubx_home::create_private_file(path).map_err(io::Error::other).and_then(|file| {
        match rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, BALLAST) {
            Ok(()) => Ok(()),
            // Not every file system can; then zeros are written, which takes a moment once.
            Err(rustix::io::Errno::OPNOTSUPP) => {
                io::copy(&mut io::Read::take(io::repeat(0), BALLAST), &mut &file).map(drop)
            }
            Err(error) => Err(error.into()),
        }
    });
    if made.is_err() {
        // What cannot be removed is found to be of the wrong length at the next attempt.
        let _ = std::fs::remove_file(path);
    }
    made
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn the_ballast_holds_real_room_and_is_the_users_alone() {
        let dir = tempfile::tempdir().unwrap();
        let mut disk = Disk::new(dir.path());
        assert!(disk.look().unwrap().free >= 4 * BALLAST, "this test needs 64 MiB of room");
        let metadata = std::fs::metadata(dir.path().join("ballast")).unwrap();
        assert_eq!((metadata.len(), metadata.mode() & 0o777), (BALLAST, 0o600));
        assert!(metadata.blocks() * 512 >= BALLAST, "{} blocks", metadata.blocks());
        assert!(disk.give_ballast_up() && disk.is_for_the_ledger());
        assert!(!disk.give_ballast_up(), "it is given up once");
        disk.look_again();
        disk.look().unwrap();
        assert!(!disk.is_for_the_ledger() && dir.path().join("ballast").exists());
    }

    #[test]
    fn little_is_a_tenth_or_a_gibibyte_whichever_is_less() {
        for (free, total, expected) in [
            (9, 100, true),
            (10, 100, false),
            ((1 << 30) - 1, 1 << 40, true),
            (1 << 30, 1 << 40, false),
            (0, 0, false),
        ] {
            assert_eq!(Room { free, total }.is_little(), expected, "{free} of {total}");
        }
    }
}
