//! The session and its log: cells with what they printed, fills, orders, verbs and lines of the log, below a row that says
//! what is left out of them.

use qubx_protocol::LogLevel;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::app::App;
use crate::format;
use crate::keymap::Context;
use crate::layout::Room;
use crate::panel::Panel;
use crate::transcript::View;
use crate::{sanitize, wrap};

const EMPTY: &str =
    "Python of the running strategy: ctx, S, portfolio(), orders(). Everyone attached sees what you run.";

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, view: View) {
    let (columns, rows) = (usize::from(area.width), usize::from(area.height));
    if columns == 0 || rows == 0 {
        return;
    }
    let mut lines = head(app, view, columns);
    lines.truncate(rows);
    let (head, rows) = (lines.len(), rows - lines.len());
    let visible = app.transcript.visible(view, columns, rows);
    lines.extend(visible.rows);
    if let Some(chosen) = visible.chosen.filter(|_| has_keys(app, view)) {
        let row = &mut lines[head + chosen];
        let padding = columns.saturating_sub(row.width());
        row.spans.push(Span::raw(" ".repeat(padding)));
        *row = std::mem::take(row).patch_style(app.theme.selected());
    }
    let hint = match view {
        View::Session if !app.transcript.has_cells() && app.mirror.state.is_some() => Some(EMPTY),
        _ if app.mirror.state.is_none() => Some("Waiting for the session…"),
        View::Log if lines.len() == head => Some("Nothing in the log yet."),
        _ => None,
    };
    if let Some(text) = hint.filter(|_| !app.transcript.filter(view).has_words()) {
        // What could be done here, below what there is.
        let hint = wrap::wrap_words(&Line::styled(text, app.theme.quiet()), columns, 0);
        if lines.len() + hint.len() <= rows + head {
            lines.extend(hint);
        }
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// Returns what stands above the entries: what the filter leaves out, and in the log what is wrong now.
pub(super) fn head(app: &App, view: View, columns: usize) -> Vec<Line<'static>> {
    let mut head = Vec::new();
    let filter = app.transcript.filter(view);
    let is_typed = app.filtering && app.reading() == view;
    // A small screen has no row for a filter that leaves nothing out but what nobody looks for.
    let is_needed = is_typed || !filter.text().is_empty() || filter.least() > LogLevel::Info;
    if app.room() >= Room::Medium || is_needed {
        head.push(filter_row(app, view, is_typed, columns));
    }
    if view == View::Log {
        for alarm in app.mirror.latest.alarms.iter().flatten() {
            let text = format!("{} ALARM {}  {}", format::clock(alarm.since), alarm.source, alarm.text);
            let text = wrap::cut(&sanitize::plain(&text), columns);
            head.push(Line::styled(text, app.theme.danger()));
        }
    }
    head
}

/// Returns the counters of the levels, `·` after those that are left out, the words, and how far the end is.
fn filter_row(app: &App, view: View, is_typed: bool, columns: usize) -> Line<'static> {
    let (quiet, counts, filter) = (app.theme.quiet(), app.transcript.counts(), app.transcript.filter(view));
    let mut spans = Vec::new();
    for (level, letter) in
        [(LogLevel::Error, 'E'), (LogLevel::Warning, 'W'), (LogLevel::Info, 'I'), (LogLevel::Debug, 'D')]
    {
        let count = counts.of(view, level);
        let is_hidden = level < filter.least();
        let style = match level {
            _ if count == 0 || is_hidden => quiet,
            LogLevel::Error => app.theme.loss(),
            LogLevel::Warning => app.theme.attention(),
            LogLevel::Info | LogLevel::Debug => quiet,
        };
        spans.push(Span::styled(format!("{letter}{count}{} ", if is_hidden { "·" } else { "" }), style));
    }
    let words = sanitize::plain(filter.text());
    if is_typed {
        spans.push(Span::styled(format!("  /{words}▌"), app.theme.strong()));
    } else if words.is_empty() {
        spans.push(Span::styled("  /filter", quiet));
    } else {
        spans.push(Span::styled(format!("  /{words}"), app.theme.attention()));
    }
    if filter.has_words() {
        let (shown, all) = app.transcript.shown(view);
        let number = |number: usize| format::number(number.into(), 0, format::Sign::Minus);
        spans.push(Span::styled(format!("  {} of {}", number(shown), number(all)), app.theme.attention()));
    }
    let left = Line::from(spans);
    let right = if app.room() >= Room::Medium { following(app, view) } else { String::new() };
    let gap = columns.saturating_sub(left.width() + wrap::width(&right));
    if right.is_empty() || gap < 1 {
        return left;
    }
    let mut spans = left.spans;
    spans.push(Span::raw(" ".repeat(gap)));
    spans.push(Span::styled(right, quiet));
    Line::from(spans)
}

/// Says whether the end is in view, and what has come since it was not.
pub(super) fn following(app: &App, view: View) -> String {
    if app.transcript.lacks_newest() {
        return "↓ newer · G".to_owned();
    }
    match (app.transcript.follows(view), app.transcript.unseen(view)) {
        (true, _) => "↧ following".to_owned(),
        (false, 0) => "scrolled up · G follows".to_owned(),
        (false, new) => format!("↓ {new} new · G"),
    }
}

/// Tells whether the keys act on the entries of this panel.
fn has_keys(app: &App, view: View) -> bool {
    let panel = match view {
        View::Session => Panel::Session,
        View::Log => Panel::Log,
    };
    app.context == Context::Panel && app.panel == panel
}
