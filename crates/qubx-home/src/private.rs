//! Folders and files that are this user's alone: 0700 and 0600, whatever the umask says; links are refused.

use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use crate::HomeError;

/// The mode of our folders: the user's alone.
const PRIVATE_DIR: u32 = 0o700;
/// The mode of our files: the user's alone.
const PRIVATE_FILE: u32 = 0o600;

/// Makes a folder with mode 0700 and its parents, or checks and sets the mode of one that is there.
///
/// # Errors
/// When it cannot be made, is a link, or belongs to somebody else.
pub fn ensure_private_dir(path: &Path) -> Result<(), HomeError> {
    let mode = ensure_own_dir(path)?;
    if mode != PRIVATE_DIR {
        std::fs::set_permissions(path, PermissionsExt::from_mode(PRIVATE_DIR))
            .map_err(HomeError::io("set the mode of", path))?;
    }
    Ok(())
}

/// Makes a folder that others put files into too, or checks one that is there and leaves its mode.
///
/// # Errors
/// When it cannot be made, is a link, belongs to somebody else, or may be written to by others.
pub(crate) fn ensure_shared_dir(path: &Path) -> Result<(), HomeError> {
    if path.exists() { check_shared_dir(path) } else { ensure_private_dir(path) }
}

/// Checks a folder that is there and that others put files into too.
///
/// # Errors
/// When it is a link, belongs to somebody else, or may be written to by others.
pub(crate) fn check_shared_dir(path: &Path) -> Result<(), HomeError> {
    let metadata = std::fs::symlink_metadata(path).map_err(HomeError::io("look at", path))?;
    let mode = mode_of_own_dir(path, &metadata)?;
    if mode & 0o022 != 0 {
        let reason = format!(
            "other users may write to it (mode {mode:o}); take that away with `chmod go-w {}`",
            path.display()
        );
        return Err(HomeError::Unsafe { path: path.to_owned(), reason });
    }
    Ok(())
}

/// How often a folder is made that goes again at once.
const MOST_ATTEMPTS: u32 = 100;

/// Makes a folder and its parents, or checks that one that is there is a folder of this user; returns its mode.
fn ensure_own_dir(path: &Path) -> Result<u32, HomeError> {
    let mut attempts = 0;
    loop {
        // The mode goes to every folder made on the way; a narrower umask is undone by whoever needs all of it.
        let made = DirBuilder::new().recursive(true).mode(PRIVATE_DIR).create(path);
        let error = match (made, std::fs::symlink_metadata(path)) {
            (_, Ok(metadata)) => return mode_of_own_dir(path, &metadata),
            (Err(error), Err(_)) => error,
            (Ok(()), Err(error)) => error,
        };
        // Somebody tidies up meanwhile: it was there for one step and not for the next.
        attempts += 1;
        if !matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound)
            || attempts == MOST_ATTEMPTS
        {
            return Err(HomeError::io("create", path)(error));
        }
    }
}

/// Checks that this is a folder of this user, and returns its mode.
fn mode_of_own_dir(path: &Path, metadata: &Metadata) -> Result<u32, HomeError> {
    let refuse = |reason: String| Err(HomeError::Unsafe { path: path.to_owned(), reason });
    if !metadata.is_dir() {
        return refuse("it is a link or a file, and must be a folder; remove it".to_owned());
    }
    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user {
        return refuse(format!("it belongs to user {}, and must belong to user {user}", metadata.uid()));
    }
    Ok(metadata.mode() & 0o777)
}

/// Opens a file of ours for appending, with mode 0600, and makes it when it is not there. Links are refused.
///
/// # Errors
/// When the system refuses, and when it is not a regular file of this user.
pub fn create_private_file(path: &Path) -> Result<File, HomeError> {
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(PRIVATE_FILE)
        .custom_flags(no_follow())
        .open(path)
        .map_err(|error| not_opened(error, path))?;
    check_own_file(&file, path)?;
    file.set_permissions(PermissionsExt::from_mode(PRIVATE_FILE))
        .map_err(HomeError::io("set the mode of", path))?;
    Ok(file)
}

