//! The prompt: typing, running, completing, and recalling what was run.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use qubx_client::Link;
use qubx_protocol::{Command, Completeness, Completion, RequestKind};

use super::filtering;
use crate::app::{App, PendingCompletion, PendingEnter, Popup};
use crate::dialog::DEAF;
use crate::facts::{self, Facts};
use crate::keymap::Context;
use crate::message::{Effect, Purpose, Question};
use crate::recall::Recall;
use crate::{python, view};

/// How long the kernel may think about whether Enter runs the prompt; then the screen decides.
const ENTER_PATIENCE: Duration = Duration::from_millis(250);
/// Completions kept; nobody reads on.
const MOST_COMPLETIONS: usize = 200;

/// The longest text that a suggestion is looked for: nobody types a longer one to its end.
const LONGEST_SUGGESTED_BYTES: usize = 4 << 10;

/// Gives a key to the editor. In the indentation, what removes a character removes a step.
pub(super) fn edit(app: &mut App, event: KeyEvent) {
    app.recall = None;
    let removes = match event.code {
        KeyCode::Backspace => event.modifiers.is_empty(),
        KeyCode::Char('h') => event.modifiers == KeyModifiers::CONTROL,
        _ => false,
    };
    if !(removes && app.prompt.dedent()) {
        app.prompt.key(event);
    }
}

/// On, or to the end of the line; at the end of the text, takes what is suggested.
pub(super) fn forward(app: &mut App, event: KeyEvent) {
    match app.suggestion().map(str::to_owned) {
        Some(rest) => {
            let end = app.prompt.cursor_characters();
            app.prompt.splice(end, end, &rest);
        }
        None => edit(app, event),
    }
}

/// Looks for the newest cell of mine that begins as the prompt does, when the prompt has changed.
pub(super) fn suggest(app: &mut App) {
    let revision = app.prompt.revision();
    if app.suggested.as_ref().is_some_and(|(of, _)| *of == revision) {
        return;
    }
    let text = app.prompt.text();
    let rest = |code: &str| {
        code.strip_prefix(text.as_str()).filter(|rest| !rest.trim().is_empty()).map(str::to_owned)
    };
    let is_asked = !text.trim().is_empty() && text.len() <= LONGEST_SUGGESTED_BYTES;
    let mine = facts::code_of(&app.mirror, &app.options.identity);
    let rest = if is_asked { mine.rev().find_map(rest) } else { None };
    app.suggested = Some((revision, rest));
}

/// Takes in what came of the user's own editor.
pub(super) fn edited(app: &mut App, result: Result<String, String>) {
    // Keys that were meant for the editor are no input.
    app.deaf_until = app.now.instant + DEAF;
    match result {
        Ok(text) => {
            app.recall = None;
            app.popup = None;
            if text != app.prompt.text() {
                app.prompt.exchange(&text);
            }
        }
        Err(why) => app.hint(why),
    }
}

/// Pasted text is text: it lands in the prompt and never runs or answers anything.
pub(super) fn paste(app: &mut App, text: &str) -> Vec<Effect> {
    if app.now.instant < app.deaf_until || app.over().is_some() {
        return Vec::new();
    }
    if app.dialog.is_some() || app.ticket.is_some() {
        app.hint("pasting does not answer a question");
        return Vec::new();
    }
    app.pressed.clear();
    let line = text.lines().next().unwrap_or_default();
    if let Some(form) = &mut app.form {
        form.push(line);
        return Vec::new();
    }
    if let Some(palette) = &mut app.palette {
        palette.push(line);
        return Vec::new();
    }
    if app.keys_context() == Context::Filter {
        filtering::paste(app, text);
        return Vec::new();
    }
    if !app.has_prompt() {
        app.hint("this screen has no prompt to paste into");
        return Vec::new();
    }
    let mut effects = if app.pending_enter.is_some() { decide_enter_here(app) } else { Vec::new() };
    app.help = None;
    app.popup = None;
    app.pressed.clear();
    if app.search.is_none() {
        app.recall = None;
        app.context = Context::Input;
    }
    match &mut app.answer {
        Some(answer) if answer.is_deaf(app.now.instant) => {}
        Some(answer) => answer.paste(text),
        None if app.search.is_some() => effects.extend(super::search::paste(app, text)),
        None => app.prompt.insert(text),
    }
    effects
}

pub(super) fn newline(app: &mut App) {
    app.recall = None;
    app.prompt.newline(None);
}

/// Enter: runs the prompt if it is whole, which the kernel knows best.
pub(super) fn enter(app: &mut App) -> Vec<Effect> {
    if matches!(app.mirror.link, Link::Lost { .. }) {
        return vec![Effect::Reconnect];
    }
    if !app.mirror.is_connected() {
        app.hint("not connected yet");
        return Vec::new();
    }
    let code = app.prompt.text();
    if code.trim().is_empty() {
        app.prompt.set("");
        return Vec::new();
    }
    app.pending_enter = Some(PendingEnter { request: None, deadline: app.now.instant + ENTER_PATIENCE });
    vec![Effect::Ask(RequestKind::IsComplete { code }, Question::Enter)]
}

