//! The search through what was run before: its keys, and what the service still finds.

use crossterm::event::KeyEvent;
use qubx_protocol::AnswerResult;

use crate::app::App;
use crate::facts::{self, Facts};
use crate::keymap::Context;
use crate::message::{Effect, Question};
use crate::sanitize;
use crate::search::{Past, Search};

/// Opens the search over what this screen has of the history.
pub(super) fn open(app: &mut App) -> Vec<Effect> {
    if app.answer.is_some() {
        app.hint("a cell asks for a line; answer it first");
        return Vec::new();
    }
    let cells = facts::cells(&app.mirror).rev();
    let cells = cells.map(|(seq, author, code)| Past { seq, author: author.clone(), code: code.to_owned() });
    let next = app.mirror.state.as_ref().map(|state| state.head.next()).unwrap_or_default();
    app.signature = None;
    app.search = Some(Search::new(app.options.identity.clone(), cells.collect(), next));
    look_further_back(app)
}

/// Asks the service for older cells where they may be wanted. Nothing waits for the answer.
fn look_further_back(app: &mut App) -> Vec<Effect> {
    if !app.mirror.is_connected() {
        return Vec::new();
    }
    let question = app.search.as_mut().and_then(Search::ask);
    question.map(|question| Effect::Ask(question, Question::Cells)).into_iter().collect()
}

/// Takes in what the service found, and asks on.
pub(super) fn take(app: &mut App, result: AnswerResult) -> Vec<Effect> {
    let result = match result {
        AnswerResult::Cells { cells, complete } => Ok((cells, complete)),
        AnswerResult::Failed { message } => Err(sanitize::plain(&message)),
        _ => Err("the answer is of another kind".to_owned()),
    };
    if let Some(search) = &mut app.search {
        search.answered(result);
    }
    look_further_back(app)
}

/// Gives a key to what is looked for.
pub(super) fn edit(app: &mut App, event: KeyEvent) -> Vec<Effect> {
    if let Some(search) = &mut app.search {
        let before = search.query.text();
        search.query.key(event);
        if search.query.text() != before {
            search.look();
        }
    }
    look_further_back(app)
}

/// Takes pasted text in, up to its first line break.
pub(super) fn paste(app: &mut App, text: &str) -> Vec<Effect> {
    if let Some(search) = &mut app.search {
        search.query.insert(text.lines().next().unwrap_or_default());
        search.look();
    }
    look_further_back(app)
}

pub(super) fn step(app: &mut App, older: isize) -> Vec<Effect> {
    if let Some(search) = &mut app.search {
        search.step(older);
    }
    look_further_back(app)
}

pub(super) fn toggle(app: &mut App) -> Vec<Effect> {
    if let Some(search) = &mut app.search {
        search.toggle();
    }
    look_further_back(app)
}

/// Takes the selected cell into the prompt; it does not run.
pub(super) fn accept(app: &mut App) {
    let Some(search) = app.search.take() else { return };
    if let Some(chosen) = search.chosen() {
        app.recall = None;
        app.context = Context::Input;
        app.prompt.exchange(&chosen.code);
    }
}
