//! `ledger.db`: commands, orders, fills and verbs, each row chained to the one before.
//!
//! What the end of the ledger says (the newest life, the newest number, the newest commands) is taken from the rows that
//! are checked at the start, never from an index alone: a damaged index must not bring a number back.
//!
//! A sync that fails ends the process: see [`super::doubt`].

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use jiff::Timestamp;
use qubx_protocol::{CommandId, Epoch, LedgerRow, Seq};
use rusqlite::hooks::Wal;
use rusqlite::{Connection, OptionalExtension, params};

use super::StoreError;
use super::batch::Batch;
use super::chain::{Follower, GENESIS, Hash};
use super::database::{self, Steps};
use super::doubt;
use super::draft::{StartedRow, has_event};
use super::kept;
use super::rows;

/// The tables, from nothing to the newest version.
pub(super) const STEPS: Steps = &[
    "CREATE TABLE IF NOT EXISTS rows (
        row     INTEGER PRIMARY KEY,
        seq     INTEGER NOT NULL,
        time    TEXT NOT NULL,
        kind    TEXT NOT NULL,
        command TEXT UNIQUE,
        body    TEXT NOT NULL,
        hash    BLOB NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS rows_kind ON rows (kind, row);",
    // Only the beginnings of runs are looked for by their kind.
    "DROP INDEX IF EXISTS rows_kind;
    CREATE INDEX rows_started ON rows (kind) WHERE kind = 'started';
    CREATE TABLE kept (
        kind  TEXT NOT NULL,
        epoch INTEGER NOT NULL,
        body  TEXT NOT NULL,
        hash  BLOB NOT NULL,
        PRIMARY KEY (kind, epoch)
    ) STRICT, WITHOUT ROWID;",
];

/// How many rows are checked at every start, newest first. The rest is checked when it is read, and on demand.
const CHECKED_AT_START: u64 = 10_000;

/// How many pages of the write-ahead log wait at most before they are brought into the database; SQLite's own number.
pub(super) const MOST_AHEAD: i32 = 1_000;

/// The ledger, open for writing.
#[derive(Debug)]
pub(super) struct Ledger {
    connection: Connection,
    /// How many pages of the write-ahead log are not in the database yet, after the last commit.
    ahead: Arc<AtomicI32>,
    path: PathBuf,
    end: End,
    /// The commands among the rows that were checked at the start.
    newest_commands: HashSet<String>,
}

/// What the ledger ends with.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) row: LedgerRow,
    pub(super) hash: Hash,
    /// The highest number of an event whose fact the ledger holds. A command's row has the number of the event after
    /// it, which may never have been written.
    pub(super) seq: Seq,
    pub(super) started: StartedRow,
}

/// A row as far as the session log refers to it.
pub(super) struct Reference {
    pub(super) number: LedgerRow,
    /// The number that its event had when it was written.
    pub(super) seq: Seq,
    pub(super) time: Timestamp,
    pub(super) kind: String,
}

