//! The whole output of cells that print too much for the log: a file for each, below the session's folder.
//!
//! Bounded per cell and in all: a cell's file ends at its quota, and the oldest files go when there are too many bytes.
//! What the disk refuses is a value for whoever shows the output, and never stops anything.

use std::collections::{HashMap, VecDeque};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use qubx_protocol::CellNumber;

use crate::config::OutputQuota;

/// The folder of the files, below the session's.
const FOLDER: &str = "outputs";
/// How many bytes of a cell wait in memory; when there are more, they are written.
const BUFFER: usize = 64 << 10;
/// How many cells have an open file at most: one of ours, and guests'. A further one has none.
const OPEN_FILES: usize = 16;

/// The output files of one session.
#[derive(Debug)]
pub(crate) struct Outputs {
    dir: PathBuf,
    quota: OutputQuota,
    /// The files that are not written any more, oldest first; none before the folder was looked at.
    old: Option<VecDeque<OldFile>>,
    /// The cells that have begun and not finished.
    cells: HashMap<CellNumber, Cell>,
    /// The bytes of all files, with what waits in memory.
    bytes: u64,
}

/// What became of a piece of output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// The file has it, and all before it.
    Whole,
    /// A quota is reached: the file has the beginning only.
    Full,
    /// The system refused, and this is what it said: the file has the beginning only, or is not there.
    Failed(String),
}

#[derive(Debug)]
struct OldFile {
    path: PathBuf,
    bytes: u64,
}

#[derive(Debug)]
struct Cell {
    bytes: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    Open(BufWriter<File>),
    /// Nothing is added any more.
    Ended(Kept),
}

impl Outputs {
    /// Returns the output files of the session in `session_dir`. Those that are there already count.
    pub(crate) fn new(session_dir: &Path, quota: OutputQuota) -> Self {
        Self { dir: session_dir.join(FOLDER), quota, old: None, cells: HashMap::new(), bytes: 0 }
    }

    /// Returns the path of a cell's file, relative to the session's folder.
    pub(crate) fn path_of(cell: CellNumber) -> String {
        format!("{FOLDER}/{}", file_name(cell))
    }

    /// Adds text to a cell's file. The first text of a cell begins the file anew.
    pub(crate) fn append(&mut self, cell: CellNumber, text: &str) -> Kept {
        let mut found = match self.cells.remove(&cell) {
            Some(found) => found,
            None => self.begin(cell),
        };
        if let State::Open(file) = &mut found.state {
            let wanted = text.len() as u64;
            let room = self.quota.cell.saturating_sub(found.bytes).min(self.make_room(wanted));
            let piece = beginning(text, room);
            let result = file.write_all(piece.as_bytes());
            found.bytes += piece.len() as u64;
            self.bytes += piece.len() as u64;
            let kept = match result {
                Ok(()) if piece.len() == text.len() => Kept::Whole,
                Ok(()) => file.flush().map_or_else(|error| failed(&error), |()| Kept::Full),
                Err(error) => failed(&error),
            };
            if kept != Kept::Whole {
                found.end(kept);
            }
        }
        let kept = match &found.state {
            State::Open(_) => Kept::Whole,
            State::Ended(why) => why.clone(),
        };
        self.cells.insert(cell, found);
        kept
    }

    /// Ends a cell's file: what waits in memory is written.
    pub(crate) fn finish(&mut self, cell: CellNumber) -> Kept {
        let Some(mut found) = self.cells.remove(&cell) else { return Kept::Whole };
        if let State::Open(file) = &mut found.state {
            let kept = file.flush().map_or_else(|error| failed(&error), |()| Kept::Whole);
            found.end(kept);
        }
        if found.bytes > 0 {
            let file = OldFile { path: self.dir.join(file_name(cell)), bytes: found.bytes };
            self.old.get_or_insert_default().push_back(file);
        }
        match found.state {
            State::Ended(kept) => kept,
            State::Open(_) => Kept::Whole,
        }
    }

