//! Connection files of ours that cannot be used: put away, so that they are told once and harm nobody.

use std::path::{Path, PathBuf};

use crate::ensure_private_dir;

/// A file that was put away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Where it was.
    pub path: PathBuf,
    /// Where it is now.
    pub moved_to: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

/// The folder in `kernels` that they go to.
pub(crate) const QUARANTINE: &str = ".quarantine";
/// The files of one name that are kept at most; then the last one is replaced.
const KEPT: u32 = 100;

/// Moves a file to [`QUARANTINE`] in `kernels`. Returns none when that cannot be done: then it stays where it is.
pub(crate) fn put_away(kernels: &Path, path: &Path, reason: String) -> Option<Quarantined> {
    let folder = kernels.join(QUARANTINE);
    ensure_private_dir(&folder).ok()?;
    let name = path.file_name()?.to_str()?;
    let numbered = (2..=KEPT).map(|number| format!("{name}.{number}"));
    let moved_to = std::iter::once(name.to_owned())
        .chain(numbered)
        .map(|name| folder.join(name))
        .find(|free| !free.exists())
        .unwrap_or_else(|| folder.join(format!("{name}.{KEPT}")));
    std::fs::rename(path, &moved_to).ok()?;
    Some(Quarantined { path: path.to_owned(), moved_to, reason })
}
