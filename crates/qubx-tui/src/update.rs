//! What each message does to the screen, and which effects it has. Pure: time comes in with the message.

pub(crate) mod asking;
mod copying;
mod filtering;
mod finding;
mod keys;
mod link;
mod mouse;
mod news;
pub(crate) mod panels;
mod search;
mod signature;
mod sorting;
pub(crate) mod ticket;
mod typing;
mod verbs;
mod wants;

use qubx_client::Link;

use crate::Exit;
use crate::app::{App, Leaving, Notice, NoticeState};
use crate::facts::Facts;
use crate::message::{Effect, Message, Now, Purpose, Question};

/// Takes a message in and returns what is to be done.
pub(crate) fn update(app: &mut App, message: Message, now: Now) -> Vec<Effect> {
    app.now = now;
    app.transcript.set_time(now.wall);
    let mut effects = take(app, message);
    signature::follow(app);
    typing::suggest(app);
    sorting::settle(app);
    effects.extend(wants::wants(app));
    effects
}

fn take(app: &mut App, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(event) => keys::key(app, event),
        Message::Mouse(event) => mouse::mouse(app, event),
        Message::Paste(text) => typing::paste(app, &text),
        Message::Resize(size) => {
            app.measure(size, app.cell);
            Vec::new()
        }
        Message::Focus(has_focus) => {
            app.has_focus = has_focus;
            app.notifier.focus_told();
            Vec::new()
        }
        Message::Update(update) => news::update(app, update),
        Message::ConnectionOver => connection_over(app),
        Message::Sent(id, purpose) => {
            sent(app, id, purpose);
            Vec::new()
        }
        Message::Asked(id, Question::Enter) => {
            if let Some(pending) = &mut app.pending_enter {
                pending.request = Some(id);
            }
            Vec::new()
        }
        Message::Asked(id, Question::Completion) => {
            if let Some(pending) = &mut app.pending_completion {
                pending.request = Some(id);
            }
            Vec::new()
        }
        Message::Asked(id, Question::Signature) => {
            if let Some(pending) = &mut app.pending_signature {
                pending.request = Some(id);
            }
            Vec::new()
        }
        Message::Asked(id, Question::Cells) => {
            if let Some(search) = &mut app.search {
                search.asked_as(id);
            }
            Vec::new()
        }
        Message::Asked(id, Question::Older) => {
            app.pending_older = Some(id);
            Vec::new()
        }
        Message::Edited(result) => {
            typing::edited(app, result);
            Vec::new()
        }
        Message::Asked(id, Question::Fills) => {
            app.pending_fills = Some(id);
            Vec::new()
        }
        Message::Asked(id, Question::Equity) => {
            app.equity.asked(id);
            Vec::new()
        }
        Message::Asked(id, Question::Bars) => {
            app.candles.asked(id);
            Vec::new()
        }
        Message::Asked(id, Question::Series(place)) => {
            app.series.asked(place, id);
            Vec::new()
        }
        Message::Made(made) => {
            if made.result.is_err() {
                app.transcript.name_only(made.number);
            }
            app.pictures.keep(made);
            Vec::new()
        }
        Message::Tick => tick(app),
    }
}

/// The connection's task is gone; without a reason given, nobody knows more than that.
fn connection_over(app: &mut App) -> Vec<Effect> {
    match app.mirror.link {
        Link::Closed(_) => Vec::new(),
        _ => vec![Effect::Leave(Exit::Ended("the connection to the session ended".to_owned()))],
    }
}

fn sent(app: &mut App, id: qubx_protocol::CommandId, purpose: Purpose) {
    match purpose {
        Purpose::Cell => {}
        Purpose::Answer => {
            if let Some(answer) = &mut app.answer {
                answer.sent_as(id);
            }
        }
        Purpose::Verb(verb) => {
            let text = format!("{verb}: sent");
            ticket::sent(app, &id);
            let legs = std::mem::take(&mut app.sent_legs);
            app.notice(Notice { command: Some(id), text, state: NoticeState::UnderWay, legs });
        }
        Purpose::Stop => app.leaving = Some(Leaving::Stopping { command: Some(id) }),
        Purpose::Release => app.leaving = Some(Leaving::Releasing { command: Some(id) }),
    }
}

fn tick(app: &mut App) -> Vec<Effect> {
    let now = app.now.instant;
    app.transcript.release_rows();
    if app.hint.as_ref().is_some_and(|hint| hint.until <= now) {
        app.hint = None;
    }
    let is_away = app.is_away();
    let name = app.mirror.info().map_or_else(String::new, |info| info.name.clone());
    let call = app.notifier.take(&name, is_away, now).map(Effect::Notify);
    let mut effects = match &app.pending_enter {
        Some(pending) if pending.deadline <= now => typing::decide_enter_here(app),
        _ => Vec::new(),
    };
    effects.extend(call);
    effects
}
