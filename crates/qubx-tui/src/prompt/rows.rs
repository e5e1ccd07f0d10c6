//! Where the lines of the prompt break on a narrow screen, and what people take for one character. No I/O.
//!
//! The drawing and the keys that move by rows ask the same functions, so the cursor is where it seems to be.

use std::ops::Range;

use ratatui::style::Style;
use ratatui::text::Span;

use crate::wrap;

/// The room that lines have: the columns of a row, the first of which are the label's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The columns of a row; at least one.
    columns: usize,
    /// The columns before the text of each row.
    pub(crate) indent: usize,
}

impl Shape {
    /// Returns the shape of rows of `columns` behind a label; on a narrow screen there is none.
    pub(crate) fn new(columns: usize, label: usize) -> Self {
        let columns = columns.max(1);
        Self { columns, indent: if label * 2 > columns { 0 } else { label } }
    }

    /// Returns the columns of a row.
    pub(crate) fn columns(self) -> usize {
        self.columns
    }

    /// Returns the characters that each row of a line shows; at least one row.
    pub(crate) fn rows(self, line: &[char]) -> Vec<Range<usize>> {
        let room = self.columns - self.indent;
        let mut rows = Vec::new();
        let mut start = 0;
        let mut used = 0;
        for grapheme in graphemes(line) {
            if used + grapheme.columns > room && used > 0 {
                rows.push(start..grapheme.range.start);
                start = grapheme.range.start;
                used = 0;
            }
            used += grapheme.columns;
        }
        rows.push(start..line.len());
        // A cursor behind a row that is full is in a row of its own.
        if used >= room && used > 0 {
            rows.push(line.len()..line.len());
        }
        rows
    }

    /// Returns the row and the column in which a character of a line begins.
    pub(crate) fn place(self, line: &[char], at: usize) -> (usize, usize) {
        let rows = self.rows(line);
        let row = rows.iter().rposition(|row| row.start <= at).unwrap_or_default();
        (row, self.indent + columns(&line[rows[row].start..at.clamp(rows[row].start, line.len())]))
    }

    /// Returns the character of a row that is in a column, or the row's last place before it.
    pub(crate) fn character_at(self, line: &[char], row: usize, column: usize) -> usize {
        let rows = self.rows(line);
        let Some(range) = rows.get(row) else { return line.len() };
        let mut used = self.indent;
        let mut last = range.start;
        for grapheme in graphemes(&line[range.clone()]) {
            if used + grapheme.columns > column {
                return range.start + grapheme.range.start;
            }
            used += grapheme.columns;
            last = range.start + grapheme.range.start;
        }
        // Behind the last character of a row that goes on would be the next row.
        if row + 1 < rows.len() { last } else { range.end }
    }
}

/// What people take for one character.
struct Grapheme {
    range: Range<usize>,
    columns: usize,
}

fn graphemes(line: &[char]) -> Vec<Grapheme> {
    // Most lines have none of more than one character.
    if line.iter().all(|character| (' '..='~').contains(character)) {
        return (0..line.len()).map(|at| Grapheme { range: at..at + 1, columns: 1 }).collect();
    }
    let text: String = line.iter().collect();
    let mut start = 0;
    let span = Span::raw(text);
    span.styled_graphemes(Style::default())
        .map(|grapheme| {
            let range = start..start + grapheme.symbol.chars().count();
            start = range.end;
            Grapheme { range, columns: wrap::width(grapheme.symbol) }
        })
        .collect()
}

/// Returns the columns that characters take.
pub(crate) fn columns(characters: &[char]) -> usize {
    graphemes(characters).iter().map(|grapheme| grapheme.columns).sum()
}

/// Returns where the grapheme begins that a place is in or before.
pub(crate) fn grapheme_start(line: &[char], at: usize) -> usize {
    let graphemes = graphemes(line);
    graphemes
        .iter()
        .rfind(|grapheme| grapheme.range.start <= at)
        .map_or(at, |found| if at >= found.range.end { at } else { found.range.start })
}

/// Returns where the grapheme before a place begins.
pub(crate) fn grapheme_before(line: &[char], at: usize) -> usize {
    graphemes(line).iter().rfind(|grapheme| grapheme.range.start < at).map_or(0, |found| found.range.start)
}

/// Returns where the grapheme at a place ends.
pub(crate) fn grapheme_after(line: &[char], at: usize) -> usize {
    graphemes(line)
        .iter()
        .find(|grapheme| grapheme.range.end > at)
        .map_or(line.len(), |found| found.range.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    #[test]
    fn a_line_breaks_where_the_row_is_full() {
        for (text, columns, label, expected) in [
            ("", 10, 2, &[(0, 0)][..]),
            ("abc", 10, 2, &[(0, 3)]),
            ("abcdefgh", 10, 2, &[(0, 8), (8, 8)]),
            ("abcdefghi", 10, 2, &[(0, 8), (8, 9)]),
            ("日本語", 7, 2, &[(0, 2), (2, 3)]),
            ("abc", 3, 2, &[(0, 3), (3, 3)]),
        ] {
            let rows = Shape::new(columns, label).rows(&line(text));
            let rows: Vec<_> = rows.into_iter().map(|row| (row.start, row.end)).collect();
            assert_eq!(rows, expected, "{text}");
        }
    }

    #[test]
    fn the_cursor_is_behind_what_is_before_it() {
        for (text, at, expected) in [
            ("abc", 0, (0, 2)),
            ("abc", 3, (0, 5)),
            ("abcdefgh", 8, (1, 2)),
            ("日本", 1, (0, 4)),
            ("e\u{301}x", 2, (0, 3)),
            ("👩‍👩‍👧x", 5, (0, 4)),
        ] {
            assert_eq!(Shape::new(10, 2).place(&line(text), at), expected, "{text}");
        }
    }

    #[test]
    fn a_grapheme_is_one_step() {
        let family = line("a👩‍👩‍👧b");
        assert_eq!(grapheme_after(&family, 1), 6);
        assert_eq!(grapheme_before(&family, 6), 1);
        assert_eq!(grapheme_start(&family, 3), 1);
        assert_eq!(grapheme_start(&family, 6), 6);
    }
}
