//! Exceptions, of cells and of the strategy, with their tracebacks.

use jiff::Timestamp;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{GUTTER, Look, printed, stamped, texts};
use crate::theme::Theme;
use crate::transcript::entry::Tone;
use crate::transcript::fold;
use crate::transcript::output::Output;
use crate::{sanitize, wrap};

/// Returns an exception of the strategy: the exception, and below it where it was raised.
pub(in crate::transcript) fn strategy_error(
    time: Timestamp,
    output: &Output,
    open: bool,
    columns: usize,
    look: Look,
) -> Vec<Line<'static>> {
    let Output::Error { name, value, traceback } = output else { return Vec::new() };
    let headline = sanitize_lines(&format!("strategy  {name}: {value}"));
    let mut lines: Vec<Line<'static>> = headline.lines().map(|line| Line::raw(line.to_owned())).collect();
    lines.extend(frames(name, traceback, open, look.theme));
    stamped(time, "ERROR", Tone::Loss, lines, columns, look)
}

/// Returns the traceback, then the exception, which says most and is therefore last and emphasised.
pub(super) fn error(
    name: &str,
    value: &str,
    traceback: &str,
    open: bool,
    columns: usize,
    theme: Theme,
) -> Vec<Line<'static>> {
    let mut rows = Vec::new();
    for line in frames(name, traceback, open, theme) {
        for row in wrap::wrap(&line, columns.saturating_sub(GUTTER).max(1), 0) {
            let mut spans = vec![Span::raw(" ".repeat(GUTTER.min(columns)))];
            spans.extend(row.spans);
            rows.push(Line { spans, ..line.clone() });
        }
    }
    let style = theme.loss().patch(theme.strong());
    rows.extend(printed(&sanitize_lines(&format!("{name}: {value}")), style, columns, theme));
    rows
}

/// Returns the lines of a traceback before the exception itself: all of them, or the last frame.
fn frames(name: &str, traceback: &str, open: bool, theme: Theme) -> Vec<Line<'static>> {
    if traceback.is_empty() {
        return Vec::new();
    }
    let mut lines = sanitize::styled(traceback, Style::default(), theme.color);
    // A traceback ends with the exception itself; IPython's headline begins with the name too.
    let is_exception = |line: &Line<'_>| {
        let text = line.to_string();
        let class = text.split(':').next().unwrap_or_default().trim_end();
        !text.starts_with(' ') && class.ends_with(name)
    };
    if let Some(place) = lines.iter().rposition(is_exception) {
        lines.truncate(place);
    }
    while lines.last().is_some_and(|line| line.width() == 0) {
        lines.pop();
    }
    match fold::last_frame(&texts(&lines)) {
        Some(kept) if !open => {
            let hidden = lines.len() - kept.len();
            let mut shown: Vec<Line<'static>> = kept.into_iter().map(|place| lines[place].clone()).collect();
            shown.push(fold::mark(hidden, 0, theme));
            shown
        }
        _ => lines,
    }
}

/// Returns text without colours of its own; its lines stay.
fn sanitize_lines(text: &str) -> String {
    sanitize::styled(text, Style::default(), false).iter().map(Line::to_string).collect::<Vec<_>>().join("\n")
}
