//! `session.db`: every event in the order of its number; those of the ledger as a reference to its row.
//!
//! Entries that cannot be written wait in memory and count as stored, so the newest number given out (`head`) may be
//! ahead of the newest one in the file (`stored`).

use std::path::{Path, PathBuf};

use qubx_protocol::{CellNumber, LedgerRow, LogId, Seq};
use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;
use super::chain::{self, Hash};
use super::database::{self, Steps};
use super::entries::{self, Entry, Read};
use super::waiting::Waiting;

/// The file's name.
pub(super) const FILE: &str = "session.db";

/// The tables, from nothing to the newest version.
pub(super) const STEPS: Steps = &[
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS events (
        seq  INTEGER PRIMARY KEY,
        time TEXT NOT NULL,
        kind TEXT NOT NULL,
        row  INTEGER,
        body TEXT
    ) STRICT;
    CREATE INDEX IF NOT EXISTS events_row ON events (row) WHERE row IS NOT NULL;",
    // `list` is the list of the history that an event belongs to: 1 cells, 2 trading, 3 log lines and what a later
    // version may know; 0 is the status, which belongs to none.
    "ALTER TABLE events ADD COLUMN list INTEGER GENERATED ALWAYS AS (CASE
        WHEN kind IN ('cell', 'cell_started', 'output', 'input_requested', 'input_ended', 'error', 'cell_finished')
            THEN 1
        WHEN kind IN ('order', 'fill', 'verb') THEN 2
        WHEN kind = 'status' THEN 0
        ELSE 3 END) VIRTUAL;
    CREATE INDEX events_list ON events (list);
    CREATE INDEX events_cell ON events (kind) WHERE kind = 'cell';",
    // Funding and results are trading, too. The column is virtual, so no row is written.
    "DROP INDEX events_list;
    ALTER TABLE events DROP COLUMN list;
    ALTER TABLE events ADD COLUMN list INTEGER GENERATED ALWAYS AS (CASE
        WHEN kind IN ('cell', 'cell_started', 'output', 'input_requested', 'input_ended', 'error', 'cell_finished')
            THEN 1
        WHEN kind IN ('order', 'fill', 'funding', 'results', 'verb') THEN 2
        WHEN kind = 'status' THEN 0
        ELSE 3 END) VIRTUAL;
    CREATE INDEX events_list ON events (list);",
];

/// The kinds that are given up first when there is no room.
pub(super) const TEXT_KINDS: [&str; 2] = ["output", "log"];

/// How many entries that wait are written in one transaction: what is too much for the disk is noticed early.
const WRITTEN_AT_ONCE: usize = 512;

/// The session log, open for writing.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) connection: Connection,
    path: PathBuf,
    id: LogId,
    head: Seq,
    stored: Seq,
    waiting: Waiting,
}

/// The end of the ledger, as the log remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LedgerEnd {
    pub(super) row: LedgerRow,
    /// The row's link in hexadecimal digits; none in a log that schema version 1 wrote.
    pub(super) hash: Option<String>,
}

impl LedgerEnd {
    pub(super) fn new(row: LedgerRow, hash: &Hash) -> Self {
        Self { row, hash: Some(chain::hex(hash)) }
    }
}

