//! The connections of a stand-in: each is told all that was told, and what it gives is kept.

use std::sync::Arc;

use jiff::Timestamp;
use qubx_protocol::{
    Answer, AnswerResult, ClientMessage, Completeness, FrameBuffer, Hello, MAX_CLIENT_FRAME, Presence,
    RequestKind, ServerMessage, Welcome, encode_frame,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Shared, Told};
use crate::harness::Given;

/// Lets clients in until the end.
pub(super) async fn listen(
    listener: std::os::unix::net::UnixListener,
    shared: Arc<Shared>,
    end: CancellationToken,
) {
    listener.set_nonblocking(true).unwrap();
    let listener = UnixListener::from_std(listener).unwrap();
    let tracker = TaskTracker::new();
    while let Some(Ok((stream, _))) = end.run_until_cancelled(listener.accept()).await {
        tracker.spawn(end.clone().run_until_cancelled_owned(attend(stream, shared.clone())));
    }
    tracker.close();
    tracker.wait().await;
}

/// Serves one connection, and notes when it is over.
async fn attend(stream: UnixStream, shared: Arc<Shared>) {
    let mut screen = None;
    // One that leaves in the middle of a frame has left.
    let _ = exchange(stream, &shared, &mut screen).await;
    if let Some(Attached { hello, .. }) = screen.filter(|screen: &Attached| screen.hello.screen) {
        shared.change(|told| told.present(|all| all.retain(|one| one.identity != hello.identity)));
    }
}

/// A connection that has said hello, and how much it was told.
struct Attached {
    hello: Hello,
    events: usize,
    changes: usize,
}

async fn exchange(stream: UnixStream, shared: &Shared, screen: &mut Option<Attached>) -> std::io::Result<()> {
    let (mut reader, mut writer) = stream.into_split();
    let mut buffer = FrameBuffer::new(MAX_CLIENT_FRAME);
    let mut news = shared.news.subscribe();
    loop {
        let messages = untold(&shared.told(), screen);
        for message in messages {
            writer.write_all(&encode_frame(&message)).await?;
        }
        tokio::select! {
            changed = news.changed() => if changed.is_err() { return Ok(()) },
            read = reader.read_buf(buffer.bytes_mut()) => if read? == 0 { return Ok(()) },
        }
        while let Some(message) = buffer.next_message().unwrap() {
            if let Some(answer) = take(message, shared, screen) {
                writer.write_all(&encode_frame(&answer)).await?;
            }
        }
    }
}

/// Returns what a connection was not told yet.
fn untold(told: &Told, screen: &mut Option<Attached>) -> Vec<ServerMessage> {
    let Some(screen) = screen else { return Vec::new() };
    let events = told.events[screen.events..].iter().cloned().map(ServerMessage::Event);
    let mut messages: Vec<ServerMessage> = events.collect();
    screen.events = told.events.len();
    if screen.hello.latest && screen.changes != told.changes {
        screen.changes = told.changes;
        messages.push(ServerMessage::Latest(told.latest.clone()));
    }
    messages
}

/// Takes a message, and returns the answer that it gets at once.
fn take(message: ClientMessage, shared: &Shared, screen: &mut Option<Attached>) -> Option<ServerMessage> {
    match message {
        ClientMessage::Hello(hello) => {
            if hello.screen && screen.is_none() {
                let one = Presence {
                    identity: hello.identity.clone(),
                    owner: hello.owner,
                    role: hello.role,
                    since: Timestamp::now(),
                    screens: 1,
                };
                shared.change(|told| told.present(|all| all.push(one)));
            }
            Some(welcome(&shared.told(), hello, screen))
        }
        ClientMessage::Command { id, command } => {
            let author = screen.as_ref()?.hello.identity.clone();
            shared.change(|told| told.take(Given { id, command, author }));
            None
        }
        ClientMessage::Request(request) => {
            let result = answer(&request.kind);
            Some(ServerMessage::Answer(Answer { request: request.id, result }))
        }
        ClientMessage::Ping { nonce } => Some(ServerMessage::Pong { nonce }),
    }
}

/// Begins with what the recording began with, or goes on after the last event that the screen has.
fn welcome(told: &Told, hello: Hello, screen: &mut Option<Attached>) -> ServerMessage {
    let first = &told.first;
    let after = hello.after.filter(|after| hello.log.as_ref() == Some(&first.log) && *after >= first.head);
    let snapshot = after.is_none().then(|| Box::new(first.clone()));
    let events = after.map_or(0, |after| usize::try_from(after.0 - first.head.0).unwrap());
    *screen = Some(Attached { hello, events, changes: 0 });
    let (log, epoch, head) = (first.log.clone(), first.epoch, told.state.head);
    ServerMessage::Welcome(Welcome { log, epoch, head, snapshot })
}

/// Answers a question as a session would in which little has happened.
fn answer(kind: &RequestKind) -> AnswerResult {
    match kind {
        RequestKind::Complete { cursor, .. } => {
            AnswerResult::Completions { start: *cursor, end: *cursor, matches: Vec::new() }
        }
        RequestKind::IsComplete { .. } => {
            AnswerResult::IsComplete { status: Completeness::Complete, indent: String::new() }
        }
        RequestKind::Inspect { .. } => AnswerResult::Inspection { text: None },
        RequestKind::History { .. } => AnswerResult::History { events: Vec::new(), complete: true },
        RequestKind::Cells { .. } => AnswerResult::Cells { cells: Vec::new(), complete: true },
        RequestKind::Equity { .. } => AnswerResult::Equity { points: Vec::new() },
        RequestKind::Bars { .. } => AnswerResult::Bars { bars: Vec::new() },
        RequestKind::Series { .. } => AnswerResult::Series { points: Vec::new() },
    }
}
