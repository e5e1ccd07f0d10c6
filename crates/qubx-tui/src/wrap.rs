//! Styled lines cut to a width. No I/O.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Returns the columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// Returns `line` as rows of at most `columns`, cut anywhere; rows after the first begin with `indent` spaces.
///
/// An empty line is one empty row. A grapheme wider than the room is dropped rather than overflowing.
pub(crate) fn wrap(line: &Line<'_>, columns: usize, indent: usize) -> Vec<Line<'static>> {
    rows(line, columns, indent, false)
}

/// Returns `line` as rows like [`wrap`], but cut at a space where one is near the end; that space is left out.
pub(crate) fn wrap_words(line: &Line<'_>, columns: usize, indent: usize) -> Vec<Line<'static>> {
    rows(line, columns, indent, true)
}

fn rows(line: &Line<'_>, columns: usize, indent: usize, by_words: bool) -> Vec<Line<'static>> {
    let indent = if indent * 2 > columns { 0 } else { indent };
    let mut rows = Vec::new();
    let mut row = Row::default();
    for grapheme in line.styled_graphemes(Style::default()) {
        let wide = width(grapheme.symbol);
        if row.columns + wide > columns && row.columns > 0 {
            let swallows = by_words && grapheme.symbol == " ";
            let carried = if by_words && !swallows { row.split_word(columns / 2) } else { Vec::new() };
            rows.push(std::mem::take(&mut row).finish());
            for _ in 0..indent {
                row.push((" ", 1, Style::default()));
            }
            for part in carried {
                row.push(part);
            }
            if swallows {
                continue;
            }
        }
        if row.columns + wide <= columns {
            row.push((grapheme.symbol, wide, grapheme.style));
        }
    }
    rows.push(row.finish());
    rows
}

/// Returns `text` cut to `columns`, with `…` where something is missing.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 0;
    for grapheme in Span::raw(text).styled_graphemes(Style::default()) {
        let wide = width(grapheme.symbol);
        if used + wide + 1 > columns {
            break;
        }
        used += wide;
        kept.push_str(grapheme.symbol);
    }
    if columns > 0 {
        kept.push('…');
    }
    kept
}

/// A grapheme, its columns and its style.
type Part<'a> = (&'a str, usize, Style);

#[derive(Default)]
struct Row<'a> {
    parts: Vec<Part<'a>>,
    columns: usize,
}

impl<'a> Row<'a> {
    fn push(&mut self, part: Part<'a>) {
        self.columns += part.1;
        self.parts.push(part);
    }

    /// Takes the last word off, unless that would leave less than `least` columns.
    fn split_word(&mut self, least: usize) -> Vec<Part<'a>> {
        match self.parts.iter().rposition(|(symbol, ..)| *symbol == " ") {
            Some(space) if space > least => self.parts.split_off(space + 1),
            _ => Vec::new(),
        }
    }

    fn finish(self) -> Line<'static> {
        let mut spans: Vec<Span<'static>> = Vec::new();
        for (symbol, _, style) in self.parts {
            match spans.last_mut() {
                Some(last) if last.style == style => last.content.to_mut().push_str(symbol),
                _ => spans.push(Span::styled(symbol.to_owned(), style)),
            }
        }
        Line::from(spans)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_at_the_width_and_lose_nothing() {
        for (text, columns, indent, expected) in [
            ("", 4, 0, vec![""]),
            ("abcdef", 4, 0, vec!["abcd", "ef"]),
            ("abcdef", 4, 2, vec!["abcd", "  ef"]),
            ("日本語", 4, 0, vec!["日本", "語"]),
            ("a日b", 1, 0, vec!["a", "b"]),
        ] {
            let rows: Vec<String> =
                wrap(&Line::raw(text), columns, indent).iter().map(Line::to_string).collect();
            assert_eq!(rows, expected, "{text}");
        }
    }

    #[test]
    fn words_stay_whole_where_they_can() {
        for (text, columns, indent, expected) in [
            ("one two three", 8, 2, vec!["one two ", "  three"]),
            ("one two three", 7, 2, vec!["one two", "  three"]),
            ("one two three", 9, 0, vec!["one two ", "three"]),
            ("onetwothree", 8, 2, vec!["onetwoth", "  ree"]),
        ] {
            let rows: Vec<String> =
                wrap_words(&Line::raw(text), columns, indent).iter().map(Line::to_string).collect();
            assert_eq!(rows, expected, "{text}");
        }
    }

    #[test]
    fn a_cut_text_says_that_something_is_missing() {
        for (text, columns, expected) in
            [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("日本", 3, "日…"), ("ab", 0, "")]
        {
            assert_eq!(cut(text, columns), expected);
        }
    }
}
