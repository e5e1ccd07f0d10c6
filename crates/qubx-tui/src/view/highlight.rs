//! Python source as styled lines.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::python::{TokenKind, tokens};
use crate::sanitize;
use crate::theme::Theme;

/// Returns the lines of a source, coloured and safe to draw.
pub(crate) fn highlight(source: &str, theme: Theme) -> Vec<Line<'static>> {
    let source: String = source
        .replace('\t', "    ")
        .chars()
        .filter(|character| *character == '\n' || sanitize::is_printable(*character))
        .collect();
    let mut lines = Lines { lines: vec![Line::default()] };
    let mut end = 0;
    for token in tokens(&source) {
        let style = style(token.kind, theme);
        lines.push(&source[end..token.range.start], Style::default());
        lines.push(&source[token.range.clone()], style);
        end = token.range.end;
    }
    lines.push(&source[end..], Style::default());
    lines.lines
}

/// Returns how a piece of source looks.
pub(crate) fn style(kind: TokenKind, theme: Theme) -> Style {
    match kind {
        TokenKind::Keyword => theme.keyword(),
        TokenKind::String => theme.string(),
        TokenKind::Number => theme.number(),
        TokenKind::Comment => theme.comment(),
        TokenKind::Open | TokenKind::Close | TokenKind::Name | TokenKind::Other => Style::default(),
    }
}

struct Lines {
    lines: Vec<Line<'static>>,
}

impl Lines {
    fn push(&mut self, text: &str, style: Style) {
        for (place, part) in text.split('\n').enumerate() {
            if place > 0 {
                self.lines.push(Line::default());
            }
            if let (false, Some(line)) = (part.is_empty(), self.lines.last_mut()) {
                line.spans.push(Span::styled(part.to_owned(), style));
            }
        }
    }
}
