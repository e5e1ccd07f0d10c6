//! The line that a cell asks for: when it appears, how it is answered, and when it goes.

use crossterm::event::KeyEvent;
use qubx_client::Link;
use qubx_protocol::{Command, Fact};

use crate::answer::AnswerLine;
use crate::app::App;
use crate::facts::{self, Facts};
use crate::message::{Effect, Purpose};
use crate::sanitize;

/// Makes the answer's line follow the session: it is there while a cell waits and this screen may answer.
pub(super) fn follow(app: &mut App) {
    let waits = app.mirror.state.as_ref().and_then(|state| state.input.as_ref());
    let waits = waits.filter(|_| app.has_prompt()).map(|waits| waits.input.clone());
    if app.answer.as_ref().map(|answer| &answer.input) == waits.as_ref() {
        return;
    }
    app.popup = None;
    app.search = None;
    app.pressed.clear();
    app.pending_completion = None;
    app.answer = waits.map(|input| AnswerLine::new(input, app.now.instant));
}

/// Says who answered, when it was somebody else and the line goes away under the fingers.
pub(super) fn ended(app: &mut App, fact: &Fact) {
    let Fact::InputEnded { input, author: Some(author), .. } = fact else { return };
    if *author != app.options.identity && app.answer.as_ref().is_some_and(|answer| answer.input == *input) {
        app.hint(format!("{} has answered", sanitize::plain(author.as_str())));
    }
}

/// Gives a key to the answer.
pub(super) fn edit(app: &mut App, event: KeyEvent) {
    if let Some(answer) = &mut app.answer {
        answer.key(event);
    }
}

/// Enter: sends the answer, also an empty one.
pub(super) fn send(app: &mut App) -> Vec<Effect> {
    if matches!(app.mirror.link, Link::Lost { .. }) {
        return vec![Effect::Reconnect];
    }
    if !app.mirror.is_connected() {
        app.hint("not connected yet");
        return Vec::new();
    }
    let Some(answer) = &mut app.answer else { return Vec::new() };
    let input = answer.input.clone();
    let Some(text) = answer.send() else { return Vec::new() };
    app.watch_session();
    vec![Effect::Send(Command::Answer { input, text }, Purpose::Answer)]
}

/// Returns who asks, as people call it: `op2's In[3]`.
pub(crate) fn who_asks(app: &App) -> String {
    match facts::running(&app.mirror) {
        Some(cell) => facts::cell_label(&app.mirror, cell, &app.options.identity),
        None => "a cell".to_owned(),
    }
}