/// Acts on the kernel's answer to Enter.
pub(super) fn decide_enter(app: &mut App, status: Completeness, indent: &str) -> Vec<Effect> {
    match status {
        Completeness::Complete | Completeness::Invalid => run(app),
        Completeness::Incomplete => {
            app.pending_enter = None;
            app.recall = None;
            app.prompt.newline(Some(indent));
            Vec::new()
        }
        Completeness::Unknown => decide_enter_here(app),
    }
}

/// Decides without the kernel whether Enter runs the prompt.
pub(super) fn decide_enter_here(app: &mut App) -> Vec<Effect> {
    if python::is_complete(&app.prompt.text()) {
        return run(app);
    }
    app.pending_enter = None;
    newline(app);
    Vec::new()
}

fn run(app: &mut App) -> Vec<Effect> {
    app.pending_enter = None;
    app.recall = None;
    let code = app.prompt.text().trim_end().to_owned();
    app.prompt.set("");
    app.watch_session();
    vec![Effect::Send(Command::Execute { code }, Purpose::Cell)]
}

/// Tab: indents where nothing stands before the cursor, else asks how the word goes on.
pub(super) fn complete(app: &mut App) -> Vec<Effect> {
    let before = app.prompt.before_cursor();
    if before.rsplit('\n').next().is_none_or(|line| line.trim().is_empty()) {
        app.recall = None;
        app.prompt.insert("    ");
        return Vec::new();
    }
    if !app.mirror.is_connected() {
        app.hint("no completion without a connection");
        return Vec::new();
    }
    let text = app.prompt.text();
    let cursor = app.prompt.cursor_characters();
    app.pending_completion = Some(PendingCompletion { request: None, text: text.clone(), cursor });
    vec![Effect::Ask(RequestKind::Complete { code: text, cursor }, Question::Completion)]
}

/// Takes completions in, unless the prompt has changed since they were asked for.
pub(super) fn completions(
    app: &mut App,
    asked: &PendingCompletion,
    (start, end): (usize, usize),
    mut matches: Vec<Completion>,
) {
    let unchanged = app.prompt.text() == asked.text && app.prompt.cursor_characters() == asked.cursor;
    let length = asked.text.chars().count();
    if !unchanged || app.context != Context::Input || start > end || end > length {
        return;
    }
    matches.truncate(MOST_COMPLETIONS);
    match matches.as_slice() {
        [] => app.hint("no completion"),
        [only] => {
            app.recall = None;
            app.prompt.splice(start, end, &only.text);
        }
        several => {
            let typed: String = asked.text.chars().skip(start).take(end - start).collect();
            let common = common_prefix(several);
            let mut range = (start, end);
            if common.len() > typed.len() && common.starts_with(&typed) {
                app.recall = None;
                app.prompt.splice(start, end, &common);
                range = (start, app.prompt.cursor_characters());
            }
            app.popup = Some(Popup { range, matches, selected: 0 });
        }
    }
}

pub(super) fn popup_step(app: &mut App, by: isize) {
    if let Some(popup) = &mut app.popup {
        let count = popup.matches.len() as isize;
        popup.selected = (popup.selected as isize + by).rem_euclid(count.max(1)) as usize;
    }
}

pub(super) fn popup_accept(app: &mut App) {
    if let Some(popup) = app.popup.take()
        && let Some(chosen) = popup.matches.get(popup.selected)
    {
        app.recall = None;
        app.prompt.splice(popup.range.0, popup.range.1, &chosen.text);
    }
}

/// Up: a row up; on the first row, an older cell of mine that begins as the prompt does.
pub(super) fn older(app: &mut App) {
    let shape = view::code_shape(app);
    if app.recall.is_none() && app.prompt.up(shape) {
        return;
    }
    let draft = app.prompt.text();
    let mine = facts::code_of(&app.mirror, &app.options.identity);
    let recall = app.recall.get_or_insert_with(|| Recall::new(&draft, mine));
    if let Some(code) = recall.older() {
        let code = code.to_owned();
        app.prompt.set(&code);
    }
}

/// Down: a row down; while recalling, a newer cell, and at last the prompt as it was.
pub(super) fn newer(app: &mut App) {
    let shape = view::code_shape(app);
    let Some(recall) = &mut app.recall else {
        app.prompt.down(shape);
        return;
    };
    match recall.newer() {
        Some(code) => {
            let code = code.to_owned();
            app.prompt.set(&code);
        }
        None => app.recall = None,
    }
}

fn common_prefix(matches: &[Completion]) -> String {
    let mut prefix = matches.first().map_or("", |first| first.text.as_str());
    for other in matches {
        let same: usize = prefix
            .chars()
            .zip(other.text.chars())
            .take_while(|(a, b)| a == b)
            .map(|(a, _)| a.len_utf8())
            .sum();
        prefix = &prefix[..same];
    }
    prefix.to_owned()
}
