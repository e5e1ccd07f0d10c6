//! Checking a whole session's files, read-only and beside a writer: the chain of the ledger, SQLite's own structure,
//! every reference, every event.

mod audit;

use std::path::{Path, PathBuf};

use qubx_protocol::LedgerRow;
use rusqlite::{Connection, ErrorCode};
use serde::Serialize;

use super::chain::{self, Follower, GENESIS};
use super::{StoreError, database, entries, kept, ledger, log, read, rows};

use audit::{Audit, Kind};

/// What the files of a session hold, and what is wrong with them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Rows of the ledger.
    pub rows: u64,
    /// Lives of the account.
    pub epochs: u64,
    /// Events of the session log.
    pub events: u64,
    /// Rows about orders; an order has several.
    pub orders: u64,
    /// Fills.
    pub fills: u64,
    /// Commands.
    pub commands: u64,
    /// The hash of the ledger's last row, in hexadecimal digits. Whoever has written it down somewhere else can tell
    /// whether the ledger still is what it was.
    pub head: String,
    /// What is wrong; empty when all is well. A file in ruins has [`MOST_FINDINGS`] at most.
    pub findings: Vec<Finding>,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file.
    pub file: PathBuf,
    /// The row of the ledger, or the number of the event; none when the file as a whole is concerned.
    pub row: Option<u64>,
    /// What is wrong.
    pub what: String,
}

/// How many findings are told at most.
pub const MOST_FINDINGS: usize = 1_000;

/// How often progress is told.
const TOLD_EVERY: u64 = 10_000;

/// Checks the files of the session in `session_dir`. `progress` is told how many rows and events are done, and how many
/// there are.
///
/// # Errors
/// When a database is not there, cannot be opened, or is of a newer version. Damage is no error but a finding.
pub fn verify(session_dir: &Path, progress: impl FnMut(u64, u64)) -> Result<Verification, StoreError> {
    let (log_path, ledger_path) = (session_dir.join("session.db"), session_dir.join("ledger.db"));
    let mut check = Check { found: Verification::default(), kinds: Vec::new(), done: 0, total: 0, progress };
    // The log is read as it is at this moment and the ledger as it is a moment later, so that every row that the log
    // refers to is there.
    let log = check.open(&log_path, log::STEPS)?;
    let ledger = check.open(&ledger_path, ledger::STEPS)?;
    for (opened, table) in [(&log, "events"), (&ledger, "rows")] {
        if let Some((connection, _)) = opened {
            check.total += count(connection, table).unwrap_or(0);
        }
    }
    if let Some((connection, version)) = &ledger {
        check.ledger(connection, &ledger_path, *version)?;
    }
    if let Some((connection, version)) = &log {
        let is_blank = database::is_blank(connection, *version);
        let is_blank = is_blank.map_err(StoreError::database("read", &log_path));
        if check.found.rows == 0 && check.note(&log_path, is_blank)? == Some(true) {
            return Ok(check.found);
        }
        let ledger = ledger.as_ref().map(|(connection, _)| connection);
        check.log((connection, &log_path, *version), (ledger, &ledger_path))?;
    }
    (check.progress)(check.done, check.total);
    Ok(check.found)
}

struct Check<P> {
    found: Verification,
    /// The kind of each row of the ledger, and whether the log refers to it; the index is the row's number.
    kinds: Vec<(Kind, bool)>,
    done: u64,
    total: u64,
    progress: P,
}

