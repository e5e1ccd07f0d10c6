//! The prompt with its cursor, or what stands in its place.

pub(crate) mod code;

use qubx_protocol::Role;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::search;
use crate::answer::AnswerLine;
use crate::app::App;
use crate::keymap::Context;
use crate::update::asking::who_asks;
use crate::{sanitize, wrap};

/// The prompt laid out, once for each drawing.
pub(super) struct Rows {
    pub(super) rows: Vec<Line<'static>>,
    /// The row and the column of the cursor among them.
    cursor: (usize, usize),
}

/// Draws the prompt and returns where its cursor is.
pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, Rows { rows, cursor }: Rows) -> Position {
    // The row of the cursor stays in view.
    let skip = (cursor.0 + 1).saturating_sub(usize::from(area.height));
    let at = position(area, cursor, skip);
    frame.render_widget(Paragraph::new(rows.into_iter().skip(skip).collect::<Vec<_>>()), area);
    let takes_keys = (app.context == Context::Input || app.search.is_some())
        && !app.answer.as_ref().is_some_and(AnswerLine::is_sent);
    if takes_keys && !app.is_covered() && area.height > 0 {
        frame.set_cursor_position(at);
    }
    at
}

/// Returns the rows of the prompt, or of what stands in its place.
pub(super) fn rows(app: &App, columns: usize) -> Rows {
    let columns = columns.max(1);
    let (rows, cursor) = match &app.answer {
        _ if !app.has_prompt() => (without_prompt(app, columns), (0, 0)),
        Some(answer) => answer_rows(app, answer, columns),
        None if app.search.is_some() => search::query_rows(app, columns),
        None => {
            let rows = code::rows(app);
            (rows.lines.clone(), rows.cursor)
        }
    };
    Rows { rows, cursor }
}

/// Returns what those are told who have no prompt.
fn without_prompt(app: &App, columns: usize) -> Vec<Line<'static>> {
    let text = match app.options.role {
        Role::Viewer => " You are watching. Ask an admin for write access.",
        Role::Trader | Role::Admin => " You trade with the keys of the panels. Ask an admin for Python.",
    };
    wrap::wrap_words(&Line::styled(text, app.theme.quiet()), columns, 1)
}

/// Returns what a cell asks, and the answer as it is typed; a password as bullets.
fn answer_rows(app: &App, answer: &AnswerLine, columns: usize) -> (Vec<Line<'static>>, (usize, usize)) {
    let waits = app.mirror.state.as_ref().and_then(|state| state.input.as_ref());
    let prompt = waits.map_or_else(String::new, |waits| sanitize::plain(&waits.prompt));
    let is_password = waits.is_some_and(|waits| waits.password);
    let shown = |text: String| if is_password { "•".repeat(text.chars().count()) } else { text };
    // However much it asks, there must be room to answer.
    let prompt = wrap::cut(&prompt, columns.max(20));
    let gap = if prompt.is_empty() || prompt.ends_with(' ') { "" } else { " " };
    let spans = vec![
        Span::styled(format!(" {} asks: ", who_asks(app)), app.theme.label()),
        Span::styled(format!("{prompt}{gap}"), app.theme.attention()),
    ];
    let with = |text: String| {
        let mut spans = spans.clone();
        spans.push(Span::raw(text));
        spans
    };
    let before = wrap::wrap(&Line::from(with(shown(answer.text.before_cursor()))), columns, 1);
    let cursor = (before.len() - 1, before.last().map_or(0, Line::width).min(columns - 1));
    let mut spans = with(shown(answer.text.text()));
    if answer.is_sent() {
        spans.push(Span::styled("  sent…", app.theme.quiet()));
    }
    (wrap::wrap(&Line::from(spans), columns, 1), cursor)
}

fn position(area: Rect, (row, column): (usize, usize), skip: usize) -> Position {
    Position::new(area.x + column as u16, area.y + row.saturating_sub(skip) as u16)
}
