//! The chosen entry of a panel: moved by entry, with the rows following, and unfolded. Without a choice it is the newest
//! one that is shown.

use qubx_protocol::SessionState;

use super::Transcript;
use super::entry::Entry;
use super::scroll::Anchor;
use super::viewpoint::View;

/// Rows kept above an entry that was jumped to, as a part of the panel.
const ABOVE: usize = 3;

impl Transcript {
    /// Returns the chosen entry of a panel; none when nothing is shown.
    pub(super) fn chosen(&self, view: View, columns: usize, height: usize) -> Option<u64> {
        if let Some(cursor) = self.at(view).cursor {
            return self.next_shown(view, cursor).or_else(|| self.previous_shown(view, cursor));
        }
        if self.follows(view) {
            return self.previous_shown(view, self.next());
        }
        self.last_in_view(view, columns, height)
    }

    /// Returns the chosen entry itself.
    pub(super) fn chosen_entry(&self, view: View, columns: usize, height: usize) -> Option<&Entry> {
        self.entries.get(self.place(self.chosen(view, columns, height)?))
    }

    /// Moves by entries; in one that is longer than the panel, by rows.
    pub(crate) fn step(
        &mut self,
        view: View,
        by: isize,
        columns: usize,
        height: usize,
        state: Option<&SessionState>,
    ) {
        for _ in 0..by.unsigned_abs() {
            if by < 0 {
                self.up(view, columns, height);
            } else {
                self.down(view, columns, height, state);
            }
        }
    }

    fn up(&mut self, view: View, columns: usize, height: usize) {
        let (Some(top), Some(chosen)) =
            (self.top_anchor(view, columns, height), self.chosen(view, columns, height))
        else {
            self.at_mut(view).floor = 0;
            return;
        };
        if chosen == top.entry && top.row > 0 {
            let top = self.retreat(view, top, 1, columns);
            return self.choose(view, chosen, top);
        }
        if self.previous_shown(view, chosen).is_none() {
            // Going on shows what a cleared view hid.
            self.at_mut(view).floor = 0;
        }
        let previous = self.previous_shown(view, chosen).unwrap_or(chosen);
        let top = self.revealing(view, previous, columns, height).unwrap_or(top);
        self.choose(view, previous, top);
    }

    fn down(&mut self, view: View, columns: usize, height: usize, state: Option<&SessionState>) {
        if self.follows(view) {
            return;
        }
        let (Some(top), Some(chosen)) =
            (self.top_anchor(view, columns, height), self.chosen(view, columns, height))
        else {
            return;
        };
        if chosen >= top.entry && self.rows_to_end_of(view, top, chosen, columns) > height {
            // Its end is below the panel. If it is not in view at all, it comes into view first.
            let top = if chosen == top.entry || self.rows_before(view, top, chosen, columns) < height {
                self.advance(view, top, 1, columns)
            } else {
                self.revealing(view, chosen, columns, height).unwrap_or(top)
            };
            return self.choose(view, chosen, top);
        }
        let Some(next) = self.next_shown(view, chosen + 1) else {
            if self.lacks_newest {
                self.hold_end(view, columns, height);
            } else {
                self.follow(view, state);
            }
            return;
        };
        let top = self.revealing(view, next, columns, height).unwrap_or(top);
        self.choose(view, next, top);
        let is_last = self.next_shown(view, next + 1).is_none();
        if is_last && !self.lacks_newest && self.rows_to_end_of(view, top, next, columns) <= height {
            self.follow(view, state);
        }
    }

    /// Moves by most of a panel, with the choice in view.
    pub(crate) fn page(
        &mut self,
        view: View,
        by: isize,
        columns: usize,
        height: usize,
        state: Option<&SessionState>,
    ) {
        let rows = height.saturating_sub(1).max(1);
        if by < 0 {
            self.scroll_up(view, rows, columns, height);
            let top = self.top_anchor(view, columns, height);
            if let (false, Some(top)) = (self.follows(view), top) {
                self.at_mut(view).cursor = Some(top.entry);
            }
        } else {
            self.scroll_down(view, rows, columns, height, state);
            if !self.follows(view) {
                self.at_mut(view).cursor = self.last_in_view(view, columns, height);
            }
        }
    }

