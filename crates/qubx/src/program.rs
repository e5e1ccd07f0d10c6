//! This program's own file, and what a shell finds under its name.
//!
//! The command line of the Python framework Qubx has the same name, so the two may stand on the path together.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::shell::quoted;

/// The file of this program, and the programs of its name that are on the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnProgram {
    /// The file that runs.
    pub(crate) file: PathBuf,
    /// What the file is called.
    pub(crate) name: String,
    /// The programs of this name on the path, the one that a shell takes first.
    pub(crate) on_path: Vec<PathBuf>,
}

impl OwnProgram {
    /// Looks for it.
    ///
    /// # Errors
    /// When the system does not say which file runs.
    pub(crate) fn find() -> std::io::Result<Self> {
        let file = std::env::current_exe()?;
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let on_path = programs(&name);
        Ok(Self { file, name, on_path })
    }

    /// Tells whether a file is this very program, by whatever links.
    pub(crate) fn is(&self, file: &Path) -> bool {
        let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        real(file) == real(&self.file)
    }

    /// Returns the word that a shell runs it by: its name when that means it, else the whole path.
    pub(crate) fn word(&self) -> String {
        match self.on_path.first() {
            Some(first) if self.is(first) => self.name.clone(),
            _ => quoted(&self.file.display().to_string()),
        }
    }
}

/// Returns the files of this name on the path that can be run.
pub(crate) fn programs(name: &str) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        // An empty entry is the folder that one happens to be in.
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(name))
        .filter(|file| file.is_file() && access(file.as_path(), Access::EXEC_OK).is_ok())
        .collect()
}
