//! Where a value was written. Cheap to copy around: every node of a config has one.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many characters of a source line an error shows.
const EXCERPT_WIDTH: usize = 100;

/// A text that values come from: a config file, or the value of one `--set`.
#[derive(Debug)]
pub(super) struct Source {
    /// What errors call it: the path as it was given, or the whole `--set` option.
    pub(super) label: String,
    /// What relative paths in it are relative to; absolute.
    pub(super) folder: PathBuf,
    /// The text itself.
    pub(super) text: String,
    /// Whether a place in it is worth a line and a column: so in files, not in the value of a `--set`.
    pub(super) has_lines: bool,
}

/// A place in a [`Source`].
#[derive(Clone, Debug)]
pub(super) struct Origin {
    source: Arc<Source>,
    /// From 1; 0 stands for the source as a whole.
    line: u32,
    /// From 1, in characters.
    column: u32,
}

impl Origin {
    /// Returns the place at `line` and `column` of `source`, both from 1.
    pub(super) fn at(source: &Arc<Source>, line: u64, column: u64) -> Self {
        let small =
            |number: u64| if source.has_lines { u32::try_from(number).unwrap_or(u32::MAX) } else { 0 };
        Self { source: Arc::clone(source), line: small(line), column: small(column) }
    }

    /// Returns `source` as a whole, without a line.
    pub(super) fn whole(source: &Arc<Source>) -> Self {
        Self { source: Arc::clone(source), line: 0, column: 0 }
    }

    /// Returns the folder that relative paths written here are relative to.
    pub(super) fn folder(&self) -> &Path {
        &self.source.folder
    }

    /// Returns what errors are sorted by, so that they are read in the order of the text.
    pub(super) fn sort_key(&self) -> (String, u32, u32) {
        (self.source.label.clone(), self.line, self.column)
    }

    /// Returns the source line with a caret under the place; none for a source as a whole.
    pub(super) fn excerpt(&self) -> Option<String> {
        let line = self.source.text.lines().nth(usize::try_from(self.line.checked_sub(1)?).ok()?)?;
        let column = usize::try_from(self.column.checked_sub(1)?).ok()?;
        let skipped = if column < EXCERPT_WIDTH * 4 / 5 { 0 } else { column - EXCERPT_WIDTH / 2 };
        let shown: String = line.chars().skip(skipped).take(EXCERPT_WIDTH).map(printable).collect();
        Some(format!("  | {}\n  | {:width$}^", shown.trim_end(), "", width = column - skipped))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label: String = self.source.label.chars().map(printable).collect();
        match self.line {
            0 => f.write_str(&label),
            line => write!(f, "{label}:{line}:{}", self.column),
        }
    }
}

/// A config may hold any byte, and errors go to terminals: nothing but text may reach them.
pub(super) fn printable(c: char) -> char {
    match c {
        '\t' => ' ',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}