    /// Stays where it is, with the newest entry that is in view chosen.
    pub(crate) fn pause(&mut self, view: View, columns: usize, height: usize) {
        if let (Some(top), Some(chosen)) =
            (self.top_anchor(view, columns, height), self.chosen(view, columns, height))
        {
            self.choose(view, chosen, top);
        }
    }

    /// Chooses the oldest entry.
    pub(crate) fn choose_first(&mut self, view: View) {
        self.at_mut(view).floor = 0;
        if let Some(entry) = self.next_shown(view, self.first) {
            self.choose(view, entry, Anchor { entry, row: 0 });
        }
    }

    /// Chooses the next thing that went wrong, or the one before; tells whether there is one.
    pub(crate) fn choose_error(&mut self, view: View, forward: bool, columns: usize, height: usize) -> bool {
        let Some(chosen) = self.chosen(view, columns, height) else { return false };
        let is_error =
            |number: &u64| self.shows(view, *number) && self.entries[self.place(*number)].is_error();
        let floor = self.at(view).floor.max(self.first);
        // Without a choice the newest entry is still to be looked at.
        let before = if self.at(view).cursor.is_none() { chosen + 1 } else { chosen };
        let found = if forward {
            (chosen + 1..self.next()).find(is_error)
        } else {
            (floor..before).rev().find(is_error)
        };
        let Some(entry) = found else { return false };
        let top = self.retreat(view, Anchor { entry, row: 0 }, height / ABOVE, columns);
        self.choose(view, entry, top);
        true
    }

    /// Folds the chosen entry, or unfolds it; tells whether there is anything to fold.
    pub(crate) fn toggle_fold(&mut self, view: View, columns: usize, height: usize) -> bool {
        let Some(chosen) = self.chosen(view, columns, height) else { return false };
        let (place, look) = (self.place(chosen), self.look);
        if !self.entries[place].toggle(columns, look) {
            return false;
        }
        let rows = self.height_of(view, chosen, columns);
        for view in View::ALL {
            if let Some(top) = self.at_mut(view).top.as_mut().filter(|top| top.entry == chosen) {
                top.row = top.row.min(rows.saturating_sub(1));
            }
        }
        if !self.entries[place].open
            && !self.follows(view)
            && let Some(top) = self.revealing(view, chosen, columns, height)
        {
            self.choose(view, chosen, top);
        }
        true
    }

    fn choose(&mut self, view: View, entry: u64, top: Anchor) {
        self.hold(view, top);
        self.at_mut(view).cursor = Some(entry);
    }

    /// Returns the row at the top from which on an entry is in view; a longer one from its nearer end.
    fn revealing(&self, view: View, entry: u64, columns: usize, height: usize) -> Option<Anchor> {
        let top = self.top_anchor(view, columns, height)?;
        if entry < top.entry || (entry == top.entry && top.row > 0) {
            let rows = self.height_of(view, entry, columns);
            return Some(Anchor { entry, row: rows.saturating_sub(height) });
        }
        let below = self.rows_to_end_of(view, top, entry, columns).saturating_sub(height);
        let before = self.rows_before(view, top, entry, columns);
        Some(self.advance(view, top, below.min(before), columns))
    }

    /// Counts the rows from an anchor to the beginning of an entry below it.
    fn rows_before(&self, view: View, top: Anchor, entry: u64, columns: usize) -> usize {
        let mut rows = 0;
        let mut next = Some(top.entry);
        while let Some(number) = next.filter(|number| *number < entry) {
            rows += self.height_of(view, number, columns);
            next = self.next_shown(view, number + 1);
        }
        rows.saturating_sub(top.row)
    }

    /// Counts the rows from an anchor to the end of an entry below it.
    fn rows_to_end_of(&self, view: View, top: Anchor, entry: u64, columns: usize) -> usize {
        let own = self.height_of(view, entry, columns);
        if entry == top.entry {
            return own.saturating_sub(top.row);
        }
        self.rows_before(view, top, entry, columns) + own
    }

    /// Returns the last entry that is in view.
    fn last_in_view(&self, view: View, columns: usize, height: usize) -> Option<u64> {
        let top = self.top_anchor(view, columns, height)?;
        let mut last = top.entry;
        let mut rows = self.height_of(view, last, columns).saturating_sub(top.row);
        while rows < height {
            let Some(next) = self.next_shown(view, last + 1) else { break };
            last = next;
            rows += self.height_of(view, next, columns);
        }
        Some(last)
    }
}
