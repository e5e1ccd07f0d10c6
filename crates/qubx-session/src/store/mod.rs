//! What a session writes down: facts about money in the ledger, everything else in the session log.
//!
//! Two SQLite files, one numbering. The ledger is committed first, and its commit decides: an event whose entry in the
//! session log cannot be written counts as stored and waits in memory. References that a kill kept from the session log
//! are appended at the next start. One process writes; readers open their own, read-only.

mod alarms;
mod append;
mod batch;
mod book;
mod cells;
mod chain;
mod database;
mod disk;
mod doubt;
mod draft;
mod entries;
mod error;
mod kept;
mod ledger;
mod left;
mod log;
mod older;
mod open;
mod pages;
mod prune;
mod read;
mod rescue;
mod rows;
mod verify;
mod waiting;

use jiff::Timestamp;
use qubx_protocol::{Alarm, CellNumber, CommandId, Epoch, Event, LogId, Seq, VerbProgress};

pub(crate) use book::Book;
pub(crate) use cells::{Wanted, cells};
pub use doubt::DISK_FAILED;
pub(crate) use draft::{CellEnd, CommandAudit, Draft};
pub use error::StoreError;
pub(crate) use left::{GUEST, Left};
pub(crate) use older::older;
pub use pages::HistoryPages;
pub use read::read_history;
pub use verify::{Finding, MOST_FINDINGS, Verification, verify};

use alarms::Health;
use entries::{Entry, Read};
use ledger::Ledger;
use log::Log;
use prune::Pruning;

/// Both databases of one session, open for writing.
#[derive(Debug)]
pub(crate) struct Store {
    ledger: Ledger,
    log: Log,
    pruning: Pruning,
    health: Health,
    left: Left,
    /// How often a damaged session log was replaced while this store was open.
    rescues: u32,
    /// The newest events when the store was opened, until they are taken.
    newest: Vec<Event>,
}

/// How many of the newest events a session begins with: more than any screen shows at first.
const LOADED: usize = 5_000;

impl Store {
    /// Has the disk keep each commit of the ledger before it is acknowledged: where money is at stake, a power cut may
    /// lose nothing either.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub(crate) fn sync_every_commit(&self) -> Result<(), StoreError> {
        self.ledger.sync_every_commit()
    }

    /// Has the session log lose its oldest text above so many bytes.
    pub(crate) fn cap_log(&mut self, bytes: u64) {
        self.pruning.cap = bytes;
    }

    /// Takes what the service before left without an answer.
    pub(crate) fn take_left(&mut self) -> Left {
        std::mem::take(&mut self.left)
    }

    /// Takes the newest events that were there when the store was opened, oldest first.
    pub(crate) fn take_newest(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.newest)
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

    /// Returns the stop that the newest run came to its end with; none when it just ended, or still runs.
    ///
    /// # Errors
    /// When SQLite refuses or a row cannot be read.
    pub(crate) fn stop_that_ended_it(&self) -> Result<Option<VerbProgress>, StoreError> {
        left::stop_of_newest_run(&self.ledger)
    }

    /// Tells whether a command was taken before.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub(crate) fn knows_command(&self, id: &CommandId) -> Result<bool, StoreError> {
        self.ledger.knows_command(id)
    }

    /// Returns up to `limit` of the events after `after`, oldest first; none when some of them are missing for good,
    /// so that whoever asks takes a snapshot.
    ///
    /// # Errors
    /// When SQLite refuses or a row cannot be read.
    pub(crate) fn events_after(&self, after: Seq, limit: usize) -> Result<Option<Vec<Event>>, StoreError> {
        let entries = match self.log.entries_after(after, limit) {
            // A snapshot is whole, whatever is wrong with the file.
            Err(error) if error.is_damage_of(self.log.path()) => return Ok(None),
            entries => entries?,
        };
        let waiting = self.log.waiting().iter().filter(|entry| entry.seq > after);
        let room = limit - entries.len();
        let events = entries.into_iter().map(|read| self.event(read)).collect::<Result<Vec<_>, _>>()?;
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

    /// Returns the newest events of the file, `limit` at most, oldest first, whatever is missing between them; a mark
    /// stands for what cannot be read.
    ///
    /// # Errors
    /// When SQLite refuses or the ledger is damaged.
    pub(crate) fn last_events(&self, limit: usize) -> Result<Vec<Event>, StoreError> {
        let after = self.log.start_of_last(limit)?;
        self.log.entries_after(after, limit)?.into_iter().map(|read| self.event(read)).collect()
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

    fn event(&self, read: Read) -> Result<Event, StoreError> {
        read::event_or_mark(read, self.log.path(), |row| self.ledger.read(row))
    }

    fn resolve(&self, entry: &Entry) -> Result<Event, StoreError> {
        read::resolve(entry, self.log.path(), |row| self.ledger.read(row))
    }
}

#[cfg(test)]
mod tests;
