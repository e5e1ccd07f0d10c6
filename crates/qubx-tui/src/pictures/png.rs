//! A PNG, row by row, made as small as it is drawn. Nothing that one says is believed: its size, its memory and its time are
//! bounded, and it never makes this panic.

#[cfg(test)]
mod tests;

use std::io::Cursor;

use png::{BitDepth, Decoder, Limits, Transformations};

use super::gallery::{LONGEST_SIDE, MOST_PIXELS};

/// A pixel that is less opaque than this is not drawn: what is behind the picture shows.
pub(super) const OPAQUE: u8 = 128;

/// The memory that decoding takes beside a row.
const MOST_MEMORY: usize = 32 << 20;
/// An interlaced image must be decoded whole; one with more pixels than this is not.
const MOST_INTERLACED: u64 = 4_000_000;

/// A picture's pixels: red, green, blue, and how opaque.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pixels {
    pub(crate) width: usize,
    pub(crate) rgba: Vec<[u8; 4]>,
}

impl Pixels {
    pub(super) fn height(&self) -> usize {
        self.rgba.len().checked_div(self.width).unwrap_or_default()
    }

    /// Returns them with clear ones to the right and below, up to a size.
    pub(super) fn padded(&self, width: usize, height: usize) -> Self {
        let mut rgba = Vec::with_capacity(width * height);
        for row in self.rgba.chunks_exact(self.width.max(1)).take(height) {
            rgba.extend(row.iter().take(width));
            rgba.resize(rgba.len().next_multiple_of(width.max(1)), [0; 4]);
        }
        rgba.resize(width * height, [0; 4]);
        Self { width, rgba }
    }
}

/// Why nothing can be made of an image.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoPicture {
    /// It is broken, or no PNG.
    Broken,
    /// It has more of something than is allowed.
    TooLarge,
    /// It took too long, or nobody waits for it any more.
    Late,
}

/// Returns an image in each of these sizes, which are not larger than it is. `is_late` is asked now and then.
pub(super) fn decode(
    bytes: &[u8],
    sizes: &[(usize, usize)],
    is_late: &dyn Fn() -> bool,
) -> Result<Vec<Pixels>, NoPicture> {
    let mut decoder = Decoder::new_with_limits(Cursor::new(bytes), Limits { bytes: MOST_MEMORY });
    // Not needed, and of any size when unpacked.
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(Transformations::normalize_to_color8() | Transformations::ALPHA);
    let mut reader = decoder.read_info().map_err(|_| NoPicture::Broken)?;
    let info = reader.info();
    let (width, height, is_interlaced) = (info.width, info.height, info.interlaced);
    let pixels = u64::from(width) * u64::from(height);
    let most = if is_interlaced { MOST_INTERLACED } else { MOST_PIXELS };
    if pixels > most || width.max(height) > LONGEST_SIDE {
        return Err(NoPicture::TooLarge);
    }
    let (color, depth) = reader.output_color_type();
    let samples = color.samples();
    if depth != BitDepth::Eight || !matches!(samples, 1..=4) {
        return Err(NoPicture::Broken);
    }
    let side = |side: u32| usize::try_from(side).unwrap_or(usize::MAX);
    let (width, height) = (side(width), side(height));
    let mut scalers: Vec<Scaler> = sizes.iter().map(|size| Scaler::new((width, height), *size)).collect();
    let mut take = |row: &[u8]| {
        let pixel = |samples: &[u8]| match *samples {
            [grey] => [grey, grey, grey, 255],
            [grey, alpha] => [grey, grey, grey, alpha],
            [red, green, blue] => [red, green, blue, 255],
            [red, green, blue, alpha, ..] => [red, green, blue, alpha],
            [] => [0; 4],
        };
        for scaler in &mut scalers {
            scaler.row(row.chunks_exact(samples).map(pixel));
        }
        if is_late() { Err(NoPicture::Late) } else { Ok(()) }
    };
    if is_interlaced {
        let size = reader.output_buffer_size().ok_or(NoPicture::TooLarge)?;
        let mut whole = vec![0; size];
        reader.next_frame(&mut whole).map_err(|_| NoPicture::Broken)?;
        whole.chunks_exact((width * samples).max(1)).take(height).try_for_each(&mut take)?;
    } else {
        for _ in 0..height {
            let row = reader.next_row().map_err(|_| NoPicture::Broken)?.ok_or(NoPicture::Broken)?;
            take(row.data())?;
        }
    }
    Ok(scalers.into_iter().map(Scaler::end).collect())
}

/// Makes an image smaller as its rows come: each pixel is the mean of those that it stands for.
struct Scaler {
    from: (usize, usize),
    to: (usize, usize),
    /// The rows that were taken.
    taken: usize,
    /// Of the row that is being made: the sums of the colours by how opaque they are, of that, and how many there were.
    sums: Vec<[u64; 5]>,
    rgba: Vec<[u8; 4]>,
}

impl Scaler {
    fn new(from: (usize, usize), to: (usize, usize)) -> Self {
        let to = (to.0.clamp(1, from.0), to.1.clamp(1, from.1));
        Self { from, to, taken: 0, sums: vec![[0; 5]; to.0], rgba: Vec::with_capacity(to.0 * to.1) }
    }

    fn row(&mut self, pixels: impl Iterator<Item = [u8; 4]>) {
        if self.taken == self.from.1 {
            return;
        }
        for (place, [red, green, blue, alpha]) in pixels.take(self.from.0).enumerate() {
            let sums = &mut self.sums[place * self.to.0 / self.from.0];
            let alpha = u64::from(alpha);
            for (sum, value) in sums.iter_mut().zip([red, green, blue]) {
                *sum += u64::from(value) * alpha;
            }
            sums[3] += alpha;
            sums[4] += 1;
        }
        let place = |row: usize| row * self.to.1 / self.from.1;
        let ends = place(self.taken) != place(self.taken + 1);
        self.taken += 1;
        if ends {
            self.rgba.extend(self.sums.iter_mut().map(|sums| mean(std::mem::take(sums))));
        }
    }

    fn end(mut self) -> Pixels {
        self.rgba.resize(self.to.0 * self.to.1, [0; 4]);
        Pixels { width: self.to.0, rgba: self.rgba }
    }
}

fn mean([red, green, blue, alpha, count]: [u64; 5]) -> [u8; 4] {
    let part = |sum: u64, of: u64| {
        let mean = (sum + of / 2).checked_div(of).unwrap_or_default();
        u8::try_from(mean).unwrap_or(u8::MAX)
    };
    [part(red, alpha), part(green, alpha), part(blue, alpha), part(alpha, count)]
}
