//! How large a picture is on the screen. No I/O.

/// The columns of a picture at the most: as many as a mark can tell apart.
const MOST_COLUMNS: usize = 200;
/// The rows of a picture at the most.
const MOST_ROWS: u16 = 18;
/// Rows of a screen that are not the session's: status, account, frame, prompt, footer.
const OTHER_ROWS: u16 = 6;

/// The pixels of a terminal's cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CellPixels {
    pub(crate) width: u16,
    pub(crate) height: u16,
}

impl Default for CellPixels {
    /// What a terminal has that does not say.
    fn default() -> Self {
        Self { width: 8, height: 16 }
    }
}

impl CellPixels {
    /// Returns the pixels of a cell of a terminal with so many pixels and cells; none when that makes no sense.
    pub(crate) fn of(pixels: (u16, u16), cells: (u16, u16)) -> Option<Self> {
        let (width, height) = (pixels.0.checked_div(cells.0)?, pixels.1.checked_div(cells.1)?);
        let is_sensible = (2..=100).contains(&width) && (4..=200).contains(&height);
        is_sensible.then_some(Self { width, height })
    }
}

/// The room that a picture has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    cell: CellPixels,
    rows: u16,
    /// Whether a pixel is half a cell: then a picture is as large as it can be without more of them than it has.
    as_blocks: bool,
}

/// The cells that a picture takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fitted {
    pub(crate) columns: u16,
    pub(crate) rows: u16,
}

impl Room {
    pub(super) fn new(cell: CellPixels, screen_rows: u16, as_blocks: bool) -> Self {
        let rows = (screen_rows.saturating_sub(OTHER_ROWS) / 2).clamp(1, MOST_ROWS);
        Self { cell, rows, as_blocks }
    }

    /// Returns the place of a picture with so many pixels among so many columns: its shape is kept, and it is never larger
    /// than it is.
    pub(crate) fn fit(self, pixels: (u32, u32), columns: usize) -> Fitted {
        let columns = u16::try_from(columns.clamp(1, MOST_COLUMNS)).unwrap_or(u16::MAX);
        let most = Fitted { columns, rows: self.rows };
        let (width, height) = most.pixels(pixels, self.cell, self.as_blocks);
        let cells = |length: u32, of: u16| u16::try_from(length.div_ceil(of.into())).unwrap_or(u16::MAX);
        Fitted { columns: cells(width, self.cell.width), rows: cells(height, self.cell.height) }
    }
}

impl Fitted {
    /// Returns how many of the pixels of these cells a picture with so many of its own fills.
    pub(super) fn pixels(self, pixels: (u32, u32), cell: CellPixels, as_blocks: bool) -> (u32, u32) {
        let most =
            (u64::from(self.columns) * u64::from(cell.width), u64::from(self.rows) * u64::from(cell.height));
        let pixel = if as_blocks { u64::from(cell.width) } else { 1 };
        let own = (u64::from(pixels.0.max(1)) * pixel, u64::from(pixels.1.max(1)) * pixel);
        let (width, height) = if own.0 <= most.0 && own.1 <= most.1 {
            own
        } else if most.0 * own.1 <= most.1 * own.0 {
            (most.0, own.1 * most.0 / own.0)
        } else {
            (own.0 * most.1 / own.1, most.1)
        };
        let length = |length: u64| u32::try_from(length.max(1)).unwrap_or(u32::MAX);
        (length(width), length(height))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_keeps_its_shape_and_is_never_larger_than_it_is() {
        let cell = CellPixels::default();
        for (rows, as_blocks, pixels, columns, expected) in [
            // Of 40 rows 17 are for a picture.
            (40, false, (640, 480), 100, (46, 17)),
            (40, false, (640, 480), 20, (20, 8)),
            (200, false, (4_000, 4_000), 1_000, (36, 18)),
            (40, false, (10, 10), 100, (2, 1)),
            (40, false, (1, 1), 100, (1, 1)),
            (40, false, (16_000, 1), 100, (100, 1)),
            (40, false, (1, 16_000), 100, (1, 17)),
            (8, false, (640, 480), 100, (3, 1)),
            // A pixel is a column wide and half a row high.
            (40, true, (10, 10), 100, (10, 5)),
            (40, true, (640, 480), 100, (46, 17)),
            (40, true, (30, 3), 100, (30, 2)),
        ] {
            let fitted = Room::new(cell, rows, as_blocks).fit(pixels, columns);
            assert_eq!((fitted.columns, fitted.rows), expected, "{pixels:?} in {columns} × {rows}");
            let (width, height) = fitted.pixels(pixels, cell, as_blocks);
            assert!(as_blocks || (width <= pixels.0 && height <= pixels.1), "{pixels:?}: {width} × {height}");
        }
        let Fitted { columns, .. } = Room::new(cell, 40, false).fit((u32::MAX, 1), usize::MAX);
        assert_eq!(usize::from(columns), MOST_COLUMNS);
    }

    #[test]
    fn a_terminal_that_says_nonsense_says_nothing() {
        let of = |pixels, cells| CellPixels::of(pixels, cells).map(|cell| (cell.width, cell.height));
        assert_eq!(of((800, 480), (80, 24)), Some((10, 20)));
        for (pixels, cells) in
            [((0, 0), (80, 24)), ((800, 480), (0, 0)), ((80, 24), (80, 24)), ((u16::MAX, 480), (80, 24))]
        {
            assert_eq!(of(pixels, cells), None, "{pixels:?} {cells:?}");
        }
    }
}
