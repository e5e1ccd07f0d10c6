//! The list of a table's columns, to choose from.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, Clear, Paragraph};

use crate::app::App;
use crate::layout::inside;
use crate::{sanitize, wrap};

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, middle: Rect) {
    let (Some(cursor), Some(table)) = (app.picker, app.current_table()) else { return };
    let hidden = match &app.detail {
        Some(detail) => detail.view.hidden.clone(),
        None => app.view(app.panel).hidden,
    };
    let names: Vec<String> = table
        .columns
        .iter()
        .enumerate()
        .map(|(place, column)| {
            let mark = if hidden.contains(&place) { "[ ]" } else { "[x]" };
            format!(" {mark} {} ", sanitize::plain(&column.title))
        })
        .collect();
    let widest = names.iter().map(|name| wrap::width(name)).max().unwrap_or_default().max(11) + 2;
    let width = u16::try_from(widest).unwrap_or(u16::MAX).min(middle.width);
    let height = u16::try_from(names.len() + 2).unwrap_or(u16::MAX).min(middle.height);
    let area = Rect::new(middle.right() - width, middle.y, width, height);
    let inner = inside(area);
    let skip = (cursor + 1).saturating_sub(usize::from(inner.height));
    let lines: Vec<Line<'static>> = names
        .into_iter()
        .enumerate()
        .skip(skip)
        .take(usize::from(inner.height))
        .map(|(place, name)| {
            let line = Line::raw(format!("{name:<width$}", width = usize::from(inner.width)));
            if place == cursor { line.style(app.theme.selected()) } else { line }
        })
        .collect();
    frame.render_widget(Clear, area);
    let title = Line::styled(" Columns ", app.theme.focus());
    frame.render_widget(Block::bordered().border_style(app.theme.focus()).title(title), area);
    frame.render_widget(Paragraph::new(lines), inner);
}