/// Writes a new file of ours with mode 0600, down to the disk. One that is there already is an error.
///
/// # Errors
/// When the system refuses.
pub fn write_private_file(path: &Path, content: &[u8]) -> Result<(), HomeError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(PRIVATE_FILE)
        .custom_flags(no_follow())
        .open(path)
        .map_err(HomeError::io("create", path))?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(HomeError::io("write", path))
}

/// Replaces the content of a file of ours, or makes the file. It is whole at any time: the old content or the new one.
///
/// # Errors
/// When it cannot be written; the old content stands then.
pub fn replace_private_file(path: &Path, content: &[u8]) -> Result<(), HomeError> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = Path::new(&draft);
    // One that was left half-way is worth nothing.
    let _ = std::fs::remove_file(draft);
    write_private_file(draft, content)?;
    std::fs::rename(draft, path).map_err(HomeError::io("replace", path))?;
    path.parent().map_or(Ok(()), sync_dir)
}

/// Opens a regular file of this user for reading. A link is not followed, and a pipe is not waited for.
///
/// # Errors
/// When the system refuses, and when it is something else.
pub(crate) fn open_regular(path: &Path) -> Result<File, HomeError> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(no_follow())
        .open(path)
        .map_err(|error| not_opened(error, path))?;
    check_own_file(&file, path)?;
    Ok(file)
}

/// Writes the names in a folder down to the disk.
pub(crate) fn sync_dir(path: &Path) -> Result<(), HomeError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(HomeError::io("write", path))
}

fn check_own_file(file: &File, path: &Path) -> Result<(), HomeError> {
    let metadata = file.metadata().map_err(HomeError::io("look at", path))?;
    let refuse = |reason: String| Err(HomeError::Unsafe { path: path.to_owned(), reason });
    if !metadata.is_file() {
        return refuse("it is not a regular file; remove it".to_owned());
    }
    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user {
        return refuse(format!("it belongs to user {}, and must belong to user {user}", metadata.uid()));
    }
    Ok(())
}

/// Returns why a file was not opened; of a link the system says something that nobody understands.
fn not_opened(error: std::io::Error, path: &Path) -> HomeError {
    if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
        let reason = "it is a link, and must be a regular file; remove it".to_owned();
        return HomeError::Unsafe { path: path.to_owned(), reason };
    }
    HomeError::io("open", path)(error)
}

/// Links are refused, and opening a pipe waits for nobody.
fn no_follow() -> i32 {
    (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(matches!(ensure_shared_dir(&link), Err(HomeError::Unsafe { .. })));
        assert!(create_private_file(&link).is_err());
    }

    #[test]
    fn a_shared_folder_keeps_its_mode_unless_others_may_write_to_it() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("shared");
        std::fs::create_dir(&dir).unwrap();
        let set = |mode| std::fs::set_permissions(&dir, PermissionsExt::from_mode(mode)).unwrap();
        set(0o755);
        ensure_shared_dir(&dir).unwrap();
        assert_eq!(std::fs::metadata(&dir).unwrap().mode() & 0o777, 0o755);
        for open in [0o777, 0o775, 0o757] {
            set(open);
            let refused = ensure_shared_dir(&dir).unwrap_err().to_string();
            assert!(refused.contains("chmod go-w"), "{refused}");
        }
    }

    #[test]
    fn what_is_not_a_regular_file_is_neither_opened_nor_waited_for() {
        let root = tempfile::tempdir().unwrap();
        let (pipe, link, file) =
            (root.path().join("pipe"), root.path().join("link"), root.path().join("file"));
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        write_private_file(&file, b"text").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(matches!(open_regular(&pipe), Err(HomeError::Unsafe { .. })));
        assert!(matches!(create_private_file(&pipe), Err(HomeError::Unsafe { .. })));
        assert!(open_regular(&link).is_err());
        assert!(matches!(open_regular(root.path()), Err(HomeError::Unsafe { .. })));
        assert!(write_private_file(&link, b"other").is_err());
        assert_eq!(std::fs::read(&file).unwrap(), b"text");
        open_regular(&file).unwrap();
    }
}
