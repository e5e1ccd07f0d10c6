//! Styled lines cut to a width. No I/O.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Returns the columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// Returns `line` as rows of at most `columns`; rows after the first begin with `indent` spaces.
///
/// An empty line is one empty row. A grapheme wider than the room is dropped rather than overflowing.
pub(crate) fn wrap(line: &Line<'_>, columns: usize, indent: usize) -> Vec<Line<'static>> {
    let indent = if indent * 2 > columns { 0 } else { indent };
    let mut rows = Vec::new();
    let mut row = Row::default();
    for grapheme in line.styled_graphemes(Style::default()) {
        let wide = width(grapheme.symbol);
        if row.columns + wide > columns && row.columns > 0 {
            rows.push(std::mem::take(&mut row).finish());
            if indent > 0 {
                row.push(&" ".repeat(indent), indent, Style::default());
            }
        }
        if row.columns + wide <= columns {
            row.push(grapheme.symbol, wide, grapheme.style);
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

#[derive(Default)]
struct Row {
    spans: Vec<Span<'static>>,
    columns: usize,
}

impl Row {
    fn push(&mut self, text: &str, columns: usize, style: Style) {
        self.columns += columns;
        match self.spans.last_mut() {
            Some(last) if last.style == style => last.content.to_mut().push_str(text),
            _ => self.spans.push(Span::styled(text.to_owned(), style)),
        }
    }

    fn finish(self) -> Line<'static> {
        Line::from(self.spans)
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
    fn a_cut_text_says_that_something_is_missing() {
        for (text, columns, expected) in
            [("abc", 3, "abc"), ("abcd", 3, "ab…"), ("日本", 3, "日…"), ("ab", 0, "")]
        {
            assert_eq!(cut(text, columns), expected);
        }
    }
}
