//! Which sessions live, and cleaning up after those that died.

use std::path::{Path, PathBuf};

use crate::folders::remove_if_empty;
use crate::{ConnectionFile, Home, HomeError, lock_holder, read_connection_file};

/// A connection file of ours, and whether its service lives.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where the file is, or was.
    pub path: PathBuf,
    /// What it says.
    pub file: ConnectionFile,
    /// Whether the service lives. The files of one that does not are removed already.
    pub alive: bool,
}

impl Found {
    /// Tells whether `name` means this session: the session's name, the file's stem, or its path.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        let qubx = &self.file.qubx;
        let stem = self.path.file_stem().and_then(|stem| stem.to_str());
        qubx.name == name
            || qubx.strategy_name == name
            || stem == Some(name)
            || same_file(&self.path, Path::new(name))
    }
}

fn same_file(path: &Path, other: &Path) -> bool {
    path == other
        || std::fs::canonicalize(other)
            .is_ok_and(|other| std::fs::canonicalize(path).is_ok_and(|path| path == other))
}

/// Returns the sessions of this user, oldest first, and removes the files of those that died. A dead session is
/// returned this once. Files that are not ours are passed over.
///
/// # Errors
/// When the folder of connection files cannot be read. There being none is no error.
pub fn list_sessions(home: &Home) -> Result<Vec<Found>, HomeError> {
    let kernels = home.kernels();
    let entries = match std::fs::read_dir(&kernels) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(HomeError::io("list", &kernels)(error)),
    };
    let mut found: Vec<Found> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter_map(|path| {
            let file = read_connection_file(&path).ok()?;
            let alive = is_alive(&file);
            Some(Found { path, file, alive })
        })
        .collect();
    found.sort_by_key(|found| found.file.qubx.started_at);
    for dead in found.iter().filter(|found| !found.alive) {
        clean_up(home, dead);
    }
    Ok(found)
}

/// A service lives when the lock of its session is held by the very process that wrote the file. An older file of the
/// same session is dead even while a newer service holds the lock.
fn is_alive(file: &ConnectionFile) -> bool {
    let holder = lock_holder(&file.qubx.session_dir.join("lock"));
    match holder {
        Ok(Some(holder)) => holder.pid == 0 || holder.pid == file.qubx.service.pid,
        Ok(None) => false,
        // What cannot be proven dead is left alone.
        Err(_) => true,
    }
}

fn clean_up(home: &Home, dead: &Found) {
    // Each may be gone already: another command may be cleaning up at the same time.
    let _ = std::fs::remove_file(&dead.path);
    if let Some(runtime_dir) = dead.file.qubx.socket.parent().filter(|dir| is_runtime_dir(home, dir)) {
        let _ = std::fs::remove_dir_all(runtime_dir);
        remove_if_empty(runtime_dir.parent());
    }
}

/// Tells whether a folder that a file names is one that we could have made: a hostile file must not make us remove
/// anything else.
fn is_runtime_dir(home: &Home, dir: &Path) -> bool {
    let in_xdg = std::env::var_os("XDG_RUNTIME_DIR").map(|xdg| PathBuf::from(xdg).join("qubx"));
    let parents = [Some(home.root().join("run")), in_xdg];
    let id = dir.file_name().and_then(|name| name.to_str());
    let is_id = id.is_some_and(|id| id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
    is_id && parents.iter().flatten().any(|parent| dir.parent() == Some(parent))
}
