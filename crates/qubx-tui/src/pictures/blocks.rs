//! The half blocks of a picture: two pixels in a cell, one above the other.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Style};

use super::png::{OPAQUE, Pixels};
use crate::theme::{Depth, nearest};

/// Draws two pixels into a cell.
pub(super) fn draw(pixels: &Pixels, column: u16, row: u16, depth: Depth, cell: &mut Cell) {
    let column = usize::from(column);
    let color = |row: usize| {
        let pixel = pixels.rgba.get(row * pixels.width + column).filter(|_| column < pixels.width)?;
        let [red, green, blue, alpha] = *pixel;
        (alpha >= OPAQUE).then(|| match depth {
            Depth::True => Color::Rgb(red, green, blue),
            // Who wants pictures on a terminal that does not say that it has so many colours says it for it.
            Depth::TwoHundredFiftySix | Depth::Sixteen => Color::Indexed(nearest([red, green, blue])),
        })
    };
    let upper = usize::from(row) * 2;
    let (symbol, style) = match (color(upper), color(upper + 1)) {
        (Some(upper), Some(lower)) => ("▀", Style::new().fg(upper).bg(lower)),
        (Some(upper), None) => ("▀", Style::new().fg(upper)),
        (None, Some(lower)) => ("▄", Style::new().fg(lower)),
        (None, None) => (" ", Style::new()),
    };
    cell.reset();
    cell.set_symbol(symbol).set_style(style);
}
