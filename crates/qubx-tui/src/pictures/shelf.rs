//! The pictures that were made, for the size that they were wanted in last.

use std::collections::VecDeque;
use std::sync::Arc;

use super::fit::Fitted;
use super::png::Pixels;

/// The bytes of pictures that are kept; the oldest that was not seen in the last drawing goes for a new one.
const MOST_BYTES: usize = 16 << 20;

/// A picture as it can be drawn.
#[derive(Debug)]
pub(crate) struct Drawn {
    pub(crate) fitted: Fitted,
    /// Two pixels for each cell, one above the other.
    pub(super) blocks: Pixels,
    /// It as the terminal takes it; none where blocks are all.
    pub(crate) written: Option<Written>,
}

/// A picture as bytes for a terminal.
#[derive(Debug)]
pub(crate) enum Written {
    /// Given once.
    Kitty(Arc<[u8]>),
    /// Written at its place.
    Sixel(Arc<[u8]>),
}

impl Written {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Written::Kitty(bytes) | Written::Sixel(bytes) => bytes,
        }
    }
}

/// The pictures by their numbers, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Shelf(VecDeque<(u16, Drawn)>);

impl Shelf {
    pub(crate) fn get(&self, number: u16) -> Option<&Drawn> {
        self.0.iter().find(|(known, _)| *known == number).map(|(_, drawn)| drawn)
    }

    /// Keeps a picture in the place of what was made of it before. What is `seen` stays.
    pub(super) fn put(&mut self, number: u16, drawn: Drawn, seen: &[(u16, Fitted)]) {
        self.0.retain(|(known, _)| *known != number);
        self.0.push_back((number, drawn));
        while self.0.iter().map(|(_, drawn)| drawn.size()).sum::<usize>() > MOST_BYTES {
            let is_unseen =
                |(known, _): &(u16, Drawn)| *known != number && !seen.iter().any(|(seen, _)| seen == known);
            let Some(place) = self.0.iter().position(is_unseen) else { return };
            self.0.remove(place);
        }
    }
}

impl Drawn {
    fn size(&self) -> usize {
        self.blocks.rgba.len() * 4 + self.written.as_ref().map_or(0, |written| written.bytes().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_that_nobody_looks_at_goes() {
        let fitted = Fitted { columns: 1, rows: 1 };
        let drawn = || Drawn {
            fitted,
            blocks: Pixels { width: 1, rgba: Vec::new() },
            written: Some(Written::Sixel(vec![0; 5 << 20].into())),
        };
        let mut shelf = Shelf::default();
        for number in 0..4 {
            shelf.put(number, drawn(), &[(0, fitted)]);
        }
        let kept: Vec<u16> = (0..9).filter(|number| shelf.get(*number).is_some()).collect();
        assert_eq!(kept, [0, 2, 3]);
        shelf.put(3, drawn(), &[]);
        assert_eq!(shelf.0.len(), 3, "one that is made anew is not there twice");
    }
}
