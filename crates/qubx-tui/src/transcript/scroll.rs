//! Which rows are looked at. Only entries that are looked at, or scrolled over, are laid out.

use ratatui::text;

use super::Transcript;

/// The row at the top of the panel, by entry, so that what is appended or dropped does not move it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    pub(super) entry: u64,
    pub(super) row: usize,
}

impl Transcript {
    /// Tells whether the end is in view and stays so.
    pub(crate) fn follows(&self) -> bool {
        self.top.is_none()
    }

    /// Looks at the end, and stays there.
    pub(crate) fn follow(&mut self) {
        self.top = None;
        self.drop_older();
        self.trim();
    }

    /// Tells whether the topmost row of all is in view.
    pub(super) fn shows_oldest(&self, columns: usize, height: usize) -> bool {
        self.top_anchor(columns, height).is_some_and(|top| top.entry == self.first && top.row == 0)
    }

    /// Looks at the oldest entry.
    pub(crate) fn show_first(&mut self) {
        self.floor = 0;
        self.top = Some(Anchor { entry: self.first, row: 0 });
    }

    /// Hides what is there now from this screen; scrolling up shows it again.
    pub(crate) fn clear_view(&mut self) {
        self.follow();
        self.floor = self.next();
    }

    /// Returns the rows in view, from the top.
    pub(crate) fn visible(&self, columns: usize, height: usize) -> Vec<text::Line<'static>> {
        let Some(top) = self.top_anchor(columns, height) else { return Vec::new() };
        let mut rows = Vec::with_capacity(height);
        let mut skip = top.row;
        if let Some(mark) = self.mark().filter(|_| top.entry == self.first && height > 0) {
            if skip == 0 {
                rows.push(mark);
            }
            skip = skip.saturating_sub(1);
        }
        for entry in self.entries.range(self.place(top.entry)..) {
            for part in entry.rows(columns, self.look) {
                let room = height - rows.len();
                rows.extend(part.iter().skip(skip).take(room).cloned());
                skip = skip.saturating_sub(part.len());
                if rows.len() == height {
                    return rows;
                }
            }
        }
        rows
    }

    /// Looks further up.
    pub(crate) fn scroll_up(&mut self, by: usize, columns: usize, height: usize) {
        let Some(mut top) = self.top_anchor(columns, height) else {
            // A cleared view without anything new: show what was hidden.
            self.floor = 0;
            return;
        };
        let mut left = by;
        while left > top.row {
            if top.entry <= self.floor.max(self.first) {
                if top.entry <= self.first {
                    break;
                }
                // Scrolling on shows what a cleared view hid.
                self.floor = 0;
            }
            left -= top.row + 1;
            top.entry -= 1;
            top.row = self.height_of(top.entry, columns).saturating_sub(1);
        }
        top.row = top.row.saturating_sub(left);
        // A transcript shorter than the panel has nowhere to go.
        self.top = (self.rows_from(top, columns, height + 1) > height).then_some(top);
    }

    /// Looks further down; at the end, follows.
    pub(crate) fn scroll_down(&mut self, by: usize, columns: usize, height: usize) {
        let Some(mut top) = self.top else { return };
        top.entry = top.entry.max(self.first);
        let mut left = by;
        while top.entry < self.next() {
            let rest = self.height_of(top.entry, columns).saturating_sub(top.row);
            if left < rest {
                top.row += left;
                break;
            }
            left -= rest;
            top = Anchor { entry: top.entry + 1, row: 0 };
        }
        self.top = (self.rows_from(top, columns, height + 1) > height).then_some(top);
        if self.follows() {
            self.follow();
        }
    }

    /// Returns the row at the top: where it was scrolled to, else as far up as the end allows.
    fn top_anchor(&self, columns: usize, height: usize) -> Option<Anchor> {
        let floor = self.floor.max(self.first);
        if let Some(top) = self.top {
            let kept = top.entry.max(floor);
            return Some(Anchor { entry: kept, row: if kept == top.entry { top.row } else { 0 } });
        }
        let mut entry = self.next();
        let mut rows = 0;
        while entry > floor && rows < height {
            entry -= 1;
            rows += self.height_of(entry, columns);
        }
        (entry < self.next()).then(|| Anchor { entry, row: rows.saturating_sub(height) })
    }

    /// Counts the rows from an anchor to the end, as far as `enough`.
    fn rows_from(&self, top: Anchor, columns: usize, enough: usize) -> usize {
        let mut rows = 0;
        for entry in top.entry..self.next() {
            rows += self.height_of(entry, columns);
            if rows >= enough + top.row {
                break;
            }
        }
        rows.saturating_sub(top.row)
    }

    /// Returns the rows of an entry; the row above the first entry is one of its own.
    pub(super) fn height_of(&self, entry: u64, columns: usize) -> usize {
        let mark = usize::from(entry == self.first && self.mark().is_some());
        mark + self.entries.get(self.place(entry)).map_or(0, |entry| entry.height(columns, self.look))
    }

    pub(super) fn place(&self, entry: u64) -> usize {
        usize::try_from(entry.saturating_sub(self.first)).unwrap_or(usize::MAX).min(self.entries.len())
    }
}
