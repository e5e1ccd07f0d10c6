//! Connection files: what any Jupyter client reads, with one object `qubx` more.
//!
//! A file appears complete or not at all, and never over another one. Reading one trusts nothing: it may be torn, huge,
//! a link, a pipe, or another user's.

use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::private::{open_regular, sync_dir};
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
        let draft = self.draft(kernels)?;
        let published = link_free_name(&draft, kernels, &stem);
        std::fs::remove_file(&draft).map_err(HomeError::io("remove", &draft))?;
        sync_dir(kernels)?;
        published
    }

    /// Puts the file in the place of an older one of the same session, in one step.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn replace(&self, path: &Path) -> Result<(), HomeError> {
        let kernels = path.parent().unwrap_or(Path::new("/"));
        let draft = self.draft(kernels)?;
        std::fs::rename(&draft, path).map_err(HomeError::io("replace", path))?;
        sync_dir(kernels)
    }

    /// Writes the file under a name that nobody takes for a session, and that tells whose it is.
    fn draft(&self, kernels: &Path) -> Result<PathBuf, HomeError> {
        let content = serde_json::to_vec_pretty(self).expect("a connection file has string keys");
        let mut random = [0; 4];
        getrandom::fill(&mut random).expect("the system has random numbers");
        let session = self.qubx.session_dir.file_name().unwrap_or_default().to_string_lossy();
        let draft = kernels.join(format!(".{session}.{:08x}.draft", u32::from_ne_bytes(random)));
        write_private_file(&draft, &content)?;
        Ok(draft)
    }
}

/// Returns the name of the session's folder whose service was writing `path`, a draft; none when it is none.
pub(crate) fn session_of_draft(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?.strip_prefix('.')?.strip_suffix(".draft")?;
    name.rsplit_once('.').map(|(session, _)| session)
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

/// Tells whether a name is one that [`ConnectionFile::publish`] gives.
pub(crate) fn is_our_name(path: &Path) -> bool {
    let Some(stem) = path.file_name().and_then(|name| name.to_str()?.strip_suffix(".json")) else {
        return false;
    };
    let is_number =
        |text: &str, digits: usize| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_dated = |parts: &[&str]| match parts {
        [name @ .., day, time] => name.concat() != "" && is_number(day, 8) && is_number(time, 6),
        _ => false,
    };
    let parts: Vec<&str> = stem.split('_').collect();
    let is_suffixed = |(last, rest): (&&str, &[&str])| is_number(last, last.len()) && is_dated(rest);
    is_dated(&parts) || parts.split_last().is_some_and(is_suffixed)
}

/// The largest connection file that is read; a real one has about 1 KiB.
const LARGEST: u64 = 64 << 10;

/// What lies behind a name.
#[derive(Debug)]
pub(crate) enum Content {
    /// A connection file of ours.
    Ours(Box<ConnectionFile>),
    /// A regular file of this user that is no connection file of ours.
    Foreign(String),
    /// One of ours that cannot be used, and why.
    Broken(String),
}

/// Looks at a file.
///
/// # Errors
/// When it cannot be read, or is not a regular file of this user; then it is not ours either.
pub(crate) fn look_at(path: &Path) -> Result<Content, HomeError> {
    let file = open_regular(path)?;
    let mut text = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut text).map_err(HomeError::io("read", path))?;
    let by_name = |reason: String| {
        if is_our_name(path) { Content::Broken(reason) } else { Content::Foreign(reason) }
    };
    if text.len() as u64 > LARGEST {
        return Ok(by_name(format!("it has more than the {LARGEST} bytes of a connection file")));
    }
    let value: serde_json::Value = match serde_json::from_slice(&text) {
        Ok(value) => value,
        Err(error) => return Ok(by_name(format!("it is not JSON: {error}"))),
    };
    if value.get("qubx").is_none() {
        return Ok(Content::Foreign("it has no `qubx` object".to_owned()));
    }
    Ok(match serde_json::from_value(value) {
        Ok(file) => Content::Ours(Box::new(file)),
        Err(error) => Content::Broken(error.to_string()),
    })
}

/// Reads a connection file of ours.
///
/// # Errors
/// When it cannot be read, is not the user's own, or is not a connection file with a `qubx` object.
pub fn read_connection_file(path: &Path) -> Result<ConnectionFile, HomeError> {
    let refuse = |reason: String| HomeError::BadConnectionFile { path: path.to_owned(), reason };
    match look_at(path) {
        Ok(Content::Ours(file)) => Ok(*file),
        Ok(Content::Foreign(reason) | Content::Broken(reason)) => Err(refuse(reason)),
        Err(HomeError::Unsafe { reason, .. }) => Err(refuse(reason)),
        Err(HomeError::Io { source, .. }) if source.raw_os_error() == Some(LINK) => {
            Err(refuse("it is a link".to_owned()))
        }
        Err(error) => Err(error),
    }
}

/// What the system says of a link that is not to be followed.
const LINK: i32 = rustix::io::Errno::LOOP.raw_os_error();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_names_are_told_from_others() {
        for (name, expected) in [
            ("EMA_cross_20260102_030405.json", true),
            ("a_20260102_030405_2.json", true),
            ("a_20260102_030405_123456.json", true),
            ("_20260102_030405.json", false),
            ("20260102_030405.json", false),
            ("a_2026010_030405.json", false),
            ("a_20260102_030405.txt", false),
            ("a_20260102_03040x.json", false),
            ("kernel-3f2a.json", false),
            ("notes.json", false),
        ] {
            assert_eq!(is_our_name(Path::new(name)), expected, "{name}");
        }
    }
}
