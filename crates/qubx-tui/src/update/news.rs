//! News from the connection.

use std::time::Instant;

use qubx_client::{Link, Update};
use qubx_protocol::{Answer, AnswerResult, ErrorCode, Event, Fact, Refusal, VerbOutcome, VerbProgress};

use super::{asking, ticket, typing};
use crate::Exit;
use crate::app::{App, Leaving, Notice, NoticeState};
use crate::keymap::Action;
use crate::message::Effect;
use crate::{format, progress, view};

pub(super) fn update(app: &mut App, update: Update) -> Vec<Effect> {
    let was_lost = app.lost_since;
    app.mirror.apply(&update);
    match update {
        Update::Link(link) => {
            if let (Link::Connected { .. }, Some(since)) = (&link, was_lost) {
                app.lost_since = None;
                let away = app.now.instant.saturating_duration_since(since);
                app.hint(format!("Back after {}.", format::stopwatch(away)));
            }
            match link {
                Link::Lost { since, .. } => lost(app, since),
                Link::Closed(error) => return closed(app, error.code),
                Link::Connecting | Link::Connected { .. } => {}
            }
            Vec::new()
        }
        Update::Snapshot(state) => {
            app.transcript.rebuild(&state);
            app.pending_older = None;
            asking::follow(app);
            Vec::new()
        }
        Update::Event(event) => self::event(app, &event),
        Update::Latest(_) => Vec::new(),
        Update::Answer(answer) => self::answer(app, answer),
        Update::Refused(refusal) => {
            refused(app, refusal);
            Vec::new()
        }
    }
}

/// A lost connection takes with it what was asked, and the dialogs that could not be carried out.
fn lost(app: &mut App, since: Instant) {
    app.lost_since = Some(since);
    if app.dialog.as_ref().is_some_and(crate::dialog::Dialog::needs_link) {
        app.dialog = None;
    }
    app.pending_completion = None;
    app.pending_enter = None;
    app.pending_older = None;
    app.transcript.older_failed(None);
}

fn closed(app: &mut App, code: ErrorCode) -> Vec<Effect> {
    app.dialog = None;
    app.pending_enter = None;
    app.lost_since = None;
    match app.leaving {
        Some(Leaving::Stopping { .. }) if code == ErrorCode::Ended => vec![Effect::Leave(Exit::Stopped)],
        _ => Vec::new(),
    }
}

fn event(app: &mut App, event: &Event) -> Vec<Effect> {
    if let Some(state) = &app.mirror.state {
        app.transcript.apply(event, state);
    }
    for notice in &mut app.notices {
        if let Some(command) = &notice.command {
            progress::follow(&mut notice.legs, command, &event.fact, &app.mirror);
        }
    }
    asking::ended(app, &event.fact);
    asking::follow(app);
    match &event.fact {
        Fact::Verb { verb, .. } => self::verb(app, verb),
        _ => Vec::new(),
    }
}

fn verb(app: &mut App, verb: &VerbProgress) -> Vec<Effect> {
    let Some(command) = &verb.command else { return Vec::new() };
    let is_ours = |waiting: &Option<qubx_protocol::CommandId>| waiting.as_ref() == Some(command);
    let leaving = match &app.leaving {
        Some(Leaving::Stopping { command } | Leaving::Releasing { command }) => is_ours(command),
        None => false,
    };
    if leaving {
        let releasing = matches!(app.leaving, Some(Leaving::Releasing { .. }));
        match verb.outcome {
            VerbOutcome::Done if releasing => return vec![Effect::Leave(Exit::LeftRunning)],
            VerbOutcome::Failed => app.leaving = None,
            VerbOutcome::Started | VerbOutcome::Done => return Vec::new(),
        }
    } else if !app.notices.iter().any(|notice| is_ours(&notice.command)) {
        return Vec::new();
    }
    let state = match verb.outcome {
        VerbOutcome::Started => NoticeState::UnderWay,
        VerbOutcome::Done => NoticeState::Done,
        VerbOutcome::Failed => NoticeState::Failed,
    };
    let text = match (verb.text.as_str(), state) {
        ("", NoticeState::UnderWay) => "under way",
        ("", NoticeState::Done) => "done",
        ("", NoticeState::Failed) => "failed",
        (text, _) => text,
    };
    let again = if state == NoticeState::Failed && ticket::refused(app, command) {
        format!(" · retry or edit it: {}", app.reach(Action::Ticket))
    } else {
        String::new()
    };
    let target = if verb.target.is_empty() { String::new() } else { format!(" {}", verb.target) };
    let text = format!("{}{target}: {text}{again}", verb.verb);
    app.notice(Notice { command: Some(command.clone()), text, state, legs: Vec::new() });
    if let Some(notice) = app.notices.iter_mut().find(|notice| is_ours(&notice.command))
        && state != NoticeState::UnderWay
    {
        progress::finish(&mut notice.legs, state);
    }
    Vec::new()
}

/// A command was not taken; whichever it was, its author learns why.
fn refused(app: &mut App, refusal: Refusal) {
    let leaving = match &app.leaving {
        Some(Leaving::Stopping { command } | Leaving::Releasing { command }) => {
            command.as_ref() == Some(&refusal.command)
        }
        None => false,
    };
    if leaving {
        app.leaving = None;
    }
    if let Some(answer) = &mut app.answer {
        answer.refused(&refusal.command);
    }
    let again = if ticket::refused(app, &refusal.command) {
        format!(" · retry or edit it: {}", app.reach(Action::Ticket))
    } else {
        String::new()
    };
    let text = format!("not done: {}{again}", refusal.message);
    let (command, state) = (Some(refusal.command), NoticeState::Failed);
    app.notice(Notice { command: command.clone(), text, state, legs: Vec::new() });
    if let Some(notice) = app.notices.iter_mut().find(|notice| notice.command == command) {
        // None of it was begun.
        notice.legs.clear();
    }
}

fn answer(app: &mut App, answer: Answer) -> Vec<Effect> {
    let is_for_enter =
        app.pending_enter.as_ref().is_some_and(|pending| pending.request.as_ref() == Some(&answer.request));
    if is_for_enter {
        return match answer.result {
            AnswerResult::IsComplete { status, indent } => typing::decide_enter(app, status, &indent),
            _ => typing::decide_enter_here(app),
        };
    }
    if app.pending_older.as_ref() == Some(&answer.request) {
        older(app, answer.result);
        return Vec::new();
    }
    let is_for_completion = app
        .pending_completion
        .as_ref()
        .is_some_and(|pending| pending.request.as_ref() == Some(&answer.request));
    if let (true, Some(pending)) = (is_for_completion, app.pending_completion.take()) {
        match answer.result {
            AnswerResult::Completions { start, end, matches } => {
                typing::completions(app, &pending, (start, end), matches);
            }
            AnswerResult::Failed { message } => app.hint(format!("no completion: {message}")),
            _ => {}
        }
    }
    Vec::new()
}

/// Takes a page of older history in, or why there is none.
fn older(app: &mut App, result: AnswerResult) {
    app.pending_older = None;
    match result {
        AnswerResult::History { events, complete } => {
            let columns = view::session_size(app).0;
            app.transcript.prepend(&events, complete, app.mirror.state.as_ref(), columns);
        }
        AnswerResult::Failed { message } => app.transcript.older_failed(Some(message)),
        _ => app.transcript.older_failed(Some("the answer is of another kind".to_owned())),
    }
}
