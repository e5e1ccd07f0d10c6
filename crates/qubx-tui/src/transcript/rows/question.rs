//! A question of a cell, and what it was told.

use ratatui::text::{Line, Span};

use super::GUTTER;
use crate::theme::Theme;
use crate::transcript::entry::{Cell, Phase};
use crate::transcript::output::Reply;
use crate::{sanitize, wrap};

/// Returns what a cell asked and what it was told. A password is never here to be shown.
pub(super) fn question(
    prompt: &str,
    password: bool,
    reply: &Reply,
    cell: &Cell,
    columns: usize,
    theme: Theme,
) -> Vec<Line<'static>> {
    let room = columns.saturating_sub(GUTTER).max(1);
    let mut lines = sanitize::styled(prompt, theme.attention(), theme.color);
    let mut last = lines.pop().unwrap_or_default();
    let (answer, note) = match reply {
        Reply::Awaited if matches!(cell.phase, Phase::Running { .. }) => {
            ("", "  waits for an answer".to_owned())
        }
        Reply::Awaited | Reply::Never => ("", "  no answer".to_owned()),
        Reply::Given { author, text } => {
            let answer = match text {
                Some(text) if !password => text.as_str(),
                _ if password => "••••",
                _ => "",
            };
            let someone_else = *author != cell.author || answer.is_empty();
            (
                answer,
                if someone_else {
                    format!("  ({})", sanitize::plain(author.as_str()))
                } else {
                    String::new()
                },
            )
        }
    };
    last.spans.push(Span::styled(sanitize::plain(answer), theme.strong()));
    last.spans.push(Span::styled(note, theme.quiet()));
    lines.push(last);
    let mut rows = Vec::new();
    for line in lines {
        for row in wrap::wrap(&line, room, 0) {
            let mut spans = vec![Span::raw(" ".repeat(GUTTER.min(columns)))];
            spans.extend(row.spans);
            rows.push(Line::from(spans));
        }
    }
    rows
}
