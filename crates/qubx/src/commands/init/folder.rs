//! The files of a new strategy: all of them are written, or none.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::name::Names;
use crate::failure::Failure;
use crate::program::{OwnProgram, programs};
use crate::shell::quoted;

/// What is written; its names are replaced by the strategy's.
const CONFIG: &str = include_str!("template/my_strategy.yml");
const STRATEGY: &str = include_str!("template/my_strategy.py");
const TEST: &str = include_str!("template/test_my_strategy.py");

/// A strategy that has been written.
#[derive(Debug)]
pub(super) struct Made {
    /// The folder, absolute.
    pub(super) folder: PathBuf,
    /// The folder as it was named; empty for the current one.
    named: PathBuf,
    names: Names,
}

impl Made {
    /// Returns the files, as paths from where the command was given.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        contents(&self.names).into_iter().map(|(name, _)| self.named.join(name)).collect()
    }

    /// Returns what to type next: its test, a run, and another screen on it.
    pub(super) fn commands(&self, program: &OwnProgram) -> [String; 3] {
        let word = program.word();
        let Names { session, module, .. } = &self.names;
        let path = |name: String| quoted(&self.named.join(name).display().to_string());
        let variable = if word == "qubx" { String::new() } else { format!("QUBX={word} ") };
        // Any Python will do: it runs the program, which finds the one of the strategy itself.
        let python = if programs("python3").is_empty() { "python" } else { "python3" };
        [
            format!("{variable}{python} {}", path(format!("test_{module}.py"))),
            format!("{word} run {} --paper --textual", path(format!("{session}.yml"))),
            format!("{word} attach {session}"),
        ]
    }
}

/// Writes a strategy into a folder, which is made when it is not there.
pub(super) fn make(dir: Option<&Path>, name: Option<&str>) -> Result<Made, Failure> {
    let named = dir.map(Path::to_owned).unwrap_or_default();
    let folder = std::path::absolute(dir.unwrap_or(Path::new(".")))
        .map_err(Failure::because("cannot tell what the current folder is"))?;
    let names = name.map_or_else(|| name_of_folder(&folder), Names::of)?;
    let files: Vec<(PathBuf, String)> =
        contents(&names).into_iter().map(|(name, text)| (folder.join(name), text)).collect();
    if let Some((taken, _)) = files.iter().find(|(path, _)| path.symlink_metadata().is_ok()) {
        return Err(Failure::usage(format!("{} is there already; nothing was written", taken.display()))
            .hint("choose another name with --name, or another folder with --dir"));
    }
    if name.is_none() {
        refuse_a_folder_of_other_things(&folder)?;
    }
    let is_new = !folder.exists();
    std::fs::create_dir_all(&folder)
        .map_err(Failure::because(format!("cannot make the folder {}", folder.display())))?;
    if let Err(failure) = write_all(&files) {
        if is_new {
            // Only an empty folder can be removed so.
            let _ = std::fs::remove_dir(&folder);
        }
        return Err(failure);
    }
    Ok(Made { folder, named, names })
}

/// Returns the folder's name as the strategy's.
fn name_of_folder(folder: &Path) -> Result<Names, Failure> {
    let real = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    Names::of(&real.file_name().unwrap_or_default().to_string_lossy())
}

/// Refuses a folder that has something already: its name might not be meant for a strategy. An environment of Python may
/// be there, and what else is hidden.
fn refuse_a_folder_of_other_things(folder: &Path) -> Result<(), Failure> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut names = entries.map(|entry| entry.file_name());
    match names.find(|name| !name.as_encoded_bytes().starts_with(b".")) {
        None => Ok(()),
        Some(other) => Err(Failure::usage(format!(
            "{} is not empty ({} is in it), so the strategy must be named",
            folder.display(),
            other.display()
        ))
        .hint("name it with --name, or make a new folder with --dir")),
    }
}

/// Returns each file's name and text.
fn contents(names: &Names) -> [(String, String); 3] {
    let Names { session, module, class } = names;
    let named = |text: &str| {
        text.replace("my-strategy", session).replace("my_strategy", module).replace("MyStrategy", class)
    };
    [
        (format!("{session}.yml"), named(CONFIG)),
        (format!("{module}.py"), named(STRATEGY)),
        (format!("test_{module}.py"), named(TEST)),
    ]
}

fn write_all(files: &[(PathBuf, String)]) -> Result<(), Failure> {
    for (written, (path, text)) in files.iter().enumerate() {
        let file = OpenOptions::new().write(true).create_new(true).open(path);
        let is_ours = file.is_ok();
        let Err(error) = file.and_then(|mut file| file.write_all(text.as_bytes())) else { continue };
        // Half a strategy is none. What was there before is not ours to remove.
        for (path, _) in &files[..written + usize::from(is_ours)] {
            let _ = std::fs::remove_file(path);
        }
        return Err(Failure::because(format!("cannot write {}; nothing was written", path.display()))(error));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_strategy_is_written_into_a_new_folder_under_its_names() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("deep/ema-cross");
        make(Some(&folder), None).unwrap();
        assert_eq!(listing(&folder), ["ema-cross.yml", "ema_cross.py", "test_ema_cross.py"]);
        for name in listing(&folder) {
            let text = std::fs::read_to_string(folder.join(name)).unwrap();
            let left = ["my-strategy", "my_strategy", "MyStrategy"].iter().find(|name| text.contains(**name));
            assert_eq!(left, None);
        }
        let config = std::fs::read_to_string(folder.join("ema-cross.yml")).unwrap();
        assert!(config.contains("\nstrategy: ema_cross.EmaCross "), "{config}");
    }

    #[test]
    fn nothing_is_written_where_one_of_the_files_is_there_already() {
        let root = tempfile::tempdir().unwrap();
        for taken in ["a.yml", "a.py", "test_a.py"] {
            let path = root.path().join(taken);
            // A link to nowhere is something, too.
            std::os::unix::fs::symlink("/nowhere/at/all", &path).unwrap();
            let refused = make(Some(root.path()), Some("a")).unwrap_err().to_string();
            assert!(refused.contains(&format!("{} is there already", path.display())), "{refused}");
            assert_eq!(listing(root.path()), [taken]);
            std::fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn what_was_written_goes_when_the_rest_cannot_be() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("b"), "mine").unwrap();
        let files = ["a", "b", "c"].map(|name| (root.path().join(name), "ours".to_owned()));
        let refused = write_all(&files).unwrap_err().to_string();
        assert!(refused.contains("/b; nothing was written"), "{refused}");
        assert_eq!(listing(root.path()), ["b"]);
        assert_eq!(std::fs::read_to_string(root.path().join("b")).unwrap(), "mine");
    }

    #[test]
    fn a_folder_names_the_strategy_only_while_nothing_else_is_in_it() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("mine");
        std::fs::create_dir_all(folder.join(".venv")).unwrap();
        assert_eq!(name_of_folder(&folder).unwrap().session, "mine");
        refuse_a_folder_of_other_things(&folder).unwrap();
        std::fs::write(folder.join("notes.txt"), "").unwrap();
        let refused = make(Some(&folder), None).unwrap_err().to_string();
        assert!(refused.contains("notes.txt") && refused.contains("--name"), "{refused}");
        let made = make(Some(&folder), Some("other")).unwrap();
        assert_eq!(made.files()[0], folder.join("other.yml"));
    }
}
