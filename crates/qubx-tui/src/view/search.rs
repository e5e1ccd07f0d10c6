//! The search through what was run before: what is looked for in the place of the prompt, what was found above it, the
//! newest nearest, and the whole of the selected cell where it has several lines.

use std::ops::Range;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::highlight;
use crate::app::App;
use crate::layout::inside;
use crate::search::{self, Older, Past, Scope, Search};
use crate::theme::Theme;
use crate::{sanitize, wrap};

/// Columns of an author's name at most.
const AUTHOR: usize = 14;

/// Returns the row in which the query is typed, and its cursor.
pub(super) fn query_rows(app: &App, columns: usize) -> (Vec<Line<'static>>, (usize, usize)) {
    let Some(search) = &app.search else { return (Vec::new(), (0, 0)) };
    let label = match search.scope {
        Scope::Mine => " search mine: ",
        Scope::All => " search all: ",
    };
    let before = search.query.before_cursor();
    // The end of a long query is seen.
    let room = columns.saturating_sub(wrap::width(label) + 1);
    let mut skip = 0;
    while wrap::width(&before.chars().skip(skip).collect::<String>()) > room && skip < before.chars().count()
    {
        skip += 1;
    }
    let shown: String = search.query.text().chars().skip(skip).collect();
    let cursor = wrap::width(label) + wrap::width(&before.chars().skip(skip).collect::<String>());
    let line = Line::from(vec![Span::styled(label, app.theme.label()), Span::raw(shown)]);
    (vec![line], (0, cursor.min(columns - 1)))
}

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, prompt: Rect) {
    let Some(search) = &app.search else { return };
    if app.answer.is_some() {
        return;
    }
    // A third of what is above stays in view.
    let room = usize::from(prompt.y).min((usize::from(prompt.y) * 2 / 3).max(6)).saturating_sub(2);
    let columns = usize::from(prompt.width).saturating_sub(2);
    if room == 0 || columns < 10 {
        return;
    }
    let mut lines = preview(app, search, room, columns);
    lines.extend(found(app, search, room - lines.len(), columns));
    let height = lines.len() as u16 + 2;
    let area = Rect::new(prompt.x, prompt.y - height, prompt.width, height);
    frame.render_widget(Clear, area);
    frame.render_widget(
        Block::bordered()
            .border_style(app.theme.focus())
            .title(Line::styled(title(search), app.theme.focus())),
        area,
    );
    frame.render_widget(Paragraph::new(lines), inside(area));
}

fn title(search: &Search) -> String {
    let count = search.found().len();
    let place = if count == 0 { String::new() } else { format!(" {} of {count}", search.selected() + 1) };
    let whose = if search.scope == Scope::Mine { "my cells" } else { "all cells" };
    let older = match search.older() {
        Older::Asked => " · looking further back …".to_owned(),
        Older::Failed(why) => format!(" · older ones could not be had: {why}"),
        Older::Unknown | Older::None => String::new(),
    };
    format!(" {whose}{place}{older} ")
}

/// Returns the rows of what was found, as many as there is room for: the newest last, beside the query.
fn found(app: &App, search: &Search, room: usize, columns: usize) -> Vec<Line<'static>> {
    if search.found().len() == 0 {
        let text = match search.scope {
            _ if *search.older() == Older::Asked => " …",
            Scope::Mine => " no cell of mine has it; ^R looks at everybody's",
            Scope::All => " no cell has it",
        };
        return vec![Line::styled(wrap::cut(text, columns), app.theme.quiet())];
    }
    let first = (search.selected() + 1).saturating_sub(room);
    let query = search.query.text();
    let seen: Vec<(usize, &Past)> = search.found().enumerate().skip(first).take(room).collect();
    let widest = |(_, cell): &(usize, &Past)| wrap::width(&tag(cell));
    let author = match search.scope {
        Scope::Mine => None,
        Scope::All => Some(seen.iter().map(widest).max().unwrap_or_default()),
    };
    let row = |(place, cell): (usize, &Past)| {
        row(cell, &query, place == search.selected(), author, columns, app.theme)
    };
    seen.into_iter().rev().map(row).collect()
}

