//! The verbs: what is asked before they are sent, and why they sometimes are not.

use std::time::Duration;

use qubx_client::Link;
use qubx_protocol::{Command, InstrumentId, KernelState};

use super::{filtering, panels};
use crate::Exit;
use crate::app::{App, Leaving};
use crate::dialog::{Dialog, Legs, Subject};
use crate::facts::{self, Facts};
use crate::form::{self, Form};
use crate::keymap::{Action, Context};
use crate::message::{Effect, Purpose};
use crate::progress;

/// How long a cell may take to end after an interrupt, before the screen says what else helps.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

pub(super) fn cancel_order(app: &mut App) -> Vec<Effect> {
    let order = panels::selected_open_order(app).map(|order| order.id.clone());
    let hint = format!("select an order first ({})", app.reach(Action::GoToOrders));
    ask(app, order.map(|order| Command::CancelOrder { order }), &hint)
}

pub(super) fn cancel_orders(app: &mut App) -> Vec<Effect> {
    let instrument = panels::selected_instrument(app);
    let has_orders =
        |id: &InstrumentId| facts::orders(&app.mirror).iter().any(|order| order.instrument == *id);
    let hint = match &instrument {
        Some(id) => format!("{} has no open orders", app.mirror.label(id)),
        None => "select a row of the symbol first".to_owned(),
    };
    let meant = instrument.filter(has_orders);
    ask(app, meant.map(|id| Command::CancelOrders { instrument: Some(id) }), &hint)
}

pub(super) fn cancel_all(app: &mut App) -> Vec<Effect> {
    let command =
        (!facts::orders(&app.mirror).is_empty()).then_some(Command::CancelOrders { instrument: None });
    ask(app, command, "no open orders")
}

pub(super) fn close(app: &mut App) -> Vec<Effect> {
    let position = panels::selected_position(app).map(|position| position.instrument.clone());
    let hint = format!("select a position first ({})", app.reach(Action::GoToPositions));
    ask(app, position.map(|instrument| Command::Close { instrument }), &hint)
}

pub(super) fn flatten(app: &mut App) -> Vec<Effect> {
    ask(app, Some(Command::Flatten), "")
}

pub(super) fn pause_or_resume(app: &mut App) -> Vec<Effect> {
    let paused = app.mirror.status().map(|status| status.paused);
    let command = paused.map(|paused| if paused { Command::Resume } else { Command::Pause });
    ask(app, command, "the session is not known yet")
}

pub(super) fn restart_kernel(app: &mut App) -> Vec<Effect> {
    ask(app, Some(Command::RestartKernel), "")
}

/// Asks how the session is to be stopped.
pub(super) fn stop_session(app: &mut App) {
    if let Some(why) = not_now(app) {
        app.hint(why);
        return;
    }
    app.dialog = Some(Dialog::about(Subject::Quit { owner: app.owns() }, app.now.instant));
}

/// Stops the session, after a last question with real money. What was just answered was the question on paper.
pub(super) fn stop(app: &mut App, command: Command) -> Vec<Effect> {
    let purpose = if app.owns() { Purpose::Stop } else { Purpose::Verb(command.verb()) };
    if app.mirror.is_live() {
        app.dialog = Dialog::before(command, purpose, &app.mirror, app.now.instant);
        return Vec::new();
    }
    send(app, command, purpose)
}

/// Sends a command, and notes what it is about to do.
pub(super) fn send(app: &mut App, command: Command, purpose: Purpose) -> Vec<Effect> {
    note_interrupt(app, &command);
    app.sent_legs = progress::legs(&Legs::of(&command, &app.mirror), &app.mirror);
    if purpose == Purpose::Stop {
        app.leaving = Some(Leaving::Stopping { command: None });
    }
    vec![Effect::Send(command, purpose)]
}

/// Ctrl+C: clears what is typed, else interrupts what runs; somebody else's cell only after a question.
pub(super) fn interrupt(app: &mut App) -> Vec<Effect> {
    if app.context == Context::Input && !app.typed().is_empty() {
        app.typed().exchange("");
        app.recall = None;
        return Vec::new();
    }
    if app.keys_context() == Context::Filter {
        filtering::clear(app);
        return Vec::new();
    }
    let Some(running) = facts::running(&app.mirror).cloned() else {
        let quit = app.reach(Action::Quit);
        app.hint(format!("nothing runs; {quit} leaves"));
        return Vec::new();
    };
    if !app.mirror.is_connected() {
        app.hint("not connected: cannot interrupt");
        return Vec::new();
    }
    let first = app.interrupted.filter(|(cell, _)| *cell == running.cell).map(|(_, at)| at);
    let waited = first.map(|at| app.now.instant.saturating_duration_since(at));
    let restart = app.reach(Action::RestartKernel);
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
    app.dialog = Some(Dialog::about(Subject::Interrupt(running), app.now.instant));
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
    let subject = if !app.owns() {
        Subject::Detach
    } else if app.mirror.is_connected() {
        Subject::Quit { owner: true }
    } else {
        Subject::LeaveUnanswered
    };
    app.dialog = Some(Dialog::about(subject, app.now.instant));
    Vec::new()
}

