//! Where things live.

use std::path::{Path, PathBuf};

use crate::private::ensure_shared_dir;
use crate::{HomeError, ensure_private_dir};

/// The longest path of a unix socket on Linux: `sun_path` has 108 bytes and ends with a zero.
const SOCKET_PATH_BYTES: usize = 107;
/// The longest name of a socket in a runtime folder, so that the folder can be checked before any is made.
const SOCKET_NAME_BYTES: usize = 16;

/// The folder of this user's sessions: `$QUBX_HOME`, else `~/.qubx`.
#[derive(Clone, Debug)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// Finds the folder; it need not exist yet.
    ///
    /// # Errors
    /// When neither `QUBX_HOME` nor `HOME` is set, or the one that counts is not an absolute path.
    pub fn locate() -> Result<Self, HomeError> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let (variable, path, root) = match (set("QUBX_HOME"), set("HOME")) {
            (Some(root), _) => ("QUBX_HOME", root.clone(), root),
            (None, Some(home)) => ("HOME", home.clone(), home.join(".qubx")),
            (None, None) => return Err(HomeError::NoHome),
        };
        // Relative to the current folder it would be another home in every folder.
        if path.is_relative() {
            return Err(HomeError::RelativeHome { variable, path });
        }
        Ok(Self { root })
    }

    /// Returns the home at `root`.
    #[must_use]
    pub fn at(root: PathBuf) -> Self {
        Self { root }
    }

    /// Returns the folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folder of the connection files. Others than we put files there too.
    #[must_use]
    pub fn kernels(&self) -> PathBuf {
        self.root.join("kernels")
    }

    /// Returns the folder of a session, which outlives its runs.
    #[must_use]
    pub fn session(&self, mode: &str, account: &str, strategy_name: &str) -> PathBuf {
        self.root.join("sessions").join(format!("{mode}-{account}-{strategy_name}"))
    }

    /// Returns the folder that all sessions are in.
    #[must_use]
    pub fn sessions(&self) -> PathBuf {
        self.root.join("sessions")
    }

    /// Makes the folders that every session needs. `root` and `kernels` keep the mode that they have.
    ///
    /// # Errors
    /// When one cannot be made, is not the user's own, or may be written to by others.
    pub fn create(&self) -> Result<(), HomeError> {
        // The home itself may be a link to a larger disk; what it points to is checked.
        let root = std::fs::canonicalize(&self.root).unwrap_or_else(|_| self.root.clone());
        ensure_shared_dir(&root)?;
        ensure_shared_dir(&self.kernels())?;
        ensure_private_dir(&self.sessions())
    }

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
        let parents = [Some(self.root.join("run")), xdg_parent()];
        is_id && parents.iter().flatten().any(|parent| dir.parent() == Some(parent))
    }

    fn runtime_parent(&self) -> PathBuf {
        match xdg_parent() {
            Some(parent) if parent.parent().is_some_and(Path::is_dir) => parent,
            _ => self.root.join("run"),
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

/// The longest name that a path component made by [`safe_component`] has, in bytes.
const COMPONENT_BYTES: usize = 64;

/// Returns `name` as one path component: letters, digits, `.`, `_` and `-`; everything else becomes `_`.
///
/// A name that is one already stays as it is. Any other one gets a mark of the whole name, so that two names never share
/// a session's folder, and with it an account, because they differ only in what is left out.
#[must_use]
pub fn safe_component(name: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let safe: String = name.chars().map(keep).collect();
    // `.`, `..` and hidden names mean something to the system.
    let safe = safe.trim_start_matches('.');
    if safe == name && !safe.is_empty() && safe.len() <= COMPONENT_BYTES {
        return safe.to_owned();
    }
    let mark = format!("-{:08x}", hash(name));
    let shown = if safe.is_empty() { "strategy" } else { safe };
    // It is ASCII only, so it may be cut anywhere.
    format!("{}{mark}", &shown[..shown.len().min(COMPONENT_BYTES - mark.len())])
}

/// Returns the FNV-1a hash of a text, which is the same in every version and on every machine.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_one_path_component() {
        let longest = "x".repeat(COMPONENT_BYTES);
        for name in ["ema-cross", "a_b", "v1.2", &longest] {
            assert_eq!(safe_component(name), name, "it is one already");
        }
        for (name, expected) in [
            ("a b/c", "a_b_c-570e31cc"),
            ("../../etc/passwd", "_.._etc_passwd-"),
            ("..", "strategy-"),
            ("", "strategy-811c9dc5"),
            ("Größe", "Gr__e-"),
            (".hidden", "hidden-"),
        ] {
            let safe = safe_component(name);
            assert!(safe.starts_with(expected), "{name}: {safe}");
            assert_eq!(safe.len(), safe.rfind('-').unwrap() + 9, "{safe}");
        }
        assert_eq!(safe_component(&"x".repeat(1_000)).len(), COMPONENT_BYTES);
    }

    #[test]
    fn names_that_differ_have_different_path_components() {
        let (long, longer) = ("x".repeat(COMPONENT_BYTES + 1), "x".repeat(COMPONENT_BYTES + 2));
        let names =
            ["a b", "a_b", "a/b", "策略一", "策略二", "x", ".x", "..x", "", "strategy", &long, &longer];
        let components: std::collections::BTreeSet<String> =
            names.iter().map(|name| safe_component(name)).collect();
        assert_eq!(components.len(), names.len(), "{components:?}");
    }
}
