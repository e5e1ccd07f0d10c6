//! The folders of sockets: each service has one, and it goes with the service.

use std::path::{Path, PathBuf};

use crate::{Home, HomeError, ensure_private_dir};

/// The longest path of a unix socket on Linux: `sun_path` has 108 bytes and ends with a zero.
const SOCKET_PATH_BYTES: usize = 107;
/// The longest name of a socket in a runtime folder, so that the folder can be checked before any is made.
const SOCKET_NAME_BYTES: usize = 16;

impl Home {
    /// Checks, before anything is made, that sockets below this home have paths which the system can hold.
    ///
    /// # Errors
    /// [`HomeError::PathTooLong`].
    pub fn check_paths(&self) -> Result<(), HomeError> {
        check_socket_path(&self.runtime_parent().join("00000000"))
    }

    /// Makes a folder for the sockets of one service, in `$XDG_RUNTIME_DIR` when there is one.
    ///
    /// # Errors
    /// When it cannot be made, is not safe, or its sockets' paths would be too long.
    pub fn create_runtime_dir(&self) -> Result<RuntimeDir, HomeError> {
        let mut id = [0; 4];
        getrandom::fill(&mut id).expect("the system has random numbers");
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let parent = self.runtime_parent();
        let path = parent.join(id);
        check_socket_path(&path)?;
        ensure_private_dir(&parent)?;
        ensure_private_dir(&path)?;
        Ok(RuntimeDir { path })
    }

    /// Takes over the folder of sockets that a crashed service of the same session left, so that its screens and guests
    /// find the next one. It is made again when it is gone, and the socket of the dead service is removed.
    ///
    /// # Errors
    /// When it is not a folder that this home makes for sockets, is not safe, or cannot be made.
    pub fn take_over_runtime_dir(&self, path: &Path) -> Result<RuntimeDir, HomeError> {
        if !self.is_runtime_dir(path) {
            let reason = "it is not a folder of sockets of this home".to_owned();
            return Err(HomeError::Unsafe { path: path.to_owned(), reason });
        }
        ensure_private_dir(path)?;
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

    /// Tells whether a folder is one that this home makes for sockets: a hostile file must not make us touch anything
    /// else.
    fn is_runtime_dir(&self, dir: &Path) -> bool {
        let id = dir.file_name().and_then(|name| name.to_str());
        let is_id = id.is_some_and(|id| id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let parents = [Some(self.root().join("run")), xdg_parent()];
        is_id && parents.iter().flatten().any(|parent| dir.parent() == Some(parent))
    }

    fn runtime_parent(&self) -> PathBuf {
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

fn check_socket_path(folder: &Path) -> Result<(), HomeError> {
    let length = folder.as_os_str().len() + 1 + SOCKET_NAME_BYTES;
    if length > SOCKET_PATH_BYTES {
        return Err(HomeError::PathTooLong { path: folder.to_owned(), length, limit: SOCKET_PATH_BYTES });
    }
    Ok(())
}

/// The folder of one service's sockets. It goes when this is dropped.
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
        // What cannot be removed now is removed by the next command that lists sessions.
        let _ = std::fs::remove_dir_all(&self.path);
        remove_if_empty(self.path.parent());
    }
}

/// Removes a folder of ours that holds nothing any more; another service may be using it.
pub(crate) fn remove_if_empty(dir: Option<&Path>) {
    if let Some(dir) = dir {
        let _ = std::fs::remove_dir(dir);
    }
}
