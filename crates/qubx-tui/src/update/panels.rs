//! Moving among the panels and in them.

use qubx_protocol::RequestKind;

use crate::app::App;
use crate::facts::{self, Facts};
use crate::keymap::{Context, Panel};
use crate::layout::Room;
use crate::message::{Effect, Question};
use crate::view;

/// Entries of older history asked for at once: several screens of them, and no long wait.
const PAGE: usize = 200;

/// Gives a panel the keys.
pub(super) fn go_to(app: &mut App, panel: Panel) {
    let is_table = !matches!(panel, Panel::Session | Panel::Log);
    if is_table && app.room() <= Room::Narrow {
        app.hint("the screen is too small for this panel");
        return;
    }
    app.context = Context::Panel;
    app.filtering = false;
    app.panel = panel;
    if is_table {
        app.table = panel;
    } else {
        app.main = panel;
    }
    // The first row, so that a verb has something to act on; never another row than the one that was chosen.
    if selected(app).is_none() {
        select(app, 0);
    }
}

/// Tells whether the panel that has the keys shows entries.
pub(super) fn shows_entries(app: &App) -> bool {
    matches!(app.shown_panel(), Panel::Session | Panel::Log)
}

/// Moves by entries or rows of a table.
pub(super) fn step(app: &mut App, by: isize) -> Vec<Effect> {
    if shows_entries(app) {
        let (columns, rows) = view::session_size(app);
        app.transcript.step(app.reading(), by, columns, rows, app.mirror.state.as_ref());
        return if by < 0 { look_further_back(app) } else { Vec::new() };
    }
    match selected(app) {
        Some(row) => select(app, row.saturating_add_signed(by)),
        None => select(app, 0),
    }
    Vec::new()
}

/// Moves by most of a panel; from the prompt, always among the entries.
pub(super) fn page(app: &mut App, by: isize) -> Vec<Effect> {
    let (columns, rows) = view::session_size(app);
    if app.context == Context::Input || shows_entries(app) {
        app.transcript.page(app.reading(), by, columns, rows, app.mirror.state.as_ref());
        return if by < 0 { look_further_back(app) } else { Vec::new() };
    }
    step(app, by * rows.saturating_sub(1).max(1) as isize)
}

pub(super) fn to_first(app: &mut App) -> Vec<Effect> {
    if shows_entries(app) {
        app.transcript.choose_first(app.reading());
        return look_further_back(app);
    }
    select(app, 0);
    Vec::new()
}

pub(super) fn to_last(app: &mut App) {
    if shows_entries(app) {
        app.transcript.follow(app.reading(), app.mirror.state.as_ref());
    } else {
        select(app, usize::MAX);
    }
}

/// Stops at what is in view, or follows the end again.
pub(super) fn pause(app: &mut App) {
    if !shows_entries(app) {
        return;
    }
    if app.transcript.follows(app.reading()) {
        let (columns, rows) = view::session_size(app);
        app.transcript.pause(app.reading(), columns, rows);
    } else {
        to_last(app);
    }
}

/// Goes to the next thing that went wrong, or to the one before.
pub(super) fn to_error(app: &mut App, forward: bool) -> Vec<Effect> {
    if !shows_entries(app) {
        return Vec::new();
    }
    let (columns, rows) = view::session_size(app);
    if !app.transcript.choose_error(app.reading(), forward, columns, rows) {
        app.hint(if forward { "no error after this" } else { "no error before this, as far as it is here" });
    }
    Vec::new()
}

/// Unfolds what is chosen, or folds it again.
pub(super) fn open(app: &mut App) {
    if !shows_entries(app) {
        return;
    }
    let (columns, rows) = view::session_size(app);
    if !app.transcript.toggle_fold(app.reading(), columns, rows) {
        app.hint("there is nothing to unfold here");
    }
}

/// Asks for what was before the oldest entry, when that is what somebody looks for.
pub(super) fn look_further_back(app: &mut App) -> Vec<Effect> {
    if !app.mirror.is_connected() || app.pending_older.is_some() {
        return Vec::new();
    }
    let (columns, rows) = view::session_size(app);
    let Some(before) = app.transcript.want_older(app.reading(), columns, rows) else { return Vec::new() };
    vec![Effect::Ask(RequestKind::History { before, kind: None, limit: PAGE }, Question::Older)]
}

/// Returns the selected row of the panel that has the keys, if what was selected is still there.
pub(super) fn selected(app: &App) -> Option<usize> {
    match app.panel {
        Panel::Session | Panel::Log => None,
        Panel::Positions => {
            let chosen = app.selection.position.as_ref()?;
            facts::positions(&app.mirror).iter().position(|position| position.instrument == *chosen)
        }
        Panel::Orders => {
            let chosen = app.selection.order.as_ref()?;
            facts::orders(&app.mirror).iter().position(|order| order.id == *chosen)
        }
        Panel::Market => {
            let chosen = app.selection.instrument.as_ref()?;
            facts::instruments(&app.mirror).iter().position(|instrument| instrument == chosen)
        }
    }
}

/// Selects a row of the panel that has the keys; the last one when there are fewer.
fn select(app: &mut App, row: usize) {
    match app.panel {
        Panel::Session | Panel::Log => {}
        Panel::Positions => {
            let rows = facts::positions(&app.mirror);
            app.selection.position = last_at_most(&rows, row).map(|position| position.instrument.clone());
        }
        Panel::Orders => {
            let rows = facts::orders(&app.mirror);
            app.selection.order = last_at_most(&rows, row).map(|order| order.id.clone());
        }
        Panel::Market => {
            let rows = facts::instruments(&app.mirror);
            app.selection.instrument = last_at_most(&rows, row).cloned();
        }
    }
}

fn last_at_most<T>(rows: &[T], row: usize) -> Option<&T> {
    rows.get(row.min(rows.len().saturating_sub(1)))
}
