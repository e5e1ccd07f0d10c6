//! Which rows are looked at. Only entries that are looked at, or scrolled over, are laid out.

use qubx_protocol::SessionState;
use ratatui::text::Line;

use super::Transcript;
use super::viewpoint::View;
use crate::wrap;

/// The row at the top of the panel, by entry, so that what is appended or dropped does not move it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    pub(super) entry: u64,
    pub(super) row: usize,
}

/// What a panel shows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Visible {
    pub(crate) rows: Vec<Line<'static>>,
    /// The first row of the chosen entry that is in view.
    pub(crate) chosen: Option<usize>,
}

impl Transcript {
    /// Tells whether the end is in view and stays so.
    pub(crate) fn follows(&self, view: View) -> bool {
        self.at(view).top.is_none()
    }

    /// Tells whether newer entries were let go for those that somebody looks at.
    pub(crate) fn lacks_newest(&self) -> bool {
        self.lacks_newest
    }

    /// Looks at the end, and stays there. What was let go of it comes back from the `state`.
    pub(crate) fn follow(&mut self, view: View, state: Option<&SessionState>) {
        self.at_mut(view).top = None;
        self.at_mut(view).cursor = None;
        if let (true, Some(state)) = (self.lacks_newest, state) {
            let counts = self.counts;
            self.rebuild(state);
            self.counts = counts;
        }
        self.trim();
    }

    /// Hides what is there now from a panel; scrolling up shows it again.
    pub(crate) fn clear_view(&mut self, view: View, state: Option<&SessionState>) {
        self.follow(view, state);
        self.at_mut(view).floor = self.next();
    }

    /// Stays where it is looked at, whatever comes.
    pub(super) fn hold(&mut self, view: View, top: Anchor) {
        if self.follows(view) {
            self.at_mut(view).followed = self.entries.back().map(|entry| entry.seq).unwrap_or_default();
        }
        self.at_mut(view).top = Some(top);
    }

    /// Tells whether the topmost row of all is in view.
    pub(super) fn shows_oldest(&self, view: View, columns: usize, height: usize) -> bool {
        match self.top_anchor(view, columns, height) {
            Some(top) => {
                top.row == 0 && self.previous_shown(view, top.entry).is_none() && !self.is_cleared(view)
            }
            // Nothing of what is here is shown: there may be something before it.
            None => !self.is_cleared(view),
        }
    }

    /// Returns the rows in view, from the top.
    pub(crate) fn visible(&self, view: View, columns: usize, height: usize) -> Visible {
        let mut visible = Visible::default();
        let Some(top) = self.top_anchor(view, columns, height) else {
            visible.rows.extend(self.mark().filter(|_| height > 0 && !self.is_cleared(view)));
            return visible;
        };
        let chosen = self.chosen(view, columns, height);
        let mut skip = top.row;
        let mut next = Some(top.entry);
        while let Some(number) = next.filter(|_| visible.rows.len() < height) {
            let above = self.rows_above(view, number, columns);
            let hidden = skip.min(above.len());
            skip -= hidden;
            let room = height - visible.rows.len();
            visible.rows.extend(above.into_iter().skip(hidden).take(room));
            if chosen == Some(number) && visible.rows.len() < height {
                visible.chosen = Some(visible.rows.len());
            }
            for part in self.entries[self.place(number)].parts(columns, self.look) {
                let room = height - visible.rows.len();
                visible.rows.extend(part.iter().skip(skip).take(room).cloned());
                skip = skip.saturating_sub(part.len());
            }
            next = self.next_shown(view, number + 1);
        }
        if self.lacks_newest && next.is_none() && visible.rows.len() < height {
            let text = "— what is newer was let go while you look this far back; G returns to it —";
            visible.rows.push(Line::styled(text, self.look.theme.quiet()));
        }
        if self.filter(view).has_words() {
            let found = self.look.theme.found();
            visible.rows =
                visible.rows.into_iter().map(|row| self.filter(view).highlight(row, found)).collect();
        }
        visible
    }

    /// Looks further up.
    pub(crate) fn scroll_up(&mut self, view: View, by: usize, columns: usize, height: usize) {
        let Some(mut top) = self.top_anchor(view, columns, height) else {
            // A cleared view without anything new: show what was hidden.
            self.at_mut(view).floor = 0;
            return;
        };
        let above = self.rows_to_floor(view, top, by, columns);
        if above < by {
            // Scrolling on shows what a cleared view hid.
            self.at_mut(view).floor = 0;
        }
        top = self.retreat(view, top, by, columns);
        // A transcript shorter than the panel has nowhere to go.
        if self.rows_from(view, top, columns, height + 1) > height {
            self.hold(view, top);
        }
    }

    /// Looks further down; at the end, follows.
    pub(crate) fn scroll_down(
        &mut self,
        view: View,
        by: usize,
        columns: usize,
        height: usize,
        state: Option<&SessionState>,
    ) {
        if self.follows(view) {
            return;
        }
        let Some(top) = self.top_anchor(view, columns, height) else { return };
        let top = self.advance(view, top, by, columns);
        if self.rows_from(view, top, columns, height + 1) > height {
            self.hold(view, top);
        } else if self.lacks_newest {
            self.hold_end(view, columns, height);
        } else {
            self.follow(view, state);
        }
    }

