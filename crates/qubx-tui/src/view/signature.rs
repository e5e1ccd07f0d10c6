//! The box above the prompt that says what the thing at the cursor is.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::{highlight, regions};
use crate::app::App;
use crate::keymap::Context;
use crate::layout::inside;
use crate::signature::Signature;
use crate::wrap;

/// Rows of the signature at most; a longer one is cut.
const HEAD_ROWS: usize = 4;
/// Columns of the box at most: lines of documentation are written for fewer.
const COLUMNS: u16 = 100;

/// Returns how many lines of the documentation there is room for.
pub(crate) fn room(app: &App) -> usize {
    app.signature.as_ref().map_or(0, |signature| body_room(app, signature, regions(app).prompt))
}

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, prompt: Rect, cursor: Position) {
    let Some(signature) = app.signature.as_ref().filter(|_| app.keys_context() == Context::Input) else {
        return;
    };
    let columns = prompt.width.min(COLUMNS);
    let mut lines = head(app, signature, prompt);
    let (seen, more) = signature.seen(body_room(app, signature, prompt));
    let text_columns = usize::from(columns).saturating_sub(4);
    lines.extend(
        seen.iter()
            .map(|line| Line::styled(format!("┊ {}", wrap::cut(line, text_columns)), app.theme.quiet())),
    );
    let height = lines.len() as u16 + 2;
    if height > prompt.y || columns < 20 {
        return;
    }
    let widest = lines.iter().map(Line::width).max().unwrap_or_default().max(30);
    let width = u16::try_from(widest + 2).unwrap_or(columns).min(columns);
    let left = cursor.x.saturating_sub(1).min(prompt.width - width);
    let area = Rect::new(prompt.x + left, prompt.y - height, width, height);
    let keys = if more { " shift+tab more · esc closes " } else { " esc closes " };
    let mut block = Block::bordered().border_style(app.theme.quiet());
    if wrap::width(keys) + 2 <= usize::from(width) {
        block = block.title_bottom(Line::styled(keys, app.theme.quiet()).right_aligned());
    }
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    frame.render_widget(Paragraph::new(lines), inside(area));
}

/// Returns the rows of the signature, coloured.
fn head(app: &App, signature: &Signature, prompt: Rect) -> Vec<Line<'static>> {
    let columns = usize::from(prompt.width.min(COLUMNS)).saturating_sub(2).max(1);
    let code = highlight::highlight(&signature.head, app.theme);
    let mut rows: Vec<Line<'static>> =
        code.iter().flat_map(|line| wrap::wrap_words(line, columns, 4)).collect();
    if rows.len() > HEAD_ROWS {
        rows.truncate(HEAD_ROWS);
        if let Some(last) = rows.last_mut() {
            let kept = wrap::cut(&last.to_string(), columns - 1);
            *last = Line::from(Span::raw(format!("{}…", kept.trim_end_matches('…'))));
        }
    }
    rows.into_iter().map(|row| row.patch_style(app.theme.strong())).collect()
}

fn body_room(app: &App, signature: &Signature, prompt: Rect) -> usize {
    let head = head(app, signature, prompt).len();
    // Half of what is above stays in view.
    usize::from(prompt.y).saturating_sub(head + 2).min(usize::from(app.size.rows / 2))
}
