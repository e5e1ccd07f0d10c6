//! Pictures as sixels: six rows of pixels at a time, one colour after the other.
//!
//! A terminal has 256 colours for this. They are the picture's most frequent ones, each the mean of those that are nearly the
//! same; a chart has few, and its edges keep their shades.

use super::png::{OPAQUE, Pixels};

/// The colours that a terminal has at the least among those that show sixels.
const COLORS: usize = 256;
/// Bits of a colour's part by which colours are nearly the same.
const BITS: u32 = 5;
const BINS: usize = 1 << (3 * BITS);

/// Returns a picture as the sequence that draws it at the cursor. Clear pixels leave what is there.
pub(super) fn write(pixels: &Pixels) -> Vec<u8> {
    let (palette, places) = palette(pixels);
    let mut text = format!("\x1bP0;1;0q\"1;1;{};{}", pixels.width, pixels.height());
    for (place, color) in palette.iter().enumerate() {
        let [red, green, blue] = color.map(|part| (u32::from(part) * 100 + 127) / 255);
        text.push_str(&format!("#{place};2;{red};{green};{blue}"));
    }
    let mut band = vec![[0u8; COLORS]; pixels.width];
    for rows in pixels.rgba.chunks(pixels.width.max(1) * 6) {
        let mut used = [false; COLORS];
        band.fill([0; COLORS]);
        for (row, line) in rows.chunks(pixels.width.max(1)).enumerate() {
            for (column, pixel) in line.iter().enumerate().filter(|(_, pixel)| pixel[3] >= OPAQUE) {
                let place = places[bin(*pixel)];
                band[column][usize::from(place)] |= 1 << row;
                used[usize::from(place)] = true;
            }
        }
        for place in (0..palette.len()).filter(|place| used[*place]) {
            text.push_str(&format!("#{place}"));
            put_line(&mut text, band.iter().map(|column| column[place]));
            text.push('$');
        }
        text.push('-');
    }
    text.push_str("\x1b\\");
    text.into_bytes()
}

/// Writes a line of one colour; what is at its end and not of it is left out.
fn put_line(text: &mut String, columns: impl Iterator<Item = u8>) {
    let mut run = (0u8, 0usize);
    for bits in columns {
        if bits == run.0 {
            run.1 += 1;
            continue;
        }
        put_run(text, run);
        run = (bits, 1);
    }
    if run.0 != 0 {
        put_run(text, run);
    }
}

fn put_run(text: &mut String, (bits, count): (u8, usize)) {
    let letter = char::from(b'?' + bits);
    if count > 3 {
        text.push_str(&format!("!{count}{letter}"));
    } else {
        text.extend(std::iter::repeat_n(letter, count));
    }
}

/// Returns the colours of a picture, and for each bin of them the place of the nearest.
fn palette(pixels: &Pixels) -> (Vec<[u8; 3]>, Vec<u8>) {
    // The sums of the parts, and how many there are.
    let mut bins = vec![[0u64; 4]; BINS];
    for pixel in pixels.rgba.iter().filter(|pixel| pixel[3] >= OPAQUE) {
        let sums = &mut bins[bin(*pixel)];
        for (sum, part) in sums.iter_mut().zip(&pixel[..3]) {
            *sum += u64::from(*part);
        }
        sums[3] += 1;
    }
    let mut found: Vec<usize> = (0..BINS).filter(|place| bins[*place][3] > 0).collect();
    found.sort_by_key(|place| std::cmp::Reverse(bins[*place][3]));
    let mean = |place: usize| {
        let [red, green, blue, count] = bins[place];
        [red, green, blue].map(|sum| u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX))
    };
    let palette: Vec<[u8; 3]> = found.iter().take(COLORS).map(|place| mean(*place)).collect();
    let mut places = vec![0; BINS];
    for (rank, place) in found.into_iter().enumerate() {
        let nearest = if rank < COLORS { rank } else { nearest(&palette, mean(place)) };
        places[place] = u8::try_from(nearest).unwrap_or_default();
    }
    (palette, places)
}

