//! What a session writes down: facts about money in the ledger, everything else in the session log.
//!
//! Two SQLite files, one numbering. The ledger is committed first, and its commit decides: an event whose entry in the
//! session log cannot be written counts as stored and waits in memory. References that a kill kept from the session log
//! are appended at the next start. One process writes; readers open their own, read-only.

mod alarms;
mod batch;
mod book;
mod chain;
mod database;
mod disk;
mod doubt;
mod draft;
mod error;
mod kept;
mod ledger;
mod left;
mod log;
mod older;
mod prune;
mod read;
mod rows;
mod verify;
mod waiting;

use std::path::Path;

use jiff::Timestamp;
use qubx_protocol::{Alarm, CellNumber, CommandId, Epoch, Event, Fact, LogId, LogLevel, Seq};

pub(crate) use book::Book;
pub use doubt::DISK_FAILED;
pub(crate) use draft::{CommandAudit, Draft};
pub use error::StoreError;
pub(crate) use left::Left;
pub(crate) use older::older;
pub use read::read_history;
pub use verify::{Finding, MOST_FINDINGS, Verification, verify};

use alarms::Health;
use batch::Batch;
use disk::Disk;
use draft::{NewRow, UNLOGGED};
use ledger::Ledger;
use log::{Entry, LedgerEnd, Log};
use prune::Pruning;

/// Both databases of one session, open for writing.
#[derive(Debug)]
pub(crate) struct Store {
    ledger: Ledger,
    log: Log,
    pruning: Pruning,
    health: Health,
    left: Left,
}

impl Store {
    /// Opens the databases in `session_dir`, making them when they are not there, brings those of an older version to
    /// this one, and mends what a kill between their two commits left.
    ///
    /// # Errors
    /// When one cannot be opened, is of a newer version, or the ledger is damaged or has lost rows.
    pub(crate) fn open(session_dir: &Path) -> Result<Self, StoreError> {
        let ledger = Ledger::open(&session_dir.join("ledger.db"))?;
        let mut log = Log::open(&session_dir.join("session.db"))?;
        let lost_rows = rows_lost_with_the_power(&ledger, &log)?;
        if lost_rows > 0 {
            log.forget_rows_after(ledger.end().row)?;
        }
        check_that_no_row_is_lost(&ledger, &log)?;
        log.remember_boot()?;
        let health = Health::new(Disk::new(session_dir));
        let left = Left { lost_rows, ..left::read(&ledger, &log)? };
        let mut store = Self { ledger, log, pruning: Pruning::default(), health, left };
        store.append_missing_references()?;
        store.health.watch().look(Timestamp::now());
        Ok(store)
    }

