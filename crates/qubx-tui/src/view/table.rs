//! Tables whose columns never move: fixed widths, digits to the right, and columns that go when there is no room.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::app::App;
use crate::table::{Column, Row, Table, TableView, Tone};
use crate::theme::Theme;
use crate::{sanitize, wrap};

/// Whether a table has the keys, and whether its filter is being typed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Focus {
    pub(crate) keys: bool,
    pub(crate) typing: bool,
}

/// The parts of a table's place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places {
    pub(crate) header: Rect,
    pub(crate) rows: Rect,
    /// The filter's line; without height while there is no filter.
    pub(crate) filter: Rect,
}

/// Returns the parts of a table's place.
pub(crate) fn places(area: Rect, view: &TableView, typing: bool) -> Places {
    let filter = u16::from((typing || !view.filter.is_empty()) && area.height > 1);
    let header = area.height.min(1);
    let rows = area.height - header - filter;
    Places {
        header: Rect { height: header, ..area },
        rows: Rect { y: area.y + header, height: rows, ..area },
        filter: Rect { y: area.y + header + rows, height: filter, ..area },
    }
}

/// Draws a table, or what is said when it has no rows.
pub(super) fn draw(
    app: &App,
    frame: &mut Frame<'_>,
    area: Rect,
    table: &Table,
    view: &TableView,
    focus: Focus,
) {
    let theme = app.theme;
    let places = places(area, view, focus.typing);
    draw_filter(app, frame, places.filter, table, view, focus.typing);
    let rows = view.rows(table);
    if rows.is_empty() {
        let text = if table.rows.is_empty() {
            table.empty.clone()
        } else {
            format!("No row has “{}”.", sanitize::plain(&view.filter))
        };
        let columns = usize::from(area.width).max(1);
        let lines = wrap::wrap_words(&Line::raw(format!(" {text}")), columns, 1);
        let area = Rect { height: area.height - places.filter.height, ..area };
        frame.render_widget(Paragraph::new(lines).style(theme.quiet()), area);
        return;
    }
    let columns = view.columns(table, usize::from(area.width));
    frame.render_widget(header(table, view, &columns, theme), places.header);
    let selected = view.selected_place(&rows).filter(|_| focus.keys);
    let height = usize::from(places.rows.height);
    let first = view.first(rows.len(), view.selected_place(&rows), height);
    let lines: Vec<Line<'static>> = rows
        .iter()
        .enumerate()
        .skip(first)
        .take(height)
        .map(|(place, row)| {
            line(table, row, &columns, selected == Some(place), usize::from(area.width), theme)
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), places.rows);
}

/// Returns the line of titles; the one that the table is sorted by has its direction before it.
pub(super) fn header(
    table: &Table,
    view: &TableView,
    columns: &[(usize, usize, usize)],
    theme: Theme,
) -> Line<'static> {
    let mut spans = Vec::with_capacity(columns.len());
    for &(place, _, width) in columns {
        let column = &table.columns[place];
        let mark = match view.sort {
            Some(sort) if sort.column == place => {
                if sort.descending {
                    "▼"
                } else {
                    "▲"
                }
            }
            _ => "",
        };
        let title = sanitize::plain(&column.title);
        let text = if column.left {
            format!("{}{}", if mark.is_empty() { " " } else { mark }, aligned(&title, width, true))
        } else {
            aligned(&format!("{mark}{title}"), width + 1, false)
        };
        let style = if mark.is_empty() { Style::default() } else { theme.strong() };
        spans.push(Span::styled(text, style));
    }
    Line::from(spans).style(theme.quiet())
}

/// Returns a row as a line.
pub(super) fn line(
    table: &Table,
    row: &Row,
    columns: &[(usize, usize, usize)],
    selected: bool,
    room: usize,
    theme: Theme,
) -> Line<'static> {
    let mut spans = Vec::with_capacity(columns.len() + 1);
    for (order, &(place, _, width)) in columns.iter().enumerate() {
        let mark = match (order, selected, row.old) {
            (0, true, _) => "›",
            // What is old is marked also where there is no colour and no room for its age.
            (0, false, true) => "⚠",
            _ => " ",
        };
        spans.push(Span::raw(mark));
        let Some(field) = row.fields.get(place) else {
            spans.push(Span::raw(" ".repeat(width)));
            continue;
        };
        let left = table.columns.get(place).is_some_and(|column: &Column| column.left);
        spans.push(Span::styled(aligned(&field.text, width, left), style(field.tone, theme)));
    }
    let mut line = Line::from(spans);
    if row.old {
        line = Line::from(Span::styled(line.to_string(), theme.quiet()));
    }
    if selected || row.flash {
        let padding = room.saturating_sub(line.width());
        line.push_span(Span::raw(" ".repeat(padding)));
    }
    if row.flash {
        line = line.patch_style(theme.flash());
    }
    if selected {
        line = line.patch_style(theme.selected());
    }
    line
}

/// Returns the style of a tone.
pub(super) fn style(tone: Tone, theme: Theme) -> Style {
    match tone {
        Tone::Plain => Style::default(),
        Tone::Gain => theme.gain(),
        Tone::Loss => theme.loss(),
        Tone::Quiet => theme.quiet(),
        Tone::Attention => theme.attention(),
    }
}

pub(super) fn draw_filter(
    app: &App,
    frame: &mut Frame<'_>,
    area: Rect,
    table: &Table,
    view: &TableView,
    typing: bool,
) {
    if area.height == 0 {
        return;
    }
    let counted = format!("{} of {} ", view.rows(table).len(), table.rows.len());
    let room = usize::from(area.width).saturating_sub(counted.len() + 4);
    let cursor = if typing { "▌" } else { "" };
    let text = wrap::cut(&sanitize::plain(&view.filter), room);
    let style = if typing { app.theme.focus() } else { app.theme.attention() };
    frame
        .render_widget(Line::styled(format!(" /{text}{cursor}"), style.remove_modifier(Modifier::DIM)), area);
    let right = Line::styled(counted, app.theme.quiet()).right_aligned();
    let width = u16::try_from(right.width()).unwrap_or(u16::MAX).min(area.width);
    frame.render_widget(right, Rect { x: area.right() - width, width, ..area });
}

fn aligned(text: &str, width: usize, left: bool) -> String {
    let text = wrap::cut(text, width);
    let padding = " ".repeat(width.saturating_sub(wrap::width(&text)));
    if left { format!("{text}{padding}") } else { format!("{padding}{text}") }
}
