//! The locks that prove life: a service holds `lock` of its session, and the command that owns it holds `owner`.
//!
//! They are POSIX record locks (`fcntl`), not `flock`: they can be asked for without being taken, so a probe never
//! collides with a service that starts; the answer names the holder; and children do not inherit them. Their trap: one
//! goes when its process closes *any* descriptor of the file. So every lock that this process holds is remembered, and
//! a file among them is never opened again.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::FlockOperation;
use rustix::process::{Flock, FlockType};

use crate::private::open_regular;
use crate::{HomeError, create_private_file};

/// The name of the file whose lock a service holds.
const SERVICE: &str = "lock";
/// The name of the file whose lock the owner of a service holds.
const OWNER: &str = "owner";

/// A service's lock, held until this is dropped or the process ends.
#[derive(Debug)]
pub struct SessionLock {
    _held: Held,
}

/// The lock of the command that starts a session's service, and starts it again when it crashed. It is held until this
/// is dropped or the process ends. While it is held, a session without a service is not dead.
#[derive(Debug)]
pub struct OwnerLock {
    _held: Held,
}

/// The process that holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its id; 0 when it is of another pid namespace.
    pub pid: u32,
}

impl SessionLock {
    /// Takes the lock on `path` at once, making the file when it is not there.
    ///
    /// # Errors
    /// [`HomeError::Locked`] when somebody holds it, and when the file cannot be opened.
    pub fn acquire(path: &Path) -> Result<Self, HomeError> {
        let locked = |holder: Holder| HomeError::Locked { pid: holder.pid };
        Held::acquire(path)?.map(|held| Self { _held: held }).map_err(locked)
    }
}

impl OwnerLock {
    /// Takes the ownership of the session in `session_dir` at once.
    ///
    /// # Errors
    /// [`HomeError::Owned`] when somebody has it, and when the file cannot be opened.
    pub fn acquire(session_dir: &Path) -> Result<Self, HomeError> {
        let owned = |holder: Holder| HomeError::Owned { pid: holder.pid };
        Held::acquire(&session_dir.join(OWNER))?.map(|held| Self { _held: held }).map_err(owned)
    }
}

/// Returns the service that holds the session in `session_dir`; none when it has none.
///
/// # Errors
/// When its lock cannot be asked about.
pub fn service_holder(session_dir: &Path) -> Result<Option<Holder>, HomeError> {
    lock_holder(&session_dir.join(SERVICE))
}

/// Returns the command that owns the session in `session_dir`, and starts its service again should it crash; none when
/// it stays by itself, or has ended.
///
/// # Errors
/// When its lock cannot be asked about.
pub fn owner_holder(session_dir: &Path) -> Result<Option<Holder>, HomeError> {
    lock_holder(&session_dir.join(OWNER))
}

/// Returns who holds the lock on `path`; none when nobody does or there is no such file. It never takes the lock.
///
/// # Errors
/// When the file cannot be opened or asked about.
pub fn lock_holder(path: &Path) -> Result<Option<Holder>, HomeError> {
    let held = held_here();
    if is_held_here(&held, path) {
        return Ok(Some(Holder { pid: std::process::id() }));
    }
    match open_regular(path) {
        Ok(file) => holder_of(&file, path),
        Err(HomeError::Io { source, .. })
            if matches!(source.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// A file by its device and its number.
type FileId = (u64, u64);

/// The files whose locks this process holds. Whoever opens a file of locks has this mutex meanwhile, so that no thread
/// closes a file that another one is just locking.
static HELD_HERE: Mutex<Vec<FileId>> = Mutex::new(Vec::new());

fn held_here() -> MutexGuard<'static, Vec<FileId>> {
    HELD_HERE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_held_here(held: &[FileId], path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| held.contains(&(metadata.dev(), metadata.ino())))
}

/// A lock that this process holds.
#[derive(Debug)]
struct Held {
    /// None only while this is dropped.
    file: Option<File>,
    id: FileId,
}

impl Held {
    fn acquire(path: &Path) -> Result<Result<Self, Holder>, HomeError> {
        let mut held = held_here();
        if is_held_here(&held, path) {
            return Ok(Err(Holder { pid: std::process::id() }));
        }
        let file = create_private_file(path)?;
        match rustix::fs::fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                let metadata = file.metadata().map_err(HomeError::io("look at", path))?;
                let id = (metadata.dev(), metadata.ino());
                held.push(id);
                Ok(Ok(Self { file: Some(file), id }))
            }
            Err(rustix::io::Errno::ACCESS | rustix::io::Errno::AGAIN) => {
                // It may have become free in between; whoever asked was too late all the same.
                Ok(Err(holder_of(&file, path)?.unwrap_or(Holder { pid: 0 })))
            }
            Err(error) => Err(HomeError::io("lock", path)(error.into())),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = held_here();
        drop(self.file.take());
        held.retain(|id| *id != self.id);
    }
}

fn holder_of(file: &File, path: &Path) -> Result<Option<Holder>, HomeError> {
    let wanted = Flock::from(FlockType::WriteLock);
    let lock = rustix::process::fcntl_getlk(file, &wanted)
        .map_err(|error| HomeError::io("ask about", path)(error.into()))?;
    Ok(lock.map(|lock| {
        let pid = lock.pid.map_or(0, |pid| pid.as_raw_nonzero().get());
        Holder { pid: u32::try_from(pid).unwrap_or(0) }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_may_ask_about_its_own_lock_and_keeps_it() {
        let folder = tempfile::tempdir().unwrap();
        let own = Some(Holder { pid: std::process::id() });
        assert_eq!(owner_holder(folder.path()).unwrap(), None);
        let lock = OwnerLock::acquire(folder.path()).unwrap();
        for _ in 0..3 {
            assert_eq!(owner_holder(folder.path()).unwrap(), own);
            assert!(matches!(OwnerLock::acquire(folder.path()), Err(HomeError::Owned { .. })));
        }
        // Seen from another process it is still held.
        assert!(is_locked_for_others(&folder.path().join(OWNER)));
        drop(lock);
        assert!(!is_locked_for_others(&folder.path().join(OWNER)));
        assert_eq!(owner_holder(folder.path()).unwrap(), None);
        drop(OwnerLock::acquire(folder.path()).unwrap());
    }

    /// Asks the system's own list, without opening the file.
    fn is_locked_for_others(path: &Path) -> bool {
        let number = format!(":{}", std::fs::metadata(path).unwrap().ino());
        let own = std::process::id().to_string();
        let locks = std::fs::read_to_string("/proc/locks").unwrap();
        locks.lines().any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.contains(&"POSIX")
                && words.contains(&own.as_str())
                && words.iter().any(|word| word.ends_with(&number))
        })
    }
}
