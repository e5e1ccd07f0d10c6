//! Pictures as kitty takes them: given to it once under a number, then shown wherever a character stands for a part of one.
//! It is always told to answer nothing.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use png::{BitDepth, ColorType, Compression, Encoder};
use ratatui::style::Color;

use super::fit::Fitted;
use super::png::Pixels;

/// The numbers of our pictures begin here, so that they are not those of another program in the same window.
const FIRST: u32 = 0x71_00_00;
/// Takes all our pictures from the terminal, by the range of their numbers, also when one of them was half written.
pub(crate) const FORGET_ALL: &[u8] = b"\x1b\\\x1b_Ga=d,d=R,x=7405568,y=7471103,q=2\x1b\\";
/// The bytes of one piece at the most.
const PIECE: usize = 4096;

/// Returns the colour that tells which picture a character stands for.
pub(super) fn color(number: u16) -> Color {
    let [_, red, green, blue] = id(number).to_be_bytes();
    Color::Rgb(red, green, blue)
}

/// Returns the picture that a colour tells.
pub(super) fn number(color: Color) -> Option<u16> {
    let Color::Rgb(red, green, blue) = color else { return None };
    u16::try_from(u32::from_be_bytes([0, red, green, blue]).checked_sub(FIRST)?).ok()
}

/// Returns what gives a picture to the terminal, to be shown in so many cells; none when it cannot be written.
pub(super) fn write(number: u16, fitted: Fitted, pixels: &Pixels) -> Option<Arc<[u8]>> {
    let text = BASE64_STANDARD.encode(png(pixels)?);
    let Fitted { columns, rows } = fitted;
    let mut bytes = Vec::with_capacity(text.len() + text.len() / 256 + 128);
    let mut pieces = text.as_bytes().chunks(PIECE).peekable();
    let mut keys = format!("a=T,U=1,f=100,i={},c={columns},r={rows},q=2", id(number));
    while let Some(piece) = pieces.next() {
        let more = u8::from(pieces.peek().is_some());
        bytes.extend_from_slice(format!("\x1b_G{keys},m={more};").as_bytes());
        bytes.extend_from_slice(piece);
        bytes.extend_from_slice(b"\x1b\\");
        "q=2".clone_into(&mut keys);
    }
    Some(bytes.into())
}

/// Returns what takes a picture from the terminal.
pub(crate) fn forget(number: u16) -> Vec<u8> {
    format!("\x1b_Ga=d,d=I,i={},q=2\x1b\\", id(number)).into_bytes()
}

fn id(number: u16) -> u32 {
    FIRST + u32::from(number)
}

/// Returns a picture as a PNG, which is the shortest that kitty takes.
fn png(pixels: &Pixels) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (width, height) = (u32::try_from(pixels.width).ok()?, u32::try_from(pixels.height()).ok()?);
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Fast);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(pixels.rgba.as_flattened()).ok()?;
    writer.finish().ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pictures::mark::PICTURES;

    #[test]
    fn all_that_is_forgotten_is_ours_and_all_that_is_ours() {
        let (first, last) = (id(0), id(u16::MAX));
        assert_eq!(FORGET_ALL, format!("\x1b\\\x1b_Ga=d,d=R,x={first},y={last},q=2\x1b\\").as_bytes());
        for of in [0, 1, 255, 256, PICTURES - 1] {
            assert_eq!(number(color(of)), Some(of));
        }
        assert_eq!((number(Color::Reset), number(Color::Rgb(0, 0, 1))), (None, None));
    }
}