    /// Looks at the last rows that are here, and stays there.
    pub(super) fn hold_end(&mut self, view: View, columns: usize, height: usize) {
        if let Some(top) = self.end_anchor(view, columns, height.saturating_sub(1)) {
            self.hold(view, top);
        }
    }

    /// Returns the row at the top: where it was scrolled to, else as far up as the end allows.
    pub(super) fn top_anchor(&self, view: View, columns: usize, height: usize) -> Option<Anchor> {
        let Some(top) = self.at(view).top else {
            // The last row says that this is not the end.
            let height = height.saturating_sub(usize::from(self.lacks_newest));
            return self.end_anchor(view, columns, height);
        };
        if self.shows(view, top.entry) && top.entry >= self.at(view).floor {
            // What was cleared, or folded, may have taken that row away.
            let last = self.height_of(view, top.entry, columns).saturating_sub(1);
            return Some(Anchor { row: top.row.min(last), ..top });
        }
        let entry = self.next_shown(view, top.entry).or_else(|| self.previous_shown(view, top.entry))?;
        Some(Anchor { entry, row: 0 })
    }

    /// Returns the row from which on the last `height` rows are.
    fn end_anchor(&self, view: View, columns: usize, height: usize) -> Option<Anchor> {
        let mut entry = None;
        let mut rows = 0;
        while rows < height || entry.is_none() {
            let Some(previous) = self.previous_shown(view, entry.unwrap_or(self.next())) else { break };
            entry = Some(previous);
            rows += self.height_of(view, previous, columns);
        }
        Some(Anchor { entry: entry?, row: rows.saturating_sub(height) })
    }

    /// Returns the row that is `by` rows further up, or the topmost one.
    pub(super) fn retreat(&self, view: View, mut top: Anchor, by: usize, columns: usize) -> Anchor {
        let mut left = by;
        while left > top.row {
            let Some(previous) = self.previous_shown(view, top.entry) else { break };
            left -= top.row + 1;
            top = Anchor { entry: previous, row: self.height_of(view, previous, columns).saturating_sub(1) };
        }
        top.row = top.row.saturating_sub(left);
        top
    }

    /// Returns the row that is `by` rows further down, or the last one.
    pub(super) fn advance(&self, view: View, mut top: Anchor, by: usize, columns: usize) -> Anchor {
        let mut left = by;
        loop {
            let height = self.height_of(view, top.entry, columns);
            if top.row + left < height {
                return Anchor { row: top.row + left, ..top };
            }
            let Some(next) = self.next_shown(view, top.entry + 1) else {
                return Anchor { row: height.saturating_sub(1), ..top };
            };
            left -= height.saturating_sub(top.row);
            top = Anchor { entry: next, row: 0 };
        }
    }

    /// Counts the rows from an anchor to the end, as far as `enough`.
    pub(super) fn rows_from(&self, view: View, top: Anchor, columns: usize, enough: usize) -> usize {
        let mut rows = 0;
        let mut next = Some(top.entry);
        while let Some(entry) = next.filter(|_| rows < enough + top.row) {
            rows += self.height_of(view, entry, columns);
            next = self.next_shown(view, entry + 1);
        }
        rows.saturating_sub(top.row)
    }

    /// Counts the rows above an anchor, as far as `enough`.
    fn rows_to_floor(&self, view: View, top: Anchor, enough: usize, columns: usize) -> usize {
        let (mut rows, mut entry) = (top.row, top.entry);
        while rows < enough {
            let Some(previous) = self.previous_shown(view, entry) else { break };
            entry = previous;
            rows += self.height_of(view, entry, columns);
        }
        rows
    }

    /// Returns the rows of an entry, and those that stand above it.
    pub(super) fn height_of(&self, view: View, number: u64, columns: usize) -> usize {
        let own = self.entries.get(self.place(number)).map_or(0, |entry| entry.height(columns, self.look));
        self.rows_above(view, number, columns).len() + own
    }

    /// Returns what stands above an entry: what is known of the history before the first one, and where its user left.
    pub(super) fn rows_above(&self, view: View, number: u64, columns: usize) -> Vec<Line<'static>> {
        let mark = self.mark().filter(|_| self.is_topmost(view, number));
        let left = self.left_mark(view, number).map(|left| wrap::wrap_words(&left, columns.max(1), 4));
        mark.into_iter().chain(left.into_iter().flatten()).collect()
    }

    /// Tells whether nothing that is here is shown above an entry, not even hidden by a cleared view.
    fn is_topmost(&self, view: View, number: u64) -> bool {
        !self.is_cleared(view) && self.previous_shown(view, number).is_none()
    }

    /// Tells whether a cleared view hides entries that are here.
    pub(super) fn is_cleared(&self, view: View) -> bool {
        self.at(view).floor > self.first
    }

    pub(super) fn place(&self, entry: u64) -> usize {
        usize::try_from(entry.saturating_sub(self.first)).unwrap_or(usize::MAX).min(self.entries.len())
    }
}
