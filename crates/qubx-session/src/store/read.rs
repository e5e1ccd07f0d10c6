//! Reading a session's history beside its writer, or after it: read-only connections, never a lock on the writer.

use std::path::Path;

use qubx_protocol::{Event, Fact, LedgerRow, Seq};
use rusqlite::{Connection, OpenFlags};

use super::log::{Entry, read_entries};
use super::{FillRow, StoreError, ledger};

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
    let log = open_read_only(&log_path)?;
    let ledger = open_read_only(&ledger_path)?;
    let mut events = std::collections::VecDeque::new();
    let mut after = Seq(0);
    loop {
        let page = read_entries(&log, after, PAGE).map_err(StoreError::database("read", &log_path))?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for entry in &page {
            let event = resolve(entry, &log_path, |row| {
                ledger::read_body(&ledger, row).map_err(StoreError::database("read", &ledger_path))
            })?;
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

fn open_read_only(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).map_err(StoreError::database("open", path))
}

/// Makes the event of an entry, with what the ledger holds of it.
pub(super) fn resolve(
    entry: &Entry,
    path: &Path,
    body: impl Fn(LedgerRow) -> Result<Option<(String, String)>, StoreError>,
) -> Result<Event, StoreError> {
    let unreadable =
        |reason: String| StoreError::Unreadable { path: path.to_owned(), seq: entry.seq, reason };
    let fact = match (&entry.body, entry.row) {
        (Some(body), _) => serde_json::from_str(body).map_err(|error| unreadable(error.to_string()))?,
        (None, Some(row)) => {
            let (kind, body) =
                body(row)?.ok_or_else(|| unreadable(format!("the ledger has no row {row}")))?;
            ledger_fact(row, &kind, &body)
                .map_err(|error| unreadable(format!("ledger row {row}: {error}")))?
        }
        (None, None) => return Err(unreadable("it has neither a body nor a row of the ledger".to_owned())),
    };
    Ok(Event { seq: entry.seq, time: entry.time, fact })
}

fn ledger_fact(row: LedgerRow, kind: &str, body: &str) -> Result<Fact, String> {
    let read = |error: serde_json::Error| error.to_string();
    match kind {
        "started" => Ok(Fact::Started { epoch: serde_json::from_str(body).map_err(read)?, restored: false }),
        "order" => Ok(Fact::Order { row, order: serde_json::from_str(body).map_err(read)? }),
        "fill" => {
            let FillRow { fill, position } = serde_json::from_str(body).map_err(read)?;
            Ok(Fact::Fill { row, fill, position })
        }
        "verb" => Ok(Fact::Verb { row, verb: serde_json::from_str(body).map_err(read)? }),
        other => Err(format!("a row of kind `{other}` has no event")),
    }
}
