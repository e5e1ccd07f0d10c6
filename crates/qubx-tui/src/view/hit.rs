//! What is at a place of the screen, for the mouse.

use ratatui::layout::Rect;

use super::table::{self, Focus};
use super::{detail, market, panes, regions, strategy, tabs};
use crate::app::App;
use crate::layout::{Room, contains};
use crate::panel::Panel;
use crate::table::{RowKey, Table, TableView};
use crate::tables;

/// What is at a place of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hit {
    /// The name of a panel that can be gone to.
    Tab(Panel),
    /// A panel, and what in it.
    Panel(Panel, Inside),
    /// What is looked at closely.
    Detail(Inside),
}

/// What is at a place of a panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Inside {
    /// The title of a column.
    Title(usize),
    Row(RowKey),
    Nothing,
}

/// Returns what is at a place; none outside of the panels.
pub(crate) fn at(app: &App, column: u16, row: u16) -> Option<Hit> {
    let regions = regions(app);
    if contains(regions.tabs, column, row) {
        let room = tabs::room(regions.tabs);
        return tab(app, app.shown_panel(), room, regions.tabs, column).map(Hit::Tab);
    }
    if app.room() == Room::Minimal {
        return None;
    }
    if let Some(detail) = &app.detail {
        let middle = panes::middle(regions);
        let area = detail::inner(app, middle);
        if !contains(middle, column, row) {
            return None;
        }
        let table = detail.table(app);
        let inside = table
            .map_or(Inside::Nothing, |table| inside(&table, &detail.view, app.filtering, area, column, row));
        return Some(Hit::Detail(inside));
    }
    let panes = panes::panes(app);
    // A shared line is the title of the lower panel.
    let pane = panes.iter().rev().find(|pane| contains(pane.frame.unwrap_or(pane.inner), column, row))?;
    if let Some(frame) = pane.frame.filter(|frame| pane.tabbed && row == frame.y) {
        let line = Rect::new(frame.x + 1, frame.y, frame.width.saturating_sub(2), 1);
        return tab(app, pane.panel, usize::from(line.width), line, column).map(Hit::Tab);
    }
    Some(Hit::Panel(pane.panel, in_panel(app, pane.panel, pane.inner, column, row)))
}

fn tab(app: &App, shown: Panel, room: usize, line: Rect, column: u16) -> Option<Panel> {
    let column = usize::from(column.checked_sub(line.x)?);
    let tabs = tabs::tabs(app, shown, room);
    let is_at = |tab: &&tabs::Tab| (tab.start..tab.start + crate::wrap::width(&tab.text)).contains(&column);
    tabs.iter().find(is_at).map(|tab| tab.panel)
}

fn in_panel(app: &App, panel: Panel, area: Rect, column: u16, row: u16) -> Inside {
    let Some(table) = tables::of(app, panel) else { return Inside::Nothing };
    let view = app.view(panel);
    let typing = app.filtering && app.panel == panel;
    let area = if panel == Panel::Market { market::places(app, area)[1] } else { area };
    if panel == Panel::Strategy && view.sort.is_none() {
        if !contains(area, column, row) {
            return Inside::Nothing;
        }
        let filter = table::places(area, &view, typing).filter;
        let height = usize::from(area.height - filter.height);
        let items = strategy::items(app, &view, Focus { keys: false, typing }, usize::from(area.width));
        let line = strategy::first(&view, &items, height) + usize::from(row - area.y);
        return items.into_iter().nth(line).and_then(|(key, _)| key).map_or(Inside::Nothing, Inside::Row);
    }
    inside(&table, &view, typing, area, column, row)
}

fn inside(table: &Table, view: &TableView, typing: bool, area: Rect, column: u16, row: u16) -> Inside {
    let places = table::places(area, view, typing);
    let rows = view.rows(table);
    if contains(places.header, column, row) && !rows.is_empty() {
        let at = usize::from(column - area.x);
        // The space before a column, with the mark of its direction, is its own.
        let columns = view.columns(table, usize::from(area.width));
        let hit = columns
            .into_iter()
            .find(|(_, start, width)| (start.saturating_sub(1)..start + width).contains(&at));
        return hit.map_or(Inside::Nothing, |(place, _, _)| Inside::Title(place));
    }
    if contains(places.rows, column, row) {
        let height = usize::from(places.rows.height);
        let first = view.first(rows.len(), view.selected_place(&rows), height);
        let row = rows.get(first + usize::from(row - places.rows.y));
        return row.map_or(Inside::Nothing, |row| Inside::Row(row.key.clone()));
    }
    Inside::Nothing
}
