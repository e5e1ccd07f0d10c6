//! Which panel is where: what is drawn and what the mouse points at follow from the same places.
//!
//! Beside the session stand positions, orders, market and equity. A panel that has no place of its own takes the
//! lower part of that stack when somebody goes to it, and keeps it until they go to another one of there; positions
//! and orders never move.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Block;

use super::{Regions, has_keys, pane_title, regions, tabs, title_style};
use crate::app::App;
use crate::facts;
use crate::layout::{self, Room};
use crate::panel::Panel;

/// A panel and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pane {
    pub(crate) panel: Panel,
    /// Its frame, which it may share lines of with its neighbours; none where it has none.
    pub(crate) frame: Option<Rect>,
    /// What is in the frame.
    pub(crate) inner: Rect,
    /// Whether the frame names the panels that could be there too.
    pub(crate) tabbed: bool,
}

impl Pane {
    fn framed(panel: Panel, frame: Rect) -> Self {
        Self { panel, frame: Some(frame), inner: layout::inside(frame), tabbed: false }
    }

    fn bare(panel: Panel, inner: Rect) -> Self {
        Self { panel, frame: None, inner, tabbed: false }
    }
}

/// Returns the panels that are seen, and where.
pub(crate) fn panes(app: &App) -> Vec<Pane> {
    let regions = regions(app);
    let room = app.room();
    if room == Room::Minimal {
        return Vec::new();
    }
    if room <= Room::Compact {
        return vec![Pane::bare(app.shown_panel(), regions.main)];
    }
    if app.zoomed {
        return vec![Pane::framed(app.panel, middle(regions))];
    }
    let mut panes = vec![Pane::framed(app.main, regions.main)];
    if room == Room::Medium {
        panes.push(Pane { tabbed: true, ..Pane::framed(app.table, regions.tables) });
    } else {
        panes.extend(stack(app, regions.tables));
    }
    panes
}

/// Returns the whole place of the panels.
pub(crate) fn middle(regions: Regions) -> Rect {
    regions.main.union(regions.tables)
}

fn stack(app: &App, area: Rect) -> Vec<Pane> {
    let [positions, orders, market, equity] =
        layout::stack(area.height, facts::instruments(&app.mirror).len());
    let mut wanted = vec![(Panel::Positions, positions), (Panel::Orders, orders)];
    match app.lower {
        Panel::Market => {
            wanted.push((Panel::Market, market));
            if equity > 0 {
                wanted.push((Panel::Equity, equity));
            }
        }
        Panel::Equity if equity > 0 => wanted.extend([(Panel::Market, market), (Panel::Equity, equity)]),
        other => wanted.push((other, market + if equity > 0 { equity + 1 } else { 0 })),
    }
    let mut y = area.y;
    let mut panes = Vec::with_capacity(wanted.len());
    for (panel, rows) in wanted {
        let height = (rows + 2).min(area.bottom().saturating_sub(y));
        panes.push(Pane::framed(panel, Rect::new(area.x, y, area.width, height)));
        // The lower line of a frame is the upper one of the next.
        y += rows + 1;
    }
    panes
}

/// Draws the frames with their titles.
pub(super) fn draw_frames(app: &App, frame: &mut Frame<'_>, panes: &[Pane]) {
    let is_focused = |pane: &Pane| has_keys(app, pane.panel);
    let (focused, others): (Vec<&Pane>, Vec<&Pane>) = panes.iter().partition(|pane| is_focused(pane));
    for pane in others.into_iter().chain(focused) {
        let Some(area) = pane.frame else { continue };
        let style = if is_focused(pane) { app.theme.focus() } else { app.theme.quiet() };
        frame.render_widget(Block::bordered().border_style(style), area);
    }
    for (upper, lower) in panes.iter().zip(panes.iter().skip(1)) {
        join(frame, upper.frame, lower.frame);
    }
    for pane in panes {
        let Some(area) = pane.frame else { continue };
        let line = Rect::new(area.x + 1, area.y, area.width.saturating_sub(2), area.height.min(1));
        let (left, right) = if pane.tabbed {
            (tabs::line(app, pane.panel, usize::from(line.width)), Line::default())
        } else {
            pane_title(app, pane.panel, title_style(app, pane.panel))
        };
        let room = usize::from(line.width);
        // A line colours all that it is given, so it gets its own width.
        let width = u16::try_from(right.width()).unwrap_or(u16::MAX);
        if width > 0 && left.width() + right.width() < room {
            frame.render_widget(right, Rect { x: line.right() - width, width, ..line });
        }
        let width = u16::try_from(left.width()).unwrap_or(u16::MAX).min(line.width);
        frame.render_widget(left, Rect { width, ..line });
    }
}

/// Makes one line of the two that meet where a frame stands on another one.
fn join(frame: &mut Frame<'_>, upper: Option<Rect>, lower: Option<Rect>) {
    let (Some(upper), Some(lower)) = (upper, lower) else { return };
    if lower.y + 1 != upper.bottom() || lower.x != upper.x || lower.width != upper.width {
        return;
    }
    for (x, corner) in [(lower.x, "├"), (lower.right().saturating_sub(1), "┤")] {
        if let Some(cell) = frame.buffer_mut().cell_mut((x, lower.y)) {
            cell.set_symbol(corner);
        }
    }
}
