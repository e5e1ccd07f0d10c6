//! The folders of sockets: each service has one, and it goes with the service.
//!
//! A folder says whose it is: a link in it names the folder of the session, whose locks tell whether anybody lives. So what
//! a killed service left is found without its connection file, which comes later than the sockets. Of a folder without a
//! link nothing is known, so it is removed only when it is empty, as the system does that in one step: a service that is
//! just making it makes it again.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::{Home, HomeError, ensure_private_dir, owner_holder, service_holder};

/// The longest path of a unix socket on Linux: `sun_path` has 108 bytes and ends with a zero.
const SOCKET_PATH_BYTES: usize = 107;
/// The longest name of a socket in a runtime folder, so that the folder can be checked before any is made.
const SOCKET_NAME_BYTES: usize = 16;
/// The name of the link to the session's folder.
const SESSION: &str = "session";
/// How often a folder is made that others clean up at the same moment.
const ATTEMPTS: usize = 100;

impl Home {
    /// Checks, before anything is made, that sockets below this home have paths which the system can hold.
    ///
    /// # Errors
    /// [`HomeError::PathTooLong`].
    pub fn check_paths(&self) -> Result<(), HomeError> {
        check_socket_path(&self.runtime_parent().join("00000000"))
    }

    /// Returns how many bytes the longest path of a socket has here, and how many the system can hold.
    #[must_use]
    pub fn socket_path_bytes(&self) -> (usize, usize) {
        (path_bytes(&self.runtime_parent().join("00000000")), SOCKET_PATH_BYTES)
    }

    /// Makes a folder for the sockets of the service of a session, in `$XDG_RUNTIME_DIR` when there is one. The service
    /// must hold the session's lock.
    ///
    /// # Errors
    /// When it cannot be made, is not safe, or its sockets' paths would be too long.
    pub fn create_runtime_dir(&self, session_dir: &Path) -> Result<RuntimeDir, HomeError> {
        let mut id = [0; 4];
        getrandom::fill(&mut id).expect("the system has random numbers");
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let parent = self.runtime_parent();
        let path = parent.join(id);
        check_socket_path(&path)?;
        make(&path, session_dir)?;
        Ok(RuntimeDir { path })
    }

