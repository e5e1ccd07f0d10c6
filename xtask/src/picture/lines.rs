//! The frames of a screen as lines. No I/O.
//!
//! A character of a frame is up to four arms from the middle of its cell; arms that meet become one line.

use std::collections::BTreeMap;
use std::fmt::Write;

use vt100::{Cell, Screen};

use crate::picture::svg::CELL;

/// The characters that are drawn as lines, with their arms: up, right, down, left.
const CHARACTERS: [(&str, [bool; 4]); 11] = [
    ("─", [false, true, false, true]),
    ("│", [true, false, true, false]),
    ("┌", [false, true, true, false]),
    ("┐", [false, false, true, true]),
    ("└", [true, true, false, false]),
    ("┘", [true, false, false, true]),
    ("├", [true, true, true, false]),
    ("┤", [true, false, true, true]),
    ("┬", [false, true, true, true]),
    ("┴", [true, true, false, true]),
    ("┼", [true, true, true, true]),
];

/// A straight line, in halves of cells. The order puts lines that can be joined beside each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    vertical: bool,
    /// The column of a vertical line, the row of a horizontal one.
    at: u16,
    from: u16,
    to: u16,
}

/// Tells whether a cell's content is drawn as lines.
pub(super) fn is_line(content: &str) -> bool {
    arms(content).is_some()
}

/// Returns the SVG path of the lines of each colour.
pub(super) fn paths(screen: &Screen, colour: impl Fn(&Cell) -> String) -> BTreeMap<String, String> {
    let (rows, columns) = screen.size();
    let mut by_colour: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
        if let Some((cell, arms)) =
            screen.cell(row, column).and_then(|cell| Some((cell, arms(cell.contents())?)))
        {
            by_colour.entry(colour(cell)).or_default().extend(lines(row, column, arms));
        }
    }
    by_colour.into_iter().map(|(colour, lines)| (colour, path(joined(lines)))).collect()
}

fn arms(content: &str) -> Option<[bool; 4]> {
    CHARACTERS.iter().find(|(character, _)| *character == content).map(|(_, arms)| *arms)
}

fn lines(row: u16, column: u16, [up, right, down, left]: [bool; 4]) -> impl Iterator<Item = Line> {
    let (x, y) = (2 * column + 1, 2 * row + 1);
    let line = |wanted: bool, vertical, at, from| wanted.then_some(Line { vertical, at, from, to: from + 1 });
    [line(left, false, y, x - 1), line(right, false, y, x), line(up, true, x, y - 1), line(down, true, x, y)]
        .into_iter()
        .flatten()
}

fn joined(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort();
    let mut joined: Vec<Line> = Vec::new();
    for line in lines {
        match joined.last_mut() {
            Some(last) if (last.vertical, last.at, last.to) == (line.vertical, line.at, line.from) => {
                last.to = line.to;
            }
            _ => joined.push(line),
        }
    }
    joined
}

fn path(lines: Vec<Line>) -> String {
    let pixels = |halves: u16, size: f64| (f64::from(halves) * size * 5.0).round() / 10.0;
    let mut path = String::new();
    for Line { vertical, at, from, to } in lines {
        // Writing to a String cannot fail.
        let _ = if vertical {
            let (x, y, length) = (pixels(at, CELL.0), pixels(from, CELL.1), pixels(to - from, CELL.1));
            write!(path, "M{x} {y}v{length}")
        } else {
            let (x, y, length) = (pixels(from, CELL.0), pixels(at, CELL.1), pixels(to - from, CELL.0));
            write!(path, "M{x} {y}h{length}")
        };
    }
    path
}
