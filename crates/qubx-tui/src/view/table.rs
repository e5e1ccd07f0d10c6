//! Tables whose columns never move: fixed widths, digits to the right, and columns that go when there is no room.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::theme::Theme;
use crate::{sanitize, wrap};

/// The columns that the first column, the symbol, has at least.
const SYMBOL: usize = 8;

/// A column after the symbol.
pub(super) struct Column {
    pub(super) title: &'static str,
    pub(super) width: usize,
    pub(super) left: bool,
    /// Columns with the highest number go first; those with 0 stay.
    pub(super) importance: u8,
}

/// What one place of a row shows.
pub(super) struct Field {
    pub(super) text: String,
    pub(super) style: Style,
}

/// A row: its symbol, a field for each column, and whether it is older than it should be.
pub(super) struct Row {
    pub(super) symbol: String,
    pub(super) fields: Vec<Field>,
    pub(super) stale: bool,
}

impl Field {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), style: Style::default() }
    }

    pub(super) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style }
    }
}

/// Returns a column whose digits stand to the right.
pub(super) const fn right(title: &'static str, width: usize, importance: u8) -> Column {
    Column { title, width, left: false, importance }
}

/// Returns a column of words.
pub(super) const fn left(title: &'static str, width: usize, importance: u8) -> Column {
    Column { title, width, left: true, importance }
}

/// Draws a table, or `empty` when it has no rows.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    columns: &[Column],
    rows: &[Row],
    selected: Option<usize>,
    empty: &str,
    theme: Theme,
) {
    if rows.is_empty() {
        let lines: Vec<Line<'static>> =
            wrap::wrap_words(&Line::raw(format!(" {empty}")), usize::from(area.width).max(1), 1);
        frame.render_widget(Paragraph::new(lines).style(theme.quiet()), area);
        return;
    }
    let room = usize::from(area.width);
    let kept = fitting(columns, room);
    let used: usize = kept.iter().map(|place| columns[*place].width + 1).sum();
    let symbol = room.saturating_sub(used + 1).min(SYMBOL.max(16));
    let mut lines = Vec::with_capacity(usize::from(area.height));
    let mut header = vec![Span::raw(format!(" {:<symbol$}", "Symbol"))];
    header.extend(
        kept.iter().map(|place| Span::raw(format!(" {}", align(columns[*place].title, &columns[*place])))),
    );
    lines.push(Line::from(header).style(theme.quiet()));
    let height = usize::from(area.height).saturating_sub(1);
    // The selected row stays in view; otherwise the first rows do.
    let skip = selected.map_or(0, |row| (row + 1).saturating_sub(height));
    for (place, row) in rows.iter().enumerate().skip(skip).take(height) {
        let marker = if selected == Some(place) { "›" } else { " " };
        let name = wrap::cut(&sanitize::plain(&row.symbol), symbol);
        let padding = " ".repeat(symbol.saturating_sub(wrap::width(&name)));
        let mut spans = vec![Span::raw(format!("{marker}{name}{padding}"))];
        for column in &kept {
            if let Some(field) = row.fields.get(*column) {
                spans.push(Span::styled(format!(" {}", align(&field.text, &columns[*column])), field.style));
            }
        }
        let mut line = Line::from(spans);
        if row.stale {
            line = Line::from(Span::styled(line.to_string(), theme.quiet()));
        }
        if selected == Some(place) {
            line = line.patch_style(theme.selected());
        }
        lines.push(line);
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// Returns the columns that fit, in their order.
fn fitting(columns: &[Column], room: usize) -> Vec<usize> {
    let mut kept: Vec<usize> = (0..columns.len()).collect();
    loop {
        let used: usize = kept.iter().map(|place| columns[*place].width + 1).sum();
        let last = kept.iter().copied().max_by_key(|place| (columns[*place].importance, *place));
        match last {
            Some(place) if used + 1 + SYMBOL > room && columns[place].importance > 0 => {
                kept.retain(|kept| *kept != place);
            }
            _ => return kept,
        }
    }
}

fn align(text: &str, column: &Column) -> String {
    let text = wrap::cut(text, column.width);
    let padding = " ".repeat(column.width.saturating_sub(wrap::width(&text)));
    if column.left { format!("{text}{padding}") } else { format!("{padding}{text}") }
}
