//! Images that cells have shown, as pictures on the terminal: by its own graphics where it has them, else by half blocks
//! with colours. No I/O.
//!
//! A transcript lays a picture out as rows of marks, which say which part of which picture a cell of the screen is. They
//! scroll and are covered like any text. When a drawing is whole, [`Pictures::paint`] puts in the place of the marks what
//! the terminal can show, and notes which pictures it lacks; those are made elsewhere, once for each size, and kept here.
//!
//! The environment alone says what a terminal can do: an answer of the terminal itself could be typed into the prompt.

mod blocks;
mod fit;
mod gallery;
mod kitty;
mod make;
mod mark;
mod method;
mod paint;
mod png;
mod shelf;
mod sixel;

use std::cell::RefCell;

pub(crate) use self::fit::{CellPixels, Fitted, Room};
pub(crate) use self::gallery::{Gallery, Picture, text_of};
pub(crate) use self::kitty::{FORGET_ALL, forget};
pub(crate) use self::make::{Job, Made};
pub(crate) use self::mark::row as mark_row;
pub use self::method::Graphics;
pub(crate) use self::method::{Choice, Method};
pub(crate) use self::paint::part_of;
pub(crate) use self::shelf::{Shelf, Written};

/// The pictures of a screen, ready to be drawn.
#[derive(Debug, Default)]
pub(crate) struct Pictures {
    /// How they are shown; none where they cannot be.
    method: Option<Method>,
    cell: CellPixels,
    pub(crate) shelf: Shelf,
    /// What the last drawing showed, and what it lacked.
    seen: RefCell<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    drawn: Vec<(u16, Fitted)>,
    lacked: Option<(u16, Fitted)>,
}

impl Pictures {
    /// Shows pictures in this way from now on.
    pub(crate) fn show_by(&mut self, method: Option<Method>, cell: Option<CellPixels>) {
        let cell = cell.unwrap_or_default();
        if (self.method, self.cell) != (method, cell) {
            *self = Self { method, cell, ..Self::default() };
        }
    }

    /// Returns the room that a picture has on a screen with so many rows; none where pictures are not shown.
    pub(crate) fn room(&self, screen_rows: u16) -> Option<Room> {
        Some(Room::new(self.cell, screen_rows, self.method? == Method::Blocks))
    }

    /// Returns what is to be made of the first picture that the last drawing lacked; none when it lacked none.
    pub(crate) fn next_job(&self, gallery: &Gallery) -> Option<Job> {
        let (number, fitted) = self.seen.borrow_mut().lacked.take()?;
        let picture = gallery.find(number)?;
        let (pixels, source) = (picture.pixels, picture.source()?);
        Some(Job { number, source, pixels, fitted, cell: self.cell, method: self.method? })
    }

    /// Keeps a picture that was made for the present way of showing; another is not needed any more.
    pub(crate) fn keep(&mut self, made: Made) {
        if let Ok(drawn) = made.result
            && (Some(made.method), made.cell) == (self.method, self.cell)
        {
            self.shelf.put(made.number, drawn, &self.seen.get_mut().drawn);
        }
    }
}
