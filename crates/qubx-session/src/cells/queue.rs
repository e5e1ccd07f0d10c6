//! The cell queue, and what each cell has shown. No I/O.
//!
//! One of our cells is at the kernel at a time; the others wait here, where they can still be taken back.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use qubx_protocol::{Author, CellNumber, CommandId, OutputContent};

use crate::cells::printed::{Printed, Shown};
use crate::cells::recent::Recent;

/// The cells that wait at most, and the bytes of their sources. A further one is refused: whoever sends so many has made
/// a mistake, and each of them is in every snapshot.
pub(crate) const MOST_WAITING: usize = 1_000;
pub(crate) const MOST_WAITING_BYTES: usize = 16 << 20;

/// How many requests of guests that ended are remembered; the other word of a beginning comes a moment later.
const ENDED_GUESTS: usize = 16;

/// A cell that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) cell: CellNumber,
    pub(crate) code: String,
    pub(crate) author: Author,
    /// The command that it is.
    pub(crate) command: CommandId,
}

/// The cells that wait, the one that runs, and what each has printed.
#[derive(Debug)]
pub(crate) struct Cells {
    last: CellNumber,
    waiting: VecDeque<Waiting>,
    at_kernel: Option<Waiting>,
    /// The cells of Jupyter guests that run, by the id of the guest's request.
    guests: HashMap<String, CellNumber>,
    /// The newest requests of guests that ended, whose beginning may be heard once more.
    ended_guests: VecDeque<String>,
    started: HashMap<CellNumber, Instant>,
    printed: HashMap<CellNumber, Printed>,
    /// The end of what each cell that runs has shown.
    recent: HashMap<CellNumber, Recent>,
}

impl Cells {
    /// Returns an empty queue; the next cell's number follows `last`.
    pub(crate) fn new(last: CellNumber) -> Self {
        Self {
            last,
            waiting: VecDeque::new(),
            at_kernel: None,
            guests: HashMap::new(),
            ended_guests: VecDeque::new(),
            started: HashMap::new(),
            printed: HashMap::new(),
            recent: HashMap::new(),
        }
    }

    fn number(&mut self) -> CellNumber {
        self.last = self.last.next();
        self.last
    }

    /// Tells whether a cell can still be queued.
    pub(crate) fn has_room_for(&self, code: &str) -> bool {
        let bytes: usize = self.waiting.iter().map(|waiting| waiting.code.len()).sum();
        self.waiting.len() < MOST_WAITING && bytes + code.len() <= MOST_WAITING_BYTES
    }

    /// Queues a cell and returns its number.
    pub(crate) fn submit(&mut self, code: String, author: Author, command: CommandId) -> CellNumber {
        let cell = self.number();
        self.waiting.push_back(Waiting { cell, code, author, command });
        cell
    }

    /// Takes the next cell for the kernel; none while one of ours is there.
    pub(crate) fn next_for_kernel(&mut self) -> Option<Waiting> {
        if self.at_kernel.is_none() {
            self.at_kernel = self.waiting.pop_front();
            return self.at_kernel.clone();
        }
        None
    }

    /// Tells whether a cell of ours waits, so that it can be taken back.
    pub(crate) fn waits(&self, cell: CellNumber) -> bool {
        self.waiting.iter().any(|waiting| waiting.cell == cell)
    }

    /// Takes a cell back that waits.
    pub(crate) fn take_back(&mut self, cell: CellNumber) {
        self.waiting.retain(|waiting| waiting.cell != cell);
    }

    /// Numbers a guest's cell; none when it has a number, or had one.
    pub(crate) fn guest_started(&mut self, request: String) -> Option<CellNumber> {
        if self.guests.contains_key(&request) || self.ended_guests.contains(&request) {
            return None;
        }
        let cell = self.number();
        self.guests.insert(request, cell);
        Some(cell)
    }

    /// Returns the number of a guest's cell that runs.
    pub(crate) fn guest(&self, request: &str) -> Option<CellNumber> {
        self.guests.get(request).copied()
    }

    /// Notes when a cell began to run; tells whether that is news.
    pub(crate) fn started(&mut self, cell: CellNumber, now: Instant) -> bool {
        let is_news = !self.started.contains_key(&cell);
        self.started.entry(cell).or_insert(now);
        is_news
    }

    /// Returns how long a cell has run.
    pub(crate) fn duration_ms(&self, cell: CellNumber, now: Instant) -> u64 {
        let ran = self.started.get(&cell).map(|started| now.saturating_duration_since(*started));
        ran.map_or(0, |ran| u64::try_from(ran.as_millis()).unwrap_or(u64::MAX))
    }

