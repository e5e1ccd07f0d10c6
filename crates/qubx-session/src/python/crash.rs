//! Crash records: what is known of the end of a Python process, a file each, in the session's folder.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use qubx_home::{HomeError, ensure_private_dir, write_private_file};
use qubx_protocol::{Author, CellNumber};

/// The records that are kept; older ones go.
const KEPT: usize = 20;

/// What is known of the end of a Python process.
#[derive(Debug)]
pub(crate) struct CrashRecord<'a> {
    pub(crate) time: Timestamp,
    pub(crate) pid: Option<u32>,
    /// How it ended, for example `signal 9`.
    pub(crate) status: &'a str,
    /// The cell that ran, with its author and source.
    pub(crate) cell: Option<(CellNumber, (Author, String))>,
    /// Where its threads were; empty when that is not known.
    pub(crate) traceback: &'a str,
    /// The end of what that cell had shown.
    pub(crate) cell_output: &'a str,
    /// The end of what was shown outside of cells.
    pub(crate) strategy_output: &'a str,
    /// The end of its log: what was written past Jupyter.
    pub(crate) last_output: &'a str,
}

impl CrashRecord<'_> {
    /// Writes the record into `crashes` below the session's folder and returns where.
    pub(crate) fn write(&self, session_dir: &Path) -> Result<PathBuf, HomeError> {
        let folder = session_dir.join("crashes");
        ensure_private_dir(&folder)?;
        let path = folder.join(format!("kernel-{}.txt", self.time.strftime("%Y%m%dT%H%M%S%.3fZ")));
        write_private_file(&path, self.text().as_bytes())?;
        forget_oldest(&folder, &path);
        Ok(path)
    }

    fn text(&self) -> String {
        let mut text = format!("time     {}\nended    {}\n", self.time, self.status);
        if let Some(pid) = self.pid {
            let _ = writeln!(text, "process  {pid}");
        }
        match &self.cell {
            Some((cell, (author, code))) => {
                let _ = writeln!(text, "cell     {cell} of {author}\n\n-- its source\n{}", code.trim_end());
            }
            None => text.push_str("cell     none ran\n"),
        }
        for (title, part) in [
            ("where its threads were", self.traceback),
            ("the last output of the cell", self.cell_output),
            ("the last output outside of cells", self.strategy_output),
            ("the end of its log", self.last_output),
        ] {
            let part = if part.trim().is_empty() { "not known" } else { part.trim_end() };
            let _ = write!(text, "\n-- {title}\n{part}\n");
        }
        text
    }
}

/// Removes what is too much beside the record that was just written.
fn forget_oldest(folder: &Path, newest: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let paths = entries.flatten().map(|entry| entry.path());
    // The newest need not be the last by its name, which begins with the time: the wall clock may have been set back.
    let mut records: Vec<PathBuf> = paths.filter(|path| path != newest).collect();
    records.sort();
    for old in records.iter().rev().skip(KEPT - 1) {
        // One that stays does no harm.
        let _ = std::fs::remove_file(old);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_says_what_is_known_and_only_the_newest_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let record = |second| CrashRecord {
            time: Timestamp::from_second(second).unwrap(),
            pid: Some(7),
            status: "signal 11",
            cell: Some((CellNumber(3), ("op1".into(), "boom()\n".to_owned()))),
            traceback: "Fatal Python error: Segmentation fault",
            cell_output: "42 of 43",
            strategy_output: "",
            last_output: "",
        };
        for second in 0..25 {
            record(second).write(dir.path()).unwrap();
        }
        let newest = record(25).write(dir.path()).unwrap();
        assert_eq!(std::fs::read_dir(dir.path().join("crashes")).unwrap().count(), KEPT);
        let set_back = record(1).write(dir.path()).unwrap();
        assert!(set_back.exists(), "what was just written stays, whatever the wall clock says");
        let text = std::fs::read_to_string(newest).unwrap();
        for part in
            ["signal 11", "cell     3 of op1", "boom()", "Segmentation fault", "42 of 43", "not known"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
