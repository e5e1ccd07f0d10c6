//! What one panel looks at of the entries: which of them, from where on, and which one is chosen.

use qubx_protocol::Seq;

use super::Transcript;
use super::entry::Entry;
use super::filter::Filter;
use super::scroll::Anchor;

/// The panels that show entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// All entries.
    Session,
    /// Lines of the log, and what went wrong.
    Log,
}

impl View {
    pub(super) const ALL: [View; 2] = [View::Session, View::Log];
}

/// A panel's own way of looking.
#[derive(Clone, Debug, Default)]
pub(super) struct Viewpoint {
    pub(super) filter: Filter,
    /// Entries before this one are hidden by a cleared view.
    pub(super) floor: u64,
    /// What is looked at; none follows the end.
    pub(super) top: Option<Anchor>,
    /// The entry that was chosen; none is the newest one that is shown.
    pub(super) cursor: Option<u64>,
    /// The last event when the end was followed last.
    pub(super) followed: Seq,
}

impl Viewpoint {
    /// Keeps the numbers right when the entry `number` is taken out of the list.
    pub(super) fn removed(&mut self, number: u64) {
        if self.floor > number {
            self.floor -= 1;
        }
        if let Some(cursor) = &mut self.cursor
            && *cursor > number
        {
            *cursor -= 1;
        }
        match &mut self.top {
            Some(top) if top.entry > number => top.entry -= 1,
            Some(top) if top.entry == number => top.row = 0,
            _ => {}
        }
    }
}

impl Transcript {
    pub(super) fn at(&self, view: View) -> &Viewpoint {
        &self.views[view as usize]
    }

    pub(super) fn at_mut(&mut self, view: View) -> &mut Viewpoint {
        &mut self.views[view as usize]
    }

    /// Returns what a panel leaves out.
    pub(crate) fn filter(&self, view: View) -> &Filter {
        &self.at(view).filter
    }

    /// Asks for other words. What was chosen stays chosen, and in view, if it is still shown.
    pub(crate) fn set_filter(&mut self, view: View, text: String, columns: usize, height: usize) {
        self.refilter(view, columns, height, |filter| filter.set_text(text));
    }

    /// Leaves lines of one level more out.
    pub(crate) fn raise_least(&mut self, view: View, columns: usize, height: usize) {
        self.refilter(view, columns, height, Filter::raise_least);
    }

    fn refilter(&mut self, view: View, columns: usize, height: usize, change: impl FnOnce(&mut Filter)) {
        change(&mut self.at_mut(view).filter);
        if self.follows(view) {
            return;
        }
        let at = self.at(view).cursor.or_else(|| Some(self.at(view).top?.entry));
        let at = at.and_then(|at| self.next_shown(view, at).or_else(|| self.previous_shown(view, at)));
        self.at_mut(view).cursor = at;
        if let Some(at) = at {
            self.at_mut(view).top = Some(Anchor { entry: at, row: 0 });
            let top = self.retreat(view, Anchor { entry: at, row: 0 }, height / 2, columns);
            self.at_mut(view).top = Some(top);
        }
    }

    /// Counts the entries that a panel shows, and those that it would show without its filter.
    pub(crate) fn shown(&self, view: View) -> (usize, usize) {
        let from = self.at(view).floor.max(self.first);
        let entries = self.entries.range(self.place(from)..);
        entries
            .filter(|entry| belongs(view, entry))
            .fold((0, 0), |(shown, all), entry| (shown + usize::from(self.passes(view, entry)), all + 1))
    }

    /// Counts the entries that have come since the end was followed last.
    pub(crate) fn unseen(&self, view: View) -> usize {
        if self.follows(view) {
            return 0;
        }
        let followed = self.at(view).followed;
        let new = self.entries.iter().rev().take_while(|entry| entry.seq > followed);
        new.filter(|entry| belongs(view, entry) && self.passes(view, entry)).count()
    }

    /// Tells whether a panel shows an entry.
    pub(super) fn shows(&self, view: View, number: u64) -> bool {
        self.entries
            .get(self.place(number))
            .is_some_and(|entry| belongs(view, entry) && self.passes(view, entry))
    }

    /// Returns the first entry from `from` on that a panel shows.
    pub(super) fn next_shown(&self, view: View, from: u64) -> Option<u64> {
        (from.max(self.first).max(self.at(view).floor)..self.next()).find(|number| self.shows(view, *number))
    }

    /// Returns the last entry before `before` that a panel shows.
    pub(super) fn previous_shown(&self, view: View, before: u64) -> Option<u64> {
        let floor = self.at(view).floor.max(self.first);
        (floor..before.min(self.next())).rev().find(|number| self.shows(view, *number))
    }

    fn passes(&self, view: View, entry: &Entry) -> bool {
        entry.passes(view, self.filter(view))
    }
}

/// Tells whether an entry is a panel's at all.
fn belongs(view: View, entry: &Entry) -> bool {
    view == View::Session || entry.is_of_the_log()
}
