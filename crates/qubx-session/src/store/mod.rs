//! What a session writes down: facts about money in the ledger, everything else in the session log.
//!
//! Two SQLite files, one numbering. The ledger is committed first; references that a kill kept from the session log
//! are appended at the next start. One process writes; readers open their own, read-only.

mod chain;
mod ledger;
mod log;
mod read;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use qubx_protocol::{
    Author, CellNumber, CommandId, Epoch, Event, Fact, Fill, LedgerRow, LogId, Order, Position, Seq,
    VerbProgress,
};
use serde::{Deserialize, Serialize};

pub use read::read_history;

use ledger::Ledger;
use log::Log;

/// A database that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("cannot {action} {path}: {source}")]
    Database {
        /// What we were trying to do.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// A row of the ledger is not what was written.
    #[error("{path}: row {row} is damaged: {reason}")]
    Damaged {
        /// The database.
        path: PathBuf,
        /// The row.
        row: LedgerRow,
        /// What does not fit.
        reason: String,
    },
    /// A row holds what this version cannot read.
    #[error("{path}: entry {seq} cannot be read: {reason}")]
    Unreadable {
        /// The database.
        path: PathBuf,
        /// The event.
        seq: Seq,
        /// What does not fit.
        reason: String,
    },
    /// The file was written by a newer version.
    #[error("{path} has schema version {found}, and this version of qubx knows {known}; use the newer qubx")]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
}

impl StoreError {
    fn database(action: &'static str, path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Database { action, path, source }
    }
}

/// A fact before it is stored: the ledger's row numbers are not given yet.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Draft {
    /// A fact that the session log holds itself.
    Session(Fact),
    /// A run begins.
    Started {
        /// The account's life.
        epoch: Epoch,
        /// Whether it goes on with the book of the run before.
        restored: bool,
    },
    /// Where the engine is, in place of the one before. It has no event.
    Checkpoint(serde_json::Value),
    /// What the strategy keeps for its next start, in place of what it kept before. It has no event.
    StrategyState(serde_json::Value),
    /// Somebody gave a command. It has no event of its own: what it causes has.
    Command(CommandAudit),
    /// An order changed.
    Order(Order),
    /// An order was filled.
    Fill {
        /// The fill.
        fill: Fill,
        /// The position that results.
        position: Position,
    },
    /// A verb's progress.
    Verb(VerbProgress),
}

/// Who gave which command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CommandAudit {
    /// The command's id.
    pub id: CommandId,
    /// Who gave it.
    pub author: Author,
    /// The command, with a cell's code.
    pub command: qubx_protocol::Command,
}

/// A fill and the position that results, as the ledger keeps them.
#[derive(Serialize, Deserialize)]
struct FillRow {
    fill: Fill,
    position: Position,
}

/// What the newest life of an account is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Book {
    /// Every position that was ever held, also those that are flat.
    pub positions: Vec<Position>,
    /// The open orders, oldest first.
    pub orders: Vec<Order>,
    /// How many orders were ever given.
    pub order_count: u64,
    /// The newest checkpoint of the engine.
    pub checkpoint: Option<serde_json::Value>,
}

/// Both databases of one session, open for writing.
#[derive(Debug)]
pub(crate) struct Store {
    ledger: Ledger,
    log: Log,
}

impl Store {
    /// Opens the databases in `session_dir`, making them when they are not there, and mends what a kill between their
    /// two commits left.
    ///
    /// # Errors
    /// When one cannot be opened, is of a newer version, or the ledger is damaged.
    pub(crate) fn open(session_dir: &Path) -> Result<Self, StoreError> {
        let ledger = Ledger::open(&session_dir.join("ledger.db"))?;
        let log = Log::open(&session_dir.join("session.db"))?;
        let mut store = Self { ledger, log };
        store.append_missing_references()?;
        Ok(store)
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
        Ok(Book::default())
    }

    /// Returns what the strategy kept in this life of the account.
    ///
    /// # Errors
    /// When SQLite refuses, or it is not what was written.
    pub(crate) fn strategy_state(&self) -> Result<Option<serde_json::Value>, StoreError> {
        Ok(None)
    }

    /// Returns what is wrong with the files, as far as this store mended or worked around it.
    #[must_use]
    pub(crate) fn alarms(&self) -> Vec<qubx_protocol::Alarm> {
        Vec::new()
    }

