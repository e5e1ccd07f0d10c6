//! What each message does to the screen, and which effects it has. Pure: time comes in with the message.

pub(crate) mod asking;
mod finding;
mod keys;
mod news;
mod panels;
pub(crate) mod ticket;
mod typing;
mod verbs;

use qubx_client::Link;

use crate::Exit;
use crate::app::{App, Leaving, Notice, NoticeState};
use crate::message::{Effect, Message, Now, Purpose, Question};

/// Takes a message in and returns what is to be done.
pub(crate) fn update(app: &mut App, message: Message, now: Now) -> Vec<Effect> {
    app.now = now;
    match message {
        Message::Key(event) => keys::key(app, event),
        Message::Paste(text) => typing::paste(app, &text),
        Message::Resize(size) => {
            app.size = size;
            Vec::new()
        }
        Message::Focus(has_focus) => {
            app.has_focus = has_focus;
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
        Message::Asked(id, Question::Older) => {
            app.pending_older = Some(id);
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
    if app.hint.as_ref().is_some_and(|hint| hint.until <= now) {
        app.hint = None;
    }
    match &app.pending_enter {
        Some(pending) if pending.deadline <= now => typing::decide_enter_here(app),
        _ => Vec::new(),
    }
}
