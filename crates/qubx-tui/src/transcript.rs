//! What the session's panel shows: the log's events, put together to entries that a person reads.
//!
//! A cell and everything that it printed is one entry, in the place where it was submitted. Rows are made when
//! an entry is first seen and kept until it or the width changes, so one event never lays out the others anew.
//! The same events show the same, whether they come one by one or in a snapshot.

mod entry;
mod older;
mod output;
mod rows;
mod scroll;
mod take;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};

use qubx_protocol::{CellNumber, Event, InputId, Seq, SessionState};

use self::entry::{Body, Cell, Entry, Phase};
use self::older::Older;
use self::scroll::Anchor;
use crate::theme::Theme;

/// Entries kept here; the oldest is dropped for a new one. Three lists of a thousand are what a service sends.
const MOST_ENTRIES: usize = 3_000;
/// Bytes of text kept here, over all entries; the oldest entry is dropped for more.
const MOST_BYTES: usize = 16 << 20;
/// The number of the first entry: older ones that come later are numbered downwards from it.
const FIRST_ENTRY: u64 = 1 << 32;

/// The entries and the place that is looked at.
#[derive(Debug)]
pub(crate) struct Transcript {
    theme: Theme,
    entries: VecDeque<Entry>,
    /// The number of the first entry; each has the next one, so a number stays right when others are dropped.
    first: u64,
    cells: HashMap<CellNumber, u64>,
    /// The cells that wait for a line.
    asking: HashMap<InputId, CellNumber>,
    /// Whether what the strategy's threads have shown goes as soon as they show something new.
    strategy_clear_waits: bool,
    /// The first entry that is not from a page of older history.
    base: u64,
    /// What is known of the history before the first entry.
    older: Older,
    bytes: usize,
    warnings: usize,
    last_count: Option<u32>,
    /// Entries before this one are hidden by a cleared view.
    floor: u64,
    /// What is looked at; none follows the end.
    top: Option<Anchor>,
}

impl Transcript {
    /// Returns an empty transcript.
    pub(crate) fn new(theme: Theme) -> Self {
        Self {
            theme,
            entries: VecDeque::new(),
            first: FIRST_ENTRY,
            cells: HashMap::new(),
            asking: HashMap::new(),
            strategy_clear_waits: false,
            base: FIRST_ENTRY,
            older: Older::Unasked,
            bytes: 0,
            warnings: 0,
            last_count: None,
            floor: 0,
            top: None,
        }
    }

    /// Changes the theme; what is laid out is laid out anew when it is next seen.
    pub(crate) fn set_theme(&mut self, theme: Theme) {
        self.theme = theme;
        for entry in &mut self.entries {
            entry.forget_rows();
        }
    }

    /// Begins anew with what a snapshot holds.
    pub(crate) fn rebuild(&mut self, state: &SessionState) {
        *self = Self::new(self.theme);
        let seam = older::seam(&state.history);
        for event in state.history.all().into_iter().filter(|event| event.seq >= seam) {
            self.take(event);
        }
        self.place_in_queue(state);
    }

    /// Takes an event in that `state` has applied.
    pub(crate) fn apply(&mut self, event: &Event, state: &SessionState) {
        self.take(event);
        self.place_in_queue(state);
    }

    /// Returns the number of warnings and errors seen in the log.
    pub(crate) fn warnings(&self) -> usize {
        self.warnings
    }

    /// Tells whether anybody has run anything.
    pub(crate) fn has_cells(&self) -> bool {
        !self.cells.is_empty()
    }

    /// Returns the number that the kernel gave to the last cell that ran.
    pub(crate) fn last_count(&self) -> Option<u32> {
        self.last_count
    }

    fn push(&mut self, seq: Seq, body: Body) {
        self.bytes += body.size();
        self.entries.push_back(Entry::new(seq, body));
        self.trim();
    }

    /// Drops the oldest entries while there are too many. More may stay while somebody reads them.
    fn trim(&mut self) {
        let (most_entries, most_bytes) = if self.follows() {
            (MOST_ENTRIES, MOST_BYTES)
        } else {
            (MOST_ENTRIES + older::MOST_ENTRIES, MOST_BYTES + older::MOST_BYTES)
        };
        while self.entries.len() > most_entries || (self.bytes > most_bytes && self.entries.len() > 1) {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        self.know_of_older(Older::Unasked);
        let Some(dropped) = self.entries.pop_front() else { return };
        self.bytes = self.bytes.saturating_sub(dropped.size());
        self.first += 1;
        self.base = self.base.max(self.first);
        if matches!(dropped.body, Body::Cell(_)) {
            let first = self.first;
            self.cells.retain(|_, entry| *entry >= first);
        }
    }

    /// Takes an entry out of the middle. Those after it get the numbers before theirs.
    fn remove(&mut self, number: u64) {
        let Some(removed) = self.entries.remove(self.place(number)) else { return };
        self.bytes = self.bytes.saturating_sub(removed.size());
        self.cells.retain(|_, entry| *entry != number);
        let later = self.cells.values_mut().chain([&mut self.floor, &mut self.base]);
        for other in later.filter(|other| **other > number) {
            *other -= 1;
        }
        match &mut self.top {
            Some(top) if top.entry > number => top.entry -= 1,
            Some(top) if top.entry == number => top.row = 0,
            _ => {}
        }
    }

    fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    fn entry_mut(&mut self, cell: CellNumber) -> Option<&mut Entry> {
        let place = self.cells.get(&cell)?.checked_sub(self.first)?;
        self.entries.get_mut(usize::try_from(place).ok()?)
    }

    fn cell(&self, cell: CellNumber) -> Option<&Cell> {
        let place = self.cells.get(&cell)?.checked_sub(self.first)?;
        match &self.entries.get(usize::try_from(place).ok()?)?.body {
            Body::Cell(cell) => Some(cell),
            Body::Line(_) | Body::Output { .. } => None,
        }
    }

    /// Changes a cell's entry. What belongs to a cell that is no longer kept is not shown, and what the entry has
    /// already, because it came with a page of older history, is not shown twice.
    fn change_entry(&mut self, seq: Seq, cell: CellNumber, change: impl FnOnce(&mut Entry)) {
        let Some(entry) = self.entry_mut(cell) else { return };
        if seq <= entry.last {
            return;
        }
        entry.last = seq;
        let before = entry.size();
        change(entry);
        let after = entry.size();
        self.bytes = self.bytes - before + after;
        self.trim();
    }

    /// Tells the cells that wait which place they have.
    fn place_in_queue(&mut self, state: &SessionState) {
        for (place, waiting) in state.queue.iter().enumerate() {
            let phase = Phase::Queued { place: place + 1 };
            if self.cell(waiting.cell).is_some_and(|cell| cell.phase != phase)
                && let Some(entry) = self.entry_mut(waiting.cell)
            {
                entry.change_cell(|cell| cell.phase = phase);
            }
        }
    }
}
