//! The walk through what was run before: the cells that begin as the prompt did when the walk began. No I/O.

/// A walk, from its first step back until the prompt is edited.
#[derive(Debug)]
pub(crate) struct Recall {
    /// The candidates, newest first; place 0 is the prompt as it was.
    candidates: Vec<String>,
    place: usize,
}

impl Recall {
    /// Begins a walk over `cells`, oldest first, that begin with `draft`. Each text is met once.
    pub(crate) fn new<'a>(draft: &str, cells: impl DoubleEndedIterator<Item = &'a str>) -> Self {
        let mut candidates = vec![draft.to_owned()];
        for code in cells.rev() {
            if code.starts_with(draft) && !candidates.iter().any(|known| known == code) {
                candidates.push(code.to_owned());
            }
        }
        Self { candidates, place: 0 }
    }

    /// Steps to an older cell and returns it; none at the oldest.
    pub(crate) fn older(&mut self) -> Option<&str> {
        if self.place + 1 >= self.candidates.len() {
            return None;
        }
        self.place += 1;
        Some(&self.candidates[self.place])
    }

    /// Steps to a newer cell, at last to the prompt as it was, and returns it; none beyond that.
    pub(crate) fn newer(&mut self) -> Option<&str> {
        self.place = self.place.checked_sub(1)?;
        Some(&self.candidates[self.place])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_meets_what_begins_alike_once_and_comes_back() {
        let mut recall = Recall::new("f", ["f(1)", "g(2)", "f(3)", "f(1)"].into_iter());
        assert_eq!(recall.older(), Some("f(1)"));
        assert_eq!(recall.older(), Some("f(3)"));
        assert_eq!(recall.older(), None);
        assert_eq!(recall.newer(), Some("f(1)"));
        assert_eq!(recall.newer(), Some("f"));
        assert_eq!(recall.newer(), None);
    }
}