fn nearest(palette: &[[u8; 3]], color: [u8; 3]) -> usize {
    let distance = |other: &[u8; 3]| -> u32 {
        other.iter().zip(color).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
    };
    (0..palette.len()).min_by_key(|place| distance(&palette[*place])).unwrap_or_default()
}

fn bin([red, green, blue, _]: [u8; 4]) -> usize {
    [red, green, blue].into_iter().fold(0, |bin, part| bin << BITS | usize::from(part >> (8 - BITS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_rows_are_written_one_colour_after_the_other() {
        let (red, blue, clear) = ([255, 0, 0, 255], [0, 0, 255, 255], [9, 9, 9, 0]);
        let mut rgba = vec![red; 5 * 6];
        rgba.extend([blue, blue, clear, red, clear]);
        let written = String::from_utf8(write(&Pixels { width: 5, rgba })).unwrap();
        let expected = "\x1bP0;1;0q\"1;1;5;7#0;2;100;0;0#1;2;0;0;100#0!5~$-#0???@$#1@@$-\x1b\\";
        assert_eq!(written, expected);
    }

    /// Draws what was written, as a terminal does: colours in parts of a hundred, none where nothing is drawn.
    fn drawn(written: &[u8], width: usize, height: usize) -> Vec<Option<[u32; 3]>> {
        let text = std::str::from_utf8(written).unwrap();
        let text = text.strip_prefix("\x1bP0;1;0q").unwrap().strip_suffix("\x1b\\").unwrap();
        let mut pixels = vec![None; width * height];
        let mut palette = std::collections::BTreeMap::new();
        let (mut x, mut y, mut color, mut count) = (0, 0, [0; 3], 1);
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            rest = &rest[1..];
            let end =
                rest.find(|letter: char| letter != ';' && !letter.is_ascii_digit()).unwrap_or(rest.len());
            let mut numbers = || {
                let numbers: Vec<u32> =
                    rest[..end].split(';').map(|number| number.parse().unwrap()).collect();
                rest = &rest[end..];
                numbers
            };
            match letter {
                '"' => assert_eq!(numbers()[2..], [width, height].map(|side| u32::try_from(side).unwrap())),
                '#' => match numbers()[..] {
                    [number, 2, red, green, blue] => drop(palette.insert(number, [red, green, blue])),
                    [number] => color = palette[&number],
                    ref other => panic!("{other:?}"),
                },
                '!' => count = usize::try_from(numbers()[0]).unwrap(),
                '$' => x = 0,
                '-' => (x, y) = (0, y + 6),
                letter => {
                    let bits = u32::from(letter) - 63;
                    for row in (0..6).filter(|row| bits >> row & 1 == 1) {
                        pixels[(y + row) * width + x..][..count].fill(Some(color));
                    }
                    (x, count) = (x + count, 1);
                }
            }
        }
        pixels
    }

    #[test]
    fn what_a_terminal_draws_is_the_picture() {
        let pixel = |place: usize| match place * place / 7 % 5 {
            0 => [0; 4],
            part => [u8::try_from(part * 51).unwrap(), 255, u8::try_from(place % 3 * 102).unwrap(), 255],
        };
        for (width, height) in [(1, 1), (40, 12), (37, 19), (300, 6)] {
            let rgba: Vec<_> = (0..width * height).map(pixel).collect();
            let wanted = rgba.iter().map(|[red, green, blue, alpha]| {
                (*alpha == 255).then(|| [red, green, blue].map(|part| u32::from(*part) * 100 / 255))
            });
            let wanted: Vec<_> = wanted.collect();
            assert_eq!(drawn(&write(&Pixels { width, rgba }), width, height), wanted, "{width} × {height}");
        }
    }

    #[test]
    fn a_picture_of_very_many_colours_has_the_nearest_of_256() {
        let of = |place: usize| u8::try_from(place % 256).unwrap_or_default();
        let rgba: Vec<_> =
            (0..65_536).map(|place| [of(place), of(place / 256), of(place / 7), 255]).collect();
        let written = String::from_utf8(write(&Pixels { width: 256, rgba })).unwrap();
        assert_eq!(written.matches(";2;").count(), COLORS);
        assert_eq!(written.matches('-').count(), 256usize.div_ceil(6));
        assert!(!written.contains("#256"));
    }
}
