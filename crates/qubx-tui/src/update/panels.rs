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
    if panel != Panel::Session && app.room() <= Room::Narrow {
        app.hint("the screen is too small for this panel");
        return;
    }
    app.context = Context::Panel;
    app.panel = panel;
    if panel != Panel::Session {
        app.table = panel;
    }
    // The first row, so that a verb has something to act on; never another row than the one that was chosen.
    if selected(app).is_none() {
        select(app, 0);
    }
}

/// Moves by rows.
pub(super) fn step(app: &mut App, by: isize) -> Vec<Effect> {
    if app.shown_panel() == Panel::Session {
        return scroll(app, by);
    }
    match selected(app) {
        Some(row) => select(app, row.saturating_add_signed(by)),
        None => select(app, 0),
    }
    Vec::new()
}

/// Moves by most of a panel; from the prompt, always in the session.
pub(super) fn page(app: &mut App, by: isize) -> Vec<Effect> {
    let rows = view::session_size(app).1.saturating_sub(1).max(1) as isize;
    if app.context == Context::Input { scroll(app, by * rows) } else { step(app, by * rows) }
}

pub(super) fn to_first(app: &mut App) -> Vec<Effect> {
    if app.shown_panel() == Panel::Session {
        app.transcript.show_first();
        // A transcript shorter than the panel goes on following.
        let (columns, rows) = view::session_size(app);
        app.transcript.scroll_down(0, columns, rows);
        return look_further_back(app);
    }
    select(app, 0);
    Vec::new()
}

pub(super) fn to_last(app: &mut App) {
    if app.shown_panel() == Panel::Session { app.transcript.follow() } else { select(app, usize::MAX) }
}

fn scroll(app: &mut App, by: isize) -> Vec<Effect> {
    let (columns, rows) = view::session_size(app);
    if by < 0 {
        app.transcript.scroll_up(by.unsigned_abs(), columns, rows);
        return look_further_back(app);
    }
    app.transcript.scroll_down(by.unsigned_abs(), columns, rows);
    Vec::new()
}

/// Asks for what was before the oldest entry, when that is what somebody looks for.
fn look_further_back(app: &mut App) -> Vec<Effect> {
    if !app.mirror.is_connected() {
        return Vec::new();
    }
    let (columns, rows) = view::session_size(app);
    let Some(before) = app.transcript.want_older(columns, rows) else { return Vec::new() };
    vec![Effect::Ask(RequestKind::History { before, kind: None, limit: PAGE }, Question::Older)]
}

/// Returns the selected row of the panel that has the keys, if what was selected is still there.
pub(super) fn selected(app: &App) -> Option<usize> {
    match app.panel {
        Panel::Session => None,
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
        Panel::Session => {}
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
