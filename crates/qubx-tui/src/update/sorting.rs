//! Sorting, filtering and choosing the columns of a table.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::app::App;
use crate::keymap::Context;
use crate::panel::Panel;
use crate::{sanitize, tables};

/// A filter is a few letters; a pasted book is none.
const LONGEST_FILTER: usize = 64;

/// Sorts by the next column.
pub(super) fn sort(app: &mut App) {
    let now = app.now.instant;
    if let Some(table) = app.current_table() {
        app.current_view().sort_next(&table, now);
    }
}

/// Turns the order around.
pub(super) fn reverse(app: &mut App) {
    let now = app.now.instant;
    if let Some(table) = app.current_table() {
        app.current_view().reverse(&table, now);
    }
}

/// Sorts what is due: never the table that has the cursor.
pub(super) fn settle(app: &mut App) {
    let now = app.now.instant;
    for panel in Panel::ALL {
        let has_cursor = app.context == Context::Panel && app.panel == panel;
        let is_due = app.views.get(&panel).is_some_and(|view| view.is_due(now));
        if is_due
            && !has_cursor
            && let Some(table) = tables::of(app, panel)
        {
            app.view_mut(panel).sort_now(&table, now);
        }
    }
}

/// Gives a key to the filter.
pub(super) fn type_filter(app: &mut App, event: KeyEvent) {
    let filter = &mut app.current_view().filter;
    match event.code {
        KeyCode::Char('u') if event.modifiers.contains(KeyModifiers::CONTROL) => filter.clear(),
        KeyCode::Char(letter)
            if (event.modifiers - KeyModifiers::SHIFT).is_empty()
                && filter.chars().count() < LONGEST_FILTER =>
        {
            filter.push(letter);
        }
        KeyCode::Backspace => {
            filter.pop();
        }
        _ => {}
    }
}

/// Pasted words are typed words.
pub(super) fn paste_filter(app: &mut App, pasted: &str) {
    let filter = &mut app.current_view().filter;
    let room = LONGEST_FILTER.saturating_sub(filter.chars().count());
    filter.extend(sanitize::line(pasted).chars().take(room));
}

/// Ends the typing; without a filter, all rows are shown again.
pub(super) fn end_filter(app: &mut App, keep: bool) {
    app.filtering = false;
    let table = app.current_table();
    let view = app.current_view();
    if !keep {
        view.filter.clear();
    }
    // What a verb would act on is seen.
    if let Some(table) = table {
        let rows = view.rows(&table);
        if view.selected_place(&rows).is_none() {
            view.select(&rows, 0);
        }
    }
}

/// Opens the list of columns.
pub(super) fn open_columns(app: &mut App) {
    if app.current_table().is_some() {
        app.picker = Some(0);
    } else {
        app.hint("there are no columns to choose here");
    }
}

/// Moves in the list of columns.
pub(super) fn step_column(app: &mut App, by: isize) {
    let last = app.current_table().map_or(0, |table| table.columns.len().saturating_sub(1));
    app.picker = app.picker.map(|place| place.min(last).saturating_add_signed(by).min(last));
}

/// Leaves a column out, or takes it in again.
pub(super) fn toggle_column(app: &mut App) {
    if let (Some(table), Some(place)) = (app.current_table(), app.picker) {
        app.current_view().toggle(place, &table);
    }
}
