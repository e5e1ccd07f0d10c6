//! Files that appear whole or not at all, for this user alone.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use qubx_home::ensure_private_dir;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::failure::Failure;

/// The mode of our files: the user's alone.
const PRIVATE_FILE: u32 = 0o600;

/// A file that is being written beside its name. Unless it gets that, it goes.
pub(super) struct Draft {
    path: PathBuf,
    draft: PathBuf,
    replaces: bool,
    /// None once it was written down whole.
    file: Option<BufWriter<File>>,
    /// Whether the draft is there, under its own name.
    is_there: bool,
}

impl Draft {
    /// Begins a file. One that is there is an error, unless it is to be replaced.
    pub(super) fn create(path: &Path, replaces: bool) -> Result<Self, Failure> {
        if !replaces && path.symlink_metadata().is_ok() {
            return Err(exists(path));
        }
        let name = path.file_name().filter(|_| !path.is_dir()).ok_or_else(|| {
            Failure::usage(format!("{} is a folder, and a file is to be written", path.display()))
        })?;
        let draft = path.with_file_name(format!(".{}.{}.part", name.display(), std::process::id()));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(PRIVATE_FILE)
            .open(&draft)
            .map_err(Failure::because(format!("cannot create {}", path.display())))?;
        let file = Some(BufWriter::new(file));
        Ok(Self { path: path.to_owned(), draft, replaces, file, is_there: true })
    }

    /// Adds text.
    pub(super) fn write(&mut self, text: &str) -> Result<(), Failure> {
        let file = self.file.as_mut().expect("nothing is added to a file that is whole");
        file.write_all(text.as_bytes())
            .map_err(Failure::because(format!("cannot write {}", self.path.display())))
    }

    /// Brings all of it to the disk.
    pub(super) fn whole(mut self) -> Result<Self, Failure> {
        let written = self.file.take().map(|mut file| file.flush().and_then(|()| file.get_ref().sync_all()));
        written.transpose().map_err(Failure::because(format!("cannot write {}", self.path.display())))?;
        Ok(self)
    }

    /// Gives it its name and returns that.
    pub(super) fn publish(mut self) -> Result<PathBuf, Failure> {
        let renamed =
            if self.replaces { std::fs::rename(&self.draft, &self.path) } else { self.rename_anew() };
        match renamed {
            Ok(()) => {
                self.is_there = false;
                Ok(self.path.clone())
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Err(exists(&self.path)),
            Err(error) => Err(Failure::because(format!("cannot write {}", self.path.display()))(error)),
        }
    }

    /// Gives it a name that nothing has, also if somebody takes it at this moment.
    fn rename_anew(&self) -> std::io::Result<()> {
        match renameat_with(CWD, &self.draft, CWD, &self.path, RenameFlags::NOREPLACE) {
            // Some file systems of networks cannot do both at once.
            Err(Errno::INVAL | Errno::NOSYS) if self.path.symlink_metadata().is_err() => {
                std::fs::rename(&self.draft, &self.path)
            }
            Err(Errno::INVAL | Errno::NOSYS) => Err(Errno::EXIST.into()),
            renamed => renamed.map_err(Into::into),
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.is_there {
            let _ = std::fs::remove_file(&self.draft);
        }
    }
}

fn exists(path: &Path) -> Failure {
    Failure::new(format!("{} is there already, and nothing was written", path.display()))
        .hint("--force replaces it; or name another place")
}

/// A folder for files. If it was made for them and they are not kept, it goes.
pub(super) struct Folder {
    path: PathBuf,
    is_new: bool,
}

impl Folder {
    /// Makes a folder of this user alone; one that is there stays as it is.
    pub(super) fn make(path: &Path) -> Result<Self, Failure> {
        let is_new = !path.is_dir();
        if is_new {
            ensure_private_dir(path)?;
        }
        Ok(Self { path: path.to_owned(), is_new })
    }

    /// Keeps it and returns it.
    pub(super) fn keep(mut self) -> PathBuf {
        self.is_new = false;
        self.path.clone()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_new {
            // Only an empty one goes.
            let _ = std::fs::remove_dir(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_appears_whole_and_private_and_replaces_nothing_unasked() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        let mut draft = Draft::create(&path, false).unwrap();
        draft.write("one").unwrap();
        assert!(!path.exists());
        draft.whole().unwrap().publish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(Draft::create(&path, false).is_err());

        let mut draft = Draft::create(&path, true).unwrap();
        draft.write("two").unwrap();
        drop(draft);
        assert_eq!(std::fs::read(&path).unwrap(), b"one", "what was not finished changes nothing");
        let mut draft = Draft::create(&path, true).unwrap();
        draft.write("three").unwrap();
        draft.whole().unwrap().publish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"three");
        assert_eq!(names(dir.path()), ["a.csv"]);
    }

    #[test]
    fn what_comes_to_the_name_meanwhile_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        let draft = Draft::create(&path, false).unwrap();
        std::fs::write(&path, "another's").unwrap();
        let refused = draft.whole().unwrap().publish().unwrap_err();
        assert!(refused.message().contains("is there already"), "{refused}");
        assert_eq!(std::fs::read(&path).unwrap(), b"another's");
        assert_eq!(names(dir.path()), ["a.csv"]);
    }

    #[test]
    fn a_folder_that_was_made_for_nothing_goes_and_another_stays() {
        let dir = tempfile::tempdir().unwrap();
        let new = dir.path().join("new");
        drop(Folder::make(&new).unwrap());
        assert!(!new.exists());
        std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
        drop(Folder::make(dir.path()).unwrap());
        assert_eq!(dir.path().metadata().unwrap().permissions().mode() & 0o777, 0o755);
        assert_eq!(Folder::make(&new).unwrap().keep(), new);
        assert_eq!(new.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }
}
