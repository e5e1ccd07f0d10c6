//! What the strategy shows of itself: published values, lines and tables, its parameters, actions and callbacks.

use qubx_protocol::PublishedContent;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::plot;
use super::table::{self, Focus, Places};
use crate::app::App;
use crate::format;
use crate::table::{Row, RowKey, TableView};
use crate::tables::published;
use crate::wrap;

/// Rows of a published table that are shown among the rest; all of them are a key away.
const PREVIEW_ROWS: usize = 6;
/// The columns of a small line.
const SPARK: usize = 24;

/// A line, and the row that it belongs to.
pub(crate) type Item = (Option<RowKey>, Line<'static>);

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect, focus: Focus) {
    let view = app.view(crate::panel::Panel::Strategy);
    let overview = published::overview(app);
    let Places { filter, .. } = table::places(area, &view, focus.typing);
    // Sorted, it is a table like the others; in its own order, it has headings and shows what is in the tables.
    if view.sort.is_some() || overview.rows.is_empty() || view.rows(&overview).is_empty() {
        table::draw(app, frame, area, &overview, &view, focus);
        return;
    }
    table::draw_filter(app, frame, filter, &overview, &view, focus.typing);
    let area = Rect { height: area.height - filter.height, ..area };
    let items = items(app, &view, focus, usize::from(area.width));
    let first = first(&view, &items, usize::from(area.height));
    let lines: Vec<Line<'static>> =
        items.into_iter().skip(first).take(usize::from(area.height)).map(|(_, line)| line).collect();
    frame.render_widget(Paragraph::new(lines), area);
}

/// Returns the first line in view.
pub(crate) fn first(view: &TableView, items: &[Item], height: usize) -> usize {
    let is_selected = |(key, _): &Item| key.is_some() && *key == view.selected;
    let last = items.iter().rposition(is_selected);
    // The heading above the first row comes into view with it.
    let from = items.iter().position(is_selected).map(|line| if line == 1 { 0 } else { line });
    let top = view.top.min(items.len().saturating_sub(height));
    match (from, last) {
        (Some(from), Some(last)) if !view.scrolled => {
            top.clamp((last + 1).saturating_sub(height).min(from), from)
        }
        _ => top,
    }
}

/// Returns all lines in their order.
pub(crate) fn items(app: &App, view: &TableView, focus: Focus, columns: usize) -> Vec<Item> {
    let overview = published::overview(app);
    let mut items: Vec<Item> = Vec::new();
    let mut section = "";
    let names =
        overview.rows.iter().filter_map(|row| row.fields.get(1)).map(|field| wrap::width(&field.text));
    let name_columns = names.max().unwrap_or_default().clamp(8, (columns / 3).clamp(8, 24));
    for row in view.rows(&overview) {
        let heading = heading(row);
        if heading != section {
            if !items.is_empty() {
                items.push((None, Line::default()));
            }
            section = heading;
            items.push((None, heading_line(app, heading)));
        }
        let selected = focus.keys && view.selected.as_ref() == Some(&row.key);
        items.push((Some(row.key.clone()), line(app, row, selected, columns, name_columns)));
        items.extend(preview(app, row, columns).into_iter().map(|line| (Some(row.key.clone()), line)));
    }
    items
}

fn heading(row: &Row) -> &'static str {
    match row.fields.first().map(|field| field.text.as_str()) {
        Some("value") => "Values",
        Some("series") => "Lines",
        Some("table") => "Tables",
        Some("parameter") => "Parameters",
        Some("action") => "Actions",
        _ => "Callbacks",
    }
}

