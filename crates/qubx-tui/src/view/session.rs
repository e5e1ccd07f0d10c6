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
    if app.transcript.is_empty() {
        let text = if app.mirror.state.is_some() { EMPTY } else { "Waiting for the session…" };
        frame.render_widget(
            Paragraph::new(wrap::wrap(&Line::raw(text), columns, 0)).style(app.theme.quiet()),
            area,
        );
        return;
    }
    frame.render_widget(Paragraph::new(app.transcript.visible(columns, rows)), area);
}