impl<P: FnMut(u64, u64)> Check<P> {
    /// Opens a database and fixes what is read of it; a file that is none is a finding.
    fn open(
        &mut self,
        path: &Path,
        steps: database::Steps,
    ) -> Result<Option<(Connection, usize)>, StoreError> {
        let opened = database::open_read_only(path, steps).and_then(|(connection, version)| {
            // The transaction begins with its first read.
            connection
                .execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")
                .map_err(StoreError::database("read", path))?;
            Ok((connection, version))
        });
        match opened {
            Ok(opened) => Ok(Some(opened)),
            Err(StoreError::Damaged { reason, .. }) => {
                self.finding(path, None, reason);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn ledger(&mut self, connection: &Connection, path: &Path, version: usize) -> Result<(), StoreError> {
        self.kinds.push((Kind::NoEvent, false));
        let mut follower = Follower { row: 0, hash: GENESIS };
        let mut audit = Audit::default();
        let result = rows::for_each(connection, path, 0, |columns, hash| {
            if let Err(what) = follower.follow(columns, hash) {
                self.finding(path, Some(columns.row), what);
            }
            let (kind, wrong) = audit.read(columns);
            if let Some(what) = wrong {
                self.finding(path, Some(columns.row), what);
            }
            match columns.kind {
                "order" => self.found.orders += 1,
                "fill" => self.found.fills += 1,
                "command" => self.found.commands += 1,
                _ => {}
            }
            self.found.rows += 1;
            // A gap that a damaged number pretends must not take all memory.
            if columns.row < self.kinds.len() as u64 + self.total {
                let row = usize::try_from(columns.row).unwrap_or(usize::MAX);
                self.kinds.resize(row, (Kind::Missing, false));
                self.kinds.push((kind, false));
            }
            self.step();
            Ok(())
        });
        self.note(path, result)?;
        self.found.epochs = audit.epochs();
        self.found.head = chain::hex(&follower.hash);
        if version >= 2 {
            let result = kept::findings(connection).map_err(StoreError::database("read", path));
            if let Some(findings) = self.note(path, result)? {
                findings.into_iter().for_each(|what| self.finding(path, None, what));
            }
        }
        self.structure(connection, path, ledger::STEPS, version)
    }

    fn log(
        &mut self,
        (connection, path, version): (&Connection, &Path, usize),
        (ledger, ledger_path): (Option<&Connection>, &Path),
    ) -> Result<(), StoreError> {
        let result = self.entries(connection, path);
        self.note(path, result)?;
        let result = log::ledger_end(connection).map_err(StoreError::database("read", path));
        if let (Some(end), Some(ledger)) = (self.note(path, result)?, ledger) {
            self.ends(&end, ledger, ledger_path)?;
        }
        self.structure(connection, path, log::STEPS, version)
    }

    /// Compares the ledger with what the session log remembers of its end.
    fn ends(&mut self, end: &log::LedgerEnd, ledger: &Connection, path: &Path) -> Result<(), StoreError> {
        let last = self.kinds.len().saturating_sub(1) as u64;
        if end.row.0 > last {
            let what = format!(
                "the ledger ends with row {last}, but the session log was written with row {}: the rows between are \
                 lost",
                end.row
            );
            self.finding(path, None, what);
            return Ok(());
        }
        let result = rows::hash_of(ledger, path, end.row);
        let hash = self.note(path, result)?.map(|hash| chain::hex(&hash));
        if end.hash.is_some() && hash.is_some() && hash != end.hash {
            let what = "it is not the row that the session log was written with".to_owned();
            self.finding(path, Some(end.row.0), what);
        }
        Ok(())
    }

    fn entries(&mut self, connection: &Connection, path: &Path) -> Result<(), StoreError> {
        let read = || StoreError::database("read", path);
        let sql = entries::select!("true ORDER BY seq");
        let mut statement = connection.prepare(sql).map_err(read())?;
        let mut rows = statement.query([]).map_err(read())?;
        while let Some(row) = rows.next().map_err(read())? {
            self.found.events += 1;
            self.step();
            let checked = match entries::read(row).map_err(read())? {
                Ok(entry) => self.entry(&entry, path).map_err(|what| (entry.seq, what)),
                Err(unreadable) => Err((unreadable.seq, unreadable.reason)),
            };
            if let Err((seq, what)) = checked {
                self.finding(path, Some(seq.0), what);
            }
        }
        Ok(())
    }

    /// Checks one entry: that it reads, or that the row it refers to is there, is of its kind, and is referred to once.
    fn entry(&mut self, entry: &entries::Entry, path: &Path) -> Result<(), String> {
        let (None, Some(row)) = (&entry.body, entry.row) else {
            let event = read::resolve(entry, path, |_| Ok(None)).map_err(|error| match error {
                StoreError::Unreadable { reason, .. } => reason,
                other => other.to_string(),
            })?;
            return if event.fact.kind() == entry.kind {
                Ok(())
            } else {
                Err(format!("it says `{}` and holds `{}`", entry.kind, event.fact.kind()))
            };
        };
        let index = usize::try_from(row.0).unwrap_or(usize::MAX);
        let Some((kind, is_referred_to)) =
            self.kinds.get_mut(index).filter(|(kind, _)| *kind != Kind::Missing)
        else {
            return Err(format!("the ledger has no row {row}"));
        };
        if std::mem::replace(is_referred_to, true) {
            return Err(format!("an earlier event refers to row {row} of the ledger already"));
        }
        if Some(*kind) != Kind::of(&entry.kind) {
            return Err(format!("it says `{}`, and row {row} of the ledger is something else", entry.kind));
        }
        Ok(())
    }

    /// Asks SQLite whether the file is whole, and whether its tables are those of its version.
    fn structure(
        &mut self,
        connection: &Connection,
        path: &Path,
        steps: database::Steps,
        version: usize,
    ) -> Result<(), StoreError> {
        let result = database::schema_findings(connection, steps, version)
            .map_err(StoreError::database("read the tables of", path));
        for what in self.note(path, result)?.unwrap_or_default() {
            self.finding(path, None, what);
        }
        let lines = || -> rusqlite::Result<Vec<String>> {
            let mut statement = connection.prepare("PRAGMA integrity_check(100)")?;
            let lines = statement.query_map([], |row| row.get(0))?;
            lines.collect()
        };
        let result = lines().map_err(StoreError::database("check", path));
        let lines = self.note(path, result)?.unwrap_or_default();
        for line in lines.into_iter().filter(|line| line != "ok") {
            self.finding(path, None, line);
        }
        Ok(())
    }

    /// Turns damage, and what a damaged schema makes impossible, into a finding.
    fn note<T>(&mut self, path: &Path, result: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(StoreError::Damaged { row, reason, .. }) => {
                self.finding(path, row.map(|LedgerRow(row)| row), reason);
                Ok(None)
            }
            Err(StoreError::Database { source, .. })
                if !matches!(
                    source.sqlite_error_code(),
                    Some(ErrorCode::DatabaseBusy | ErrorCode::OutOfMemory)
                ) =>
            {
                self.finding(path, None, source.to_string());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn finding(&mut self, file: &Path, row: Option<u64>, what: String) {
        if self.found.findings.len() < MOST_FINDINGS {
            self.found.findings.push(Finding { file: file.to_owned(), row, what });
        }
    }

    fn step(&mut self) {
        self.done += 1;
        if self.done.is_multiple_of(TOLD_EVERY) {
            (self.progress)(self.done, self.total);
        }
    }
}

fn count(connection: &Connection, table: &str) -> rusqlite::Result<u64> {
    connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
}
