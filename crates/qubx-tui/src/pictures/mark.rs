//! The mark of a part of a picture: one cell's text, which says which picture, how large it is laid out, and which cell of
//! it this is.
//!
//! It is the character that kitty has for this, with its diacritics for numbers: a row and a column as kitty reads them,
//! then the size and the picture's own number, which are taken off before a terminal sees them. Text of others never has
//! the character: `sanitize` drops it.

use super::fit::Fitted;

/// Stands for a part of a picture.
pub(super) const PLACEHOLDER: char = '\u{10eeee}';

/// The diacritics that stand for numbers, as kitty counts them from zero on: from the first to the last of each range.
const DIACRITICS: [(char, char); 71] = [
    ('\u{305}', '\u{305}'),
    ('\u{30d}', '\u{30e}'),
    ('\u{310}', '\u{310}'),
    ('\u{312}', '\u{312}'),
    ('\u{33d}', '\u{33f}'),
    ('\u{346}', '\u{346}'),
    ('\u{34a}', '\u{34c}'),
    ('\u{350}', '\u{352}'),
    ('\u{357}', '\u{357}'),
    ('\u{35b}', '\u{35b}'),
    ('\u{363}', '\u{36f}'),
    ('\u{483}', '\u{487}'),
    ('\u{592}', '\u{595}'),
    ('\u{597}', '\u{599}'),
    ('\u{59c}', '\u{5a1}'),
    ('\u{5a8}', '\u{5a9}'),
    ('\u{5ab}', '\u{5ac}'),
    ('\u{5af}', '\u{5af}'),
    ('\u{5c4}', '\u{5c4}'),
    ('\u{610}', '\u{617}'),
    ('\u{657}', '\u{65b}'),
    ('\u{65d}', '\u{65e}'),
    ('\u{6d6}', '\u{6dc}'),
    ('\u{6df}', '\u{6e2}'),
    ('\u{6e4}', '\u{6e4}'),
    ('\u{6e7}', '\u{6e8}'),
    ('\u{6eb}', '\u{6ec}'),
    ('\u{730}', '\u{730}'),
    ('\u{732}', '\u{733}'),
    ('\u{735}', '\u{736}'),
    ('\u{73a}', '\u{73a}'),
    ('\u{73d}', '\u{73d}'),
    ('\u{73f}', '\u{741}'),
    ('\u{743}', '\u{743}'),
    ('\u{745}', '\u{745}'),
    ('\u{747}', '\u{747}'),
    ('\u{749}', '\u{74a}'),
    ('\u{7eb}', '\u{7f1}'),
    ('\u{7f3}', '\u{7f3}'),
    ('\u{816}', '\u{819}'),
    ('\u{81b}', '\u{823}'),
    ('\u{825}', '\u{827}'),
    ('\u{829}', '\u{82d}'),
    ('\u{951}', '\u{951}'),
    ('\u{953}', '\u{954}'),
    ('\u{f82}', '\u{f83}'),
    ('\u{f86}', '\u{f87}'),
    ('\u{135d}', '\u{135f}'),
    ('\u{17dd}', '\u{17dd}'),
    ('\u{193a}', '\u{193a}'),
    ('\u{1a17}', '\u{1a17}'),
    ('\u{1a75}', '\u{1a7c}'),
    ('\u{1b6b}', '\u{1b6b}'),
    ('\u{1b6d}', '\u{1b73}'),
    ('\u{1cd0}', '\u{1cd2}'),
    ('\u{1cda}', '\u{1cdb}'),
    ('\u{1ce0}', '\u{1ce0}'),
    ('\u{1dc0}', '\u{1dc1}'),
    ('\u{1dc3}', '\u{1dc9}'),
    ('\u{1dcb}', '\u{1dcc}'),
    ('\u{1dd1}', '\u{1de6}'),
    ('\u{1dfe}', '\u{1dfe}'),
    ('\u{20d0}', '\u{20d1}'),
    ('\u{20d4}', '\u{20d7}'),
    ('\u{20db}', '\u{20dc}'),
    ('\u{20e1}', '\u{20e1}'),
    ('\u{20e7}', '\u{20e7}'),
    ('\u{20e9}', '\u{20e9}'),
    ('\u{20f0}', '\u{20f0}'),
    ('\u{2cef}', '\u{2cf1}'),
    ('\u{2de0}', '\u{2dff}'),
];
/// Numbers up to this have a diacritic.
const NUMBERS: u16 = 240;
/// Numbers of pictures are smaller than this: they have two diacritics.
pub(super) const PICTURES: u16 = NUMBERS * NUMBERS;

