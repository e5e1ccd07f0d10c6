//! `ledger.db`: commands, orders, fills and verbs, each row chained to the one before.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use qubx_protocol::{CommandId, Epoch, LedgerRow, Seq};
use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;
use super::chain::{self, Columns, GENESIS, Hash};

/// The version of the tables below.
const SCHEMA_VERSION: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS rows (
    row     INTEGER PRIMARY KEY,
    seq     INTEGER NOT NULL,
    time    TEXT NOT NULL,
    kind    TEXT NOT NULL,
    command TEXT UNIQUE,
    body    TEXT NOT NULL,
    hash    BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS rows_kind ON rows (kind, row);
";

/// How many rows are checked at every start, newest first. The rest is checked on demand.
const CHECKED_AT_START: u64 = 10_000;

/// The ledger, open for writing.
#[derive(Debug)]
pub(super) struct Ledger {
    connection: Connection,
    path: PathBuf,
    last: LedgerRow,
    hash: Hash,
}

/// A row as far as the session log refers to it.
pub(super) struct Reference {
    pub(super) number: LedgerRow,
    pub(super) time: Timestamp,
    pub(super) kind: String,
}

/// Rows that are chained but not written yet.
pub(super) struct Rows {
    rows: Vec<Row>,
    last: LedgerRow,
    hash: Hash,
}

struct Row {
    number: LedgerRow,
    seq: Seq,
    time: String,
    kind: &'static str,
    command: Option<String>,
    body: String,
    hash: Hash,
}

impl Rows {
    /// Chains a row and returns its number.
    pub(super) fn add(
        &mut self,
        seq: Seq,
        time: Timestamp,
        kind: &'static str,
        command: Option<&CommandId>,
        body: String,
    ) -> LedgerRow {
        let number = self.last.next();
        let (time, command) = (time.to_string(), command.map(|id| id.0.clone()));
        let columns = Columns {
            row: number.0,
            seq: seq.0,
            time: &time,
            kind,
            command: command.as_deref(),
            body: &body,
        };
        let hash = chain::link(&self.hash, &columns);
        self.rows.push(Row { number, seq, time, kind, command, body, hash });
        (self.last, self.hash) = (number, hash);
        number
    }
}

impl Ledger {
    /// Opens or makes the ledger and checks the end of its chain.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = super::log::open_database(path, SCHEMA, SCHEMA_VERSION)?;
        let mut ledger = Self { connection, path: path.to_owned(), last: LedgerRow(0), hash: GENESIS };
        ledger.check_end()?;
        Ok(ledger)
    }

    /// Reads the last rows in order and checks that each is linked to the one before.
    fn check_end(&mut self) -> Result<(), StoreError> {
        let newest: u64 = self.value("SELECT coalesce(max(row), 0) FROM rows")?;
        let first = newest.saturating_sub(CHECKED_AT_START);
        let mut hash = self.hash_of(first)?;
        let sql = "SELECT row, seq, time, kind, command, body, hash FROM rows WHERE row > ?1 ORDER BY row";
        let read = || StoreError::database("read", &self.path);
        let mut statement = self.connection.prepare(sql).map_err(read())?;
        let mut rows = statement.query([first]).map_err(read())?;
        let mut expected = first;
        while let Some(row) = rows.next().map_err(read())? {
            expected += 1;
            let damaged = |reason: &str| StoreError::Damaged {
                path: self.path.clone(),
                row: LedgerRow(expected),
                reason: reason.to_owned(),
            };
            let text =
                |index| row.get_ref(index).ok().and_then(|value| value.as_str().ok()).unwrap_or_default();
            let number: u64 = row.get(0).map_err(read())?;
            if number != expected {
                return Err(damaged("it is missing"));
            }
            let command: Option<String> = row.get(4).map_err(read())?;
            let columns = Columns {
                row: number,
                seq: row.get(1).map_err(read())?,
                time: text(2),
                kind: text(3),
                command: command.as_deref(),
                body: text(5),
            };
            hash = chain::link(&hash, &columns);
            let stored: Vec<u8> = row.get(6).map_err(read())?;
            if stored != hash {
                return Err(damaged("its hash does not follow from its content and the row before it"));
            }
        }
        drop(rows);
        drop(statement);
        (self.last, self.hash) = (LedgerRow(newest), hash);
        Ok(())
    }

    fn hash_of(&self, row: u64) -> Result<Hash, StoreError> {
        if row == 0 {
            return Ok(GENESIS);
        }
        let hash: Option<Vec<u8>> = self
            .connection
            .query_row("SELECT hash FROM rows WHERE row = ?1", [row], |row| row.get(0))
            .optional()
            .map_err(StoreError::database("read", &self.path))?;
        hash.and_then(|hash| hash.try_into().ok()).ok_or_else(|| StoreError::Damaged {
            path: self.path.clone(),
            row: LedgerRow(row),
            reason: "it is missing or has no hash".to_owned(),
        })
    }

    /// Begins a batch of rows after the last one.
    pub(super) fn begin(&self) -> Rows {
        Rows { rows: Vec::new(), last: self.last, hash: self.hash }
    }

    /// Writes a batch; all of it or nothing.
    pub(super) fn commit(&mut self, rows: Rows) -> Result<(), StoreError> {
        if rows.rows.is_empty() {
            return Ok(());
        }
        let path = self.path.clone();
        let write = || StoreError::database("write to", &path);
        let transaction = self.connection.transaction().map_err(write())?;
        {
            let sql = "INSERT INTO rows (row, seq, time, kind, command, body, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
            let mut statement = transaction.prepare_cached(sql).map_err(write())?;
            for row in &rows.rows {
                let values = params![
                    row.number.0,
                    row.seq.0,
                    row.time,
                    row.kind,
                    row.command,
                    row.body,
                    row.hash.as_slice()
                ];
                statement.execute(values).map_err(write())?;
            }
        }
        transaction.commit().map_err(write())?;
        (self.last, self.hash) = (rows.last, rows.hash);
        Ok(())
    }

    /// Returns the kind and the body of a row.
    pub(super) fn body(&self, row: LedgerRow) -> Result<Option<(String, String)>, StoreError> {
        read_body(&self.connection, row).map_err(StoreError::database("read", &self.path))
    }

    /// Returns the rows after `row`.
    pub(super) fn rows_after(&self, row: LedgerRow) -> Result<Vec<Reference>, StoreError> {
        let read = || StoreError::database("read", &self.path);
        let sql = "SELECT row, time, kind FROM rows WHERE row > ?1 ORDER BY row";
        let mut statement = self.connection.prepare(sql).map_err(read())?;
        let rows = statement
            .query_map([row.0], |row| {
                let time = super::log::time_in(row, 1)?;
                Ok(Reference { number: LedgerRow(row.get(0)?), time, kind: row.get(2)? })
            })
            .map_err(read())?;
        rows.collect::<Result<_, _>>().map_err(read())
    }

    pub(super) fn highest_seq(&self) -> Result<Seq, StoreError> {
        // A command's row has the number of the event after it, which may never have been written.
        self.value("SELECT coalesce(max(seq), 0) FROM rows WHERE kind <> 'command'").map(Seq)
    }

    pub(super) fn epoch(&self) -> Result<Epoch, StoreError> {
        let body: Option<String> = self
            .connection
            .query_row("SELECT body FROM rows WHERE kind = 'started' ORDER BY row DESC LIMIT 1", [], |row| {
                row.get(0)
            })
            .optional()
            .map_err(StoreError::database("read", &self.path))?;
        Ok(body.and_then(|body| serde_json::from_str(&body).ok()).unwrap_or_default())
    }

    pub(super) fn knows_command(&self, id: &CommandId) -> Result<bool, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT 1 FROM rows WHERE command = ?1")
            .map_err(StoreError::database("read", &self.path))?;
        statement.exists([&id.0]).map_err(StoreError::database("read", &self.path))
    }

    fn value(&self, sql: &str) -> Result<u64, StoreError> {
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(StoreError::database("read", &self.path))
    }
}

/// Returns the kind and the body of a row of an open ledger.
pub(super) fn read_body(
    connection: &Connection,
    row: LedgerRow,
) -> rusqlite::Result<Option<(String, String)>> {
    let mut statement = connection.prepare_cached("SELECT kind, body FROM rows WHERE row = ?1")?;
    statement.query_row([row.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}
