//! Where things live, and with which modes: folders 0700, files 0600, whatever the umask says.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::HomeError;

/// The mode of our folders: the user's alone.
const PRIVATE_DIR: u32 = 0o700;
/// The mode of our files: the user's alone.
const PRIVATE_FILE: u32 = 0o600;
/// The socket that screens connect to.
const SESSION_SOCKET: &str = "session.sock";
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
    /// When neither `QUBX_HOME` nor `HOME` is set.
    pub fn locate() -> Result<Self, HomeError> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let root = match (set("QUBX_HOME"), set("HOME")) {
            (Some(root), _) => std::path::absolute(&root).unwrap_or(root),
            (None, Some(home)) => home.join(".qubx"),
            (None, None) => return Err(HomeError::NoHome),
        };
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

    /// Makes the folders that every session needs. `root` and `kernels` keep the mode that they have.
    ///
    /// # Errors
    /// When one cannot be made or is not the user's own.
    pub fn create(&self) -> Result<(), HomeError> {
        for shared in [self.root.clone(), self.kernels()] {
            if !shared.is_dir() {
                ensure_private_dir(&shared)?;
            }
        }
        ensure_private_dir(&self.root.join("sessions"))
    }

    /// Makes a folder for the sockets of one service, in `$XDG_RUNTIME_DIR` when there is one.
    ///
    /// # Errors
    /// When it cannot be made, is not safe, or its sockets' paths would be too long.
    pub fn create_runtime_dir(&self) -> Result<RuntimeDir, HomeError> {
        let parent = match std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_dir()) {
            Some(dir) => dir.join("qubx"),
            None => self.root.join("run"),
        };
        let mut id = [0; 4];
        getrandom::fill(&mut id).expect("the system has random numbers");
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = parent.join(id);
        let length = path.as_os_str().len() + 1 + SOCKET_NAME_BYTES;
        if length > SOCKET_PATH_BYTES {
            return Err(HomeError::PathTooLong { path, length, limit: SOCKET_PATH_BYTES });
        }
        ensure_private_dir(&parent)?;
        ensure_private_dir(&path)?;
        Ok(RuntimeDir { path })
    }
}

impl RuntimeDir {
    /// Takes over the folder that a service left when it died, and makes it when it is not there any more.
    ///
    /// # Errors
    /// When it cannot be made or is not safe.
    pub fn take_over(path: PathBuf) -> Result<Self, HomeError> {
        ensure_private_dir(&path)?;
        let socket = path.join(SESSION_SOCKET);
        match std::fs::remove_file(&socket) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(HomeError::io("remove", &socket)(error))
            }
            _ => Ok(Self { path }),
        }
    }
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
        self.path.join(SESSION_SOCKET)
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

/// Makes a folder with mode 0700 and its parents, or checks and sets the mode of one that is there.
///
/// # Errors
/// When it cannot be made, is a link, or belongs to somebody else.
pub fn ensure_private_dir(path: &Path) -> Result<(), HomeError> {
    // The mode goes to every folder made on the way, and `chmod` undoes what a narrower umask took away.
    DirBuilder::new()
        .recursive(true)
        .mode(PRIVATE_DIR)
        .create(path)
        .map_err(HomeError::io("create", path))?;
    let metadata = std::fs::symlink_metadata(path).map_err(HomeError::io("look at", path))?;
    let refuse = |reason: String| Err(HomeError::Unsafe { path: path.to_owned(), reason });
    if !metadata.is_dir() {
        return refuse("it is a link or a file, and must be a folder; remove it".to_owned());
    }
    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user {
        return refuse(format!("it belongs to user {}, and must belong to user {user}", metadata.uid()));
    }
    if metadata.mode() & 0o777 != PRIVATE_DIR {
        std::fs::set_permissions(path, PermissionsExt::from_mode(PRIVATE_DIR))
            .map_err(HomeError::io("set the mode of", path))?;
    }
    Ok(())
}

/// Opens a file of ours for appending, with mode 0600, and makes it when it is not there. Links are refused.
///
/// # Errors
/// When the system refuses.
pub fn create_private_file(path: &Path) -> Result<File, HomeError> {
    let no_follow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(PRIVATE_FILE)
        .custom_flags(no_follow)
        .open(path)
        .map_err(HomeError::io("open", path))?;
    file.set_permissions(PermissionsExt::from_mode(PRIVATE_FILE))
        .map_err(HomeError::io("set the mode of", path))?;
    Ok(file)
}

/// Writes a new file of ours with mode 0600. One that is there already is an error.
///
/// # Errors
/// When the system refuses.
pub fn write_private_file(path: &Path, content: &[u8]) -> Result<(), HomeError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(PRIVATE_FILE)
        .open(path)
        .map_err(HomeError::io("create", path))?;
    file.write_all(content).map_err(HomeError::io("write", path))
}

/// The longest name that a path component made by [`safe_component`] has, in bytes.
const COMPONENT_BYTES: usize = 64;

/// Returns `name` as one path component: letters, digits, `.`, `_` and `-`; everything else becomes `_`.
#[must_use]
pub fn safe_component(name: &str) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
    let safe: String = name.chars().map(keep).take(COMPONENT_BYTES).collect();
    // `.`, `..` and hidden names mean something to the system.
    let safe = safe.trim_start_matches('.');
    if safe.is_empty() { "strategy".to_owned() } else { safe.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_one_path_component() {
        for (name, expected) in [
            ("ema-cross", "ema-cross"),
            ("a b/c", "a_b_c"),
            ("../../etc/passwd", "_.._etc_passwd"),
            ("..", "strategy"),
            ("", "strategy"),
            ("Größe", "Gr__e"),
        ] {
            assert_eq!(safe_component(name), expected);
        }
        assert_eq!(safe_component(&"x".repeat(1_000)).len(), COMPONENT_BYTES);
    }

    #[test]
    fn folders_are_private_and_links_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("a/b");
        ensure_private_dir(&dir).unwrap();
        std::fs::set_permissions(&dir, PermissionsExt::from_mode(0o755)).unwrap();
        ensure_private_dir(&dir).unwrap();
        assert_eq!(std::fs::metadata(&dir).unwrap().mode() & 0o777, 0o700);

        let link = root.path().join("link");
        std::os::unix::fs::symlink(&dir, &link).unwrap();
        assert!(matches!(ensure_private_dir(&link), Err(HomeError::Unsafe { .. })));
        assert!(create_private_file(&link).is_err());
    }
}