fn tag(cell: &Past) -> String {
    wrap::cut(&sanitize::plain(cell.author.as_str()), AUTHOR)
}

/// Returns a cell as one row: whose it is, and its first line.
fn row(
    cell: &Past,
    query: &str,
    selected: bool,
    author: Option<usize>,
    columns: usize,
    theme: Theme,
) -> Line<'static> {
    let mut spans = vec![Span::raw(if selected { "› " } else { "  " })];
    if let Some(width) = author {
        let tag = tag(cell);
        let padding = " ".repeat(width.saturating_sub(wrap::width(&tag)) + 1);
        spans.push(Span::styled(format!("{tag}{padding}"), theme.author()));
    }
    let used: usize = spans.iter().map(Span::width).sum();
    let (first, more) =
        cell.code.split_once('\n').map_or((cell.code.as_str(), ""), |(first, _)| (first, " …"));
    let shown = wrap::cut(&sanitize::plain(first), columns.saturating_sub(used + wrap::width(more)));
    spans.extend(marked(&shown, search::find(&shown, query), Style::default(), theme));
    spans.push(Span::styled(more, theme.quiet()));
    let line = Line::from(spans);
    if selected { line.style(theme.selected()) } else { line }
}

/// Returns the selected cell whole, when it is more than its row shows, and a line under it.
fn preview(app: &App, search: &Search, room: usize, columns: usize) -> Vec<Line<'static>> {
    let Some(chosen) = search.chosen().filter(|cell| cell.code.contains('\n')) else { return Vec::new() };
    let room = room.saturating_sub(search.found().len().min(room / 2) + 1);
    if room < 2 {
        return Vec::new();
    }
    let query = search.query.text();
    let lines = highlight::highlight(&chosen.code, app.theme);
    let at =
        lines.iter().position(|line| !query.is_empty() && search::find(&line.to_string(), &query).is_some());
    // What was found is among what is seen.
    let first = (at.unwrap_or_default() + 1).saturating_sub(room).min(lines.len().saturating_sub(room));
    let missing = lines.len().saturating_sub(first + room);
    let mut rows: Vec<Line<'static>> = lines
        .into_iter()
        .skip(first)
        .take(room)
        .map(|line| Line::from([vec![Span::raw("  ")], mark(line, &query, app.theme)].concat()))
        .collect();
    let rest = if missing > 0 { format!(" {missing} more lines ") } else { String::new() };
    let rule = "─".repeat(columns.saturating_sub(wrap::width(&rest)));
    rows.push(Line::styled(format!("{rule}{rest}"), app.theme.quiet()));
    rows
}

/// Marks what was found in a line that has styles.
fn mark(line: Line<'static>, query: &str, theme: Theme) -> Vec<Span<'static>> {
    let Some(found) = search::find(&line.to_string(), query).filter(|_| !query.is_empty()) else {
        return line.spans;
    };
    let mut start = 0;
    let part = |span: Span<'static>| {
        let end = start + span.content.len();
        let inside = found.start.clamp(start, end) - start..found.end.clamp(start, end) - start;
        start = end;
        marked(&span.content, Some(inside), span.style, theme)
    };
    line.spans.into_iter().flat_map(part).collect()
}

/// Returns a text whose part is marked.
fn marked(text: &str, found: Option<Range<usize>>, style: Style, theme: Theme) -> Vec<Span<'static>> {
    let Some(found) = found.filter(|found| !found.is_empty()) else {
        return vec![Span::styled(text.to_owned(), style)];
    };
    [
        (&text[..found.start], style),
        (&text[found.clone()], style.patch(theme.found())),
        (&text[found.end..], style),
    ]
    .into_iter()
    .filter(|(part, _)| !part.is_empty())
    .map(|(part, style)| Span::styled(part.to_owned(), style))
    .collect()
}
