//! How events are stored: the ledger's commit decides, the session log follows or waits.

use jiff::Timestamp;
use qubx_protocol::{Event, Fact, LogLevel, Seq};

use super::batch::Batch;
use super::draft::{Draft, NewRow, UNLOGGED};
use super::entries::Entry;
use super::log::LedgerEnd;
use super::{Store, StoreError, kept, rescue};

/// How often a damaged session log is replaced while it is open; whatever damages it again and again is not mended so.
const MOST_RESCUES: u32 = 3;

impl Store {
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
        let mut written = if is_held_back { Ok(()) } else { self.log.append(&entries, &end) };
        if let Err(StoreError::Damaged { reason, .. }) = &written
            && self.replace_log(&reason.clone(), time)
        {
            written = self.log.append(&entries, &end);
        }
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

    /// Replaces a session log that turned out to be damaged, and tells whether that was possible.
    fn replace_log(&mut self, reason: &str, time: Timestamp) -> bool {
        if self.rescues >= MOST_RESCUES {
            return false;
        }
        self.rescues += 1;
        let (path, stored) = (self.log.path().to_owned(), self.log.stored());
        let replaced = self.log.close().and_then(|()| {
            let rescued = rescue::rescue(&path, reason, &self.ledger, Some(stored));
            self.log.reopen().and(rescued)
        });
        match replaced {
            Ok(rescued) => {
                self.health.watch().rescued(&rescued, time);
                true
            }
            Err(error) => {
                tracing::error!(%error, "the damaged session log cannot be replaced");
                false
            }
        }
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
                Fact::Log { level: LogLevel::Warning, source, text, market_time: None }
            }),
            Err(error) => {
                // Whatever is wrong shows with the next entry, too.
                tracing::error!(%error, "cannot make the session log smaller");
                None
            }
        }
    }
}
