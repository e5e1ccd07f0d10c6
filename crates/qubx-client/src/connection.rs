//! The task that holds the connection: hello, events in order, pings, and trying again.
//!
//! It hands events on without a gap or a repetition, whatever the socket does. A screen that reads too slowly
//! stops the task from reading, the service cuts the connection off, and the task resumes where the screen is.

mod search;
mod talk;

use std::sync::Arc;

use bytes::BytesMut;
use qubx_protocol::{
    ErrorCode, ErrorMessage, Event, Fact, FrameBuffer, LogId, Phase, Seq, ServerMessage, SessionStatus,
    Welcome,
};
use tokio::net::UnixStream;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use crate::frame::{self, Frame};
use crate::handle::Outgoing;
use crate::unanswered::Unanswered;
use crate::{Link, Options, Update};
use search::Loss;

/// The task's state.
pub(crate) struct Connection {
    options: Options,
    outgoing: mpsc::UnboundedReceiver<Outgoing>,
    updates: mpsc::Sender<Update>,
    reconnect: Arc<Notify>,
    log: Option<LogId>,
    /// The last event handed on.
    head: Seq,
    /// Whether the last hello was answered. Until then events belong to an older hello and are ignored.
    welcomed: bool,
    unanswered: Unanswered,
    /// What waits for the socket of this connection.
    unsent: BytesMut,
    pinged: Option<(u64, Instant)>,
    /// Since the connection was lost; none since the last welcome.
    loss: Option<Loss>,
    /// Whether the service's last word was that it has no place for this client.
    is_refused_a_place: bool,
    /// Whether the session said that it stops, so that its end is no crash.
    stopping: bool,
    /// The event after which one came that cannot be read; the same once more ends the connection.
    unreadable_after: Option<Seq>,
}

/// Why a connection ended.
enum Ending {
    /// It broke, or there is no room for it now; try again.
    Lost,
    /// The service said why, and trying again is in vain.
    Closed(ErrorMessage),
    /// The screen is gone.
    ScreenGone,
}

impl Connection {
    /// Returns a connection that has seen nothing yet.
    pub(crate) fn new(
        options: Options,
        outgoing: mpsc::UnboundedReceiver<Outgoing>,
        updates: mpsc::Sender<Update>,
        reconnect: Arc<Notify>,
    ) -> Self {
        Self {
            options,
            outgoing,
            updates,
            reconnect,
            log: None,
            head: Seq(0),
            welcomed: false,
            unanswered: Unanswered::default(),
            unsent: BytesMut::new(),
            pinged: None,
            loss: None,
            is_refused_a_place: false,
            stopping: false,
            unreadable_after: None,
        }
    }

    /// Talks, and finds the service again when it was lost, until either end is gone.
    pub(crate) async fn run(mut self, mut stream: UnixStream) {
        loop {
            let mut ending = self.talk(stream).await;
            if let Ending::Lost = ending {
                match self.find_again().await {
                    Ok(found) => {
                        stream = found;
                        continue;
                    }
                    Err(in_vain) => ending = in_vain,
                }
            }
            if let Ending::Closed(error) = ending {
                self.close(error).await;
            }
            return;
        }
    }

    async fn close(&self, error: ErrorMessage) {
        // A screen that is gone needs no word.
        let _ = self.updates.send(Update::Link(Link::Closed(error))).await;
    }

    /// Takes all whole messages out of the buffer.
    async fn take_messages(&mut self, buffer: &mut FrameBuffer) -> Result<(), Ending> {
        loop {
            match frame::next(buffer) {
                Ok(Some(Frame::Message(message))) => self.take(*message).await?,
                Ok(Some(Frame::UnreadableEvent(error))) => self.unreadable_event(&error)?,
                Ok(Some(Frame::Skipped { kind, error })) => {
                    tracing::warn!(kind, error, "left out what this version cannot read");
                }
                Ok(None) => return Ok(()),
                Err(error) => return Err(other_version(&error)),
            }
        }
    }

