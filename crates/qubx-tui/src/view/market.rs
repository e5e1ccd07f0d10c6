//! What is wrong with the feed, above the quotes.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;

use crate::app::App;
use crate::facts::Facts;
use crate::sanitize;

/// Returns the place of what is wrong with the feed, and what it leaves to the quotes.
pub(crate) fn places(app: &App, area: Rect) -> [Rect; 2] {
    let is_wrong = app.mirror.market().is_some_and(|market| market.feed_error.is_some());
    Layout::vertical([Constraint::Length(u16::from(is_wrong)), Constraint::Fill(1)]).areas(area)
}

/// Says what is wrong with the feed.
pub(super) fn draw_error(app: &App, frame: &mut Frame<'_>, area: Rect) {
    if let Some(error) = app.mirror.market().and_then(|market| market.feed_error.as_deref()) {
        frame.render_widget(
            Line::styled(format!(" ⚠ {}", sanitize::plain(error)), app.theme.attention()),
            area,
        );
    }
}
