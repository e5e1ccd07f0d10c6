//! The box that says what the thing at the cursor is: when it stands, and what of it is seen. No I/O.

use crate::python;

/// Lines of the documentation that the small box shows.
const SMALL: usize = 4;

/// What was asked about, and with which text before the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The text that the answer is about: up to the bracket of the call, or to the cursor.
    held: String,
    /// Whether that text ends with the bracket of the call.
    in_call: bool,
}

impl Place {
    /// Returns the place of a cursor.
    pub(crate) fn new(before: &str) -> Self {
        match python::open_call(before) {
            Some(end) => Self { held: before[..end].to_owned(), in_call: true },
            None => Self { held: before.to_owned(), in_call: false },
        }
    }

    /// Tells whether a cursor is still there: in the arguments of the call, or behind the name.
    pub(crate) fn holds(&self, before: &str) -> bool {
        let Some(rest) = before.strip_prefix(self.held.as_str()) else { return false };
        let is_call = self.in_call || rest.is_empty() || rest.starts_with('(');
        is_call && python::depth_within(rest, usize::from(self.in_call)).is_some()
    }
}

/// The box.
#[derive(Clone, Debug)]
pub(crate) struct Signature {
    pub(crate) place: Place,
    /// The signature, or what stands in its place.
    pub(crate) head: String,
    /// The documentation, by lines.
    pub(crate) lines: Vec<String>,
    /// Whether as much is shown as there is room for.
    large: bool,
    first: usize,
}

impl Signature {
    /// Returns the box of an answer whose text is safe to draw.
    pub(crate) fn new(place: Place, text: &str) -> Self {
        let mut lines = text.lines().map(str::to_owned);
        let head = lines.next().unwrap_or_default();
        let mut lines: Vec<String> = lines.skip_while(|line| line.trim().is_empty()).collect();
        while lines.last().is_some_and(|line| line.trim().is_empty()) {
            lines.pop();
        }
        Self { place, head, lines, large: false, first: 0 }
    }

    /// Shows more: all that there is room for, then the rest by pages, and at the end as little as at first.
    pub(crate) fn more(&mut self, room: usize) {
        let page = room.max(1);
        if !self.large && self.lines.len() > SMALL {
            self.large = true;
        } else if self.large && self.first + page < self.lines.len() {
            self.first += page;
        } else {
            self.large = false;
            self.first = 0;
        }
    }

    /// Returns the lines of the documentation that are seen where there is room for so many, and whether more follow.
    pub(crate) fn seen(&self, room: usize) -> (&[String], bool) {
        let room = if self.large { room } else { room.min(SMALL) };
        let first = self.first.min(self.lines.len());
        let last = (first + room).min(self.lines.len());
        (&self.lines[first..last], last < self.lines.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stands_while_the_arguments_are_typed() {
        for (asked, then, expected) in [
            ("trade", "trade", true),
            ("trade", "trade(", true),
            ("trade", "trade('a', (1, 2), ", true),
            ("trade", "trade('a')", false),
            ("trade", "trades", false),
            ("trade", "trad", false),
            ("f(trade(1, ", "f(trade(", true),
            ("f(trade(1, ", "f(trade", false),
            ("f(trade(1, ", "f(trade(1, ')'", true),
            ("f(trade(1, ", "f(trade(1)", false),
            ("f(trade(1, ", "f(trade(g(1), 2", true),
        ] {
            assert_eq!(Place::new(asked).holds(then), expected, "{asked} {then}");
        }
    }

    #[test]
    fn more_is_all_then_the_rest_then_little_again() {
        let text = format!(
            "f(x)\n\n{}\n",
            (0..10).map(|line| format!("line {line}")).collect::<Vec<_>>().join("\n")
        );
        let mut signature = Signature::new(Place::new("f("), &text);
        let first = |signature: &Signature| {
            (signature.seen(6).0[0].clone(), signature.seen(6).0.len(), signature.seen(6).1)
        };
        assert_eq!(signature.head, "f(x)");
        assert_eq!(first(&signature), ("line 0".to_owned(), 4, true));
        signature.more(6);
        assert_eq!(first(&signature), ("line 0".to_owned(), 6, true));
        signature.more(6);
        assert_eq!(first(&signature), ("line 6".to_owned(), 4, false));
        signature.more(6);
        assert_eq!(first(&signature), ("line 0".to_owned(), 4, true));
    }
}