    fn begin(&mut self, cell: CellNumber) -> Cell {
        let is_open = |cell: &&Cell| matches!(cell.state, State::Open(_));
        let state = if self.cells.values().filter(is_open).count() >= OPEN_FILES {
            State::Ended(Kept::Failed(format!("{OPEN_FILES} cells have an open file already")))
        } else {
            match self.create(cell) {
                Ok(file) => State::Open(BufWriter::with_capacity(BUFFER, file)),
                Err(why) => State::Ended(Kept::Failed(why)),
            }
        };
        Cell { bytes: 0, state }
    }

    /// Makes a cell's file; one of an older log that has its name goes.
    fn create(&mut self, cell: CellNumber) -> Result<File, String> {
        qubx_home::ensure_private_dir(&self.dir).map_err(|error| error.to_string())?;
        if self.old.is_none() {
            let old = files_in(&self.dir)
                .map_err(|error| format!("cannot read the folder {}: {error}", self.dir.display()))?;
            self.bytes += old.iter().map(|file| file.bytes).sum::<u64>();
            self.old = Some(old);
        }
        let path = self.dir.join(file_name(cell));
        let old = self.old.get_or_insert_default();
        if let Some(file) = old.iter().position(|file| file.path == path).and_then(|at| old.remove(at)) {
            self.bytes -= file.bytes;
        }
        let file = qubx_home::create_private_file(&path).map_err(|error| error.to_string())?;
        file.set_len(0).map_err(|error| format!("cannot empty {}: {error}", path.display()))?;
        Ok(file)
    }

    /// Removes the oldest files until `wanted` more bytes fit, and returns how many do. A file that is being written
    /// stays.
    fn make_room(&mut self, wanted: u64) -> u64 {
        while self.bytes + wanted > self.quota.session {
            let Some(oldest) = self.old.as_mut().and_then(VecDeque::pop_front) else { break };
            if let Err(error) = fs::remove_file(&oldest.path) {
                // What is not there takes no room; what cannot be removed is counted at the next start again.
                tracing::warn!(path = %oldest.path.display(), %error, "an old output file cannot be removed");
            }
            self.bytes -= oldest.bytes;
        }
        self.quota.session.saturating_sub(self.bytes)
    }
}

impl Cell {
    /// Closes the file. What could not be written is given up, instead of being tried again.
    fn end(&mut self, kept: Kept) {
        if let State::Open(file) = std::mem::replace(&mut self.state, State::Ended(kept)) {
            drop(file.into_parts());
        }
    }
}

fn file_name(cell: CellNumber) -> String {
    format!("cell-{cell}.txt")
}

fn failed(error: &io::Error) -> Kept {
    Kept::Failed(error.to_string())
}

/// Returns the beginning of `text` that has at most `room` bytes, in whole characters.
fn beginning(text: &str, room: u64) -> &str {
    let room = usize::try_from(room).unwrap_or(usize::MAX).min(text.len());
    let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    &text[..end]
}