    /// Returns a cell of ours that is at the kernel or waits.
    pub(crate) fn ours(&self, cell: CellNumber) -> Option<&Waiting> {
        self.at_kernel.iter().chain(&self.waiting).find(|ours| ours.cell == cell)
    }

    /// Returns the cell that the kernel runs: ours once it began, before that a guest's.
    pub(crate) fn at_kernel(&self) -> Option<CellNumber> {
        let ours = self.at_kernel.as_ref().map(|waiting| waiting.cell);
        let guest = self.guests.values().min().copied();
        match ours {
            Some(ours) if self.started.contains_key(&ours) || guest.is_none() => Some(ours),
            _ => guest,
        }
    }

    /// Forgets a cell that ended and returns what it had shown.
    pub(crate) fn finished(&mut self, cell: CellNumber) -> Printed {
        if self.at_kernel.as_ref().is_some_and(|waiting| waiting.cell == cell) {
            self.at_kernel = None;
        }
        let ended = self.guests.extract_if(|_, guest| *guest == cell);
        self.ended_guests.extend(ended.map(|(request, _)| request));
        while self.ended_guests.len() > ENDED_GUESTS {
            self.ended_guests.pop_front();
        }
        self.started.remove(&cell);
        self.recent.remove(&cell);
        self.printed.remove(&cell).unwrap_or_default()
    }

    /// Returns all cells, the running ones first.
    pub(crate) fn all(&self) -> Vec<CellNumber> {
        let running = self.at_kernel.iter().map(|waiting| waiting.cell);
        let waiting = self.waiting.iter().map(|waiting| waiting.cell);
        running.chain(self.guests.values().copied()).chain(waiting).collect()
    }

    /// Forgets the cells that wait.
    pub(crate) fn forget_waiting(&mut self) {
        self.waiting.clear();
    }

    /// Takes what a cell shows and tells where it goes.
    pub(crate) fn show(&mut self, cell: CellNumber, content: OutputContent, now: Instant) -> Shown {
        self.recent.entry(cell).or_default().add(&content);
        self.printed.entry(cell).or_default().take(content, now)
    }

    /// Returns the end of what a cell has shown so far.
    pub(crate) fn recent(&self, cell: CellNumber) -> &str {
        self.recent.get(&cell).map_or("", Recent::text)
    }

    /// Returns what a cell holds back, at once.
    pub(crate) fn release(&mut self, cell: CellNumber, now: Instant) -> Shown {
        self.printed.get_mut(&cell).map(|printed| printed.release(now)).unwrap_or_default()
    }

    /// Returns when a cell has something to show that was held back.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.printed.values().filter_map(Printed::due).min()
    }

    /// Returns what of the cells that was held back is due.
    pub(crate) fn flush(&mut self, now: Instant) -> Vec<(CellNumber, Shown)> {
        let due = self.printed.iter_mut().filter(|(_, printed)| printed.due().is_some_and(|due| due <= now));
        due.map(|(cell, printed)| (*cell, printed.flush(now))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guests_cell_runs_before_ours_that_was_sent_behind_it() {
        let mut cells = Cells::new(CellNumber(0));
        let guest = cells.guest_started("request".to_owned()).unwrap();
        assert_eq!(cells.guest_started("request".to_owned()), None, "it is heard twice");
        cells.started(guest, Instant::now());
        let ours = cells.submit("1".to_owned(), "op1".into(), "c1".into());
        cells.next_for_kernel();
        assert_eq!(cells.at_kernel(), Some(guest));
        cells.finished(guest);
        assert_eq!(cells.guest_started("request".to_owned()), None, "also after its end");
        cells.started(ours, Instant::now());
        assert_eq!(cells.at_kernel(), Some(ours));
        assert_eq!(cells.ours(ours).map(|ours| &ours.command), Some(&"c1".into()));
    }

    #[test]
    fn one_cell_is_at_the_kernel_and_the_others_can_be_taken_back() {
        let mut cells = Cells::new(CellNumber(7));
        let first = cells.submit("1".to_owned(), "op1".into(), "c1".into());
        let second = cells.submit("2".to_owned(), "op2".into(), "c2".into());
        let third = cells.submit("3".to_owned(), "op1".into(), "c3".into());
        assert_eq!(first, CellNumber(8));
        assert_eq!(cells.next_for_kernel().map(|waiting| waiting.cell), Some(first));
        assert_eq!(cells.next_for_kernel(), None);
        assert!(!cells.waits(first) && cells.waits(second));
        cells.take_back(second);
        cells.finished(first);
        assert_eq!(cells.next_for_kernel().map(|waiting| waiting.cell), Some(third));
    }
}
