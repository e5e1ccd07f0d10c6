//! The names of the panels where only one of them is seen.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{label, session, status, title_style};
use crate::app::App;
use crate::panel::Panel;
use crate::wrap;

/// Columns that are kept for what stands to the right of the names.
const RIGHT: usize = 13;

/// The name of a panel and where it stands in the line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tab {
    pub(crate) panel: Panel,
    pub(crate) start: usize,
    pub(crate) text: String,
}

/// Draws the line of names of a compact screen, with how the kernel is.
pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    if area.height == 0 {
        return;
    }
    let names = line(app, app.shown_panel(), room(area));
    let left = usize::from(area.width).saturating_sub(names.width() + 1);
    frame.render_widget(names, area);
    let right = match status::kernel(app) {
        _ if !app.transcript.follows(app.reading()) => {
            let text = session::following(app, app.reading());
            Line::styled(wrap::cut(&format!("{text} "), left), app.theme.quiet())
        }
        Some((kernel, style)) => Line::styled(format!("{} ", wrap::cut(&kernel, left)), style),
        None => Line::default(),
    };
    frame.render_widget(right.right_aligned(), area);
}

/// Returns the room that the names have in the line of a compact screen.
pub(crate) fn room(area: Rect) -> usize {
    usize::from(area.width).saturating_sub(RIGHT)
}

/// Returns the line of names.
pub(super) fn line(app: &App, shown: Panel, room: usize) -> Line<'static> {
    let mut spans = vec![Span::raw(" ")];
    for tab in tabs(app, shown, room) {
        let style = if tab.panel == shown { title_style(app, shown) } else { app.theme.quiet() };
        spans.push(Span::styled(tab.text, style));
        spans.push(Span::raw(" "));
    }
    Line::from(spans)
}

/// Returns the names that fit: whole, else short, else the last panels by their number alone.
///
/// Beside the session, it and the log have no name in the line.
pub(crate) fn tabs(app: &App, shown: Panel, room: usize) -> Vec<Tab> {
    let all: Vec<Panel> = Panel::ALL
        .into_iter()
        .filter(|panel| {
            !matches!(panel, Panel::Session | Panel::Log) || app.room() <= crate::layout::Room::Compact
        })
        .collect();
    let named = |panel: &Panel, place: usize, short: bool, names: usize| {
        if place < names || *panel == shown { label(app, *panel, short) } else { panel.number().to_string() }
    };
    let attempts = [
        (false, all.len()),
        (true, all.len()),
        (true, 6),
        (true, 5),
        (true, 4),
        (true, 3),
        (true, 2),
        (true, 0),
    ];
    let mut best = Vec::new();
    for (short, names) in attempts {
        best = place(&all, shown, |panel, place| named(panel, place, short, names));
        if best.last().is_none_or(|last| last.start + wrap::width(&last.text) < room) {
            break;
        }
    }
    best
}

fn place(panels: &[Panel], shown: Panel, name: impl Fn(&Panel, usize) -> String) -> Vec<Tab> {
    let mut start = 1;
    let mut tabs = Vec::with_capacity(panels.len());
    for (place, panel) in panels.iter().enumerate() {
        let name = name(panel, place);
        let text = if *panel == shown { format!("[{name}]") } else { format!("{name} ") };
        let wide = wrap::width(&text) + 1;
        tabs.push(Tab { panel: *panel, start, text });
        start += wide;
    }
    tabs
}
