//! The folder of a session: what lies in it must be what we put there.

use std::io::ErrorKind;
use std::path::Path;

use crate::{HomeError, ensure_private_dir};

/// The files of a session. What else lies in its folder is somebody else's, and is left alone.
const FILES: [&str; 14] = [
    "lock",
    "owner",
    "ledger.db",
    "ledger.db-wal",
    "ledger.db-shm",
    "ledger.db-journal",
    "session.db",
    "session.db-wal",
    "session.db-shm",
    "session.db-journal",
    "service.log",
    "kernel.log",
    "ballast",
    "left.json",
];
/// The folders of a session.
const FOLDERS: [&str; 2] = ["crashes", "outputs"];

/// Makes the folder of a session, or checks one that is there: a link or a pipe in the place of one of our files would
/// have us write elsewhere, or wait for ever.
///
/// # Errors
/// When it cannot be made or used, or something in it is not what it must be; nothing is changed then.
pub fn ensure_session_dir(path: &Path) -> Result<(), HomeError> {
    ensure_private_dir(path)?;
    for name in FILES {
        check(&path.join(name), "a regular file", std::fs::Metadata::is_file)?;
    }
    for name in FOLDERS {
        check(&path.join(name), "a folder", std::fs::Metadata::is_dir)?;
    }
    Ok(())
}

fn check(
    path: &Path,
    wanted: &str,
    is_wanted: impl FnOnce(&std::fs::Metadata) -> bool,
) -> Result<(), HomeError> {
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(HomeError::io("look at", path)(error)),
    };
    if is_wanted(&metadata) {
        return Ok(());
    }
    let what = if metadata.is_symlink() { "it is a link, and" } else { "it" };
    let reason = format!("{what} must be {wanted}; remove it");
    Err(HomeError::Unsafe { path: path.to_owned(), reason })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_and_other_kinds_in_the_place_of_ours_are_refused_and_what_is_not_ours_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let (dir, elsewhere) = (root.path().join("session"), root.path().join("elsewhere"));
        ensure_session_dir(&dir).unwrap();
        std::fs::write(&elsewhere, "theirs").unwrap();
        symlink(&elsewhere, dir.join("notes")).unwrap();
        ensure_session_dir(&dir).unwrap();
        for name in FILES.into_iter().chain(FOLDERS) {
            symlink(&elsewhere, dir.join(name)).unwrap();
            let refused = ensure_session_dir(&dir).unwrap_err().to_string();
            assert!(refused.contains(name) && refused.contains("it is a link"), "{refused}");
            std::fs::remove_file(dir.join(name)).unwrap();
        }
        for name in FILES {
            std::fs::create_dir(dir.join(name)).unwrap();
            assert!(ensure_session_dir(&dir).unwrap_err().to_string().contains("a regular file"));
            std::fs::remove_dir(dir.join(name)).unwrap();
        }
        std::fs::write(dir.join("crashes"), "").unwrap();
        assert!(ensure_session_dir(&dir).unwrap_err().to_string().contains("must be a folder"));
    }
}