/// Ctrl+Q: see *who stops the kernel* in the help.
pub(super) fn quit(app: &mut App) -> Vec<Effect> {
    if !app.owns() {
        return vec![Effect::Leave(Exit::Detached)];
    }
    if app.leaving.is_some() || !app.mirror.is_connected() {
        app.dialog = Some(Dialog::about(Subject::LeaveUnanswered, app.now.instant));
        return Vec::new();
    }
    if app.stops_on_quit() {
        return send(app, Command::Stop { flatten: false, keep_orders: false }, Purpose::Stop);
    }
    app.dialog = Some(Dialog::about(Subject::Quit { owner: true }, app.now.instant));
    Vec::new()
}

/// Begins what the strategy offers: asks for what it takes, or does it when it takes nothing.
pub(super) fn strategy_action(app: &mut App, name: &str) -> Vec<Effect> {
    let mut actions = app.mirror.status().into_iter().flat_map(|status| &status.strategy.actions);
    let Some(action) = actions.find(|action| action.name == name).cloned() else {
        app.hint(format!("the strategy does not offer {name} any more"));
        return Vec::new();
    };
    let form = Form::of_action(action, app.now.instant);
    if form.values.is_empty() {
        return submit(app, form);
    }
    app.form = Some(form);
    Vec::new()
}

/// Begins to change a parameter of the strategy.
pub(super) fn parameter(app: &mut App, name: &str) -> Vec<Effect> {
    let mut parameters = app.mirror.status().into_iter().flat_map(|status| &status.strategy.parameters);
    match parameters.find(|parameter| parameter.name == name).cloned() {
        Some(parameter) => app.form = Some(Form::of_parameter(parameter, app.now.instant)),
        None => app.hint(format!("the strategy has no parameter {name} any more")),
    }
    Vec::new()
}

/// Has the strategy do what a form says; what is dangerous only after a question, and what is wrong not at all.
pub(super) fn submit(app: &mut App, mut form: Form) -> Vec<Effect> {
    if let Some(why) = not_now(app) {
        app.form = (!form.values.is_empty()).then_some(form);
        app.hint(why);
        return Vec::new();
    }
    match form.command() {
        Err((field, problem)) => {
            (form.field, form.problem) = (field, Some(problem));
            app.form = Some(form);
            Vec::new()
        }
        Ok(command) => {
            let purpose = Purpose::Verb(command.verb());
            app.dialog = match &form.purpose {
                form::Purpose::Action(action) if action.dangerous => {
                    Some(Dialog::before_danger(command.clone(), purpose, &app.mirror, app.now.instant))
                }
                form::Purpose::Action(_) => None,
                form::Purpose::Parameter(_) => {
                    Dialog::before(command.clone(), purpose, &app.mirror, app.now.instant)
                }
            };
            if app.dialog.is_some() { Vec::new() } else { send(app, command, purpose) }
        }
    }
}

/// Asks before a command, sends one that needs no question, or says why neither.
fn ask(app: &mut App, command: Option<Command>, otherwise: &str) -> Vec<Effect> {
    let why_not = not_now(app);
    let Some(command) = command.filter(|_| why_not.is_none()) else {
        app.hint(why_not.unwrap_or(otherwise));
        return Vec::new();
    };
    let purpose = Purpose::Verb(command.verb());
    match Dialog::before(command.clone(), purpose, &app.mirror, app.now.instant) {
        Some(dialog) => app.dialog = Some(dialog),
        None => return send(app, command, purpose),
    }
    Vec::new()
}

/// Returns why no verb can be given now.
pub(super) fn not_now(app: &App) -> Option<&'static str> {
    match app.mirror.link {
        Link::Connected { .. } => None,
        Link::Lost { .. } => Some("connection lost: verbs wait until it is back"),
        Link::Connecting | Link::Closed(_) => Some("not connected: verbs wait until it is"),
    }
}
