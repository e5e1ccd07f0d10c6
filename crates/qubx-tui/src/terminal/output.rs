//! What a screen writes: one piece of bytes for each drawing, and not a byte when nothing is to be seen of it.
//!
//! The drawing library says where the cursor goes and sets colours back even when no cell has changed. Here all that is
//! gathered until the drawing is whole, so what changes nothing is not written, and what does comes in one go.

use std::io;

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

use super::sequences::{BEGIN, END, HIDE_CURSOR, SHOW_CURSOR};

/// Where the bytes go, and how large it is.
pub(crate) trait Device {
    /// Returns the columns and rows.
    fn size(&self) -> io::Result<Size>;
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
}

impl<D: Device> Output<D> {
    pub(crate) fn new(device: D) -> Self {
        Self { device, changes: Vec::new(), is_visible: false, position: Position::ORIGIN, left: None }
    }

    /// Forgets what the device shows: another program has drawn on it.
    pub(crate) fn forget(&mut self) {
        self.left = None;
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
        CrosstermBackend::new(&mut self.changes).draw(cells)
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

    fn flush(&mut self) -> io::Result<()> {
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
        bytes.append(&mut self.changes);
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
}
