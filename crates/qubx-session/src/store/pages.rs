//! A whole history, a page at a time and oldest first: for who writes it elsewhere and cannot hold all of it.
//!
//! Each page is a short read of its own, so that a reader of a long history never keeps its writer from tidying up.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use qubx_protocol::{Event, Seq};
use rusqlite::{Connection, params};

use super::entries::{self, Stop, Unreadable, seq_of};
use super::{StoreError, database, ledger, log, read, rows};

/// How many events a page has at most.
const PAGE_EVENTS: usize = 1_000;
/// How many bytes the bodies of a page have at most, unless a single event has more.
const PAGE_BYTES: usize = 4 << 20;

/// A reader of the events of a session, which may run meanwhile.
#[derive(Debug)]
pub struct HistoryPages {
    log: Connection,
    log_path: PathBuf,
    ledger: Connection,
    ledger_path: PathBuf,
    /// The first number that was not read yet.
    next: Seq,
    is_blank: bool,
}

impl HistoryPages {
    /// Opens the history of the session in `session_dir`, for reading beside its writer or after it.
    ///
    /// # Errors
    /// When a database is not there or cannot be opened.
    pub fn open(session_dir: &Path) -> Result<Self, StoreError> {
        let (log_path, ledger_path) = (session_dir.join("session.db"), session_dir.join("ledger.db"));
        let (log, version) = database::open_read_only(&log_path, log::STEPS)?;
        let is_blank = database::is_blank(&log, version).map_err(StoreError::database("read", &log_path))?;
        let (ledger, _) = database::open_read_only(&ledger_path, ledger::STEPS)?;
        Ok(Self { log, log_path, ledger, ledger_path, next: Seq(1), is_blank })
    }

    /// Returns the number of the newest event there is now; 0 before the first.
    ///
    /// # Errors
    /// When SQLite refuses.
    pub fn head(&self) -> Result<Seq, StoreError> {
        if self.is_blank {
            return Ok(Seq(0));
        }
        self.log
            .query_row("SELECT coalesce(max(seq), 0) FROM events", [], |row| row.get(0))
            .map(Seq)
            .map_err(StoreError::database("read", &self.log_path))
    }

    /// Returns the events that follow those of the page before, up to `head`; none at the end. A mark stands for what
    /// cannot be read.
    ///
    /// # Errors
    /// When SQLite refuses or the ledger is damaged.
    pub fn next_page(&mut self, head: Seq) -> Result<Vec<Event>, StoreError> {
        if self.is_blank {
            return Ok(Vec::new());
        }
        let mut events = Vec::new();
        let (mut bytes, mut next) = (0, self.next);
        let sql = entries::select!("seq >= ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3");
        let parameters = params![self.next.0, head.0, PAGE_EVENTS];
        let read = entries::each(&self.log, &self.log_path, sql, parameters, |read| {
            let body = read.as_ref().ok().and_then(|entry| entry.body.as_ref());
            bytes += body.map_or(0, String::len);
            if bytes > PAGE_BYTES && !events.is_empty() {
                return Ok(ControlFlow::Break(()));
            }
            next = seq_of(&read).next();
            events.push(read::event_or_mark(read, &self.log_path, |row| {
                rows::read(&self.ledger, &self.ledger_path, row)
            })?);
            Ok(ControlFlow::Continue(()))
        });
        self.next = next;
        match read {
            Ok(()) => {}
            Err(Stop::Damage(reason)) => {
                events.push(Unreadable::from(next, reason).mark());
                self.next = self.behind_damage(next, head)?;
            }
            Err(Stop::Error(error)) => return Err(error),
        }
        Ok(events)
    }

    /// Returns the first number that can be read again behind damage at `next`: what is newer is read from the end down
    /// to it. If even that one cannot be reached in order, the rest is given up, so that reading always ends.
    fn behind_damage(&self, next: Seq, head: Seq) -> Result<Seq, StoreError> {
        let mut oldest = head.next();
        let sql = entries::select!("seq >= ?1 AND seq <= ?2 ORDER BY seq DESC");
        let read = entries::each(&self.log, &self.log_path, sql, params![next.0, head.0], |read| {
            oldest = seq_of(&read);
            Ok(ControlFlow::Continue(()))
        });
        match read {
            Ok(()) | Err(Stop::Damage(_)) if oldest > next => Ok(oldest),
            Ok(()) | Err(Stop::Damage(_)) => Ok(head.next()),
            Err(Stop::Error(error)) => Err(error),
        }
    }
}
