//! How both databases are opened: what a kill or a power cut left between them is mended, what is damaged is told.

use std::path::Path;

use jiff::Timestamp;

use super::alarms::Health;
use super::disk::Disk;
use super::entries::Entry;
use super::ledger::Ledger;
use super::left::{self, Left};
use super::log::{self, LedgerEnd, Log};
use super::prune::Pruning;
use super::{LOADED, Store, StoreError, chain, database, ledger, rescue, rows};

impl Store {
    /// Opens the databases in `session_dir`, making them when they are not there, brings those of an older version to
    /// this one, and mends what a kill between their two commits left. A session log that is damaged is set aside, and
    /// what can be read of it goes on in a new one: the ledger alone decides whether a session can go on.
    ///
    /// # Errors
    /// When one cannot be opened, is of a newer version, or the ledger is damaged or has lost rows.
    pub(crate) fn open(session_dir: &Path) -> Result<Self, StoreError> {
        // Neither is touched when one of them is newer.
        database::refuse_newer(&session_dir.join("ledger.db"), ledger::STEPS)?;
        database::refuse_newer(&session_dir.join(log::FILE), log::STEPS)?;
        match Self::open_as_they_are(session_dir) {
            Err(StoreError::Damaged { path, reason, .. }) if path == session_dir.join(log::FILE) => {
                let ledger = Ledger::open(&session_dir.join("ledger.db"))?;
                let rescued = rescue::rescue(&path, &reason, &ledger, None)?;
                let mut store = Self::open_as_they_are(session_dir)?;
                store.health.watch().rescued(&rescued, Timestamp::now());
                store.left.rescued = Some(rescued);
                Ok(store)
            }
            opened => opened,
        }
    }

    fn open_as_they_are(session_dir: &Path) -> Result<Self, StoreError> {
        let ledger = Ledger::open(&session_dir.join("ledger.db"))?;
        let mut log = Log::open(&session_dir.join(log::FILE))?;
        let lost_rows = rows_lost_with_the_power(&ledger, &log)?;
        if lost_rows > 0 {
            log.forget_rows_after(ledger.end().row)?;
        }
        check_that_no_row_is_lost(&ledger, &log)?;
        log.remember_boot()?;
        let health = Health::new(Disk::new(session_dir));
        let left = Left { lost_rows, ..left::read(&ledger, &log)? };
        let mut store =
            Self { ledger, log, pruning: Pruning::default(), health, left, rescues: 0, newest: Vec::new() };
        store.append_missing_references()?;
        // Damage in what every start reads is better found here, while the log can still be replaced.
        store.newest = store.last_events(LOADED)?;
        store.health.watch().look(Timestamp::now());
        Ok(store)
    }

    fn append_missing_references(&mut self) -> Result<(), StoreError> {
        let missing = self.ledger.references_after(self.log.last_row()?)?;
        let highest = self.ledger.end().seq;
        if highest > self.log.head() {
            // The log lost rows that a client may have seen: numbers go on above them, under a new name.
            self.log.rename_and_skip_to(highest)?;
        }
        let mut seq = self.log.head().next();
        let mut entries = Vec::new();
        for row in missing {
            let Some(entry) = Entry::reference(seq, row.time, &row.kind, row.number) else { continue };
            entries.push(entry);
            seq = seq.next();
        }
        if entries.is_empty() {
            return Ok(());
        }
        let end = self.ledger.end();
        let end = LedgerEnd::new(end.row, &end.hash);
        self.log.append(&entries, &end)
    }
}

/// Returns how many rows the session log remembers that the ledger has not, if a power cut explains it: on paper both are
/// synced now and then only, each at its own time, so the log may have reached the disk first. Without a new boot of the
/// machine since the last start there was no such cut, and then it is damage.
fn rows_lost_with_the_power(ledger: &Ledger, log: &Log) -> Result<u64, StoreError> {
    let has_booted_since = log.last_boot()?.is_some_and(|boot| boot != qubx_home::boot_id());
    let behind = log.ledger_end()?.row.0.saturating_sub(ledger.end().row.0);
    Ok(if has_booted_since { behind } else { 0 })
}

/// Compares the end of the ledger with what the session log remembers of it. The ledger is committed first, so it is
/// never behind, unless rows of it were lost.
fn check_that_no_row_is_lost(ledger: &Ledger, log: &Log) -> Result<(), StoreError> {
    let remembered = log.ledger_end()?;
    let last = ledger.end().row;
    if remembered.row > last {
        let reason = format!(
            "the ledger ends with row {last}, but the session log was written with row {}: the rows between are lost",
            remembered.row
        );
        return Err(StoreError::Damaged { path: ledger.path().to_owned(), row: None, reason });
    }
    let hash = rows::hash_of(ledger.connection(), ledger.path(), remembered.row)?;
    if remembered.hash.is_some_and(|remembered| remembered != chain::hex(&hash)) {
        let reason = "it is not the row that the session log was written with";
        return Err(StoreError::damaged(ledger.path(), remembered.row, reason));
    }
    Ok(())
}
