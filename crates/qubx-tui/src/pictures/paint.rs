//! From marks to what a terminal can show, when all else of a drawing is done.

use std::collections::BTreeMap;

use ratatui::buffer::{Buffer, Cell};

use super::shelf::Written;
use super::{Fitted, Gallery, Pictures, blocks, kitty, mark};
use crate::theme::{Depth, Theme};

/// A picture at a place: its number, its size, and where its first cell is, or would be.
type Place = (u16, (u16, u16), (i32, i32));

impl Pictures {
    /// Draws the pictures whose marks a drawing has.
    ///
    /// Kitty shows any part of one. Sixels are drawn where a picture is seen whole and nothing lies over it; what is seen of
    /// another one is in blocks.
    pub(crate) fn paint(&self, gallery: &Gallery, theme: Theme, depth: Depth, buffer: &mut Buffer) {
        let mut seen = self.seen.borrow_mut();
        seen.drawn.clear();
        seen.lacked = None;
        if gallery.is_empty() {
            return;
        }
        for ((number, size, _), marks) in places(buffer) {
            let picture = gallery.find(number);
            let fitted = Fitted { columns: size.0, rows: size.1 };
            seen.drawn.push((number, fitted));
            let Some(drawn) = self.shelf.get(number).filter(|drawn| drawn.fitted == fitted) else {
                seen.lacked.get_or_insert((number, fitted));
                draw_name(picture.as_ref().map_or("", |picture| &picture.name), &marks, theme, buffer);
                continue;
            };
            let is_whole = marks.len() == usize::from(size.0) * usize::from(size.1);
            let by_terminal = match drawn.written {
                Some(Written::Kitty(_)) => true,
                Some(Written::Sixel(_)) => is_whole,
                None => false,
            };
            for (place, (column, row)) in marks {
                let cell = &mut buffer.content[place];
                if by_terminal {
                    cell.reset();
                    let by_characters = matches!(drawn.written, Some(Written::Kitty(_)));
                    cell.set_symbol(&mark::part(column, row, by_characters)).set_fg(kitty::color(number));
                } else {
                    blocks::draw(&drawn.blocks, column, row, depth, cell);
                }
            }
        }
    }
}

/// A part of a picture in a finished drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The picture's.
    pub(crate) number: u16,
    pub(crate) column: u16,
    pub(crate) row: u16,
    /// Whether the terminal takes the cell's text for it; else the picture is drawn over its cells.
    pub(crate) by_characters: bool,
}

/// Returns the part of a picture that a cell of a finished drawing stands for; none when it is text.
pub(crate) fn part_of(cell: &Cell) -> Option<Part> {
    let (column, row, by_characters) = mark::read_part(cell.symbol())?;
    Some(Part { number: kitty::number(cell.fg)?, column, row, by_characters })
}

/// The cells of a picture that are seen: where in the drawing each is, and which column and row of the picture.
type Cells = Vec<(usize, (u16, u16))>;

/// Finds all marks, by the picture that they are of: where each is, and which part it is.
fn places(buffer: &Buffer) -> BTreeMap<Place, Cells> {
    let mut places: BTreeMap<Place, Cells> = BTreeMap::new();
    for (place, cell) in buffer.content.iter().enumerate() {
        let Some(mark) = mark::Mark::read(cell.symbol()) else { continue };
        let (x, y) = buffer.pos_of(place);
        let first = (i32::from(x) - i32::from(mark.column), i32::from(y) - i32::from(mark.row));
        let group = places.entry((mark.number, (mark.columns, mark.rows), first)).or_default();
        group.push((place, (mark.column, mark.row)));
    }
    places
}

/// Names a picture that is not ready, in its first row that is seen.
fn draw_name(name: &str, marks: &[(usize, (u16, u16))], theme: Theme, buffer: &mut Buffer) {
    let first = marks.first().map_or(0, |(_, (_, row))| *row);
    let mut letters = name.chars();
    for (place, (_, row)) in marks {
        let cell = &mut buffer.content[*place];
        cell.reset();
        if let Some(letter) = letters.next().filter(|_| *row == first) {
            cell.set_char(letter).set_style(theme.quiet());
        }
    }
}