    async fn take(&mut self, message: ServerMessage) -> Result<(), Ending> {
        let update = match message {
            ServerMessage::Welcome(welcome) => return self.welcome(welcome).await,
            ServerMessage::Event(event) => {
                if !self.welcomed || event.seq <= self.head {
                    return Ok(());
                }
                if event.seq != self.head.next() {
                    tracing::warn!(head = %self.head, got = %event.seq, "events are missing: asking for them");
                    self.say_hello();
                    return Ok(());
                }
                self.note(&event);
                Update::Event(event)
            }
            ServerMessage::Latest(latest) => Update::Latest(latest),
            ServerMessage::Answer(answer) => Update::Answer(answer),
            ServerMessage::Refused(refusal) => {
                self.unanswered.refused(&refusal.command);
                Update::Refused(refusal)
            }
            ServerMessage::Pong { nonce } => match self.pinged {
                Some((expected, at)) if expected == nonce => {
                    Update::Link(Link::Connected { latency: Some(at.elapsed()) })
                }
                _ => return Ok(()),
            },
            ServerMessage::Error(error) => {
                self.is_refused_a_place = error.code == ErrorCode::Busy;
                return Err(ending(error));
            }
        };
        self.hand_on(update).await
    }

    /// Begins or resumes, with the commands that are still to be answered.
    async fn welcome(&mut self, welcome: Welcome) -> Result<(), Ending> {
        self.welcomed = true;
        self.loss = None;
        self.stopping = false;
        self.log = Some(welcome.log);
        if let Some(snapshot) = &welcome.snapshot {
            // The events that answer may have been missed.
            for event in snapshot.history.all() {
                self.unanswered.answered(&event.fact);
            }
        }
        self.unanswered.send_again();
        if let Some(snapshot) = welcome.snapshot {
            self.head = snapshot.head;
            self.stopping = snapshot.status.as_ref().is_some_and(is_stopping);
            self.hand_on(Update::Snapshot(snapshot)).await?;
        }
        self.hand_on(Update::Link(Link::Connected { latency: None })).await
    }

    /// Notes what the next event means for the connection itself.
    fn note(&mut self, event: &Event) {
        self.head = event.seq;
        self.unanswered.answered(&event.fact);
        if let Fact::Status(status) = &event.fact {
            self.stopping = is_stopping(status);
        }
    }

    /// An event that cannot be read is a gap: it is asked for once more, and then the versions are too different.
    fn unreadable_event(&mut self, error: &str) -> Result<(), Ending> {
        if !self.welcomed {
            return Ok(());
        }
        if self.unreadable_after == Some(self.head) {
            return Err(other_version(error));
        }
        tracing::warn!(head = %self.head, error, "cannot read an event: asking for it again");
        self.unreadable_after = Some(self.head);
        self.say_hello();
        Ok(())
    }

    async fn hand_on(&self, update: Update) -> Result<(), Ending> {
        self.updates.send(update).await.map_err(|_| Ending::ScreenGone)
    }
}

fn is_stopping(status: &SessionStatus) -> bool {
    matches!(status.phase, Phase::Stopping { .. })
}

/// Tells whether trying again after the service's last word may help.
fn ending(error: ErrorMessage) -> Ending {
    match error.code {
        ErrorCode::TooSlow => Ending::Lost,
        ErrorCode::Busy => {
            tracing::warn!(error.message, "the service has no room for another client now: trying again");
            Ending::Lost
        }
        ErrorCode::Version
        | ErrorCode::BadMessage
        | ErrorCode::Forbidden
        | ErrorCode::Ended
        | ErrorCode::Unknown => Ending::Closed(error),
    }
}

fn other_version(error: &str) -> Ending {
    Ending::Closed(ErrorMessage {
        code: ErrorCode::BadMessage,
        message: format!("the service sent what this screen cannot read: {error}"),
        hint: Some("use the same version of qubx for the session and for this screen".to_owned()),
    })
}
