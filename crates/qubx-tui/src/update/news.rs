//! News from the connection.

use std::time::{Duration, Instant};

use qubx_client::{Link, Update};
use qubx_protocol::{
    Answer, AnswerResult, ErrorCode, ErrorMessage, Event, Fact, Refusal, RequestId, VerbOutcome, VerbProgress,
};

use super::{asking, panels, search, signature, ticket, typing};
use crate::Exit;
use crate::app::{App, Back, Leaving, Notice, NoticeState};
use crate::facts::Facts;
use crate::keymap::Action;
use crate::message::Effect;
use crate::{format, progress, view};

/// How long a new fill is seen to be new. One that is older when it comes has been missed, and is history.
const FLASH: Duration = Duration::from_secs(1);

pub(super) fn update(app: &mut App, update: Update) -> Vec<Effect> {
    let was_lost = app.lost_since;
    app.mirror.apply(&update);
    if !matches!(update, Update::Link(Link::Lost { .. } | Link::Closed(_))) {
        app.heard_at = Some(app.now.wall);
    }
    match update {
        Update::Link(link) => {
            if let (Link::Connected { .. }, Some(since)) = (&link, was_lost) {
                back(app, since);
            }
            match link {
                Link::Lost { since, .. } => lost(app, since),
                Link::Closed(error) => return closed(app, error),
                Link::Connecting | Link::Connected { .. } => {}
            }
            Vec::new()
        }
        Update::Snapshot(state) => {
            if was_lost.is_some() {
                app.reloaded = true;
            }
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
            compare_versions(app);
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

/// A connection that is back says how long it was away. What was missed follows, event by event or all at once.
fn back(app: &mut App, since: Instant) {
    app.lost_since = None;
    let away = format::stopwatch(app.now.instant.saturating_duration_since(since));
    if std::mem::take(&mut app.reloaded) {
        app.hint(format!("Back after {away}. History before {} reloaded.", format::clock(app.now.wall)));
        return;
    }
    app.hint(format!("Back after {away}."));
    app.back = Some(Back { away, at: app.now.wall, replayed: 0 });
}

/// Counts what was missed, as it comes. The first event of after the return ends that.
fn replayed(app: &mut App, event: &Event) {
    let Some(back) = app.back.as_mut().filter(|back| event.time <= back.at) else {
        app.back = None;
        return;
    };
    back.replayed += 1;
    let text = format!("Back after {}. {} replayed.", back.away, format::count(back.replayed, "message"));
    app.hint(text);
}

/// Says, once, that the service is of another version: it may have what this screen does not show, and the reverse.
fn compare_versions(app: &mut App) {
    const OWN: &str = env!("CARGO_PKG_VERSION");
    let Some(info) = app.mirror.info().filter(|_| !app.knows_version) else { return };
    let other = (info.version != OWN).then(|| info.version.clone());
    app.knows_version = true;
    if let Some(other) = other {
        let text = format!("Session runs {other}, this client {OWN}: some panels may be missing.");
        app.notice(Notice { command: None, text, state: NoticeState::Failed, legs: Vec::new() });
    }
}

/// A lost connection takes with it what was asked, and the dialogs that could not be carried out.
fn lost(app: &mut App, since: Instant) {
    app.lost_since = Some(since);
    app.back = None;
    if app.dialog.as_ref().is_some_and(crate::dialog::Dialog::needs_link) {
        app.dialog = None;
    }
    app.pending_completion = None;
    app.pending_signature = None;
    if let Some(search) = &mut app.search {
        search.forget();
    }
    app.pending_enter = None;
    app.pending_older = None;
    app.pending_fills = None;
    app.transcript.older_failed(None);
    app.fills.older_failed();
    app.series.forget();
    app.candles.forget();
}

fn closed(app: &mut App, error: ErrorMessage) -> Vec<Effect> {
    app.dialog = None;
    app.pending_enter = None;
    app.lost_since = None;
    app.closed_at = Some(app.now.wall);
    match app.leaving {
        Some(Leaving::Stopping { .. }) if error.code == ErrorCode::Ended => {
            vec![Effect::Leave(Exit::Stopped)]
        }
        _ if app.is_away() => {
            let name = app.mirror.info().map_or_else(String::new, |info| info.name.clone());
            let call = app.notifier.ended(&name, &error.message, app.options.settings.notifications);
            call.map(Effect::Notify).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn event(app: &mut App, event: &Event) -> Vec<Effect> {
    replayed(app, event);
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
            compare_versions(app);
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
