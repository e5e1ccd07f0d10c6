//! What a screen writes: one piece of bytes for each drawing, and not a byte when nothing is to be seen of it.
//!
//! The drawing library says where the cursor goes and sets colours back even when no cell has changed. Here all that is
//! gathered until the drawing is whole, so what changes nothing is not written, and what does comes in one go.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::Color;

use super::sequences::{BEGIN, END, HIDE_CURSOR, SHOW_CURSOR};
use crate::pictures::{self, CellPixels, Fitted, Shelf, Written};

/// Where the bytes go, and how large it is.
pub(crate) trait Device {
    /// Returns the columns and rows.
    fn size(&self) -> io::Result<Size>;
    /// Returns the pixels of a cell; none when they are not known.
    fn cell(&self) -> Option<CellPixels> {
        None
    }
    /// Writes all of it.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
}

/// The drawing library's way to a device.
pub(crate) struct Output<D> {
    device: D,
    /// What the drawing has changed so far.
    changes: Vec<u8>,
    /// The cursor as the drawing wants it.
    is_visible: bool,
    position: Position,
    /// The cursor as the last drawing left it, and whether there was one.
    left: Option<Option<Position>>,
    pictures: Given,
}

/// The pictures of a drawing.
#[derive(Debug, Default)]
struct Given {
    /// Those of which the drawing has changed something; with its first cell, one that is drawn over its cells.
    changed: BTreeSet<(u16, Option<(u16, u16)>)>,
    /// Those that the device keeps, and in which size.
    kept: BTreeMap<u16, Fitted>,
}

impl<D: Device> Output<D> {
    pub(crate) fn new(device: D) -> Self {
        Self {
            device,
            changes: Vec::new(),
            is_visible: false,
            position: Position::ORIGIN,
            left: None,
            pictures: Given::default(),
        }
    }

    /// Forgets what the device shows: another program has drawn on it.
    pub(crate) fn forget(&mut self) {
        self.left = None;
        self.pictures = Given::default();
    }

    /// Returns the pixels of the device's cells.
    pub(crate) fn cell(&self) -> Option<CellPixels> {
        self.device.cell()
    }

    /// Writes the drawing, with its pictures.
    pub(crate) fn write(&mut self, shelf: &Shelf) -> io::Result<()> {
        let cursor = self.is_visible.then_some(self.position);
        if self.changes.is_empty() && self.left == Some(cursor) {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(self.changes.len() + 64);
        bytes.extend_from_slice(BEGIN);
        // A terminal that shows a drawing as it comes must not show the cursor running through it.
        if !self.changes.is_empty() && self.left != Some(None) {
            bytes.extend_from_slice(HIDE_CURSOR);
        }
        self.pictures.give(shelf, &mut bytes);
        bytes.append(&mut self.changes);
        self.pictures.put(shelf, &mut bytes)?;
        match cursor {
            Some(position) => {
                CrosstermBackend::new(&mut bytes).set_cursor_position(position)?;
                bytes.extend_from_slice(SHOW_CURSOR);
            }
            None if self.left.is_some_and(|left| left.is_some()) => bytes.extend_from_slice(HIDE_CURSOR),
            None => {}
        }
        bytes.extend_from_slice(END);
        self.left = Some(cursor);
        self.device.write(&bytes)
    }

    /// Adds bytes that draw nothing, such as a title, to the next drawing.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.changes.extend_from_slice(bytes);
    }

    #[cfg(test)]
    pub(crate) fn device(&mut self) -> &mut D {
        &mut self.device
    }
}

impl<D: Device> Backend for Output<D> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, cells: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut cells = cells.peekable();
        if cells.peek().is_none() {
            return Ok(());
        }
        let cells: Vec<(u16, u16, Cow<'a, Cell>)> = cells
            .map(|(x, y, cell)| {
                (x, y, self.pictures.take(x, y, cell).map_or(Cow::Borrowed(cell), Cow::Owned))
            })
            .collect();
        CrosstermBackend::new(&mut self.changes)
            .draw(cells.iter().map(|(x, y, cell)| (*x, *y, cell.as_ref())))
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.is_visible = false;
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.is_visible = true;
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.position)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.position = position.into();
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        CrosstermBackend::new(&mut self.changes).clear_region(region)
    }

    fn size(&self) -> io::Result<Size> {
        self.device.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size::ZERO })
    }

    /// Writes nothing: the drawing library is done, and the pictures are not.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Given {
    /// Takes a changed cell in, and returns what of it is text.
    fn take(&mut self, x: u16, y: u16, cell: &Cell) -> Option<Cell> {
        let part = pictures::part_of(cell)?;
        if part.by_characters {
            self.changed.insert((part.number, None));
            return None;
        }
        let first = (x.saturating_sub(part.column), y.saturating_sub(part.row));
        self.changed.insert((part.number, Some(first)));
        // What was there goes before the picture comes over it.
        let mut blank = cell.clone();
        blank.set_symbol(" ").set_fg(Color::Reset);
        Some(blank)
    }

    /// Gives the device what it keeps: a picture comes before the characters that stand for it.
    fn give(&mut self, shelf: &Shelf, bytes: &mut Vec<u8>) {
        self.kept.retain(|number, _| {
            let is_wanted = shelf.get(*number).is_some();
            if !is_wanted {
                bytes.extend(pictures::forget(*number));
            }
            is_wanted
        });
        for (number, _) in &self.changed {
            let Some(drawn) = shelf.get(*number) else { continue };
            let Some(Written::Kitty(written)) = &drawn.written else { continue };
            if self.kept.get(number) == Some(&drawn.fitted) {
                continue;
            }
            if self.kept.insert(*number, drawn.fitted).is_some() {
                bytes.extend(pictures::forget(*number));
            }
            bytes.extend_from_slice(written);
        }
    }

    /// Writes the pictures that are drawn over their cells.
    fn put(&mut self, shelf: &Shelf, bytes: &mut Vec<u8>) -> io::Result<()> {
        for (number, first) in std::mem::take(&mut self.changed) {
            let Some(first) = first else { continue };
            if let Some(Written::Sixel(written)) = shelf.get(number).and_then(|drawn| drawn.written.as_ref())
            {
                CrosstermBackend::new(&mut *bytes).set_cursor_position(first)?;
                bytes.extend_from_slice(written);
            }
        }
        Ok(())
    }
}
