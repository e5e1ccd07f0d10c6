//! Connection files: what any Jupyter client reads, with one object `qubx` more.
//!
//! A file appears complete or not at all, and never over another one.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{HomeError, ProcessId, write_private_file};

/// A connection file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConnectionFile {
    /// What Jupyter's clients read: transport, ports, key; see the documentation of jupyter_client, "Connection files".
    #[serde(flatten)]
    pub jupyter: serde_json::Map<String, serde_json::Value>,
    /// What we add.
    pub qubx: QubxSection,
}

/// What we add to a connection file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QubxSection {
    /// The session's name as people wrote it.
    pub name: String,
    /// The name as a path component.
    pub strategy_name: String,
    /// `paper` or `live`.
    pub mode: String,
    /// `native` or `qubx`.
    pub runtime: String,
    /// The config file, absolute.
    pub config: PathBuf,
    /// The folder that outlives runs; its `lock` proves that the service lives.
    pub session_dir: PathBuf,
    /// The socket that screens connect to.
    pub socket: PathBuf,
    /// The service.
    #[serde(flatten)]
    pub service: ProcessId,
    /// The boot in which it started.
    pub boot_id: String,
    /// The Python process.
    pub kernel_pid: u32,
    /// When the service started.
    pub started_at: Timestamp,
}

impl ConnectionFile {
    /// Publishes the file as `{strategy_name}_{YYYYmmdd_HHMMSS}.json` in `kernels`, with a suffix when that name is
    /// taken, and returns where.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn publish(&self, kernels: &Path) -> Result<PathBuf, HomeError> {
        let stem = format!("{}_{}", self.qubx.strategy_name, self.qubx.started_at.strftime("%Y%m%d_%H%M%S"));
        let content = serde_json::to_vec_pretty(self).expect("a connection file has string keys");
        let draft = kernels.join(format!(".{stem}.{}.draft", std::process::id()));
        write_private_file(&draft, &content)?;
        let published = link_free_name(&draft, kernels, &stem);
        std::fs::remove_file(&draft).map_err(HomeError::io("remove", &draft))?;
        published
    }

    /// Puts the file in the place of an older one of the same session, in one step.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn replace(&self, path: &Path) -> Result<(), HomeError> {
        let content = serde_json::to_vec_pretty(self).expect("a connection file has string keys");
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let draft = path.with_file_name(format!(".{name}.{}.draft", std::process::id()));
        write_private_file(&draft, &content)?;
        std::fs::rename(&draft, path).map_err(HomeError::io("replace", path))
    }
}

/// Returns the connection files in `kernels` that name a session's folder, oldest first.
#[must_use]
pub fn connection_files_of(kernels: &Path, session_dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(kernels).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter(|path| read_connection_file(path).is_ok_and(|file| file.qubx.session_dir == session_dir))
        .collect();
    paths.sort();
    paths
}

fn link_free_name(draft: &Path, kernels: &Path, stem: &str) -> Result<PathBuf, HomeError> {
    for number in 1.. {
        let name = if number == 1 { format!("{stem}.json") } else { format!("{stem}_{number}.json") };
        let path = kernels.join(name);
        match std::fs::hard_link(draft, &path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(HomeError::io("create", &path)(error)),
        }
    }
    unreachable!("some number is free")
}

/// The largest connection file that is read; a real one has about 1 KiB.
const LARGEST: u64 = 64 << 10;

/// Reads a connection file of ours.
///
/// # Errors
/// When it cannot be read, is not the user's own, or is not a connection file with a `qubx` object.
pub fn read_connection_file(path: &Path) -> Result<ConnectionFile, HomeError> {
    let metadata = std::fs::symlink_metadata(path).map_err(HomeError::io("read", path))?;
    let refuse = |reason: String| HomeError::BadConnectionFile { path: path.to_owned(), reason };
    if !metadata.is_file() {
        return Err(refuse("it is not a regular file".to_owned()));
    }
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(refuse(format!("it belongs to user {}", metadata.uid())));
    }
    if metadata.len() > LARGEST {
        return Err(refuse(format!(
            "it has {} bytes, and a connection file has at most {LARGEST}",
            metadata.len()
        )));
    }
    let content = std::fs::read(path).map_err(HomeError::io("read", path))?;
    serde_json::from_slice(&content).map_err(|error| refuse(error.to_string()))
}
