//! The rows of the session log, one by one: whole, unreadable, or behind damage of the file.

use std::ops::ControlFlow;
use std::path::Path;

use jiff::Timestamp;
use qubx_protocol::{Event, Fact, LedgerRow, LogLevel, Seq};
use rusqlite::{Connection, Params, Row, params};

use super::StoreError;
use super::draft::has_event;

/// An event as the session log keeps it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) seq: Seq,
    pub(super) time: Timestamp,
    pub(super) kind: String,
    pub(super) row: Option<LedgerRow>,
    /// The fact as JSON; none when the ledger has it.
    pub(super) body: Option<String>,
}

impl Entry {
    pub(super) fn new(seq: Seq, time: Timestamp, fact: &Fact, row: Option<LedgerRow>) -> Self {
        let body = row.is_none().then(|| serde_json::to_string(fact).expect("facts have string keys"));
        Self { seq, time, kind: fact.kind().to_owned(), row, body }
    }

    /// Returns the entry that refers to a row of the ledger; none for rows that have no event.
    pub(super) fn reference(seq: Seq, time: Timestamp, kind: &str, row: LedgerRow) -> Option<Self> {
        has_event(kind).then(|| Self { seq, time, kind: kind.to_owned(), row: Some(row), body: None })
    }
}

/// An entry that does not read as it was written.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) seq: Seq,
    time: Option<Timestamp>,
    pub(super) reason: String,
}

impl Unreadable {
    /// Returns what stands for all that cannot be read from a number on.
    pub(super) fn from(seq: Seq, reason: String) -> Self {
        Self { seq, time: None, reason }
    }

    /// Returns what is shown in its place, so that nothing is missing without a word.
    pub(super) fn mark(&self) -> Event {
        let text = format!("the session log is damaged here, at entry {}: {}", self.seq, self.reason);
        let fact =
            Fact::Log { level: LogLevel::Error, source: "session".to_owned(), text, market_time: None };
        Event { seq: self.seq, time: self.time.unwrap_or(Timestamp::UNIX_EPOCH), fact }
    }

    /// Returns the mark as an entry of a log.
    pub(super) fn marking_entry(&self) -> Entry {
        let Event { seq, time, fact } = self.mark();
        Entry::new(seq, time, &fact, None)
    }
}

/// A row that was read.
pub(super) type Read = Result<Entry, Unreadable>;

/// Returns the number of a row, whether it reads or not.
pub(super) fn seq_of(read: &Read) -> Seq {
    match read {
        Ok(entry) => entry.seq,
        Err(unreadable) => unreadable.seq,
    }
}

/// The columns that [`read`] takes, of one or more rows.
macro_rules! select {
    ($conditions:literal) => {
        concat!("SELECT seq, time, kind, row, body FROM events WHERE ", $conditions)
    };
}
pub(super) use select;

/// Reads a row of the columns of `select!`.
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Read> {
    let seq = Seq(row.get(0)?);
    Ok(whole(seq, row).map_err(|error| Unreadable {
        seq,
        time: time_in(row, 1).ok(),
        reason: format!("it cannot be read: {error}"),
    }))
}

fn whole(seq: Seq, row: &Row<'_>) -> rusqlite::Result<Entry> {
    let ledger_row: Option<u64> = row.get(3)?;
    Ok(Entry {
        seq,
        time: time_in(row, 1)?,
        kind: row.get(2)?,
        row: ledger_row.map(LedgerRow),
        body: row.get(4)?,
    })
}

/// Returns the time in a column; one that is none is an error, like any other value that cannot be read.
fn time_in(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let text: String = row.get(column)?;
    text.parse().map_err(|error: jiff::Error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}

/// Returns up to `limit` entries after `after`, oldest first.
pub(super) fn after(connection: &Connection, after: Seq, limit: usize) -> rusqlite::Result<Vec<Read>> {
    let mut statement = connection.prepare_cached(select!("seq > ?1 ORDER BY seq LIMIT ?2"))?;
    let rows = statement.query_map(params![after.0, limit], read)?;
    rows.collect()
}

/// Why not every row could be taken.
pub(super) enum Stop {
    /// The file is damaged from here on.
    Damage(String),
    /// Anything else.
    Error(StoreError),
}

/// Gives `take` every entry that can be reached: oldest first as far as that goes, and if there is damage on the way, then
/// newest first down to it. Returns what stands for those between.
///
/// # Errors
/// The error of `take`, or that of SQLite when it is no damage.
pub(super) fn for_each(
    connection: &Connection,
    path: &Path,
    mut take: impl FnMut(Read) -> Result<(), StoreError>,
) -> Result<Option<Unreadable>, StoreError> {
    let mut last = Seq(0);
    let upwards = each(connection, path, select!("seq > ?1 ORDER BY seq"), params![0], |read| {
        last = seq_of(&read);
        take(read).map(ControlFlow::Continue)
    });
    let reason = match upwards {
        Ok(()) => return Ok(None),
        Err(Stop::Error(error)) => return Err(error),
        Err(Stop::Damage(reason)) => reason,
    };
    let downwards = each(connection, path, select!("seq > ?1 ORDER BY seq DESC"), params![last.0], |read| {
        take(read).map(ControlFlow::Continue)
    });
    match downwards {
        Ok(()) | Err(Stop::Damage(_)) => Ok(Some(Unreadable::from(last.next(), reason))),
        Err(Stop::Error(error)) => Err(error),
    }
}

/// Gives `take` each row of a `select!`, until it breaks off or fails.
pub(super) fn each(
    connection: &Connection,
    path: &Path,
    sql: &str,
    parameters: impl Params,
    mut take: impl FnMut(Read) -> Result<ControlFlow<()>, StoreError>,
) -> Result<(), Stop> {
    let stop = |error| match StoreError::database("read", path)(error) {
        StoreError::Damaged { reason, .. } => Stop::Damage(reason),
        error => Stop::Error(error),
    };
    let mut statement = connection.prepare(sql).map_err(stop)?;
    let mut rows = statement.query(parameters).map_err(stop)?;
    while let Some(row) = rows.next().map_err(stop)? {
        if take(read(row).map_err(stop)?).map_err(Stop::Error)?.is_break() {
            break;
        }
    }
    Ok(())
}
