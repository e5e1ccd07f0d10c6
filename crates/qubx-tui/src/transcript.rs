//! What the session's panel shows: the log's events, put together to entries that a person reads.
//!
//! A cell and everything that it printed is one entry, in the place where it was submitted. Rows are made when
//! an entry is first seen and kept until it or the width changes, so one event never lays out the others anew.
//! The same events show the same, whether they come one by one or in a snapshot.

mod copy;
mod counts;
mod cursor;
mod entry;
mod filter;
mod fold;
mod left;
mod older;
mod output;
mod parts;
mod rows;
mod scroll;
mod take;
#[cfg(test)]
mod tests;
mod viewpoint;
mod words;

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use jiff::Timestamp;
use qubx_protocol::{CellNumber, Event, InputId, OutputContent, Seq, SessionState};

pub(crate) use self::copy::Copied;
pub(crate) use self::counts::Counts;
pub(crate) use self::viewpoint::View;

use self::entry::{Body, Cell, Entry, Phase};
use self::left::Left;
use self::older::Older;
use self::rows::Look;
use self::scroll::Anchor;
use self::viewpoint::Viewpoint;
use self::words::Names;
use crate::pictures::{self, Gallery, Picture};
use crate::theme::Theme;

/// Entries kept here; the oldest is dropped for a new one, and the newest while somebody looks far back. Three lists of
/// a thousand are what a service sends.
const MOST_ENTRIES: usize = 10_000;
/// Bytes of text kept here, over all entries; more are dropped in the same way.
const MOST_BYTES: usize = 12 << 20;
/// Entries above and below what is looked at whose rows are kept.
const KEPT_ROWS: usize = 300;
/// The number of the first entry: older ones that come later are numbered downwards from it.
const FIRST_ENTRY: u64 = 1 << 32;

/// The entries and the place that is looked at.
#[derive(Debug)]
pub(crate) struct Transcript {
    look: Look,
    names: Names,
    entries: VecDeque<Entry>,
    /// The images among what they show.
    gallery: Gallery,
    /// The number of the first entry; each has the next one, so a number stays right when others are dropped.
    first: u64,
    cells: HashMap<CellNumber, u64>,
    /// The cells that wait for a line.
    asking: HashMap<InputId, CellNumber>,
    /// Whether what the strategy's threads have shown goes as soon as they show something new.
    strategy_clear_waits: bool,
    /// What is known of the history before the first entry.
    older: Older,
    bytes: usize,
    counts: Counts,
    last_count: Option<u32>,
    /// Whether the newest entries were let go for older ones that somebody looks at.
    lacks_newest: bool,
    views: [Viewpoint; 2],
    /// Where this user left the session before; none when that is not known, or nothing came since.
    left: Option<Left>,
}

impl Transcript {
    /// Returns an empty transcript.
    pub(crate) fn new(theme: Theme) -> Self {
        Self {
            look: Look { theme, now: Timestamp::UNIX_EPOCH, room: None },
            names: Names::default(),
            entries: VecDeque::new(),
            gallery: Gallery::default(),
            first: FIRST_ENTRY,
            cells: HashMap::new(),
            asking: HashMap::new(),
            strategy_clear_waits: false,
            older: Older::Unasked,
            bytes: 0,
            counts: Counts::default(),
            last_count: None,
            lacks_newest: false,
            views: Default::default(),
            left: None,
        }
    }

    /// Changes the theme; what is laid out is laid out anew when it is next seen.
    pub(crate) fn set_theme(&mut self, theme: Theme) {
        self.look.theme = theme;
    }

    /// Gives pictures this room, or none.
    pub(crate) fn set_room(&mut self, room: Option<pictures::Room>) {
        self.look.room = room;
    }

    /// Returns the images that can be drawn.
    pub(crate) fn gallery(&self) -> &Gallery {
        &self.gallery
    }

    /// Names an image only, from now on: nothing can be made of it.
    pub(crate) fn name_only(&mut self, number: u16) {
        if let Some(picture) = self.gallery.find(number) {
            picture.let_go();
        }
        for entry in &mut self.entries {
            entry.forget_picture(number);
        }
    }

    /// Returns the image of an event that can be drawn.
    fn picture(&mut self, seq: Seq, content: &OutputContent) -> Option<Rc<Picture>> {
        let mut dropped = Vec::new();
        let picture = self.gallery.take(seq, content, &mut dropped);
        dropped.into_iter().for_each(|number| self.name_only(number));
        picture
    }

