//! The verbs: what is asked before they are sent, and why they sometimes are not.

use std::time::Duration;

use qubx_client::Link;
use qubx_protocol::{Command, InstrumentId, KernelState};

use super::panels;
use crate::Exit;
use crate::app::{App, Leaving};
use crate::dialog::{self, Dialog};
use crate::facts::{self, Facts};
use crate::keymap::{Context, Panel};
use crate::message::{Effect, Purpose};

/// How long a cell may take to end after an interrupt, before the screen says what else helps.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

pub(super) fn cancel_order(app: &mut App) {
    let order = match (app.panel, panels::selected(app)) {
        (Panel::Orders, Some(row)) => facts::orders(&app.mirror).get(row).copied(),
        _ => None,
    };
    let dialog = order.map(|order| dialog::cancel_order(order, &app.mirror, app.now.instant));
    ask(app, dialog, "select an order first (3)");
}

pub(super) fn cancel_orders(app: &mut App) {
    let instrument = selected_instrument(app);
    let has_orders =
        |id: &InstrumentId| facts::orders(&app.mirror).iter().any(|order| order.instrument == *id);
    let dialog = match &instrument {
        Some(id) if has_orders(id) => Some(dialog::cancel_orders(id, &app.mirror, app.now.instant)),
        _ => None,
    };
    let hint = match instrument {
        Some(id) => format!("{} has no open orders", app.mirror.label(&id)),
        None => "select a row of the symbol first".to_owned(),
    };
    ask(app, dialog, &hint);
}

pub(super) fn close(app: &mut App) {
    let position = match (app.panel, panels::selected(app)) {
        (Panel::Positions, Some(row)) => facts::positions(&app.mirror).get(row).copied(),
        _ => None,
    };
    let dialog = position.map(|position| dialog::close(position, &app.mirror, app.now.instant));
    ask(app, dialog, "select a position first (2)");
}

pub(super) fn flatten(app: &mut App) {
    let dialog = dialog::flatten(&app.mirror, app.now.instant);
    ask(app, Some(dialog), "");
}

pub(super) fn pause_or_resume(app: &mut App) {
    let dialog = app.mirror.status().map(|status| {
        let make = if status.paused { dialog::resume } else { dialog::pause };
        make(&app.mirror, app.now.instant)
    });
    ask(app, dialog, "the session is not known yet");
}

pub(super) fn restart_kernel(app: &mut App) {
    let dialog = dialog::restart_kernel(&app.mirror, &app.options.identity, app.now.instant);
    ask(app, Some(dialog), "");
}

/// Ctrl+C: clears what is typed, else interrupts what runs; somebody else's cell only after a question.
pub(super) fn interrupt(app: &mut App) -> Vec<Effect> {
    if app.context == Context::Input && !app.typed().is_empty() {
        app.typed().set("");
        app.recall = None;
        return Vec::new();
    }
    let Some(running) = facts::running(&app.mirror).cloned() else {
        app.hint("nothing runs; ^Q leaves");
        return Vec::new();
    };
    if !app.mirror.is_connected() {
        app.hint("not connected: cannot interrupt");
        return Vec::new();
    }
    let first = app.interrupted.filter(|(cell, _)| *cell == running.cell).map(|(_, at)| at);
    let waited = first.map(|at| app.now.instant.saturating_duration_since(at));
    let restart = app.panel_key('R');
    let stands_still =
        app.mirror.status().is_some_and(|status| status.kernel.state == KernelState::NotResponding);
    if stands_still {
        app.hint(format!("the kernel does not respond: an interrupt has no effect; restart: {restart}"));
    } else if waited.is_some_and(|waited| waited >= ENDS_WITHIN) {
        app.hint(format!("interrupted, and the cell has not ended; restart the kernel: {restart}"));
    }
    if running.author == app.options.identity || first.is_some() {
        let command = Command::Interrupt { cell: Some(running.cell) };
        note_interrupt(app, &command);
        return vec![Effect::Send(command, Purpose::Cell)];
    }
    let label = match facts::count_of(&app.mirror, running.cell) {
        Some(count) => format!("In[{count}]"),
        None => "cell".to_owned(),
    };
    app.dialog = Some(dialog::interrupt(&running, &label, &app.mirror, app.now.instant));
    Vec::new()
}

/// Notes which cell is interrupted, so that a second time can say what helps when the first did not.
pub(super) fn note_interrupt(app: &mut App, command: &Command) {
    let Command::Interrupt { cell: Some(cell) } = command else { return };
    if app.interrupted.is_none_or(|(interrupted, _)| interrupted != *cell) {
        app.interrupted = Some((*cell, app.now.instant));
    }
}

/// Ctrl+D on an empty prompt: leaving, but never without a question.
pub(super) fn end_of_input(app: &mut App) -> Vec<Effect> {
    app.dialog = Some(if !app.owns() {
        dialog::detach(&app.mirror, app.now.instant)
    } else if app.mirror.is_connected() {
        dialog::quit(&app.mirror, app.now.instant)
    } else {
        dialog::leave_unanswered(&app.mirror, app.now.instant)
    });
    Vec::new()
}

/// Ctrl+Q: see *who stops the kernel* in the help.
pub(super) fn quit(app: &mut App) -> Vec<Effect> {
    if !app.owns() {
        return vec![Effect::Leave(Exit::Detached)];
    }
    if app.leaving.is_some() || !app.mirror.is_connected() {
        app.dialog = Some(dialog::leave_unanswered(&app.mirror, app.now.instant));
        return Vec::new();
    }
    if app.stops_on_quit() {
        app.leaving = Some(Leaving::Stopping { command: None });
        return vec![Effect::Send(Command::Stop { flatten: false, keep_orders: false }, Purpose::Stop)];
    }
    app.dialog = Some(dialog::quit(&app.mirror, app.now.instant));
    Vec::new()
}

/// Opens a dialog, or says why not.
fn ask(app: &mut App, dialog: Option<Dialog>, otherwise: &str) {
    if !app.mirror.is_connected() {
        let why =
            if matches!(app.mirror.link, Link::Lost { .. }) { "connection lost" } else { "not connected" };
        app.hint(format!("{why}: verbs wait until it is back"));
    } else if let Some(dialog) = dialog {
        app.dialog = Some(dialog);
    } else {
        app.hint(otherwise);
    }
}

fn selected_instrument(app: &App) -> Option<InstrumentId> {
    let row = panels::selected(app)?;
    match app.panel {
        Panel::Session => None,
        Panel::Positions => {
            facts::positions(&app.mirror).get(row).map(|position| position.instrument.clone())
        }
        Panel::Orders => facts::orders(&app.mirror).get(row).map(|order| order.instrument.clone()),
        Panel::Market => facts::instruments(&app.mirror).get(row).cloned(),
    }
}