/// A part of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The picture's.
    pub(super) number: u16,
    /// Its size.
    pub(super) columns: u16,
    pub(super) rows: u16,
    /// Which of its cells.
    pub(super) column: u16,
    pub(super) row: u16,
}

/// Returns a row of a picture as text of as many columns.
pub(crate) fn row(number: u16, fitted: Fitted, row: u16) -> String {
    let Fitted { columns, rows } = fitted;
    (0..columns).map(|column| Mark { number, columns, rows, column, row }.text()).collect()
}

/// Returns what stands for a part of a picture: as kitty reads it, or with one more number for a picture that is drawn over
/// its cells.
pub(super) fn part(column: u16, row: u16, by_characters: bool) -> String {
    let numbers = [diacritic(row), diacritic(column), diacritic(0)];
    let count = if by_characters { 2 } else { 3 };
    std::iter::once(PLACEHOLDER).chain(numbers.into_iter().take(count)).collect()
}

/// Returns the column and the row of what stands for a part of a picture, and whether it is as kitty reads it.
pub(super) fn read_part(text: &str) -> Option<(u16, u16, bool)> {
    let mut numbers = text.strip_prefix(PLACEHOLDER)?.chars().map(number);
    let row = numbers.next()??;
    Some((numbers.next()??, row, numbers.next().is_none()))
}

impl Mark {
    fn text(self) -> String {
        let Self { number, columns, rows, column, row } = self;
        let numbers = [row, column, rows, columns, number / NUMBERS, number % NUMBERS];
        std::iter::once(PLACEHOLDER).chain(numbers.map(diacritic)).collect()
    }

    /// Returns what a cell's text marks; none when it marks nothing.
    pub(super) fn read(text: &str) -> Option<Self> {
        let numbers = text.strip_prefix(PLACEHOLDER)?.chars().map(number);
        let numbers: Vec<u16> = numbers.collect::<Option<_>>()?;
        let [row, column, rows, columns, high, low] = numbers[..] else { return None };
        Some(Self { number: high * NUMBERS + low, columns, rows, column, row })
    }
}

fn all() -> impl Iterator<Item = char> {
    DIACRITICS.into_iter().flat_map(|(first, last)| first..=last)
}

fn diacritic(number: u16) -> char {
    all().nth(usize::from(number)).unwrap_or(DIACRITICS[0].0)
}

fn number(diacritic: char) -> Option<u16> {
    let mut before = 0;
    for (first, last) in DIACRITICS {
        if diacritic < first {
            return None;
        }
        if diacritic <= last {
            return u16::try_from(before + (diacritic as u32 - first as u32)).ok();
        }
        before += last as u32 - first as u32 + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wrap;

    #[test]
    fn every_number_has_its_diacritic() {
        assert!(all().count() >= usize::from(NUMBERS), "{}", all().count());
        assert!(DIACRITICS.windows(2).all(|pair| pair[0].1 < pair[1].0), "each after the one before");
        for place in 0..NUMBERS {
            assert_eq!(number(diacritic(place)), Some(place));
        }
        // As kitty's own table has them.
        for (place, expected) in [(0, '\u{305}'), (16, '\u{35b}'), (17, '\u{363}'), (44, '\u{59e}')] {
            assert_eq!(diacritic(place), expected, "{place}");
        }
        assert_eq!(number('x'), None);
    }

    #[test]
    fn a_mark_is_read_as_it_was_written_and_takes_one_column() {
        for (number, column, row) in [(0, 0, 0), (1, 199, 17), (PICTURES - 1, 7, 3)] {
            let mark = Mark { number, columns: 200, rows: 18, column, row };
            assert_eq!(Mark::read(&mark.text()), Some(mark));
            for by_characters in [false, true] {
                let part = part(column, row, by_characters);
                assert_eq!(read_part(&part), Some((column, row, by_characters)));
            }
            assert_eq!(wrap::width(&mark.text()), 1);
            assert!(mark.text().len() <= 24, "kept in a cell without memory of its own");
        }
        for text in ["", "x", "\u{10eeee}", "\u{10eeee}\u{305}", "\u{10eeee}xxxxxx"] {
            assert_eq!(Mark::read(text), None, "{text:?}");
        }
    }
}
