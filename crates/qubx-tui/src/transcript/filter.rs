//! What a viewpoint leaves out: by level and by words. It is one screen's own, and changes no fact. No I/O.
//!
//! Orders that the strategy gave by itself count as the lowest level when they are accepted, changed or cancelled: a busy
//! strategy has thousands of them. Fills, rejections, and what anybody else ordered have no level and are always shown.
//!
//! All words must be there, in any order and whatever their case; `-word` must not be there, and `@name` asks for the
//! source of a line or the author of a cell.

use qubx_protocol::LogLevel;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::entry::Entry;
use crate::sanitize;

/// The levels from the one with the most lines to the one with the fewest.
const LEVELS: [LogLevel; 4] = [LogLevel::Debug, LogLevel::Info, LogLevel::Warning, LogLevel::Error];

/// What is shown of a list of entries.
#[derive(Clone, Debug)]
pub(crate) struct Filter {
    text: String,
    terms: Vec<Term>,
    /// Lines of the log, and quiet orders, below this are left out.
    least: LogLevel,
    /// Counts the changes, so that an entry knows whether its verdict is of this filter.
    generation: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Term {
    Has(String),
    Lacks(String),
    From(String),
}

impl Default for Filter {
    fn default() -> Self {
        Self { text: String::new(), terms: Vec::new(), least: LogLevel::Info, generation: 1 }
    }
}

impl Filter {
    /// Returns the words as they were typed.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Tells whether any words are asked for.
    pub(crate) fn has_words(&self) -> bool {
        !self.terms.is_empty()
    }

    /// Returns the level below which lines are left out.
    pub(crate) fn least(&self) -> LogLevel {
        self.least
    }

    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    /// Asks for other words.
    pub(super) fn set_text(&mut self, text: String) {
        self.terms = text.split_whitespace().filter_map(Term::read).collect();
        self.text = text;
        self.generation += 1;
    }

    /// Leaves out one level more; after the last, none.
    pub(super) fn raise_least(&mut self) {
        let place = LEVELS.iter().position(|level| *level == self.least).unwrap_or_default();
        self.least = LEVELS[(place + 1) % LEVELS.len()];
        self.generation += 1;
    }

    /// Tells whether an entry is shown.
    pub(super) fn shows(&self, entry: &Entry) -> bool {
        entry.level().is_none_or(|level| level >= self.least)
            && self.terms.iter().all(|term| term.holds(entry))
    }

    /// Marks the words that are asked for in a row.
    pub(super) fn highlight(&self, row: Line<'static>, style: Style) -> Line<'static> {
        let text = row.to_string();
        let mut marks: Vec<(usize, usize)> = Vec::new();
        for term in &self.terms {
            let Term::Has(word) = term else { continue };
            let mut from = 0;
            while let Some(place) = text.get(from..).and_then(|rest| find(rest, word)) {
                marks.push((from + place, from + place + word.len()));
                from += place + word.len();
            }
        }
        if marks.is_empty() {
            return row;
        }
        let mut spans = Vec::with_capacity(row.spans.len() + 2 * marks.len());
        let mut offset = 0;
        for span in row.spans {
            let end = offset + span.content.len();
            let mut cuts: Vec<usize> = vec![offset, end];
            cuts.extend(
                marks.iter().flat_map(|(from, to)| [*from, *to]).filter(|cut| (offset..end).contains(cut)),
            );
            cuts.sort_unstable();
            cuts.dedup();
            for pair in cuts.windows(2) {
                let is_marked = marks.iter().any(|(from, to)| (*from..*to).contains(&pair[0]));
                let style = if is_marked { span.style.patch(style) } else { span.style };
                spans.push(Span::styled(span.content[pair[0] - offset..pair[1] - offset].to_owned(), style));
            }
            offset = end;
        }
        Line { spans, ..row }
    }
}

impl Term {
    fn read(word: &str) -> Option<Self> {
        let (term, rest): (fn(String) -> Term, _) = match word.split_at_checked(1) {
            Some(("-", rest)) => (Term::Lacks, rest),
            Some(("@", rest)) => (Term::From, rest),
            _ => (Term::Has, word),
        };
        // A lone sign is the beginning of a term that is being typed.
        (!rest.is_empty()).then(|| term(rest.to_owned()))
    }

    fn holds(&self, entry: &Entry) -> bool {
        match self {
            Term::Has(word) => entry.any_text(|text| contains(text, word)),
            Term::Lacks(word) => !entry.any_text(|text| contains(text, word)),
            Term::From(name) => contains(entry.source(), name),
        }
    }
}

/// Tells whether a text has a word where a reader sees it: not in a sequence for the terminal.
fn contains(text: &str, word: &str) -> bool {
    if text.contains('\u{1b}') {
        find(&sanitize::printable(text), word).is_some()
    } else {
        find(text, word).is_some()
    }
}

/// Returns where a word is, whatever the case of its ASCII letters.
fn find(text: &str, word: &str) -> Option<usize> {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let first = *word.first()?;
    let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    let last = text.len().checked_sub(word.len())?;
    let mut from = 0;
    while from <= last {
        let place = from + text[from..=last].iter().position(|byte| *byte == lower || *byte == upper)?;
        // Both are whole characters, so what is found begins and ends between characters.
        if text[place..place + word.len()].eq_ignore_ascii_case(word) {
            return Some(place);
        }
        from = place + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_found_whatever_their_case() {
        for (text, word, expected) in [
            ("Timeout of OKX", "okx", Some(11)),
            ("aab", "ab", Some(1)),
            ("größe", "SSE", None),
            ("größe", "E", Some(6)),
            ("日本", "本", Some(3)),
            ("", "x", None),
            ("x", "xx", None),
        ] {
            assert_eq!(find(text, word), expected, "{text}");
        }
    }

    #[test]
    fn what_is_found_is_marked_and_nothing_else_changes() {
        let mut filter = Filter::default();
        filter.set_text("okx -no @engine - time".to_owned());
        let marked = Style::new().bold();
        let row = Line::from(vec![Span::raw("okx: T"), Span::raw("imeout")]);
        let row = filter.highlight(row, marked);
        let parts: Vec<(&str, bool)> =
            row.spans.iter().map(|span| (span.content.as_ref(), span.style == marked)).collect();
        assert_eq!(parts, [("okx", true), (": ", false), ("T", true), ("ime", true), ("out", false)]);
    }

    proptest! {
        #[test]
        fn a_row_keeps_its_text_whatever_is_asked_for(text in "\\PC{0,30}", words in "(\\PC| ){0,10}") {
            let mut filter = Filter::default();
            filter.set_text(words);
            let row = Line::from(vec![Span::raw(text.clone()), Span::raw(text.clone())]);
            prop_assert_eq!(filter.highlight(row, Style::new().bold()).to_string(), format!("{text}{text}"));
        }
    }
}
