//! The verbs: what is asked before they are sent, and why they sometimes are not.

use qubx_client::Link;
use qubx_protocol::{Command, InstrumentId};

use super::panels;
use crate::Exit;
use crate::app::{App, Leaving};
use crate::dialog::{self, Dialog};
use crate::facts::{self, Facts};
use crate::keymap::{Context, Panel};
use crate::message::{Effect, Purpose};

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
        Some(id) => format!("{} has no open orders", id.symbol),
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

pub(super) fn resume(app: &mut App) {
    let paused = app.mirror.status().is_some_and(|status| status.paused);
    let dialog = paused.then(|| dialog::resume(&app.mirror, app.now.instant));
    ask(app, dialog, "not paused");
}

/// Ctrl+C: clears the prompt, else interrupts what runs; somebody else's cell only after a question.
pub(super) fn interrupt(app: &mut App) -> Vec<Effect> {
    if app.context == Context::Input && !app.prompt.is_empty() {
        app.prompt.set("");
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
    if running.author == app.options.identity {
        return vec![Effect::Send(Command::Interrupt { cell: Some(running.cell) }, Purpose::Cell)];
    }
    let label = match app.transcript.count_of(running.cell) {
        Some(count) => format!("In[{count}]"),
        None => "cell".to_owned(),
    };
    app.dialog = Some(dialog::interrupt(&running, &label, &app.mirror, app.now.instant));
    Vec::new()
}

/// Ctrl+D on an empty prompt: leaving, but never without a question.
pub(super) fn end_of_input(app: &mut App) -> Vec<Effect> {
    app.dialog = Some(if !app.options.owner {
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
    if !app.options.owner {
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
