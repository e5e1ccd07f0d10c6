//! A session log that SQLite cannot read any more: it is set aside untouched, and what can be read of it goes on in a new
//! file. References to the ledger that went with the damage are made again: the ledger has their facts and numbers.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};

use qubx_protocol::{LedgerRow, Seq};
use rusqlite::{Connection, params};

use super::entries::{self, Entry, Unreadable};
use super::ledger::{Ledger, Reference};
use super::{StoreError, database, log};

/// What became of a damaged session log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rescued {
    /// What was wrong with it.
    reason: String,
    /// Where it is now.
    aside: PathBuf,
    /// How many of its entries could be read.
    entries: u64,
    /// Whether it still told with which row the ledger ended.
    knows_ledger_end: bool,
}

impl fmt::Display for Rescued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, aside, entries, knows_ledger_end } = self;
        write!(
            f,
            "the session log was damaged ({reason}) and is kept as {}; {entries} of its entries could be read and are \
             in the new one. Orders and fills are safe in the ledger",
            aside.display()
        )?;
        if !knows_ledger_end {
            write!(
                f,
                ", but whether its newest rows are there could not be compared: `qubx status` and the exchange tell"
            )?;
        }
        write!(f, ". Check the disk, and put the file back from a copy if there is one")
    }
}

/// The files of one SQLite database: itself, and what belongs to its write-ahead log.
const SUFFIXES: [&str; 3] = ["", "-wal", "-shm"];

/// Sets the log at `path` aside and puts a new one in its place, with the events up to `newest`; what follows is still
/// to be written.
///
/// # Errors
/// When the files cannot be moved. That what was read cannot be written is none: then the new log is empty.
pub(super) fn rescue(
    path: &Path,
    reason: &str,
    ledger: &Ledger,
    newest: Option<Seq>,
) -> Result<Rescued, StoreError> {
    let aside = free_name(path);
    let new = with_suffix(path, ".new");
    let copied = match copy(path, &new, ledger, newest) {
        Ok(copied) => Some(copied),
        Err(error) => {
            tracing::warn!(%error, "nothing of the damaged session log can be kept in the new one");
            None
        }
    };
    for suffix in SUFFIXES {
        move_file(&with_suffix(path, suffix), &with_suffix(&aside, suffix))?;
    }
    if copied.is_some() {
        move_file(&new, path)?;
    }
    for suffix in SUFFIXES {
        let _ = std::fs::remove_file(with_suffix(&new, suffix));
    }
    let Copied { entries, knows_ledger_end, .. } = copied.unwrap_or_default();
    Ok(Rescued { reason: reason.to_owned(), aside, entries, knows_ledger_end })
}

/// What could be read of a damaged log.
#[derive(Default)]
struct Copied {
    entries: u64,
    /// The rows of the ledger that they refer to.
    rows: HashSet<LedgerRow>,
    knows_ledger_end: bool,
    /// What stands for the rest.
    hidden: Option<Unreadable>,
}

/// Copies what can be read into a new file.
fn copy(path: &Path, new: &Path, ledger: &Ledger, newest: Option<Seq>) -> Result<Copied, StoreError> {
    for suffix in SUFFIXES {
        let _ = std::fs::remove_file(with_suffix(new, suffix));
    }
    let target = database::open(new, log::STEPS)?;
    let write = || StoreError::database("write to", new);
    let transaction = target.unchecked_transaction().map_err(write())?;
    let mut copied = Copied::default();
    match database::open_read_only(path, log::STEPS) {
        Ok((source, _)) => {
            copied.hidden = entries::for_each(&source, path, |read| {
                let entry = read.unwrap_or_else(|unreadable| unreadable.marking_entry());
                copied.rows.extend(entry.row);
                copied.entries += 1;
                insert(&transaction, &entry).map_err(write()).map(drop)
            })?;
            for key in ["ledger", "boot", "skipped_to"] {
                let Ok(Some(value)) = log::meta(&source, key) else { continue };
                log::set_meta(&transaction, key, &value).map_err(write())?;
                copied.knows_ledger_end |= key == "ledger";
            }
        }
        Err(error) => copied.hidden = Some(Unreadable::from(Seq(1), error.to_string())),
    }
    let mut missing = ledger.references_after(LedgerRow(0))?;
    missing.retain(|row| newest.is_none_or(|newest| row.seq <= newest) && !copied.rows.contains(&row.number));
    add_references(&transaction, missing, newest.is_none()).map_err(write())?;
    if let Some(hidden) = &copied.hidden {
        let mut mark = hidden.marking_entry();
        while !insert(&transaction, &mark).map_err(write())? {
            mark.seq = mark.seq.next();
        }
    }
    transaction.commit().map_err(write())?;
    target.close().map_err(|(_, error)| write()(error))?;
    Ok(copied)
}

/// Adds references under their old numbers, or at the end, if that is free, where those are taken.
fn add_references(
    connection: &Connection,
    missing: Vec<Reference>,
    is_end_free: bool,
) -> rusqlite::Result<()> {
    let mut homeless = Vec::new();
    for row in missing {
        let Some(entry) = Entry::reference(row.seq, row.time, &row.kind, row.number) else { continue };
        if !insert(connection, &entry)? {
            homeless.push(entry);
        }
    }
    let newest = connection.query_row("SELECT coalesce(max(seq), 0) FROM events", [], |row| row.get(0))?;
    let mut seq = Seq(newest);
    for entry in homeless.into_iter().filter(|_| is_end_free) {
        seq = seq.next();
        insert(connection, &Entry { seq, ..entry })?;
    }
    Ok(())
}

/// Writes an entry, unless its number is taken, and tells whether it did.
fn insert(connection: &Connection, entry: &Entry) -> rusqlite::Result<bool> {
    let Entry { seq: Seq(seq), time, kind, row, body } = entry;
    let sql = "INSERT OR IGNORE INTO events (seq, time, kind, row, body) VALUES (?1, ?2, ?3, ?4, ?5)";
    let row = row.map(|row| row.0);
    connection
        .prepare_cached(sql)?
        .execute(params![seq, time.to_string(), kind, row, body])
        .map(|count| count > 0)
}

/// Returns the first name for a damaged file that is free.
fn free_name(path: &Path) -> PathBuf {
    let names = (1_u32..).map(|number| with_suffix(path, &format!(".damaged-{number}")));
    names.into_iter().find(|name| !name.exists()).expect("there are more numbers than files")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Moves a file, if it is there.
fn move_file(from: &Path, to: &Path) -> Result<(), StoreError> {
    match std::fs::rename(from, to) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            let reason = format!("it cannot be moved to {}: {error}", to.display());
            Err(StoreError::Damaged { path: from.to_owned(), row: None, reason })
        }
        _ => Ok(()),
    }
}
