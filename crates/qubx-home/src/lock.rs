//! The lock that proves that a session lives.
//!
//! It is a POSIX record lock (`fcntl`), not `flock`: it can be asked for without being taken, so a probe never
//! collides with a service that starts; the answer names the holder; and children do not inherit it. Its trap: it
//! goes when the holder closes *any* descriptor of the file, so a service opens its own lock file exactly once.

use std::fs::File;
use std::path::Path;

use rustix::fs::FlockOperation;
use rustix::process::{Flock, FlockType};

use crate::{HomeError, create_private_file};

/// The lock, held until this is dropped or the process ends.
#[derive(Debug)]
pub struct SessionLock {
    _file: File,
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
    /// [`HomeError::Locked`] when another process holds it, and when the file cannot be opened.
    pub fn acquire(path: &Path) -> Result<Self, HomeError> {
        let file = create_private_file(path)?;
        match rustix::fs::fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _file: file }),
            Err(rustix::io::Errno::ACCESS | rustix::io::Errno::AGAIN) => {
                let pid = holder_of(&file, path)?.map_or(0, |holder| holder.pid);
                Err(HomeError::Locked { pid })
            }
            Err(error) => Err(HomeError::io("lock", path)(error.into())),
        }
    }
}

/// Returns who holds the lock on `path`; none when nobody does or there is no such file. It never takes the lock.
///
/// Never call it on a lock of this very process: closing the file would release it.
///
/// # Errors
/// When the file cannot be opened or asked about.
pub fn lock_holder(path: &Path) -> Result<Option<Holder>, HomeError> {
    match File::open(path) {
        Ok(file) => holder_of(&file, path),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(HomeError::io("open", path)(error)),
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