    /// Returns the life of the account that the ledger ends with; 0 before the first.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub(crate) fn epoch(&self) -> Result<Epoch, StoreError> {
        self.ledger.epoch()
    }

    /// Tells whether a command was taken before.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub(crate) fn knows_command(&self, id: &CommandId) -> Result<bool, StoreError> {
        self.ledger.knows_command(id)
    }

    /// Stores drafts as the events after the last one, in order, and returns the events. All are stored or none is
    /// acknowledged.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub(crate) fn append(&mut self, drafts: &[Draft], time: Timestamp) -> Result<Vec<Event>, StoreError> {
        let mut events = Vec::with_capacity(drafts.len());
        let mut seq = self.log.head().next();
        let mut entries = Vec::with_capacity(drafts.len());
        let mut rows = self.ledger.begin();
        for draft in drafts {
            let row = ledger_row(draft).map(|(kind, command, body)| rows.add(seq, time, kind, command, body));
            let Some(fact) = fact(draft, row) else { continue };
            entries.push(log::Entry::new(seq, time, &fact, row));
            events.push(Event { seq, time, fact });
            seq = seq.next();
        }
        self.ledger.commit(rows)?;
        self.log.commit(&entries)?;
        Ok(events)
    }

    /// Returns up to `limit` of the events after `after`, oldest first.
    ///
    /// # Errors
    /// When SQLite refuses or a row cannot be read.
    pub(crate) fn events_after(&self, after: Seq, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.log.entries_after(after, limit)?.into_iter().map(|entry| self.resolve(entry)).collect()
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

    fn resolve(&self, entry: log::Entry) -> Result<Event, StoreError> {
        read::resolve(&entry, self.log.path(), |row| self.ledger.body(row))
    }

    fn append_missing_references(&mut self) -> Result<(), StoreError> {
        let missing = self.ledger.rows_after(self.log.last_row()?)?;
        let highest = self.ledger.highest_seq()?;
        if highest > self.log.head() {
            // The log lost rows that a client may have seen: numbers go on above them, under a new name.
            self.log.rename_and_skip_to(highest)?;
        }
        let mut seq = self.log.head().next();
        let mut entries = Vec::new();
        for row in missing {
            let Some(entry) = log::Entry::reference(seq, row.time, &row.kind, row.number) else { continue };
            entries.push(entry);
            seq = seq.next();
        }
        self.log.commit(&entries)
    }
}

/// Returns what the ledger keeps of a draft: kind, command id, body.
fn ledger_row(draft: &Draft) -> Option<(&'static str, Option<&CommandId>, String)> {
    let json = |value: serde_json::Result<String>| value.expect("ledger rows have string keys");
    match draft {
        Draft::Session(_) => None,
        Draft::Checkpoint(_) | Draft::StrategyState(_) => None,
        Draft::Started { epoch, .. } => Some(("started", None, json(serde_json::to_string(epoch)))),
        Draft::Command(audit) => Some(("command", Some(&audit.id), json(serde_json::to_string(audit)))),
        Draft::Order(order) => Some(("order", None, json(serde_json::to_string(order)))),
        Draft::Fill { fill, position } => {
            let row = FillRow { fill: fill.clone(), position: position.clone() };
            Some(("fill", None, json(serde_json::to_string(&row))))
        }
        Draft::Verb(verb) => Some(("verb", None, json(serde_json::to_string(verb)))),
    }
}

fn fact(draft: &Draft, row: Option<LedgerRow>) -> Option<Fact> {
    let row = row.unwrap_or_default();
    match draft.clone() {
        Draft::Session(fact) => Some(fact),
        Draft::Checkpoint(_) | Draft::StrategyState(_) => None,
        Draft::Started { epoch, restored } => Some(Fact::Started { epoch, restored }),
        Draft::Command(_) => None,
        Draft::Order(order) => Some(Fact::Order { row, order }),
        Draft::Fill { fill, position } => Some(Fact::Fill { row, fill, position }),
        Draft::Verb(verb) => Some(Fact::Verb { row, verb }),
    }
}

#[cfg(test)]
mod tests;
pub(crate) fn older(
    _: &Path,
    _: Seq,
    _: Option<qubx_protocol::HistoryKind>,
    _: usize,
) -> Result<(Vec<Event>, bool), StoreError> {
    Ok((Vec::new(), true))
}
