//! The session log's size: above its cap the oldest text goes, in steps, so that no step holds the session up.
//!
//! References to the ledger, cells and what is not output or a log line stay. The file does not shrink; what is freed in
//! it is used again.

use qubx_protocol::Seq;
use rusqlite::{Connection, params};

use super::StoreError;
use super::log::{Log, TEXT_KINDS};

/// How large the log may become, in bytes, unless the config says so: years of an ordinary strategy, days of a chatty one.
const CAP: u64 = 1_000_000_000;
/// How many entries one step removes at most; it takes some ten milliseconds.
const STEP: usize = 1_000;
/// A pruning ends when this part of the cap is free again, so that the next one is not due at once.
const ROOM: u64 = 16;

/// How far a pruning is.
#[derive(Debug)]
pub(super) struct Pruning {
    pub(super) cap: u64,
    /// The log's text up to here is gone.
    done: Seq,
    is_under_way: bool,
}

impl Default for Pruning {
    fn default() -> Self {
        Self { cap: CAP, done: Seq(0), is_under_way: false }
    }
}

impl Pruning {
    /// Removes a step of the oldest text when the log is too large. Returns what to say when a pruning begins.
    pub(super) fn step(&mut self, log: &Log) -> Result<Option<String>, StoreError> {
        let used = used_bytes(&log.connection).map_err(StoreError::database("read", log.path()))?;
        let limit = if self.is_under_way { self.cap - self.cap / ROOM } else { self.cap };
        if used <= limit {
            self.is_under_way = false;
            return Ok(None);
        }
        let removed = remove(&log.connection, self.done)
            .map_err(StoreError::database("remove old text from", log.path()))?;
        let Some(newest) = removed else {
            // Nothing but facts is left; they stay.
            self.is_under_way = false;
            return Ok(None);
        };
        self.done = newest;
        let begins = !std::mem::replace(&mut self.is_under_way, true);
        Ok(begins.then(|| {
            let megabytes = self.cap / 1_000_000;
            format!(
                "the session's log is larger than {megabytes} MB; its oldest output and log lines are removed"
            )
        }))
    }
}

/// Returns the bytes of the file that hold something.
fn used_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT (page_count - freelist_count) * page_size
        FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
    connection.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

/// Removes a step of the oldest text after `after` and returns the number of the newest entry among it.
fn remove(connection: &Connection, after: Seq) -> rusqlite::Result<Option<Seq>> {
    let [output, log] = TEXT_KINDS;
    let sql = "DELETE FROM events WHERE seq IN
        (SELECT seq FROM events WHERE seq > ?1 AND kind IN (?2, ?3) ORDER BY seq LIMIT ?4) RETURNING seq";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![after.0, output, log, STEP])?;
    let mut newest = None;
    while let Some(row) = rows.next()? {
        newest = newest.max(Some(Seq(row.get(0)?)));
    }
    Ok(newest)
}
