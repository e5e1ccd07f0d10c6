//! Where each gateway of this user is, for the commands that print links to it: a small file each, proven by its process.

use std::path::{Path, PathBuf};

use qubx_home::{ProcessId, replace_private_file};
use serde::{Deserialize, Serialize};

use crate::access::{Access, AccessError};
use crate::options::Exposure;

/// A gateway that runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Notice {
    /// Its process.
    #[serde(flatten)]
    pub process: ProcessId,
    /// The address that links to it begin with.
    pub origin: String,
    /// The only session that it serves; none for all.
    pub only: Option<String>,
    /// How the page is reached, with the port on which it listens; none from an older version.
    #[serde(default)]
    pub exposure: Option<Exposure>,
}

/// The file of a notice; it goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Posted {
    path: PathBuf,
}

impl Drop for Posted {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Notes where this gateway is.
pub(crate) fn post(
    access: &Access,
    origin: &str,
    only: Option<&str>,
    exposure: Exposure,
) -> Result<Posted, AccessError> {
    let process = ProcessId::own().expect("a process finds itself in /proc");
    let (origin, only) = (origin.to_owned(), only.map(str::to_owned));
    let notice = Notice { process, origin, only, exposure: Some(exposure) };
    let path = access.folder().join(format!("gateway-{}.json", process.pid));
    let text = serde_json::to_vec(&notice).expect("a notice has string keys");
    replace_private_file(&path, &text)?;
    Ok(Posted { path })
}

/// Returns the gateways of this user that run. Files of those that were killed are removed.
#[must_use]
pub fn gateways(access: &Access) -> Vec<Notice> {
    let (found, dead) = look(access.folder());
    // Nobody writes half of one.
    dead.iter().for_each(|path| drop(std::fs::remove_file(path)));
    found
}

/// Returns the gateways that run and have noted it in a folder, and leaves everything as it is.
#[must_use]
pub fn gateways_in(folder: &Path) -> Vec<Notice> {
    look(folder).0
}

/// Returns the notices of gateways that run, and the files that are no such notice.
fn look(folder: &Path) -> (Vec<Notice>, Vec<PathBuf>) {
    let (mut found, mut dead) = (Vec::new(), Vec::new());
    for path in std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok).map(|file| file.path())
    {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.starts_with("gateway-") || !name.ends_with(".json") {
            continue;
        }
        let notice: Option<Notice> =
            std::fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok());
        match notice {
            Some(notice) if notice.process.is_alive() => found.push(notice),
            _ => dead.push(path),
        }
    }
    found.sort_by(|one, other| one.origin.cmp(&other.origin));
    (found, dead)
}
