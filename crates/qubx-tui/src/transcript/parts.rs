//! An entry as rows: laid out once for a width, and folded when it is long.

use std::cell::RefCell;
use std::rc::Rc;

use ratatui::text;

use super::entry::{Body, Cell, Entry, Phase};
use super::fold::{self, FIRST_ROWS, LAST_ROWS, MOST_ROWS};
use super::output::Output;
use super::rows::{self, Look};
use crate::pictures::Room;
use crate::theme::Theme;

/// Rows of one look and width, kept until what they show changes.
#[derive(Debug, Default)]
pub(super) struct Cache(RefCell<Option<Box<Kept>>>);

#[derive(Debug)]
struct Kept {
    columns: usize,
    theme: Theme,
    today: i64,
    room: Option<Room>,
    rows: Rows,
}

impl Kept {
    fn is_for(&self, columns: usize, look: Look) -> bool {
        (self.columns, self.theme, self.today, self.room) == (columns, look.theme, look.today(), look.room)
    }
}

pub(super) type Rows = Rc<Vec<text::Line<'static>>>;

impl Cache {
    fn get(&self, columns: usize, look: Look, make: impl FnOnce() -> Vec<text::Line<'static>>) -> Rows {
        let mut cached = self.0.borrow_mut();
        match &*cached {
            Some(kept) if kept.is_for(columns, look) => Rc::clone(&kept.rows),
            _ => {
                let rows = Rc::new(make());
                let (theme, today, room) = (look.theme, look.today(), look.room);
                *cached = Some(Box::new(Kept { columns, theme, today, room, rows: Rc::clone(&rows) }));
                rows
            }
        }
    }

    pub(super) fn clear(&mut self) {
        *self.0.get_mut() = None;
    }

    /// Lets the rows go until they are needed again.
    fn release(&self) {
        self.0.borrow_mut().take();
    }
}

/// Some of an entry's rows, in a row.
#[derive(Debug)]
pub(super) struct Part {
    rows: Rows,
    from: usize,
    to: usize,
}

impl Part {
    fn all(rows: Rows) -> Self {
        let to = rows.len();
        Self { rows, from: 0, to }
    }

    fn one(row: text::Line<'static>) -> Self {
        Self::all(Rc::new(vec![row]))
    }

    pub(super) fn len(&self) -> usize {
        self.to - self.from
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &text::Line<'static>> {
        self.rows[self.from..self.to].iter()
    }
}

impl Entry {
    /// Returns the rows of this entry, part by part.
    pub(super) fn parts(&self, columns: usize, look: Look) -> Vec<Part> {
        let mut parts = Vec::new();
        let cell = match &self.body {
            Body::Line(line) => {
                let rows = self.head.get(columns, look, || rows::line(line, self.open, columns, look));
                self.fold_rows(rows, look, &mut parts);
                return parts;
            }
            Body::Error { time, output } => {
                let make = || rows::strategy_error(*time, output, self.open, columns, look);
                self.fold_rows(self.head.get(columns, look, make), look, &mut parts);
                return parts;
            }
            Body::Output { time, output } => {
                let make = || rows::strategy_output(*time, output, columns, look);
                self.fold_rows(self.head.get(columns, look, make), look, &mut parts);
                return parts;
            }
            Body::Cell(cell) => cell,
        };
        parts.push(Part::all(self.head.get(columns, look, || rows::head(cell, columns, look))));
        if self.cut {
            parts.push(Part::one(rows::mark(look.theme)));
        }
        self.output_parts(cell, columns, look, &mut parts);
        if let Phase::Running { since } = cell.phase {
            // Not kept: it is another one every second.
            parts.push(Part::one(rows::running(cell, since, columns, look)));
        } else {
            let has_result =
                || self.pieces.iter().any(|piece| matches!(piece.output, Output::Value { result: true, .. }));
            let make = || rows::tail(cell, has_result(), columns, look);
            parts.push(Part::all(self.tail.get(columns, look, make)));
        }
        parts
    }

    /// Returns how many rows this entry takes.
    pub(super) fn height(&self, columns: usize, look: Look) -> usize {
        self.parts(columns, look).iter().map(Part::len).sum()
    }

    /// Folds or unfolds it, and tells whether there was anything to fold.
    pub(super) fn toggle(&mut self, columns: usize, look: Look) -> bool {
        let before = self.height(columns, look);
        self.set_open(!self.open);
        if self.height(columns, look) == before {
            self.set_open(false);
            return false;
        }
        true
    }

    fn set_open(&mut self, open: bool) {
        self.open = open;
        self.head.clear();
        for piece in &mut self.pieces {
            piece.cache.clear();
        }
    }

    /// Lets its rows go until they are needed again.
    pub(super) fn release_rows(&self) {
        self.head.release();
        self.tail.release();
        for piece in &self.pieces {
            piece.cache.release();
        }
    }

    fn fold_rows(&self, rows: Rows, look: Look, parts: &mut Vec<Part>) {
        if self.open || rows.len() <= MOST_ROWS {
            return parts.push(Part::all(rows));
        }
        let hidden = rows.len() - FIRST_ROWS - LAST_ROWS;
        parts.push(Part { rows: Rc::clone(&rows), from: 0, to: FIRST_ROWS });
        parts.push(Part::one(fold::mark(hidden, rows::GUTTER, look.theme)));
        parts.push(Part { from: rows.len() - LAST_ROWS, to: rows.len(), rows });
    }

    /// Adds what the cell printed. Of long output only the pieces at both ends are laid out.
    fn output_parts(&self, cell: &Cell, columns: usize, look: Look, parts: &mut Vec<Part>) {
        let rows = |place: usize| {
            let piece = &self.pieces[place];
            piece.cache.get(columns, look, || rows::output(&piece.output, cell, self.open, columns, look))
        };
        let count = self.pieces.len();
        let mut total = 0;
        let mut laid_out = Vec::new();
        for place in 0..count {
            let piece = rows(place);
            total += piece.len();
            laid_out.push(piece);
            if total > MOST_ROWS && !self.open {
                break;
            }
        }
        if self.open || total <= MOST_ROWS {
            parts.extend(laid_out.into_iter().map(Part::all));
            return;
        }
        // The first rows, which are among those laid out already.
        let (mut first, mut left, mut hidden) = (0, FIRST_ROWS, 0);
        while laid_out[first].len() <= left {
            left -= laid_out[first].len();
            parts.push(Part::all(Rc::clone(&laid_out[first])));
            first += 1;
        }
        // The last rows, from the end on, none of them shown twice.
        let (mut last, mut wanted, mut ends) = (count, LAST_ROWS, Vec::new());
        while wanted > 0 && last > first {
            last -= 1;
            let piece = laid_out.get(last).cloned().unwrap_or_else(|| rows(last));
            let least = if last == first { left } else { 0 };
            let from = piece.len().saturating_sub(wanted).max(least);
            wanted -= piece.len() - from;
            if last == first {
                hidden += from - least;
            } else {
                hidden += from;
            }
            ends.push(Part { from, to: piece.len(), rows: piece });
        }
        let begin = &laid_out[first];
        parts.push(Part { rows: Rc::clone(begin), from: 0, to: left });
        if last > first {
            hidden += begin.len() - left;
            hidden += (first + 1..last)
                .map(|place| {
                    laid_out.get(place).map_or_else(|| self.pieces[place].output.lines(), |rows| rows.len())
                })
                .sum::<usize>();
        }
        if hidden > 0 {
            parts.push(Part::one(fold::mark(hidden, rows::GUTTER, look.theme)));
        }
        parts.extend(ends.into_iter().rev());
    }
}
