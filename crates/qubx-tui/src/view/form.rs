//! The form for what an action of the strategy takes or what a parameter is set to: a line for each value.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use crate::app::App;
use crate::form::Purpose;
use crate::layout::inside;
use crate::{sanitize, wrap};

/// The form is at most this wide.
const COLUMNS: u16 = 72;
/// Columns for the names of parameters, at most.
const NAME: usize = 20;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>) {
    let Some(form) = &app.form else { return };
    let screen = frame.area();
    let width = screen.width.saturating_sub(2).min(COLUMNS);
    let columns = usize::from(width.saturating_sub(2)).max(1);
    let description = sanitize::plain(&form.description());
    let mut lines = wrap::wrap_words(&Line::raw(format!(" {description}")), columns, 1);
    if description.is_empty() {
        lines.clear();
    }
    lines.truncate(usize::from(screen.height / 3));
    let names: Vec<String> =
        form.parameters.iter().map(|parameter| wrap::cut(&sanitize::plain(&parameter.name), NAME)).collect();
    let name_width = names.iter().map(|name| wrap::width(name)).max().unwrap_or_default();
    let first_field = lines.len();
    let mut cursor = 0;
    for (place, (parameter, name)) in form.parameters.iter().zip(names).enumerate() {
        let is_here = place == form.field;
        let padding = " ".repeat(name_width - wrap::width(&name));
        let marker = if is_here { "›" } else { " " };
        let mut spans = vec![Span::styled(format!("{marker}{name}{padding}  "), app.theme.label())];
        let typed = &form.values[place];
        let room = columns.saturating_sub(name_width + 5).max(1);
        if typed.is_empty() {
            let default = match &parameter.default {
                Some(default) => format!("{} = {default}", sanitize::plain(&parameter.kind)),
                None => sanitize::plain(&parameter.kind),
            };
            spans.push(Span::styled(wrap::cut(&sanitize::plain(&default), room), app.theme.quiet()));
        } else {
            // The end is what is being typed.
            let skip = typed.chars().count().saturating_sub(room);
            spans.push(Span::raw(typed.chars().skip(skip).collect::<String>()));
        }
        let line = Line::from(spans);
        if is_here {
            cursor = if typed.is_empty() { name_width + 3 } else { line.width() };
        }
        lines.push(line);
    }
    if let Some(problem) = &form.problem {
        let text = Line::styled(format!(" {}", sanitize::plain(problem)), app.theme.loss());
        lines.extend(wrap::wrap_words(&text, columns, 1));
    }
    let height = (lines.len() as u16).saturating_add(2).min(screen.height);
    let area = Rect::new((screen.width - width) / 2, (screen.height - height) / 3, width, height);
    let title = format!(" {} ", sanitize::plain(&form.title()));
    frame.render_widget(Clear, area);
    let enter = match form.purpose {
        _ if !form.is_at_end() => "next",
        Purpose::Action(_) => "do it",
        Purpose::Parameter(_) => "set it",
    };
    let keys = format!(" ⏎ {enter} · ↑↓ choose · esc cancel ");
    let block = Block::bordered()
        .border_style(app.theme.focus())
        .title(Line::styled(title, app.theme.focus()))
        .title_bottom(Line::styled(keys, app.theme.quiet()).right_aligned());
    frame.render_widget(block, area);
    let inner = inside(area);
    // The field that is being typed stays in view.
    let row = first_field + form.field;
    let skip = (row + 1).saturating_sub(usize::from(inner.height));
    frame.render_widget(Paragraph::new(lines.into_iter().skip(skip).collect::<Vec<_>>()), inner);
    if inner.height > 0 && inner.width > 0 && app.dialog.is_none() {
        let column = (cursor as u16).min(inner.width - 1);
        frame.set_cursor_position(Position::new(inner.x + column, inner.y + (row - skip) as u16));
    }
}
