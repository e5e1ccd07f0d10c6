//! The prompt with its cursor, and the list of completions above it.

use qubx_protocol::Role;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};

use super::highlight::highlight;
use crate::answer::AnswerLine;
use crate::app::{App, Popup};
use crate::keymap::Context;
use crate::update::asking::who_asks;
use crate::{sanitize, wrap};

/// Completions seen at once.
const POPUP_ROWS: usize = 8;

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
    let takes_keys = app.context == Context::Input && !app.answer.as_ref().is_some_and(AnswerLine::is_sent);
    if takes_keys && !app.is_covered() && area.height > 0 {
        frame.set_cursor_position(at);
    }
    at
}

/// Draws the list of completions above the cursor.
pub(super) fn draw_popup(app: &App, frame: &mut Frame<'_>, at: Position) {
    let Some(popup) = &app.popup else { return };
    let height = popup.matches.len().min(POPUP_ROWS).min(usize::from(at.y));
    let first = (popup.selected + 1).saturating_sub(height);
    let texts: Vec<(String, String)> = popup
        .matches
        .iter()
        .map(|found| {
            (wrap::cut(&sanitize::plain(&found.text), 40), wrap::cut(&sanitize::plain(&found.kind), 12))
        })
        .collect();
    let text_width = texts.iter().map(|(text, _)| wrap::width(text)).max().unwrap_or_default();
    let kind_width = texts.iter().map(|(_, kind)| wrap::width(kind)).max().unwrap_or_default();
    let width = (text_width + kind_width + 3).min(usize::from(frame.area().width));
    let left = at.x.min(frame.area().width.saturating_sub(width as u16));
    let box_area = Rect::new(left, at.y - height as u16, width as u16, height as u16);
    let lines: Vec<Line<'static>> = texts
        .into_iter()
        .enumerate()
        .skip(first)
        .take(height)
        .map(|(place, (text, kind))| popup_line(app, popup, place, &text, &kind, text_width, width))
        .collect();
    frame.render_widget(Clear, box_area);
    frame.render_widget(Paragraph::new(lines), box_area);
}

/// Returns the rows of the prompt, or of what stands in its place.
pub(super) fn rows(app: &App, columns: usize) -> Rows {
    let columns = columns.max(1);
    let (rows, cursor) = match &app.answer {
        _ if !app.has_prompt() => (without_prompt(app, columns), (0, 0)),
        Some(answer) => answer_rows(app, answer, columns),
        None => code_rows(app, columns),
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

/// Returns the code as it is typed.
fn code_rows(app: &App, columns: usize) -> (Vec<Line<'static>>, (usize, usize)) {
    let number = app.transcript.last_count().map_or_else(|| "·".to_owned(), |count| (count + 1).to_string());
    let label = format!(" {}In[{number}] ", app.prompt.mode());
    let indent = wrap::width(&label);
    let more = format!("{:>indent$}", "…: ");
    let (cursor_row, cursor_column) = app.prompt.cursor();
    let mut rows = Vec::new();
    let mut cursor = (0, indent);
    for (place, code) in highlight(&app.prompt.text(), app.theme).into_iter().enumerate() {
        let prefix = if place == 0 {
            Span::styled(label.clone(), app.theme.label())
        } else {
            Span::styled(more.clone(), app.theme.quiet())
        };
        if place == cursor_row {
            let before: String =
                app.prompt.rows().nth(place).unwrap_or_default().iter().take(cursor_column).collect();
            let before = wrap::wrap(&Line::from(vec![prefix.clone(), Span::raw(before)]), columns, indent);
            let last = before.last().map_or(0, Line::width);
            cursor = (rows.len() + before.len() - 1, last.min(columns - 1));
        }
        let mut spans = vec![prefix];
        spans.extend(code.spans);
        rows.extend(wrap::wrap(&Line::from(spans), columns, indent));
    }
    (rows, cursor)
}

fn position(area: Rect, (row, column): (usize, usize), skip: usize) -> Position {
    Position::new(area.x + column as u16, area.y + row.saturating_sub(skip) as u16)
}

fn popup_line(
    app: &App,
    popup: &Popup,
    place: usize,
    text: &str,
    kind: &str,
    text_width: usize,
    width: usize,
) -> Line<'static> {
    let padding = text_width - wrap::width(text);
    let line = format!(" {text}{} {kind}", " ".repeat(padding));
    let line = format!("{line}{}", " ".repeat(width.saturating_sub(wrap::width(&line))));
    let style = if place == popup.selected { app.theme.selected() } else { app.theme.popup() };
    Line::styled(line, style)
}