fn heading_line(app: &App, heading: &'static str) -> Line<'static> {
    let mut spans = vec![Span::styled(format!(" {heading}"), app.theme.strong())];
    let quiet = app.theme.quiet();
    match heading {
        "Actions" => spans.push(Span::styled("  ⏎ what it does and takes", quiet)),
        "Tables" => spans.push(Span::styled("  ⏎ all of it", quiet)),
        "Lines" => spans.push(Span::styled("  ⏎ the chart", quiet)),
        "Callbacks" => {
            if let Some(strategy) = &app.mirror.latest.strategy {
                spans.push(Span::styled(format!("  {} waiting", strategy.backlog), quiet));
                if let Some(since) = strategy.busy_since {
                    let busy = format::stopwatch(format::between(since, app.now.wall));
                    spans.push(Span::styled(format!(" · busy {busy}"), app.theme.attention()));
                }
            }
        }
        _ => {}
    }
    Line::from(spans)
}

fn line(app: &App, row: &Row, selected: bool, columns: usize, name_columns: usize) -> Line<'static> {
    let text = |place: usize| row.fields.get(place).map_or("", |field| field.text.as_str());
    let padded = |text: &str, width: usize| {
        let text = wrap::cut(text, width);
        format!("{text}{}", " ".repeat(width.saturating_sub(wrap::width(&text))))
    };
    let mut spans = vec![Span::raw(if selected { " › " } else { "   " })];
    spans.push(Span::raw(padded(text(1), name_columns)));
    // Which instrument it is of, or what kind of value it takes.
    let of_columns = if columns >= 44 { 10 } else { 0 };
    if of_columns > 0 {
        spans.push(Span::styled(format!(" {}", padded(text(2), of_columns)), app.theme.quiet()));
    }
    let age = wrap::cut(text(4), 5);
    let used = 3 + name_columns + if of_columns > 0 { of_columns + 1 } else { 0 };
    let room = columns.saturating_sub(used + 2 + if age.is_empty() { 0 } else { wrap::width(&age) + 1 });
    let spark = match &row.key {
        RowKey::Published(name, instrument) if text(0) == "series" => {
            let points = app.series.points(name, instrument.as_ref());
            let values: Vec<f64> = points.iter().filter_map(|point| point.value).collect();
            plot::spark(&values, SPARK.min(room.saturating_sub(wrap::width(text(3)) + 1)))
        }
        _ => String::new(),
    };
    if !spark.is_empty() {
        spans.push(Span::styled(format!(" {spark}"), app.theme.label()));
    }
    let left = room.saturating_sub(if spark.is_empty() { 0 } else { wrap::width(&spark) + 1 });
    let style = row.fields.get(3).map(|field| table::style(field.tone, app.theme)).unwrap_or_default();
    spans.push(Span::styled(format!(" {}", wrap::cut(text(3), left)), style));
    let mut line = Line::from(spans);
    let padding = columns.saturating_sub(line.width() + wrap::width(&age) + 1);
    line.push_span(Span::styled(format!("{}{age} ", " ".repeat(padding)), app.theme.quiet()));
    if selected { line.patch_style(app.theme.selected()) } else { line }
}

/// Returns the first rows of a published table.
fn preview(app: &App, row: &Row, columns: usize) -> Vec<Line<'static>> {
    let RowKey::Published(name, instrument) = &row.key else { return Vec::new() };
    let Some(shown) = published::find(app, name, instrument.as_ref()) else { return Vec::new() };
    if !matches!(shown.content, PublishedContent::Table { .. }) {
        return Vec::new();
    }
    let Some(table) = published::table(&shown.content) else { return Vec::new() };
    let view = TableView::default();
    let room = columns.saturating_sub(4);
    let places = view.columns(&table, room);
    let indent = |line: Line<'static>| {
        let style = line.style;
        let mut spans = vec![Span::raw("    ")];
        spans.extend(line.spans);
        Line::from(spans).style(style)
    };
    let mut lines = vec![indent(table::header(&table, &view, &places, app.theme))];
    lines.extend(
        table
            .rows
            .iter()
            .take(PREVIEW_ROWS)
            .map(|row| indent(table::line(&table, row, &places, false, room, app.theme))),
    );
    if table.rows.len() > PREVIEW_ROWS {
        let more = format::count(table.rows.len() - PREVIEW_ROWS, "more row");
        lines.push(Line::styled(format!("     … {more}"), app.theme.quiet()));
    }
    lines
}