    /// Takes over the folder of sockets that a crashed service of the same session left, so that its screens and guests
    /// find the next one. It is made again when it is gone, and the socket of the dead service is removed.
    ///
    /// # Errors
    /// When it is not a folder that this home makes for sockets, is another session's, is not safe, or cannot be made.
    pub fn take_over_runtime_dir(&self, path: &Path, session_dir: &Path) -> Result<RuntimeDir, HomeError> {
        if !self.is_runtime_dir(path) {
            let reason = "it is not a folder of sockets of this home".to_owned();
            return Err(HomeError::Unsafe { path: path.to_owned(), reason });
        }
        make(path, session_dir)?;
        let taken = RuntimeDir { path: path.to_owned() };
        match std::fs::remove_file(taken.socket()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(HomeError::io("remove", &taken.socket())(error))
            }
            _ => Ok(taken),
        }
    }

    /// Removes the folder of sockets that a service left which nobody starts again. Any other folder is left alone.
    pub fn remove_runtime_dir(&self, path: &Path) {
        if self.is_runtime_dir(path) {
            drop(RuntimeDir { path: path.to_owned() });
        }
    }

    /// Removes the folders of sockets whose session has neither a service nor an owner, of whatever home it is.
    pub fn remove_abandoned_runtime_dirs(&self) {
        for parent in self.runtime_parents() {
            let folders = std::fs::read_dir(&parent).into_iter().flatten().filter_map(Result::ok);
            for path in folders.map(|folder| folder.path()).filter(|path| self.is_runtime_dir(path)) {
                match std::fs::read_link(path.join(SESSION)) {
                    Ok(session_dir) if is_abandoned(&session_dir) => drop(RuntimeDir { path }),
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        remove_if_empty(&path);
                        remove_if_empty(&parent);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Tells whether a folder is one that this home makes for sockets: a hostile file must not make us touch anything
    /// else.
    fn is_runtime_dir(&self, dir: &Path) -> bool {
        let id = dir.file_name().and_then(|name| name.to_str());
        let is_id = id.is_some_and(|id| id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        is_id && self.runtime_parents().iter().any(|parent| dir.parent() == Some(parent))
    }

    fn runtime_parents(&self) -> Vec<PathBuf> {
        std::iter::once(self.root().join("run")).chain(xdg_parent()).collect()
    }

    /// Returns the folder that the folders of sockets are made in: in `$XDG_RUNTIME_DIR` when there is one, else in the
    /// home.
    #[must_use]
    pub fn runtime_parent(&self) -> PathBuf {
        match xdg_parent() {
            Some(parent) if parent.parent().is_some_and(Path::is_dir) => parent,
            _ => self.root().join("run"),
        }
    }
}

fn xdg_parent() -> Option<PathBuf> {
    let dir = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from)?;
    // The specification says that a relative one is to be ignored.
    dir.is_absolute().then(|| dir.join("qubx"))
}

/// Returns the bytes of the longest path of a socket in a folder.
fn path_bytes(folder: &Path) -> usize {
    folder.as_os_str().len() + 1 + SOCKET_NAME_BYTES
}

fn check_socket_path(folder: &Path) -> Result<(), HomeError> {
    let length = path_bytes(folder);
    if length > SOCKET_PATH_BYTES {
        return Err(HomeError::PathTooLong { path: folder.to_owned(), length, limit: SOCKET_PATH_BYTES });
    }
    Ok(())
}

/// Makes the folder, or takes the one that is there, and says in it whose it is.
fn make(path: &Path, session_dir: &Path) -> Result<(), HomeError> {
    let link = path.join(SESSION);
    let mut attempts = 0;
    loop {
        attempts += 1;
        let made = path.parent().map_or(Ok(()), ensure_private_dir).and_then(|()| ensure_private_dir(path));
        let refused = match made.map(|()| std::os::unix::fs::symlink(session_dir, &link)) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) if error.kind() == ErrorKind::AlreadyExists => {
                return if std::fs::read_link(&link).is_ok_and(|owner| owner == session_dir) {
                    Ok(())
                } else {
                    let reason = "it belongs to another session".to_owned();
                    Err(HomeError::Unsafe { path: path.to_owned(), reason })
                };
            }
            Ok(Err(error)) => HomeError::io("create", &link)(error),
            Err(error) => error,
        };
        // Somebody who cleans up took it, or the folder that it is in, for what another service left.
        let is_gone =
            matches!(&refused, HomeError::Io { source, .. } if source.kind() == ErrorKind::NotFound);
        if !is_gone || attempts == ATTEMPTS {
            return Err(refused);
        }
    }
}

/// Tells whether nobody serves a session, and nobody starts its service again.
///
/// The owner is asked about first: it gives its lock up only while the service holds the other one, so between two
/// services one of the locks is held at any time. Of a session that begins right now the folder is a later one than was
/// found here.
pub(crate) fn is_abandoned(session_dir: &Path) -> bool {
    session_dir.is_absolute()
        && matches!(owner_holder(session_dir), Ok(None))
        && matches!(service_holder(session_dir), Ok(None))
}

/// The folder of one service's sockets. It goes when this is dropped, and with it whatever its Python left running.
#[derive(Debug)]
pub struct RuntimeDir {
    path: PathBuf,
}

impl RuntimeDir {
    /// Returns the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the socket that screens connect to.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.path.join("session.sock")
    }
}

impl Drop for RuntimeDir {
    fn drop(&mut self) {
        // A service that was killed could not end what its Python had started.
        crate::end_python_group(&self.path);
        // What cannot be removed now is removed by the next command that lists sessions. The link goes last, so that a
        // folder of which only a part is removed still says whose it is.
        for entry in std::fs::read_dir(&self.path).into_iter().flatten().filter_map(Result::ok) {
            let path = entry.path();
            let _ = match entry.file_type() {
                Ok(kind) if kind.is_dir() => std::fs::remove_dir_all(path),
                _ if entry.file_name() == SESSION => Ok(()),
                _ => std::fs::remove_file(path),
            };
        }
        let _ = std::fs::remove_dir_all(&self.path);
        self.path.parent().map(remove_if_empty);
    }
}

/// Removes a folder of ours that holds nothing any more; another service may be using it.
fn remove_if_empty(dir: &Path) {
    let _ = std::fs::remove_dir(dir);
}
