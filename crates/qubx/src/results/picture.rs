//! The equity over time in characters: a line of braille dots, of which a character has two by four. No I/O.

use qubx_protocol::{AccountResults, EquityPoint};
use rust_decimal::prelude::ToPrimitive;

use super::figures::Figures;

/// What the picture is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Glyphs {
    /// Braille.
    Unicode,
    /// Stars, one a character.
    Ascii,
}

impl Glyphs {
    /// Returns what a terminal of this locale shows; `variable` reads a variable of the environment.
    pub(crate) fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(set).unwrap_or_default();
        let locale = locale.to_ascii_lowercase().replace('-', "");
        if locale.contains("utf8") { Self::Unicode } else { Self::Ascii }
    }

    /// How many dots a character has, across and down.
    fn dots(self) -> (usize, usize) {
        match self {
            Self::Unicode => (2, 4),
            Self::Ascii => (1, 1),
        }
    }
}

const COLUMNS: usize = 60;
const ROWS: usize = 6;
/// The columns before it, for the highest and the lowest equity, where they do not need more.
const MARGIN: usize = 14;

/// The bits of the dots of a braille character, by column and row.
const DOTS: [[u32; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// Returns the picture with its labels: the highest and the lowest equity, the first and the last time.
pub(super) fn rows(results: &AccountResults, glyphs: Glyphs) -> Vec<String> {
    let points = &results.equity;
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    let figures = Figures::of(results);
    let highest = points.iter().map(|point| point.equity).max().unwrap_or_default();
    let lowest = points.iter().map(|point| point.equity).min().unwrap_or_default();
    let labels = [(highest, 0), (lowest, ROWS - 1)].map(|(equity, row)| {
        // Without a change there is one line, in the middle.
        (figures.amount(equity), if lowest == highest { (ROWS - 1) / 2 } else { row })
    });
    let margin = labels.iter().map(|(label, _)| label.len()).fold(MARGIN, usize::max);
    let mut rows: Vec<String> = draw(points, glyphs)
        .into_iter()
        .enumerate()
        .map(|(row, drawn)| {
            let label = labels.iter().find(|(_, at)| *at == row).map_or("", |(label, _)| label);
            format!("{label:>margin$} {drawn}")
        })
        .collect();
    let date = |point: &EquityPoint| point.time.strftime("%F %H:%M").to_string();
    let gap = COLUMNS - date(first).len();
    rows.push(format!("{:margin$} {}{:>gap$}", "", date(first), date(last)));
    rows
}

fn draw(points: &[EquityPoint], glyphs: Glyphs) -> Vec<String> {
    let (across, down) = glyphs.dots();
    let heights = heights(points, COLUMNS * across, ROWS * down);
    let mut cells = vec![[0_u32; COLUMNS]; ROWS];
    let mut before = None;
    for (x, height) in heights.into_iter().enumerate() {
        // From the height before to this one, so that the line has no gaps.
        let from = before.replace(height).unwrap_or(height);
        for y in from.min(height)..=from.max(height) {
            let y = ROWS * down - 1 - y;
            cells[y / down][x / across] |= DOTS[x % across][y % down];
        }
    }
    let glyph = |bits: &u32| match (glyphs, bits) {
        (_, 0) => ' ',
        (Glyphs::Unicode, bits) => char::from_u32(0x2800 + bits).unwrap_or(' '),
        (Glyphs::Ascii, _) => '*',
    };
    cells.iter().map(|row| row.iter().map(glyph).collect()).collect()
}

/// Returns how high the line is at each of `width` places evenly in time: 0 for the lowest equity, `height - 1` for the
/// highest.
fn heights(points: &[EquityPoint], width: usize, height: usize) -> Vec<usize> {
    let equity = |point: &EquityPoint| point.equity.0.to_f64().unwrap_or_default();
    let second = |point: &EquityPoint| point.time.as_millisecond() as f64;
    let lowest = points.iter().map(equity).fold(f64::INFINITY, f64::min);
    let highest = points.iter().map(equity).fold(f64::NEG_INFINITY, f64::max);
    let (begin, end) = (points.first().map_or(0.0, second), points.last().map_or(0.0, second));
    let mut next = 0;
    (0..width)
        .map(|x| {
            let time = begin + (end - begin) * x as f64 / (width - 1) as f64;
            while next + 2 < points.len() && second(&points[next + 1]) <= time {
                next += 1;
            }
            let [one, two] = [next, (next + 1).min(points.len() - 1)].map(|place| &points[place]);
            let way = (time - second(one)) / (second(two) - second(one));
            let way = if way.is_finite() { way.clamp(0.0, 1.0) } else { 1.0 };
            let part = (equity(one) + way * (equity(two) - equity(one)) - lowest) / (highest - lowest);
            // Without a change it is a line in the middle.
            let part = if part.is_finite() { part } else { 0.5 };
            (part * (height - 1) as f64).round() as usize
        })
        .collect()
}