/// Returns the files in a folder, the one that was written least recently first.
fn files_in(dir: &Path) -> io::Result<VecDeque<OldFile>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        if metadata.is_file() {
            let written = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            files.push((written, OldFile { path: entry.path(), bytes: metadata.len() }));
        }
    }
    files.sort_by_key(|(written, _)| *written);
    Ok(files.into_iter().map(|(_, file)| file).collect())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn outputs(dir: &Path, cell: u64, session: u64) -> Outputs {
        Outputs::new(dir, OutputQuota { cell, session })
    }

    fn text(dir: &Path, cell: u64) -> Option<String> {
        fs::read_to_string(dir.join(Outputs::path_of(CellNumber(cell)))).ok()
    }

    #[test]
    fn a_cell_has_its_whole_output_in_a_private_file() {
        let dir = tempfile::tempdir().unwrap();
        let mut outputs = outputs(dir.path(), 1_000_000, 2_000_000);
        assert!(!dir.path().join(FOLDER).exists(), "nothing is made before there is something to keep");
        let line = "a line of the output\n".repeat(1_000);
        for _ in 0..10 {
            assert_eq!(outputs.append(CellNumber(1), &line), Kept::Whole);
        }
        assert_eq!(outputs.finish(CellNumber(1)), Kept::Whole);
        assert_eq!(text(dir.path(), 1).unwrap(), line.repeat(10));
        let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(dir.path().join("outputs")), 0o700);
        assert_eq!(mode(dir.path().join("outputs/cell-1.txt")), 0o600);
    }

    #[test]
    fn a_cell_stops_at_its_quota_in_whole_characters_and_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let mut outputs = outputs(dir.path(), 8, 100);
        assert_eq!(outputs.append(CellNumber(1), "12345"), Kept::Whole);
        assert_eq!(outputs.append(CellNumber(1), "äöü"), Kept::Full);
        assert_eq!(outputs.append(CellNumber(1), "x"), Kept::Full);
        assert_eq!(outputs.finish(CellNumber(1)), Kept::Full);
        assert_eq!(text(dir.path(), 1).unwrap(), "12345ä");
    }

    #[test]
    fn the_oldest_files_go_when_there_are_too_many_bytes_also_those_of_before() {
        let dir = tempfile::tempdir().unwrap();
        let mut before = outputs(dir.path(), 50, 100);
        for cell in [1, 2] {
            assert_eq!(before.append(CellNumber(cell), &"x".repeat(40)), Kept::Whole);
            assert_eq!(before.finish(CellNumber(cell)), Kept::Whole);
        }
        let hour_ago = SystemTime::now() - std::time::Duration::from_secs(3_600);
        File::options()
            .append(true)
            .open(dir.path().join("outputs/cell-1.txt"))
            .unwrap()
            .set_modified(hour_ago)
            .unwrap();
        drop(before);

        let mut now = outputs(dir.path(), 50, 100);
        assert_eq!(now.append(CellNumber(3), &"y".repeat(40)), Kept::Whole);
        assert_eq!((text(dir.path(), 1), text(dir.path(), 2)), (None, Some("x".repeat(40))));
        assert_eq!(now.append(CellNumber(4), &"z".repeat(50)), Kept::Whole);
        assert_eq!(text(dir.path(), 2), None);
        // Only files that are being written are left, and they stay.
        assert_eq!(now.append(CellNumber(5), &"z".repeat(20)), Kept::Full);
        for (cell, length) in [(3, 40), (4, 50), (5, 10)] {
            now.finish(CellNumber(cell));
            assert_eq!(text(dir.path(), cell).unwrap().len(), length);
        }
    }

    #[test]
    fn a_cell_whose_number_was_used_before_begins_its_file_anew() {
        let dir = tempfile::tempdir().unwrap();
        for round in ["first", "then"] {
            let mut outputs = outputs(dir.path(), 100, 100);
            assert_eq!(outputs.append(CellNumber(1), round), Kept::Whole);
            assert_eq!(outputs.finish(CellNumber(1)), Kept::Whole);
            assert_eq!(text(dir.path(), 1).unwrap(), round);
            assert_eq!(outputs.bytes, round.len() as u64);
        }
    }

    #[test]
    fn what_the_disk_refuses_is_a_value() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("outputs"), "a file in the folder's place").unwrap();
        let mut outputs = outputs(dir.path(), 100, 100);
        let Kept::Failed(why) = outputs.append(CellNumber(1), "text") else { panic!("it must fail") };
        assert!(why.contains("outputs"), "{why}");
        assert_eq!(outputs.append(CellNumber(1), "more"), Kept::Failed(why.clone()));
        assert_eq!(outputs.finish(CellNumber(1)), Kept::Failed(why));

        // A device that is always full stands in for a full disk.
        let full = File::options().append(true).open("/dev/full").unwrap();
        let state = State::Open(BufWriter::with_capacity(BUFFER, full));
        outputs.cells.insert(CellNumber(2), Cell { bytes: 0, state });
        assert_eq!(outputs.append(CellNumber(2), "waits in memory"), Kept::Whole);
        assert!(matches!(outputs.finish(CellNumber(2)), Kept::Failed(why) if why.contains("space")));
    }
}
