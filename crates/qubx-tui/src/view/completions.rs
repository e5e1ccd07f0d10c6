//! The list of completions above the prompt.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Clear, Paragraph};

use crate::app::{App, Popup};
use crate::{sanitize, wrap};

/// Completions seen at once.
const POPUP_ROWS: usize = 8;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, at: Position) {
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
