//! The session: cells with what they printed, fills, orders, verbs and the log.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::app::App;
use crate::wrap;

const EMPTY: &str =
    "Python of the running strategy: ctx, S, portfolio(), orders(). Everyone attached sees what you run.";

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let (columns, rows) = (usize::from(area.width), usize::from(area.height));
    if columns == 0 || rows == 0 {
        return;
    }
    let mut lines = app.transcript.visible(columns, rows);
    if !app.transcript.has_cells() {
        // What could be done here, below what there is.
        let text = if app.mirror.state.is_some() { EMPTY } else { "Waiting for the session…" };
        let hint = wrap::wrap_words(&Line::styled(text, app.theme.quiet()), columns, 0);
        if lines.len() + hint.len() <= rows {
            lines.extend(hint);
        }
    }
    frame.render_widget(Paragraph::new(lines), area);
}
