//! The palette: what is typed, and the commands that fit it with their keys.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use crate::app::App;
use crate::layout::inside;
use crate::palette::{Item, items};
use crate::wrap;

/// The palette is at most this wide.
const COLUMNS: u16 = 72;
/// Commands seen at once, at most.
const ROWS: u16 = 12;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>) {
    let Some(palette) = &app.palette else { return };
    let screen = frame.area();
    let items = items(app, &palette.typed);
    let width = screen.width.saturating_sub(2).min(COLUMNS);
    // The box keeps its height while the list gets shorter, so that nothing jumps under the eye.
    let height = screen.height.min(ROWS + 3);
    let top = (screen.height - height) / 4;
    let area = Rect::new((screen.width - width) / 2, top, width, height);
    let count = format!(" {} ", items.len());
    frame.render_widget(Clear, area);
    let block = Block::bordered()
        .border_style(app.theme.focus())
        .title(Line::styled(" Commands ", app.theme.focus()))
        .title(Line::styled(count, app.theme.quiet()).right_aligned())
        .title_bottom(Line::styled(" ⏎ run · ↑↓ choose · esc close ", app.theme.quiet()).right_aligned());
    frame.render_widget(block, area);
    let inner = inside(area);
    let columns = usize::from(inner.width);
    let rows = usize::from(inner.height.saturating_sub(1));
    let mut lines =
        vec![Line::from(vec![Span::styled(" › ", app.theme.key()), Span::raw(palette.typed.clone())])];
    let cursor = lines[0].width().min(columns.saturating_sub(1));
    if items.is_empty() {
        lines.push(Line::styled(" No command has these letters.", app.theme.quiet()));
    }
    let skip = (palette.selected + 1).saturating_sub(rows);
    for (place, item) in items.iter().enumerate().skip(skip).take(rows) {
        let line = line(app, item, columns);
        lines.push(if place == palette.selected { line.patch_style(app.theme.selected()) } else { line });
    }
    frame.render_widget(Paragraph::new(lines), inner);
    if inner.height > 0 && app.dialog.is_none() {
        frame.set_cursor_position(Position::new(inner.x + cursor as u16, inner.y));
    }
}

fn line(app: &App, item: &Item, columns: usize) -> Line<'static> {
    let key_width = wrap::width(&item.key);
    let room = columns.saturating_sub(key_width + 3);
    let title = wrap::cut(&item.title, room);
    let padding = columns.saturating_sub(wrap::width(&title) + key_width + 2);
    let mut spans = vec![Span::raw(" ")];
    for (place, character) in title.chars().enumerate() {
        let style = if item.places.contains(&place) { app.theme.key() } else { ratatui::style::Style::new() };
        spans.push(Span::styled(character.to_string(), style));
    }
    spans.push(Span::raw(" ".repeat(padding)));
    spans.push(Span::styled(item.key.clone(), app.theme.quiet()));
    spans.push(Span::raw(" "));
    Line::from(spans)
}
