//! News from the connection.

use std::time::Duration;

use qubx_client::{Link, Update};
use qubx_protocol::{Answer, AnswerResult, Event, Fact, Refusal, RequestId, VerbOutcome, VerbProgress};

use super::{asking, link, panels, search, signature, ticket, typing};
use crate::Exit;
use crate::app::{App, Leaving, Notice, NoticeState};
use crate::keymap::Action;
use crate::message::Effect;
use crate::{format, progress, view};

/// How long a new fill is seen to be new. One that is older when it comes has been missed, and is history.
const FLASH: Duration = Duration::from_secs(1);

pub(super) fn update(app: &mut App, update: Update) -> Vec<Effect> {
    app.mirror.apply(&update);
    if !matches!(update, Update::Link(Link::Lost { .. } | Link::Closed(_))) {
        app.heard_at = Some(app.now.wall);
    }
    match update {
        Update::Link(link) => link::follow(app, link),
        Update::Snapshot(state) => {
            app.reloaded |= app.lost_since.is_some();
            app.transcript.rebuild(&state);
            // Taken once: a later snapshot is no return.
            if let Some(seen) = app.options.seen.take().filter(|seen| seen.log == state.log) {
                app.transcript.left_at(seen.seq, seen.time, state.head);
            }
            app.suggested = None;
            app.fills.rebuild(&state);
            app.series.forget();
            app.equity.forget();
            app.candles.forget();
            app.pending_older = None;
            app.pending_fills = None;
            asking::follow(app);
            link::compare_versions(app);
            Vec::new()
        }
        Update::Event(event) => self::event(app, &event),
        Update::Latest(_) => {
            if let Some(market) = &app.mirror.latest.market {
                app.equity.tell(&market.accounts, market.time.unwrap_or(app.now.wall));
            }
            Vec::new()
        }
        Update::Answer(answer) => self::answer(app, answer),
        Update::Refused(refusal) => {
            refused(app, refusal);
            Vec::new()
        }
    }
}

fn event(app: &mut App, event: &Event) -> Vec<Effect> {
    link::replayed(app, event);
    if let Some(state) = &app.mirror.state {
        app.transcript.apply(event, state);
    }
    for notice in &mut app.notices {
        if let Some(command) = &notice.command {
            progress::follow(&mut notice.legs, command, &event.fact, &app.mirror);
        }
    }
    let is_new = format::between(event.time, app.now.wall) < FLASH;
    app.fills.apply(event, is_new.then_some(app.now.instant + FLASH));
    asking::ended(app, &event.fact);
    if app.is_away() {
        app.notifier.event(event, app.options.settings.notifications, app.now.instant);
    }
    asking::follow(app);
    match &event.fact {
        Fact::Verb { verb, .. } => self::verb(app, verb),
        Fact::Status(_) => {
            link::compare_versions(app);
            Vec::new()
        }
        Fact::Cell { .. } => {
            // It may be what the prompt goes on with.
            app.suggested = None;
            Vec::new()
        }
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
        return older(app, answer.result);
    }
    if app.search.as_ref().is_some_and(|search| search.is_asked(&answer.request)) {
        return search::take(app, answer.result);
    }
    let is_this = |request: &Option<RequestId>| request.as_ref() == Some(&answer.request);
    if let Some(pending) = app.pending_signature.take_if(|pending| is_this(&pending.request)) {
        signature::take(app, pending.place, answer.result);
        return Vec::new();
    }
    if app.pending_fills.as_ref() == Some(&answer.request) {
        app.pending_fills = None;
        match answer.result {
            AnswerResult::History { events, complete } => app.fills.prepend(&events, complete),
            AnswerResult::Failed { message } => {
                app.fills.older_failed();
                app.hint(format!("no older fills: {message}"));
            }
            _ => app.fills.older_failed(),
        }
        return Vec::new();
    }
    if app.equity.is_for(&answer.request) {
        if let AnswerResult::Equity { points } = answer.result {
            app.equity.remember(&points);
        }
        return Vec::new();
    }
    if app.candles.is_for(&answer.request) {
        match answer.result {
            AnswerResult::Bars { bars } => app.candles.take(bars),
            AnswerResult::Failed { message } => app.candles.fail(message),
            _ => app.candles.fail("the answer is of another kind".to_owned()),
        }
        return Vec::new();
    }
    if app.series.answer(&answer.request, &answer.result) {
        return Vec::new();
    }
    // An answer to an earlier question leaves the later one open.
    if let Some(pending) = app.pending_completion.take_if(|pending| is_this(&pending.request)) {
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
fn older(app: &mut App, result: AnswerResult) -> Vec<Effect> {
    app.pending_older = None;
    match result {
        AnswerResult::History { events, complete } => {
            let columns = view::session_size(app).0;
            app.transcript.prepend(&events, complete, app.mirror.state.as_ref(), columns);
            // A filter may show nothing of this page: what is looked for is further back.
            if app.transcript.filter(app.reading()).has_words() {
                return panels::look_further_back(app);
            }
        }
        AnswerResult::Failed { message } => app.transcript.older_failed(Some(message)),
        _ => app.transcript.older_failed(Some("the answer is of another kind".to_owned())),
    }
    Vec::new()
}
