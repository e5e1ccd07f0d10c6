//! The equity over time, with its deepest fall.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::plot::{self, Point};
use crate::app::App;
use crate::equity::{self, RANGES};
use crate::layout::Room;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let mut area = area;
    if app.room() <= Room::Compact && area.height > 1 {
        // Without a frame, what stands in its title has a line of its own.
        let mut line = ranges(app);
        line.spans.insert(0, Span::raw(" "));
        frame.render_widget(line, Rect { height: 1, ..area });
        let right = fall(app).right_aligned();
        frame.render_widget(
            right,
            Rect { x: area.x + area.width / 2, width: area.width - area.width / 2, height: 1, ..area },
        );
        area = Rect { y: area.y + 1, height: area.height - 1, ..area };
    }
    let points = app.equity.points();
    let shown = equity::within(&points, RANGES[app.range].1);
    let (Some(first), Some(last)) = (shown.first(), shown.last()) else {
        frame.render_widget(Paragraph::new(" No equity is known yet.").style(app.theme.quiet()), area);
        return;
    };
    let line: Vec<Point> = shown.iter().map(|(time, value)| (*time, Some(*value))).collect();
    plot::draw(app, frame, area, &line, (first.0, last.0.max(first.0 + 1)));
}

/// Returns the stretches of time to choose from.
pub(super) fn ranges(app: &App) -> Line<'static> {
    let mut spans = Vec::with_capacity(RANGES.len());
    for (place, (name, _)) in RANGES.iter().enumerate() {
        let (text, style) = if place == app.range {
            (format!("[{name}] "), Style::default())
        } else {
            (format!("{name} "), app.theme.quiet())
        };
        spans.push(Span::styled(text, style));
    }
    Line::from(spans)
}

/// Returns how deep the equity fell in the stretch that is shown.
pub(super) fn fall(app: &App) -> Line<'static> {
    let points = app.equity.points();
    match equity::drawdown(equity::within(&points, RANGES[app.range].1)) {
        Some(fall) if fall > -0.005 => Line::styled("dd 0.00% ", app.theme.quiet()),
        Some(fall) => Line::styled(format!("dd −{:.2}% ", fall.abs()), app.theme.loss()),
        None => Line::default(),
    }
}

/// Returns the equity of the last day in a few columns, for the account's line.
pub(super) fn spark(app: &App, columns: usize) -> String {
    let points = app.equity.points();
    let values: Vec<f64> = equity::within(&points, RANGES[2].1).iter().map(|(_, value)| *value).collect();
    if values.len() < 2 { String::new() } else { plot::spark(&values, columns) }
}