    /// Has the disk keep each commit of the ledger before it is acknowledged: where money is at stake, a power cut may
    /// lose nothing either.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub(crate) fn sync_every_commit(&self) -> Result<(), StoreError> {
        self.ledger.sync_every_commit()
    }

    /// Takes what the service before left without an answer.
    pub(crate) fn take_left(&mut self) -> Left {
        std::mem::take(&mut self.left)
    }

    /// Returns the log's name.
    #[must_use]
    pub(crate) fn log_id(&self) -> &LogId {
        self.log.id()
    }

    /// Reads the book that the newest life of the account ends with, and checks every row of the ledger on the way.
    ///
    /// # Errors
    /// When SQLite refuses or a row is not what was written.
    pub(crate) fn book(&self) -> Result<Book, StoreError> {
        let checkpoint = self.ledger.kept(kept::Kind::Checkpoint)?;
        book::read(self.ledger.connection(), self.ledger.path(), checkpoint)
    }

    /// Returns what the strategy kept in this life of the account.
    ///
    /// # Errors
    /// When SQLite refuses, or it is not what was written.
    pub(crate) fn strategy_state(&self) -> Result<Option<serde_json::Value>, StoreError> {
        self.ledger.kept(kept::Kind::StrategyState)
    }

    /// Returns what is wrong with the files, as far as this store mended or worked around it. While the ledger cannot
    /// be written, this also tries every few seconds whether it can again.
    #[must_use]
    pub(crate) fn alarms(&self) -> Vec<Alarm> {
        let mut watch = self.health.watch();
        let now = Timestamp::now();
        watch.look(now);
        if watch.should_probe() {
            watch.ledger(self.ledger.probe().as_ref().copied(), now);
        }
        watch.alarms()
    }

    /// Returns the life of the account that the ledger ends with; 0 before the first.
    ///
    /// # Errors
    /// None: it is known since the ledger was opened.
    pub(crate) fn epoch(&self) -> Result<Epoch, StoreError> {
        Ok(self.ledger.epoch())
    }

    /// Tells whether a command was taken before.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub(crate) fn knows_command(&self, id: &CommandId) -> Result<bool, StoreError> {
        self.ledger.knows_command(id)
    }

    /// Stores drafts as the events after the last one, in order, and returns the events; there may be one more, that the
    /// store says itself. The ledger's commit decides: if it fails, nothing is stored; if it succeeds and the session
    /// log cannot be written, the events are stored and their entries wait in memory.
    ///
    /// # Errors
    /// When SQLite refuses. Nothing of the drafts is stored then.
    pub(crate) fn append(&mut self, drafts: &[Draft], time: Timestamp) -> Result<Vec<Event>, StoreError> {
        self.health.watch().look(time);
        let pruned = self.prune().map(Draft::Session);
        let mut events = Vec::with_capacity(drafts.len());
        let mut entries = Vec::with_capacity(drafts.len());
        let mut seq = self.log.head().next();
        let mut batch = self.ledger.begin();
        for draft in drafts.iter().chain(&pruned) {
            match draft {
                Draft::Started { epoch, restored } => batch.start(*epoch, *restored),
                Draft::Checkpoint(value) => batch.keep(kept::Kind::Checkpoint, value),
                Draft::StrategyState(value) => batch.keep(kept::Kind::StrategyState, value),
                _ => {}
            }
            let row = draft.ledger_row().map(|row| batch.add(seq, time, row));
            let Some(fact) = draft.fact(row) else { continue };
            entries.push(Entry::new(seq, time, &fact, row));
            events.push(Event { seq, time, fact });
            seq = seq.next();
        }
        self.commit_ledger(&batch, time)?;
        self.append_to_log(entries, &batch, time)?;
        Ok(events)
    }

    /// Commits to the ledger; if there is no room, once more with the room of the ballast.
    fn commit_ledger(&mut self, batch: &Batch, time: Timestamp) -> Result<(), StoreError> {
        let watch = &mut self.health.watch();
        let mut result = self.ledger.commit(batch);
        if result.as_ref().is_err_and(StoreError::lacks_room) && watch.disk.give_ballast_up() {
            result = self.ledger.commit(batch);
        }
        // A batch that writes nothing proves nothing.
        if result.is_err() || batch.has_rows() {
            watch.ledger(result.as_ref().copied(), time);
        }
        result
    }

    /// Writes entries to the session log, or keeps them in memory until that is possible.
    fn append_to_log(
        &mut self,
        entries: Vec<Entry>,
        batch: &Batch,
        time: Timestamp,
    ) -> Result<(), StoreError> {
        if entries.is_empty() && !batch.has_rows() && self.log.waiting().is_empty() {
            return Ok(());
        }
        let end = self.ledger.end();
        let end = LedgerEnd::new(end.row, &end.hash);
        let is_held_back = self.health.watch().disk.is_for_the_ledger();
        let written = if is_held_back { Ok(()) } else { self.log.append(&entries, &end) };
        if written.is_err() || is_held_back {
            let head = entries.last().map_or(self.log.head(), |entry| entry.seq);
            let marked = self.mark_as_given_out(head, time);
            // What the ledger holds of this is stored, and so is the rest of it.
            if !batch.has_rows() {
                marked?;
            }
            self.log.keep(entries);
        }
        self.health.watch().log(&self.log, written.as_ref().copied(), time);
        Ok(())
    }

    /// Sees to it that numbers up to `head`, which are given out without being in the file, are never given out again: a
    /// start finds the ledger ahead of the session log, and goes on above under a new name. A fact of the ledger above
    /// the numbers of the file does that; without one, a row is added that says so and nothing else.
    fn mark_as_given_out(&mut self, head: Seq, time: Timestamp) -> Result<(), StoreError> {
        let stored = self.log.stored();
        if head <= stored || self.ledger.end().seq > stored {
            return Ok(());
        }
        let mut batch = self.ledger.begin();
        batch.add(head, time, NewRow { kind: UNLOGGED, command: None, body: format!("{{\"head\":{head}}}") });
        self.commit_ledger(&batch, time)
    }

    /// Removes a step of old text if the session log is too large, and returns what to say about it.
    fn prune(&mut self) -> Option<Fact> {
        if !self.log.waiting().is_empty() {
            return None;
        }
        match self.pruning.step(&self.log) {
            Ok(line) => line.map(|text| {
                let source = "session".to_owned();
                Fact::Log { level: LogLevel::Warning, source, text }
            }),
            Err(error) => {
                // Whatever is wrong shows with the next entry, too.
                tracing::error!(%error, "cannot make the session log smaller");
                None
            }
        }
    }

    /// Returns up to `limit` of the events after `after`, oldest first; none when some of them are missing for good,
    /// so that whoever asks takes a snapshot.
    ///
    /// # Errors
    /// When SQLite refuses or a row cannot be read.
    pub(crate) fn events_after(&self, after: Seq, limit: usize) -> Result<Option<Vec<Event>>, StoreError> {
        let mut entries = self.log.entries_after(after, limit)?;
        let waiting = self.log.waiting().iter().filter(|entry| entry.seq > after);
        let room = limit - entries.len();
        let events = entries.drain(..).map(|entry| self.resolve(&entry)).collect::<Result<Vec<_>, _>>()?;
        let waiting = waiting.take(room).map(|entry| self.resolve(entry)).collect::<Result<Vec<_>, _>>()?;
        let events: Vec<Event> = events.into_iter().chain(waiting).collect();
        let last = events.last().map_or(after, |event| event.seq);
        let is_whole =
            last.0 == after.0 + events.len() as u64 && (events.len() == limit || last >= self.log.head());
        Ok(is_whole.then_some(events))
    }

    /// Tells whether entries of the session log wait in memory; the next append tries to write them.
    pub(crate) fn has_waiting(&self) -> bool {
        !self.log.waiting().is_empty()
    }

    /// Returns the newest events of the file, `limit` at most, oldest first, whatever is missing between them.
    ///
    /// # Errors
    /// When SQLite refuses or a row cannot be read.
    pub(crate) fn last_events(&self, limit: usize) -> Result<Vec<Event>, StoreError> {
        let after = self.log.start_of_last(limit)?;
        self.log.entries_after(after, limit)?.iter().map(|entry| self.resolve(entry)).collect()
    }

    /// Returns the number of the newest cell; 0 before the first.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub(crate) fn last_cell(&self) -> Result<CellNumber, StoreError> {
        self.log.last_cell()
    }

    /// Returns the number of the newest event.
    #[must_use]
    pub(crate) fn head(&self) -> Seq {
        self.log.head()
    }

    fn resolve(&self, entry: &Entry) -> Result<Event, StoreError> {
        read::resolve(entry, self.log.path(), |row| self.ledger.read(row))
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

#[cfg(test)]
mod tests;
