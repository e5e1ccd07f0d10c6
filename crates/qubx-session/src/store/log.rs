//! `session.db`: every event in the order of its number; those of the ledger as a reference to its row.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use qubx_protocol::{CellNumber, Fact, LedgerRow, LogId, Seq};
use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;

/// The version of the tables below.
const SCHEMA_VERSION: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS events (
    seq  INTEGER PRIMARY KEY,
    time TEXT NOT NULL,
    kind TEXT NOT NULL,
    row  INTEGER,
    body TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS events_row ON events (row) WHERE row IS NOT NULL;
";

/// The session log, open for writing.
#[derive(Debug)]
pub(super) struct Log {
    connection: Connection,
    path: PathBuf,
    id: LogId,
    head: Seq,
}

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
        (kind != "command").then(|| Self { seq, time, kind: kind.to_owned(), row: Some(row), body: None })
    }
}

impl Log {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = open_database(path, SCHEMA, SCHEMA_VERSION)?;
        let read = || StoreError::database("read", path);
        let head: u64 = connection
            .query_row("SELECT max(coalesce((SELECT max(seq) FROM events), 0), coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'skipped_to'), 0))", [], |row| row.get(0))
            .map_err(read())?;
        let id: Option<String> = connection
            .query_row("SELECT value FROM meta WHERE key = 'log'", [], |row| row.get(0))
            .optional()
            .map_err(read())?;
        let mut log = Self { connection, path: path.to_owned(), id: LogId::default(), head: Seq(head) };
        match id {
            Some(id) => log.id = LogId(id),
            None => log.set_new_name()?,
        }
        Ok(log)
    }

    pub(super) fn id(&self) -> &LogId {
        &self.id
    }

    pub(super) fn head(&self) -> Seq {
        self.head
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the newest row of the ledger that an entry refers to.
    pub(super) fn last_row(&self) -> Result<LedgerRow, StoreError> {
        self.connection
            .query_row("SELECT coalesce(max(row), 0) FROM events", [], |row| row.get(0))
            .map(LedgerRow)
            .map_err(StoreError::database("read", &self.path))
    }

    /// Gives the log a new name and goes on above `highest`: a client of the old name takes a snapshot.
    pub(super) fn rename_and_skip_to(&mut self, highest: Seq) -> Result<(), StoreError> {
        self.set_new_name()?;
        self.set_meta("skipped_to", &highest.to_string())?;
        self.head = self.head.max(highest);
        Ok(())
    }

    fn set_new_name(&mut self) -> Result<(), StoreError> {
        let mut bytes = [0; 8];
        getrandom::fill(&mut bytes).expect("the system has random numbers");
        let name: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        self.set_meta("log", &name)?;
        self.id = LogId(name);
        Ok(())
    }

    fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2";
        self.connection.execute(sql, [key, value]).map_err(StoreError::database("write to", &self.path))?;
        Ok(())
    }

    /// Writes entries; all of them or none.
    pub(super) fn commit(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        let Some(newest) = entries.last() else { return Ok(()) };
        let path = self.path.clone();
        let write = || StoreError::database("write to", &path);
        let transaction = self.connection.transaction().map_err(write())?;
        {
            let sql = "INSERT INTO events (seq, time, kind, row, body) VALUES (?1, ?2, ?3, ?4, ?5)";
            let mut statement = transaction.prepare_cached(sql).map_err(write())?;
            for entry in entries {
                let row = entry.row.map(|row| row.0);
                let values = params![entry.seq.0, entry.time.to_string(), entry.kind, row, entry.body];
                statement.execute(values).map_err(write())?;
            }
        }
        transaction.commit().map_err(write())?;
        self.head = newest.seq;
        Ok(())
    }

    /// Returns the number of the newest cell; numbers ascend with the events.
    pub(super) fn last_cell(&self) -> Result<CellNumber, StoreError> {
        let sql = "SELECT json_extract(body, '$.cell.cell') FROM events WHERE kind = 'cell' ORDER BY seq DESC LIMIT 1";
        let cell: Option<u64> = self
            .connection
            .query_row(sql, [], |row| row.get(0))
            .optional()
            .map_err(StoreError::database("read", &self.path))?;
        Ok(CellNumber(cell.unwrap_or(0)))
    }

    pub(super) fn entries_after(&self, after: Seq, limit: usize) -> Result<Vec<Entry>, StoreError> {
        read_entries(&self.connection, after, limit).map_err(StoreError::database("read", &self.path))
    }
}

/// Returns up to `limit` entries after `after`, oldest first.
pub(super) fn read_entries(
    connection: &Connection,
    after: Seq,
    limit: usize,
) -> rusqlite::Result<Vec<Entry>> {
    let sql = "SELECT seq, time, kind, row, body FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![after.0, limit], |row| {
        let ledger_row: Option<u64> = row.get(3)?;
        Ok(Entry {
            seq: Seq(row.get(0)?),
            time: time_in(row, 1)?,
            kind: row.get(2)?,
            row: ledger_row.map(LedgerRow),
            body: row.get(4)?,
        })
    })?;
    rows.collect()
}

/// Returns the time in a column; one that is none is an error, like any other value that cannot be read.
pub(super) fn time_in(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let text: String = row.get(column)?;
    text.parse().map_err(|error: jiff::Error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}

/// How long a writer waits for a reader's short lock.
const BUSY_MILLISECONDS: u64 = 5_000;

/// Opens or makes a database of ours: mode 0600, write-ahead log, tables of `version`.
pub(super) fn open_database(path: &Path, schema: &str, version: i64) -> Result<Connection, StoreError> {
    // SQLite gives its journal files the mode of the database, so the mode is set before SQLite sees the file.
    qubx_home::create_private_file(path).map_err(|error| StoreError::Database {
        action: "create",
        path: path.to_owned(),
        source: rusqlite::Error::ToSqlConversionFailure(Box::new(error)),
    })?;
    let open = || StoreError::database("open", path);
    let connection = Connection::open(path).map_err(open())?;
    connection.busy_timeout(std::time::Duration::from_millis(BUSY_MILLISECONDS)).map_err(open())?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(open())?;
    // Paper: a process kill loses nothing, a power cut may cost the last moments.
    connection.pragma_update(None, "synchronous", "NORMAL").map_err(open())?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(open())?;
    if found > version {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: version });
    }
    if found < version {
        connection.execute_batch(schema).map_err(open())?;
        connection.pragma_update(None, "user_version", version).map_err(open())?;
    }
    Ok(connection)
}
