//! What is made of an image before it can be drawn: it is decoded and scaled once, then in the words of its terminal. It
//! takes its time, so it is done beside the screen.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::fit::{CellPixels, Fitted};
use super::method::Method;
use super::png::{self, NoPicture};
use super::shelf::{Drawn, Written};
use super::{kitty, sixel};

/// A picture with more pixels than this is shown in blocks: it would take a terminal too long.
const MOST_PIXELS: usize = 2_000_000;
/// And one that would be more bytes for the terminal.
const MOST_BYTES: usize = 4 << 20;

/// An image that is wanted for a place.
#[derive(Debug)]
pub(crate) struct Job {
    pub(super) number: u16,
    /// It as base64.
    pub(super) source: Arc<str>,
    pub(super) pixels: (u32, u32),
    pub(super) fitted: Fitted,
    pub(super) cell: CellPixels,
    pub(super) method: Method,
}

/// What came of a job.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) number: u16,
    pub(super) cell: CellPixels,
    pub(super) method: Method,
    pub(crate) result: Result<Drawn, NoPicture>,
}

impl Job {
    /// Does it, until it `is_late`.
    pub(crate) fn run(self, is_late: &dyn Fn() -> bool) -> Made {
        let Self { number, cell, method, .. } = self;
        Made { number, cell, method, result: self.make(is_late) }
    }

    fn make(self, is_late: &dyn Fn() -> bool) -> Result<Drawn, NoPicture> {
        let Self { number, fitted, cell, method, .. } = self;
        let text: Vec<u8> = self.source.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let bytes = BASE64_STANDARD.decode(text).map_err(|_| NoPicture::Broken)?;
        let count = |length: u32| usize::try_from(length).unwrap_or(usize::MAX);
        let (width, height) = fitted.pixels(self.pixels, cell, method == Method::Blocks);
        let (width, height) = (count(width), count(height));
        let (columns, rows) = (usize::from(fitted.columns), usize::from(fitted.rows));
        // Half blocks: a column each, and two to a row.
        let halves = (height * 2).div_ceil(usize::from(cell.height).max(1)).clamp(1, rows * 2);
        let mut sizes = vec![(columns, halves)];
        let is_small = width.saturating_mul(height) <= MOST_PIXELS;
        match method {
            Method::Kitty if is_small => sizes.push((width, height)),
            // A row of sixels has six pixels; a part of one more could reach below the last cell.
            Method::Sixel if is_small => {
                sizes.push((width, if height < 6 { height } else { height - height % 6 }))
            }
            _ => {}
        }
        let mut scaled = png::decode(&bytes, &sizes, is_late)?.into_iter();
        let blocks = scaled.next().ok_or(NoPicture::Broken)?;
        let written = scaled.next().map(|pixels| match method {
            Method::Kitty => {
                let cells = (columns * usize::from(cell.width), rows * usize::from(cell.height));
                // With its cells filled up it is not made larger.
                let pixels = pixels.padded(cells.0.max(pixels.width), cells.1.max(pixels.height()));
                kitty::write(number, fitted, &pixels).map(Written::Kitty)
            }
            Method::Sixel => Some(Written::Sixel(sixel::write(&pixels).into())),
            Method::Blocks => None,
        });
        let written = written.flatten().filter(|written| written.bytes().len() <= MOST_BYTES);
        Ok(Drawn { fitted, blocks, written })
    }
}
