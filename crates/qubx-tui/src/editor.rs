//! The user's own editor on the cell: a private file, the command, and the text that comes back.
//!
//! The terminal is somebody else's business: whoever calls this has given it back before.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use crate::prompt::LONGEST_CELL_BYTES;

/// How long an editor has to put the terminal in order when the screen must end.
const PATIENCE: Duration = Duration::from_secs(2);

/// An editor at work.
pub(crate) struct Editing {
    child: Child,
    file: CellFile,
}

impl Editing {
    /// Starts the user's editor on a text, in the foreground of this terminal.
    ///
    /// # Errors
    /// With a sentence for people, when there is no editor, no file, or it does not start.
    pub(crate) fn start(editor: &OsString, text: &str) -> Result<Self, String> {
        let file = CellFile::new(text).map_err(|error| format!("no file for the editor: {error}"))?;
        // The variable is a command with arguments, as every program takes it; the shell takes it apart, and then is the
        // editor, so that a signal to the child is one to the editor.
        let mut script = OsString::from("exec env ");
        script.push(editor);
        script.push(" \"$1\"");
        let child =
            Command::new("sh").arg("-c").arg(script).arg("qubx").arg(&file.path).kill_on_drop(true).spawn();
        let child = child.map_err(|error| format!("the editor does not start: {error}"))?;
        Ok(Self { child, file })
    }

    /// Waits for the end of the editor.
    pub(crate) async fn ended(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Asks the editor to end, as it does when a system goes down, and ends it if it does not. Its text is lost.
    pub(crate) async fn end(mut self) {
        let id = self.child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if id.is_some_and(|id| kill_process(id, Signal::TERM).is_ok()) {
            let _ = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        }
        let _ = self.child.kill().await;
    }

    /// Returns the text that an editor left which ended so. The file goes, unless what is in it cannot be taken.
    ///
    /// # Errors
    /// With a sentence for people.
    pub(crate) fn text(mut self, status: io::Result<ExitStatus>) -> Result<String, String> {
        match status {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(format!("the editor ended with {status}; the cell is as it was")),
            Err(error) => return Err(format!("the editor is lost: {error}; the cell is as it was")),
        }
        self.file.read().inspect_err(|_| self.file.keep = true)
    }
}

/// Returns the command of the user's editor: `$VISUAL`, `$EDITOR`, or what the machine has.
pub(crate) fn find() -> Option<OsString> {
    let set = |name| std::env::var_os(name).filter(|command| !command.is_empty());
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_there = |name: &str| std::env::split_paths(&path).any(|folder| is_program(&folder.join(name)));
    set("VISUAL")
        .or_else(|| set("EDITOR"))
        .or_else(|| ["vi", "nano"].into_iter().find(|name| is_there(name)).map(OsString::from))
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// A file that nobody else can read, in a folder of its own; both go with this.
struct CellFile {
    folder: PathBuf,
    path: PathBuf,
    keep: bool,
}

impl CellFile {
    fn new(text: &str) -> io::Result<Self> {
        let mut attempt = 0;
        let folder = loop {
            let folder = std::env::temp_dir().join(format!("qubx-cell-{}-{attempt}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&folder) {
                Ok(()) => break folder,
                // Left by another process of that number, or put there by somebody else: never used.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < 100 => attempt += 1,
                Err(error) => return Err(error),
            }
        };
        let path = folder.join("cell.py");
        let file = Self { folder, path, keep: false };
        let mut written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file.path)?;
        written.write_all(text.as_bytes())?;
        // Editors end a file with a line break, and it is taken off again.
        if !text.is_empty() {
            written.write_all(b"\n")?;
        }
        Ok(file)
    }

    fn read(&self) -> Result<String, String> {
        let kept =
            |why: &str| format!("{why}; the cell is as it was, the file stays: {}", self.path.display());
        let longest = LONGEST_CELL_BYTES as u64 + 1;
        let size = fs::metadata(&self.path).map_err(|error| kept(&error.to_string()))?.len();
        if size > longest {
            return Err(kept(&format!("{size} bytes are too long for a cell")));
        }
        let bytes = fs::read(&self.path).map_err(|error| kept(&error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| kept("the file is not UTF-8"))?;
        Ok(text
            .strip_suffix('\n')
            .map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text))
            .to_owned())
    }
}

impl Drop for CellFile {
    fn drop(&mut self) {
        if !self.keep {
            // What an editor put beside it goes too.
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn edit(command: &str, text: &str) -> (Result<String, String>, PathBuf) {
        let mut editing = Editing::start(&OsString::from(command), text).unwrap();
        let folder = editing.file.folder.clone();
        let modes = [&folder, &editing.file.path]
            .map(|path| fs::metadata(path).unwrap().permissions().mode() & 0o777);
        assert_eq!(modes, [0o700, 0o600]);
        let status = editing.ended().await;
        (editing.text(status), folder)
    }

    #[tokio::test]
    async fn what_an_editor_leaves_is_the_text_and_the_file_goes() {
        for (command, text, expected) in [
            ("sed -i s/a/b/", "x = 'a'\ny", Ok("x = 'b'\ny")),
            ("true", "x\n", Ok("x\n")),
            ("true", "", Ok("")),
            ("sh -c 'echo 1 > $0'", "x", Ok("1")),
            ("sh -c 'echo 1 > $0; exit 3'", "x", Err("exit status: 3")),
            ("no-such-editor-anywhere 2>/dev/null", "x", Err("exit status: 127")),
        ] {
            let (result, folder) = edit(command, text).await;
            match (result, expected) {
                (Ok(text), Ok(expected)) => assert_eq!(text, expected, "{command}"),
                (Err(why), Err(expected)) => assert!(why.contains(expected), "{command}: {why}"),
                (result, _) => panic!("{command}: {result:?}"),
            }
            assert!(!folder.exists(), "{command}");
        }
    }

    #[tokio::test]
    async fn an_editor_that_is_asked_to_end_ends_and_the_file_goes() {
        let editing = Editing::start(&OsString::from("tail -f"), "x").unwrap();
        let folder = editing.file.folder.clone();
        let limit = PATIENCE * 10;
        tokio::time::timeout(limit, editing.end()).await.unwrap();
        assert!(!folder.exists());
    }

    #[tokio::test]
    async fn a_file_that_is_no_cell_stays_and_its_place_is_told() {
        for command in ["sh -c 'printf \"\\377\" > $0'", "truncate -s 300000"] {
            let (result, folder) = edit(command, "x").await;
            let why = result.unwrap_err();
            assert!(why.contains(&*folder.join("cell.py").to_string_lossy()), "{why}");
            fs::remove_dir_all(folder).unwrap();
        }
    }
}
