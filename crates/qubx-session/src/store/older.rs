//! Pages of history further back than a screen has, through a read-only connection of their own.

use std::ops::ControlFlow;
use std::path::Path;

use qubx_protocol::{Event, HistoryKind, Seq};
use rusqlite::params;

use super::entries::{self, Stop, Unreadable};
use super::{StoreError, database, ledger, log, read, rows};

/// How many bytes of facts a page has at most, unless a single entry has more: a page is one message, and a screen waits
/// for it.
const PAGE_BYTES: usize = 8 << 20;

/// Returns the events of up to `limit` whole entries before `before`, oldest first, and whether there is nothing before
/// them. An entry is what the history of a screen counts: a fact, and those after it in its list that continue it.
///
/// # Errors
/// When a database is not there, cannot be opened, or the ledger is damaged.
pub(crate) fn older(
    session_dir: &Path,
    before: Seq,
    kind: Option<HistoryKind>,
    limit: usize,
) -> Result<(Vec<Event>, bool), StoreError> {
    let (log_path, ledger_path) = (session_dir.join("session.db"), session_dir.join("ledger.db"));
    let (log, _) = database::open_read_only(&log_path, log::STEPS)?;
    let (ledger, _) = database::open_read_only(&ledger_path, ledger::STEPS)?;
    // Newest first; `whole` of them belong to whole entries.
    let mut events: Vec<Event> = Vec::new();
    let (mut whole, mut entries, mut bytes) = (0, 0, 0);
    let mut is_complete = true;
    let read = entries::each(&log, &log_path, sql(kind), params![before.0], |read| {
        let body = read.as_ref().ok().and_then(|entry| entry.body.as_ref());
        bytes += body.map_or(LEDGER_FACT_BYTES, String::len);
        if entries >= limit || (bytes > PAGE_BYTES && entries > 0) {
            is_complete = false;
            return Ok(ControlFlow::Break(()));
        }
        let event = read::event_or_mark(read, &log_path, |row| rows::read(&ledger, &ledger_path, row))?;
        let begins_an_entry = !event.fact.continues_an_entry();
        events.push(event);
        if begins_an_entry {
            entries += 1;
            whole = events.len();
        }
        Ok(ControlFlow::Continue(()))
    });
    match read {
        Ok(()) => {}
        // What is older cannot be reached.
        Err(Stop::Damage(reason)) => {
            let first = events.last().map_or(before, |event| event.seq);
            events.push(Unreadable::from(Seq(first.0.saturating_sub(1)), reason).mark());
        }
        Err(Stop::Error(error)) => return Err(error),
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
    match kind {
        // The status belongs to no list.
        None => entries::select!("list <> 0 AND seq < ?1 ORDER BY seq DESC"),
        Some(HistoryKind::Session) => entries::select!("list = 1 AND seq < ?1 ORDER BY seq DESC"),
        Some(HistoryKind::Trading) => entries::select!("list = 2 AND seq < ?1 ORDER BY seq DESC"),
        Some(HistoryKind::Log) => entries::select!("list = 3 AND seq < ?1 ORDER BY seq DESC"),
    }
}
