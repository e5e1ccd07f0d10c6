//! Pages of history further back than a screen has, through a read-only connection of their own.

use std::path::Path;

use qubx_protocol::{Event, HistoryKind, Seq};
use rusqlite::params;

use super::{StoreError, database, ledger, log, read, rows};

/// How many bytes of facts a page has at most, unless a single entry has more: a page is one message, and a screen waits
/// for it.
const PAGE_BYTES: usize = 8 << 20;

/// Returns the events of up to `limit` whole entries before `before`, oldest first, and whether there is nothing before
/// them. An entry is what the history of a screen counts: a fact, and those after it in its list that continue it.
///
/// # Errors
/// When a database is not there, cannot be read, or holds what this version cannot read.
pub(crate) fn older(
    session_dir: &Path,
    before: Seq,
    kind: Option<HistoryKind>,
    limit: usize,
) -> Result<(Vec<Event>, bool), StoreError> {
    let (log_path, ledger_path) = (session_dir.join("session.db"), session_dir.join("ledger.db"));
    let (log, _) = database::open_read_only(&log_path, log::STEPS)?;
    let (ledger, _) = database::open_read_only(&ledger_path, ledger::STEPS)?;
    let read = || StoreError::database("read", &log_path);
    let mut statement = log.prepare(sql(kind)).map_err(read())?;
    let mut rows = statement.query(params![before.0]).map_err(read())?;
    // Newest first; `whole` of them belong to whole entries.
    let mut events: Vec<Event> = Vec::new();
    let (mut whole, mut entries, mut bytes) = (0, 0, 0);
    let mut is_complete = true;
    while let Some(row) = rows.next().map_err(read())? {
        if entries >= limit {
            is_complete = false;
            break;
        }
        let entry = log::entry(row).map_err(read())?;
        let mut ledger_bytes = 0;
        let event = read::resolve(&entry, &log_path, |row| rows::read(&ledger, &ledger_path, row))?;
        if entry.body.is_none() {
            ledger_bytes = LEDGER_FACT_BYTES;
        }
        bytes += entry.body.as_ref().map_or(ledger_bytes, String::len);
        if bytes > PAGE_BYTES && entries > 0 {
            is_complete = false;
            break;
        }
        let begins_an_entry = !event.fact.continues_an_entry();
        events.push(event);
        if begins_an_entry {
            entries += 1;
            whole = events.len();
        }
    }
    // Facts that continue an entry which is not there any more are shown as they are; there is nothing to wait for.
    if !is_complete {
        events.truncate(whole);
    }
    events.reverse();
    Ok((events, is_complete))
}

/// What a fact of the ledger counts in a page; most have less.
const LEDGER_FACT_BYTES: usize = 1_000;

/// Returns the statement that reads the entries of a list before a number, newest first.
fn sql(kind: Option<HistoryKind>) -> &'static str {
    macro_rules! entries {
        ($lists:literal) => {
            concat!(
                "SELECT seq, time, kind, row, body FROM events WHERE ",
                $lists,
                " AND seq < ?1 ORDER BY seq DESC"
            )
        };
    }
    match kind {
        // The status belongs to no list.
        None => entries!("list <> 0"),
        Some(HistoryKind::Session) => entries!("list = 1"),
        Some(HistoryKind::Trading) => entries!("list = 2"),
        Some(HistoryKind::Log) => entries!("list = 3"),
    }
}