impl Ledger {
    /// Opens or makes the ledger and checks the end of its chain.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let mut connection = database::open(path, STEPS)?;
        // Instead of SQLite's own hook, which brings them in and keeps silent about a sync that failed.
        let ahead = Arc::new(AtomicI32::new(0));
        let counter = Arc::clone(&ahead);
        let note = move |_: &mut Wal, pages| {
            counter.store(pages, Ordering::Relaxed);
            Ok(())
        };
        connection.wal_hook(Some(note)).map_err(StoreError::database("open", path))?;
        let nothing = StartedRow { epoch: Epoch(0), restored: false, is_old: true };
        let end = End { row: LedgerRow(0), hash: GENESIS, seq: Seq(0), started: nothing };
        let newest_commands = HashSet::new();
        let mut ledger = Self { connection, ahead, path: path.to_owned(), end, newest_commands };
        ledger.read_end()?;
        Ok(ledger)
    }

    /// Has the disk keep each commit before it is acknowledged, so that a power cut loses none of them.
    pub(super) fn sync_every_commit(&self) -> Result<(), StoreError> {
        let set = self.connection.pragma_update(None, "synchronous", "FULL");
        set.map_err(StoreError::database("open", &self.path))
    }

    /// Reads the last rows in order, checks that each is linked to the one before, and takes from them what the ledger
    /// ends with.
    fn read_end(&mut self) -> Result<(), StoreError> {
        let newest = LedgerRow(self.number("SELECT coalesce(max(row), 0) FROM rows")?);
        let first = LedgerRow(newest.0.saturating_sub(CHECKED_AT_START));
        let hash = rows::hash_of(&self.connection, &self.path, first)?;
        let mut follower = Follower { row: first.0, hash };
        let (mut seq, mut started, path) = (None, None, &self.path);
        let commands = &mut self.newest_commands;
        rows::check_each(&self.connection, path, &mut follower, |columns| {
            commands.extend(columns.command.map(str::to_owned));
            if columns.kind != "command" {
                seq = Some(Seq(columns.seq));
            }
            if columns.kind == "started" {
                started = Some(read_started(path, LedgerRow(columns.row), columns.body)?);
            }
            Ok(())
        })?;
        if follower.row != newest.0 {
            return Err(StoreError::damaged(path, newest, "it cannot be reached from the rows before it"));
        }
        (self.end.row, self.end.hash) = (newest, follower.hash);
        self.end.seq = match seq {
            Some(seq) => seq,
            None => self.seq_before(first)?,
        };
        if let Some(started) = started.map_or_else(|| self.started_before(first), |found| Ok(Some(found)))? {
            self.end.started = started;
        }
        let epoch = self.end.started.epoch;
        if let Some(kept) = kept::newest_epoch(&self.connection, &self.path)?.filter(|kept| *kept > epoch) {
            let reason = format!("the row that began epoch {kept} is missing");
            return Err(StoreError::Damaged { path: self.path.clone(), row: None, reason });
        }
        Ok(())
    }

    /// Numbers ascend with the rows, so the newest row that has an event has the highest.
    fn seq_before(&self, first: LedgerRow) -> Result<Seq, StoreError> {
        let sql = "SELECT seq FROM rows WHERE row <= ?1 AND kind <> 'command' ORDER BY row DESC LIMIT 1";
        let seq: Option<u64> = self
            .connection
            .query_row(sql, [first.0], |row| row.get(0))
            .optional()
            .map_err(StoreError::database("read", &self.path))?;
        Ok(Seq(seq.unwrap_or(0)))
    }

    fn started_before(&self, first: LedgerRow) -> Result<Option<StartedRow>, StoreError> {
        let sql = "SELECT row FROM rows WHERE kind = 'started' AND row <= ?1 ORDER BY row DESC LIMIT 1";
        let row: Option<u64> = self
            .connection
            .query_row(sql, [first.0], |row| row.get(0))
            .optional()
            .map_err(StoreError::database("read", &self.path))?;
        let Some(row) = row.map(LedgerRow) else { return Ok(None) };
        let stored = self.read(row)?.filter(|stored| stored.kind == "started");
        let stored = stored
            .ok_or_else(|| StoreError::damaged(&self.path, row, "it should be the beginning of a run"))?;
        read_started(&self.path, row, &stored.body).map(Some)
    }

    /// Returns what the ledger ends with.
    pub(super) fn end(&self) -> &End {
        &self.end
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Begins a batch of rows after the last one.
    pub(super) fn begin(&self) -> Batch {
        Batch::after(self.end)
    }

    /// Writes a batch; all of it or nothing. After an error the ledger ends where it ended before, and the same batch
    /// can be tried again.
    pub(super) fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        if batch.rows.is_empty() && batch.kept.is_empty() {
            return Ok(());
        }
        self.write(batch).map_err(|error| self.refused(error))?;
        self.end = batch.end;
        if self.ahead.load(Ordering::Relaxed) >= MOST_AHEAD {
            self.bring_in();
        }
        Ok(())
    }

    /// Brings the write-ahead log into the database. What cannot be brought in now stays readable where it is, and the
    /// next commit tries again; but a sync that fails is no reason to try again.
    fn bring_in(&self) {
        let brought = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        if let Err(error) = brought {
            let error = self.refused(error);
            tracing::warn!(%error, "the ledger's write-ahead log grows");
        }
    }

    fn write(&mut self, batch: &Batch) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        let sql = "INSERT INTO rows (row, seq, time, kind, command, body, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        let mut statement = transaction.prepare_cached(sql)?;
        for row in &batch.rows {
            let hash = row.hash.as_slice();
            statement.execute(params![
                row.number.0,
                row.seq.0,
                row.time,
                row.kind,
                row.command,
                row.body,
                hash
            ])?;
        }
        drop(statement);
        if batch.end.started != self.end.started {
            kept::begin(&transaction, batch.end.started.epoch)?;
        }
        for kept in &batch.kept {
            kept::write(&transaction, kept)?;
        }
        transaction.commit()
    }

    /// Tries whether the ledger can be written, without changing it.
    pub(super) fn probe(&self) -> Result<(), StoreError> {
        // The version is written as it is, which takes a page of the write-ahead log like every commit.
        let sql = format!("BEGIN IMMEDIATE; PRAGMA user_version = {}; COMMIT", STEPS.len());
        let result = self.connection.execute_batch(&sql);
        if result.is_err() && !self.connection.is_autocommit() {
            // What refused to commit is undone; if that fails too, the next transaction says so.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        result.map_err(|error| self.refused(error))
    }

    fn refused(&self, error: rusqlite::Error) -> StoreError {
        if doubt::is_failed_sync(&error) {
            doubt::end(&self.path, &error);
        }
        StoreError::database("write to", &self.path)(error)
    }

    /// Reads a row, checked.
    pub(super) fn read(&self, row: LedgerRow) -> Result<Option<rows::Stored>, StoreError> {
        rows::read(&self.connection, &self.path, row)
    }

    /// Reads what is kept of the newest life.
    pub(super) fn kept(&self, kind: kept::Kind) -> Result<Option<serde_json::Value>, StoreError> {
        let StartedRow { epoch, is_old, .. } = self.end.started;
        kept::read(&self.connection, &self.path, kind, epoch, !is_old)
    }

    /// Returns the rows after `row` that have an event.
    pub(super) fn references_after(&self, row: LedgerRow) -> Result<Vec<Reference>, StoreError> {
        let mut references = Vec::new();
        rows::for_each(&self.connection, &self.path, row.0, |columns, _| {
            if has_event(columns.kind) {
                let number = LedgerRow(columns.row);
                let time = columns.time.parse();
                let time = time.map_err(|error: jiff::Error| {
                    StoreError::damaged(&self.path, number, error.to_string())
                })?;
                let (seq, kind) = (Seq(columns.seq), columns.kind.to_owned());
                references.push(Reference { number, seq, time, kind });
            }
            Ok(())
        })?;
        Ok(references)
    }

    /// Returns the life of the account that the ledger ends with; 0 before the first.
    pub(super) fn epoch(&self) -> Epoch {
        self.end.started.epoch
    }

    pub(super) fn knows_command(&self, id: &CommandId) -> Result<bool, StoreError> {
        if self.newest_commands.contains(&id.0) {
            return Ok(true);
        }
        self.connection
            .prepare_cached("SELECT 1 FROM rows WHERE command = ?1")
            .and_then(|mut statement| statement.exists([&id.0]))
            .map_err(StoreError::database("read", &self.path))
    }

    fn number(&self, sql: &str) -> Result<u64, StoreError> {
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(StoreError::database("read", &self.path))
    }
}

fn read_started(path: &Path, row: LedgerRow, body: &str) -> Result<StartedRow, StoreError> {
    StartedRow::read(body).map_err(|error| StoreError::damaged(path, row, error.to_string()))
}