impl Log {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = database::open(path, STEPS)?;
        let read = || StoreError::database("read", path);
        let newest: u64 = connection
            .query_row("SELECT coalesce(max(seq), 0) FROM events", [], |row| row.get(0))
            .map_err(read())?;
        let skipped_to = meta(&connection, "skipped_to").map_err(read())?;
        let id = meta(&connection, "log").map_err(read())?.map(LogId);
        let head = Seq(skipped_to.and_then(|number| number.parse().ok()).unwrap_or(0).max(newest));
        let waiting = Waiting::default();
        let mut log =
            Self { connection, path: path.to_owned(), id: LogId::default(), head, stored: head, waiting };
        match id {
            Some(id) => log.id = id,
            None => log.set_new_name()?,
        }
        Ok(log)
    }

    /// Lets go of the file: SQLite ties a name to an open one, so nothing may be moved before. Until [`Self::reopen`]
    /// nothing can be written or read.
    pub(super) fn close(&mut self) -> Result<(), StoreError> {
        self.connection = Connection::open_in_memory().map_err(StoreError::database("close", &self.path))?;
        Ok(())
    }

    /// Goes on with the file that is at its path now, under that one's name. Numbers that were given out stay so.
    pub(super) fn reopen(&mut self) -> Result<(), StoreError> {
        let opened = Self::open(&self.path)?;
        (self.connection, self.id, self.stored) = (opened.connection, opened.id, opened.stored);
        Ok(())
    }

    pub(super) fn id(&self) -> &LogId {
        &self.id
    }

    /// Returns the newest number that was given out.
    pub(super) fn head(&self) -> Seq {
        self.head
    }

    /// Returns the newest number that the file has, or will never have.
    pub(super) fn stored(&self) -> Seq {
        self.stored
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    /// Returns the newest row of the ledger that the log was written with.
    pub(super) fn ledger_end(&self) -> Result<LedgerEnd, StoreError> {
        ledger_end(&self.connection).map_err(StoreError::database("read", &self.path))
    }

    /// Returns the newest row of the ledger that an entry refers to.
    pub(super) fn last_row(&self) -> Result<LedgerRow, StoreError> {
        last_row(&self.connection).map_err(StoreError::database("read", &self.path))
    }

    /// Gives the log a new name and goes on above `highest`: a client of the old name takes a snapshot.
    pub(super) fn rename_and_skip_to(&mut self, highest: Seq) -> Result<(), StoreError> {
        self.set_new_name()?;
        self.set_meta("skipped_to", &highest.to_string())?;
        self.head = self.head.max(highest);
        self.stored = self.head;
        Ok(())
    }

    /// Forgets what it has of rows after `last`, which the ledger lost, and goes on under a new name.
    pub(super) fn forget_rows_after(&mut self, last: LedgerRow) -> Result<(), StoreError> {
        let write = || StoreError::database("write to", &self.path);
        self.connection.execute("DELETE FROM events WHERE row > ?1", [last.0]).map_err(write())?;
        self.connection.execute("DELETE FROM meta WHERE key = 'ledger'", []).map_err(write())?;
        self.rename_and_skip_to(self.head)
    }

    /// Returns the boot of the machine in which the log was opened last; none in a log of an older version.
    pub(super) fn last_boot(&self) -> Result<Option<String>, StoreError> {
        meta(&self.connection, "boot").map_err(StoreError::database("read", &self.path))
    }

    /// Notes the boot of the machine in which the log is open.
    pub(super) fn remember_boot(&self) -> Result<(), StoreError> {
        let boot = qubx_home::boot_id();
        // Writing nothing keeps a start possible on a full disk.
        if self.last_boot()?.as_ref() == Some(&boot) { Ok(()) } else { self.set_meta("boot", &boot) }
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
        set_meta(&self.connection, key, value).map_err(StoreError::database("write to", &self.path))
    }

    /// Writes what waits and then `entries`, which follow it. If that fails, what was not written stays as it is, and
    /// `entries` are not part of the log.
    pub(super) fn append(&mut self, entries: &[Entry], end: &LedgerEnd) -> Result<(), StoreError> {
        while !self.waiting.is_empty() {
            let written = self.waiting.len().min(WRITTEN_AT_ONCE);
            let newest = self.write(self.waiting.iter().take(written), None)?;
            self.waiting.remove(written);
            self.stored = newest.unwrap_or(self.stored);
        }
        self.write(entries.iter(), Some(end))?;
        self.head = entries.last().map_or(self.head, |entry| entry.seq);
        self.stored = self.head;
        Ok(())
    }

    /// Takes entries in that are written later.
    pub(super) fn keep(&mut self, entries: Vec<Entry>) {
        self.head = entries.last().map_or(self.head, |entry| entry.seq);
        self.waiting.extend(entries);
    }

    /// Writes entries, all of them or none, and returns the newest number among them.
    fn write<'a>(
        &self,
        entries: impl Iterator<Item = &'a Entry>,
        end: Option<&LedgerEnd>,
    ) -> Result<Option<Seq>, StoreError> {
        let write = || -> rusqlite::Result<Option<Seq>> {
            let transaction = self.connection.unchecked_transaction()?;
            let sql = "INSERT INTO events (seq, time, kind, row, body) VALUES (?1, ?2, ?3, ?4, ?5)";
            let mut statement = transaction.prepare_cached(sql)?;
            let mut newest = None;
            for Entry { seq, time, kind, row, body } in entries {
                statement.execute(params![seq.0, time.to_string(), kind, row.map(|row| row.0), body])?;
                newest = Some(*seq);
            }
            drop(statement);
            if let Some(LedgerEnd { row, hash: Some(hash) }) = end {
                set_meta(&transaction, "ledger", &format!("{row} {hash}"))?;
            }
            transaction.commit()?;
            Ok(newest)
        };
        write().map_err(StoreError::database("write to", &self.path))
    }

    /// Returns the number of the newest cell; numbers ascend with the events.
    pub(super) fn last_cell(&self) -> Result<CellNumber, StoreError> {
        let sql = "SELECT json_extract(body, '$.cell.cell') FROM events \
                   WHERE kind = 'cell' AND json_valid(body) ORDER BY seq DESC LIMIT 1";
        let cell: Option<u64> = self
            .connection
            .query_row(sql, [], |row| row.get(0))
            .optional()
            .map_err(StoreError::database("read", &self.path))?;
        Ok(CellNumber(cell.unwrap_or(0)))
    }

    /// Returns up to `limit` of the entries in the file after `after`, oldest first.
    pub(super) fn entries_after(&self, after: Seq, limit: usize) -> Result<Vec<Read>, StoreError> {
        entries::after(&self.connection, after, limit).map_err(StoreError::database("read", &self.path))
    }

    /// Returns the number of the event `count` events before the end, or of the first one.
    pub(super) fn start_of_last(&self, count: usize) -> Result<Seq, StoreError> {
        let sql = "SELECT seq FROM events ORDER BY seq DESC LIMIT 1 OFFSET ?1";
        let seq: Option<u64> = self
            .connection
            .query_row(sql, [count], |row| row.get(0))
            .optional()
            .map_err(StoreError::database("read", &self.path))?;
        Ok(Seq(seq.unwrap_or(0)))
    }
}

pub(super) fn meta(connection: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    connection.query_row("SELECT value FROM meta WHERE key = ?1", [key], |row| row.get(0)).optional()
}

pub(super) fn set_meta(connection: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2";
    connection.prepare_cached(sql)?.execute([key, value]).map(drop)
}

fn last_row(connection: &Connection) -> rusqlite::Result<LedgerRow> {
    let sql = "SELECT coalesce(max(row), 0) FROM events WHERE row IS NOT NULL";
    connection.query_row(sql, [], |row| row.get(0)).map(LedgerRow)
}

/// Returns the newest row of the ledger that a log was written with.
pub(super) fn ledger_end(connection: &Connection) -> rusqlite::Result<LedgerEnd> {
    let referred = last_row(connection)?;
    let remembered = meta(connection, "ledger")?;
    let remembered = remembered.as_deref().and_then(|text| {
        let (row, hash) = text.split_once(' ')?;
        Some(LedgerEnd { row: LedgerRow(row.parse().ok()?), hash: Some(hash.to_owned()) })
    });
    Ok(remembered.filter(|end| end.row >= referred).unwrap_or(LedgerEnd { row: referred, hash: None }))
}