    /// Begins anew with what a snapshot holds. Filters stay, and so does what is looked at, if it is still here.
    pub(crate) fn rebuild(&mut self, state: &SessionState) {
        let places = View::ALL.map(|view| {
            let at = self.at(view);
            let seq = |number| self.entries.get(self.place(number)).map(|entry| entry.seq);
            (at.top.and_then(|top| Some((seq(top.entry)?, top.row))), at.cursor.and_then(seq))
        });
        let (views, left) = (std::mem::take(&mut self.views), self.left.take());
        // Numbers of pictures go on: what was made of one is known by its number.
        let gallery = std::mem::take(&mut self.gallery);
        *self = Self { look: self.look, gallery, views, left, ..Self::new(self.look.theme) };
        if let Some(status) = &state.status {
            self.names = Names::of(&status.info);
        }
        let seam = older::seam(&state.history);
        for event in state.history.all().into_iter().filter(|event| event.seq >= seam) {
            self.take(event);
        }
        self.place_in_queue(state);
        for (view, (top, cursor)) in View::ALL.into_iter().zip(places) {
            let top = top.and_then(|(seq, row)| Some(Anchor { entry: self.number_of(seq)?, row }));
            let cursor = cursor.filter(|_| top.is_some()).and_then(|seq| self.number_of(seq));
            let at = self.at_mut(view);
            (at.top, at.cursor, at.floor) = (top, cursor, 0);
        }
        self.count_since_left();
    }

    /// Returns the entry that begins with an event.
    fn number_of(&self, seq: Seq) -> Option<u64> {
        let place = self.entries.binary_search_by_key(&seq, |entry| entry.seq).ok()?;
        Some(self.first + place as u64)
    }

    /// Takes an event in that `state` has applied.
    pub(crate) fn apply(&mut self, event: &Event, state: &SessionState) {
        self.take(event);
        self.place_in_queue(state);
    }

    /// Takes in what time it is: entries of another day show theirs, and a cell that runs shows for how long.
    pub(crate) fn set_time(&mut self, now: Timestamp) {
        self.look.now = now;
    }

    /// Lets the rows of entries go that are far from what is looked at: they are laid out anew when they are seen.
    pub(crate) fn release_rows(&mut self) {
        let places =
            self.views.iter().map(|view| view.top.map_or(self.entries.len(), |top| self.place(top.entry)));
        let near: Vec<_> = places.map(|place| place.saturating_sub(KEPT_ROWS)..place + KEPT_ROWS).collect();
        for (place, entry) in self.entries.iter().enumerate() {
            if !near.iter().any(|near| near.contains(&place)) {
                entry.release_rows();
            }
        }
    }

    /// Returns how many lines of each level there were since the view began.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// Tells whether anybody has run anything.
    pub(crate) fn has_cells(&self) -> bool {
        !self.cells.is_empty()
    }

    /// Returns the number that the kernel gave to the last cell that ran.
    pub(crate) fn last_count(&self) -> Option<u32> {
        self.last_count
    }

    /// Adds an entry, and tells whether it is kept: at the end of what somebody looks far back at it would not be where
    /// it belongs.
    fn push(&mut self, seq: Seq, body: Body) -> bool {
        if self.lacks_newest {
            return false;
        }
        self.bytes += body.size();
        self.entries.push_back(Entry::new(seq, body));
        self.trim();
        true
    }

    /// Drops entries while there are too many: the oldest, or the newest when somebody looks at the older half.
    fn trim(&mut self) {
        let looks_back = |top: Anchor| self.place(top.entry) < self.entries.len() / 2;
        let drops_newest = self.views.iter().filter_map(|view| view.top).any(looks_back);
        while self.entries.len() > MOST_ENTRIES || (self.bytes > MOST_BYTES && self.entries.len() > 1) {
            if drops_newest { self.drop_newest() } else { self.drop_oldest() }
        }
    }

    fn drop_oldest(&mut self) {
        self.know_of_older(Older::Unasked);
        let Some(dropped) = self.entries.pop_front() else { return };
        self.bytes = self.bytes.saturating_sub(dropped.size());
        self.first += 1;
        if matches!(dropped.body, Body::Cell(_)) {
            let first = self.first;
            self.cells.retain(|_, entry| *entry >= first);
        }
    }

    fn drop_newest(&mut self) {
        let Some(dropped) = self.entries.pop_back() else { return };
        self.lacks_newest = true;
        self.bytes = self.bytes.saturating_sub(dropped.size());
        if matches!(dropped.body, Body::Cell(_)) {
            let next = self.next();
            self.cells.retain(|_, entry| *entry < next);
        }
    }

    /// Takes an entry out of the middle. Those after it get the numbers before theirs.
    fn remove(&mut self, number: u64) {
        let Some(removed) = self.entries.remove(self.place(number)) else { return };
        self.bytes = self.bytes.saturating_sub(removed.size());
        self.cells.retain(|_, entry| *entry != number);
        for other in self.cells.values_mut().filter(|other| **other > number) {
            *other -= 1;
        }
        for view in &mut self.views {
            view.removed(number);
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
            Body::Line(_) | Body::Error { .. } | Body::Output { .. } => None,
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
        entry.forget_verdicts();
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
