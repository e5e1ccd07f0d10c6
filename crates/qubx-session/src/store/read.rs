//! Reading a session's history beside its writer, or after it: read-only connections, never a lock on the writer.

use std::path::Path;

use qubx_protocol::{Event, Fact, LedgerRow, Seq};

use super::draft::ledger_fact;
use super::log::{Entry, read_entries};
use super::{StoreError, database, ledger, log, rows};

/// How many events are read at once.
const PAGE: usize = 10_000;

/// Reads the events of the session in `session_dir` for which `wanted` says yes, the last `limit` of them, oldest first.
///
/// # Errors
/// When a database is not there, cannot be read, or holds what this version cannot read.
pub fn read_history(
    session_dir: &Path,
    limit: usize,
    wanted: impl Fn(&Fact) -> bool,
) -> Result<Vec<Event>, StoreError> {
    let (log_path, ledger_path) = (session_dir.join("session.db"), session_dir.join("ledger.db"));
    let (log, _) = database::open_read_only(&log_path, log::STEPS)?;
    let (ledger, _) = database::open_read_only(&ledger_path, ledger::STEPS)?;
    let mut events = std::collections::VecDeque::new();
    let mut after = Seq(0);
    loop {
        let page = read_entries(&log, after, PAGE).map_err(StoreError::database("read", &log_path))?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for entry in &page {
            let event = resolve(entry, &log_path, |row| rows::read(&ledger, &ledger_path, row))?;
            if wanted(&event.fact) {
                events.push_back(event);
            }
            if events.len() > limit {
                events.pop_front();
            }
        }
    }
    Ok(events.into())
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
            ledger_fact(row, &kind, &body)
                .map_err(|error| unreadable(format!("ledger row {row}: {error}")))?
        }
        (None, None) => return Err(unreadable("it has neither a body nor a row of the ledger".to_owned())),
    };
    Ok(Event { seq: entry.seq, time: entry.time, fact })
}
