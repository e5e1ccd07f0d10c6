//! Reading a session's history beside its writer, or after it: read-only connections, never a lock on the writer.

use std::collections::BTreeMap;
use std::path::Path;

use qubx_protocol::{Event, Fact, LedgerRow};

use super::draft::ledger_fact;
use super::entries::{self, Entry, Read, Unreadable};
use super::{StoreError, database, ledger, log, rows};

/// Reads the events of the session in `session_dir` for which `wanted` says yes, the last `limit` of them, oldest first.
/// What cannot be read leaves a mark in its place.
///
/// # Errors
/// When a database is not there, cannot be opened, or the ledger is damaged.
pub fn read_history(
    session_dir: &Path,
    limit: usize,
    wanted: impl Fn(&Fact) -> bool,
) -> Result<Vec<Event>, StoreError> {
    let (log_path, ledger_path) = (session_dir.join("session.db"), session_dir.join("ledger.db"));
    let (log, version) = database::open_read_only(&log_path, log::STEPS)?;
    if database::is_blank(&log, version).map_err(StoreError::database("read", &log_path))? {
        return Ok(Vec::new());
    }
    let (ledger, _) = database::open_read_only(&ledger_path, ledger::STEPS)?;
    // Beyond damage the newest come first.
    let mut events = BTreeMap::new();
    let mut add = |event: Event| {
        if wanted(&event.fact) {
            events.insert(event.seq, event);
        }
        if events.len() > limit {
            events.pop_first();
        }
    };
    let hidden = entries::for_each(&log, &log_path, |read| {
        add(event_or_mark(read, &log_path, |row| rows::read(&ledger, &ledger_path, row))?);
        Ok(())
    })?;
    hidden.iter().map(Unreadable::mark).for_each(add);
    Ok(events.into_values().collect())
}

/// Makes the event of what was read, or a mark that it cannot be read.
///
/// # Errors
/// When the ledger is damaged: what it says must be true or not be shown.
pub(super) fn event_or_mark(
    read: Read,
    path: &Path,
    ledger_row: impl Fn(LedgerRow) -> Result<Option<rows::Stored>, StoreError>,
) -> Result<Event, StoreError> {
    let entry = match read {
        Ok(entry) => entry,
        Err(unreadable) => return Ok(unreadable.mark()),
    };
    match resolve(&entry, path, ledger_row) {
        Err(StoreError::Unreadable { seq, reason, .. }) => {
            let time = entry.time;
            Ok(Event { time, ..Unreadable::from(seq, reason).mark() })
        }
        event => event,
    }
}

/// Makes the event of an entry, with what the ledger holds of it.
pub(super) fn resolve(
    entry: &Entry,
    path: &Path,
    ledger_row: impl Fn(LedgerRow) -> Result<Option<rows::Stored>, StoreError>,
) -> Result<Event, StoreError> {
    let unreadable =
        |reason: String| StoreError::Unreadable { path: path.to_owned(), seq: entry.seq, reason };
    let fact = match (&entry.body, entry.row) {
        (Some(body), _) => serde_json::from_str(body).map_err(|error| unreadable(error.to_string()))?,
        (None, Some(row)) => {
            let rows::Stored { kind, body } =
                ledger_row(row)?.ok_or_else(|| unreadable(format!("the ledger has no row {row}")))?;
            if kind != entry.kind {
                return Err(unreadable(format!(
                    "it says `{}`, and row {row} of the ledger is another fact",
                    entry.kind
                )));
            }
            ledger_fact(row, &kind, &body)
                .map_err(|error| unreadable(format!("ledger row {row}: {error}")))?
        }
        (None, None) => return Err(unreadable("it has neither a body nor a row of the ledger".to_owned())),
    };
    Ok(Event { seq: entry.seq, time: entry.time, fact })
}
