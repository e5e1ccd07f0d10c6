//! The search for cells of before, through a read-only connection of its own.

use std::ops::ControlFlow;
use std::path::Path;

use qubx_protocol::{Author, Fact, PastCell, Seq};
use rusqlite::params;

use super::entries::{self, Stop};
use super::{StoreError, database, log};

/// How many bytes of source an answer has at most, unless a single cell has more.
const ANSWER_BYTES: usize = 4 << 20;

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// A text in the source; it may be written in other letters when it has no capital one.
    pub(crate) contains: Option<String>,
    /// Whose; without an `@` what is before theirs is enough.
    pub(crate) author: Option<Author>,
}

impl Wanted {
    fn takes(&self, code: &str, author: &Author) -> bool {
        let is_theirs = self.author.as_ref().is_none_or(|wanted| {
            let user = author.as_str().split('@').next();
            wanted == author || user == Some(wanted.as_str())
        });
        is_theirs
            && self.contains.as_deref().is_none_or(|text| {
                let is_lower = !text.chars().any(char::is_uppercase);
                code.contains(text) || (is_lower && code.to_lowercase().contains(text))
            })
    }
}

/// Returns up to `limit` of the wanted cells before a number, newest first, and whether there is none before them.
///
/// Only the entries of cells are walked through, by their index. What cannot be read is left out: the history marks it.
///
/// # Errors
/// When the log is not there or cannot be opened.
pub(crate) fn cells(
    session_dir: &Path,
    before: Seq,
    wanted: &Wanted,
    limit: usize,
) -> Result<(Vec<PastCell>, bool), StoreError> {
    let path = session_dir.join(log::FILE);
    let (log, _) = database::open_read_only(&path, log::STEPS)?;
    let (mut cells, mut bytes, mut is_complete) = (Vec::new(), 0, true);
    // SQLite's numbers have a sign.
    let before = i64::try_from(before.0).unwrap_or(i64::MAX);
    let sql = entries::select!("kind = 'cell' AND seq < ?1 ORDER BY seq DESC");
    let read = entries::each(&log, &path, sql, params![before], |read| {
        let Ok(entry) = read else { return Ok(ControlFlow::Continue(())) };
        let fact = entry.body.as_deref().and_then(|body| serde_json::from_str(body).ok());
        let Some(Fact::Cell { cell, code, author, .. }) = fact else { return Ok(ControlFlow::Continue(())) };
        if !wanted.takes(&code, &author) {
            return Ok(ControlFlow::Continue(()));
        }
        bytes += code.len();
        if cells.len() >= limit || (bytes > ANSWER_BYTES && !cells.is_empty()) {
            is_complete = false;
            return Ok(ControlFlow::Break(()));
        }
        cells.push(PastCell { seq: entry.seq, cell, code, author, time: entry.time });
        Ok(ControlFlow::Continue(()))
    });
    match read {
        // What is behind damage cannot be reached.
        Ok(()) | Err(Stop::Damage(_)) => Ok((cells, is_complete)),
        Err(Stop::Error(error)) => Err(error),
    }
}
