//! The task that holds the connection: hello, events in order, pings, and trying again.
//!
//! It hands events on without a gap or a repetition, whatever the socket does. A screen that reads too slowly
//! stops the task from reading, the service cuts the connection off, and the task resumes where the screen is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use qubx_protocol::{
    ClientMessage, Command, CommandId, ErrorCode, ErrorMessage, Fact, FrameBuffer, Hello, LogId, MAX_FRAME,
    PROTOCOL_VERSION, Seq, ServerMessage, encode_frame,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;
use tokio::sync::{Notify, mpsc};
use tokio::time::MissedTickBehavior;

use crate::handle::Outgoing;
use crate::{Link, Options, ServiceFate, Update};

/// How often a connection that works is measured by a ping.
const PING_EVERY: Duration = Duration::from_secs(2);
/// How long no byte may arrive before a connection counts as lost: three pings without an answer.
const SILENCE: Duration = Duration::from_secs(6);
/// The pause before the first new attempt. It doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

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
    unanswered: BTreeMap<CommandId, Command>,
    pinged: Option<(u64, Instant)>,
    /// When the connection was lost; none since the last welcome.
    lost_since: Option<Instant>,
}

/// Why a connection ended.
enum Ending {
    /// It broke; try again.
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
            unanswered: BTreeMap::new(),
            pinged: None,
            lost_since: None,
        }
    }

    /// Talks, and finds the service again when it was lost, until either end is gone.
    pub(crate) async fn run(mut self, stream: UnixStream) {
        let mut stream = Some(stream);
        loop {
            let ending = match stream.take() {
                Some(stream) => self.talk(stream).await,
                None => Ending::Lost,
            };
            match ending {
                Ending::Lost => stream = self.find_again().await,
                Ending::Closed(error) => return self.close(error).await,
                Ending::ScreenGone => return,
            }
            if stream.is_none() {
                let message = "the service has ended".to_owned();
                return self.close(ErrorMessage { code: ErrorCode::Ended, message, hint: None }).await;
            }
        }
    }

    async fn close(&self, error: ErrorMessage) {
        // A screen that is gone needs no word.
        let _ = self.updates.send(Update::Link(Link::Closed(error))).await;
    }

    /// Talks over one connection until it ends.
    async fn talk(&mut self, stream: UnixStream) -> Ending {
        let (mut reader, mut writer) = stream.into_split();
        let mut buffer = FrameBuffer::new(MAX_FRAME);
        let mut ping = tokio::time::interval(PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        self.pinged = None;
        if writer.write_all(&self.hello()).await.is_err() {
            return Ending::Lost;
        }
        loop {
            let frame = tokio::select! {
                read = reader.read_buf(buffer.bytes_mut()) => {
                    if !matches!(read, Ok(1..)) {
                        return Ending::Lost;
                    }
                    heard = Instant::now();
                    match self.take_messages(&mut buffer).await {
                        Ok(frame) => frame,
                        Err(ending) => return ending,
                    }
                }
                outgoing = self.outgoing.recv() => match outgoing {
                    Some(outgoing) => self.send(outgoing),
                    None => return Ending::ScreenGone,
                },
                _ = ping.tick() => {
                    if heard.elapsed() > SILENCE {
                        return Ending::Lost;
                    }
                    let nonce = self.pinged.map_or(1, |(nonce, _)| nonce + 1);
                    self.pinged = Some((nonce, Instant::now()));
                    encode_frame(&ClientMessage::Ping { nonce })
                }
            };
            if !frame.is_empty() && writer.write_all(&frame).await.is_err() {
                // The service closed its end, and what it said before that has not been read yet.
                return self.last_words(&mut reader, &mut buffer).await;
            }
        }
    }

    /// Takes what a connection that takes nothing any more still brings.
    async fn last_words(&mut self, reader: &mut OwnedReadHalf, buffer: &mut FrameBuffer) -> Ending {
        while matches!(reader.read_buf(buffer.bytes_mut()).await, Ok(1..)) {
            if let Err(ending) = self.take_messages(buffer).await {
                return ending;
            }
        }
        Ending::Lost
    }

    fn hello(&mut self) -> Vec<u8> {
        self.welcomed = false;
        encode_frame(&ClientMessage::Hello(Hello {
            version: PROTOCOL_VERSION,
            log: self.log.clone(),
            after: self.log.is_some().then_some(self.head),
            identity: self.options.identity.clone(),
            owner: self.options.owner,
            screen: self.options.screen,
            latest: self.options.latest,
            role: self.options.role,
        }))
    }

    fn send(&mut self, outgoing: Outgoing) -> Vec<u8> {
        let message = match outgoing {
            Outgoing::Command(id, command) => {
                self.unanswered.insert(id.clone(), command.clone());
                ClientMessage::Command { id, command }
            }
            Outgoing::Request(request) => ClientMessage::Request(request),
        };
        // Before the welcome the service takes no command; the welcome sends what is unanswered.
        let too_early = !self.welcomed && matches!(message, ClientMessage::Command { .. });
        if too_early { Vec::new() } else { encode_frame(&message) }
    }

    /// Takes all whole messages out of the buffer and returns what they make us send.
    async fn take_messages(&mut self, buffer: &mut FrameBuffer) -> Result<Vec<u8>, Ending> {
        let mut reply = Vec::new();
        loop {
            match buffer.next_message::<ServerMessage>() {
                Ok(Some(message)) => reply.extend(self.take(message).await?),
                Ok(None) => return Ok(reply),
                Err(error) => {
                    let hint =
                        Some("use the same version of qubx for the session and for this screen".to_owned());
                    let message = format!("the service sent what this screen cannot read: {error}");
                    return Err(Ending::Closed(ErrorMessage { code: ErrorCode::BadMessage, message, hint }));
                }
            }
        }
    }

    async fn take(&mut self, message: ServerMessage) -> Result<Vec<u8>, Ending> {
        let mut reply = Vec::new();
        let update = match message {
            ServerMessage::Welcome(welcome) => {
                self.welcomed = true;
                self.lost_since = None;
                self.log = Some(welcome.log);
                for (id, command) in &self.unanswered {
                    let (id, command) = (id.clone(), command.clone());
                    reply.extend(encode_frame(&ClientMessage::Command { id, command }));
                }
                if let Some(snapshot) = welcome.snapshot {
                    self.head = snapshot.head;
                    self.hand_on(Update::Snapshot(snapshot)).await?;
                }
                Update::Link(Link::Connected { latency: None })
            }
            ServerMessage::Event(event) => {
                if !self.welcomed || event.seq <= self.head {
                    return Ok(reply);
                }
                if event.seq != self.head.next() {
                    tracing::warn!(head = %self.head, got = %event.seq, "events are missing: asking for them");
                    return Ok(self.hello());
                }
                self.head = event.seq;
                if let Some(command) = answered(&event.fact) {
                    self.unanswered.remove(command);
                }
                Update::Event(event)
            }
            ServerMessage::Latest(latest) => Update::Latest(latest),
            ServerMessage::Answer(answer) => Update::Answer(answer),
            ServerMessage::Refused(refusal) => {
                self.unanswered.remove(&refusal.command);
                Update::Refused(refusal)
            }
            ServerMessage::Pong { nonce } => match self.pinged {
                Some((expected, at)) if expected == nonce => {
                    Update::Link(Link::Connected { latency: Some(at.elapsed()) })
                }
                _ => return Ok(reply),
            },
            ServerMessage::Error(error) if error.code == ErrorCode::TooSlow => return Err(Ending::Lost),
            ServerMessage::Error(error) => return Err(Ending::Closed(error)),
        };
        self.hand_on(update).await?;
        Ok(reply)
    }

    async fn hand_on(&self, update: Update) -> Result<(), Ending> {
        self.updates.send(update).await.map_err(|_| Ending::ScreenGone)
    }

    /// Tries until the service is there again; none when it has ended. A service that stands still takes the connection
    /// and says nothing, so only its welcome ends the loss.
    async fn find_again(&mut self) -> Option<UnixStream> {
        let since = *self.lost_since.get_or_insert_with(Instant::now);
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let service = self.fate();
            if service == ServiceFate::Ended {
                return None;
            }
            let lost = Link::Lost { since, attempt, retry_at: Instant::now() + pause, service };
            self.updates.send(Update::Link(lost)).await.ok()?;
            if attempt == 1 && !self.welcomed {
                // It takes connections and does not talk: a service that ends, say. Ask it no more often than one that
                // takes none.
                self.wait_or_keep_commands(pause).await;
            }
            if let Ok(stream) = UnixStream::connect(&self.options.socket).await {
                return Some(stream);
            }
            self.wait_or_keep_commands(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
        None
    }

    /// Waits for the next attempt; commands given meanwhile are kept for it.
    async fn wait_or_keep_commands(&mut self, pause: Duration) {
        let wait = tokio::time::sleep(pause);
        tokio::pin!(wait);
        loop {
            tokio::select! {
                () = &mut wait => return,
                () = self.reconnect.notified() => return,
                Some(Outgoing::Command(id, command)) = self.outgoing.recv() => {
                    self.unanswered.insert(id, command);
                }
            }
        }
    }

    fn fate(&self) -> ServiceFate {
        match self.options.lock.as_deref().map(qubx_home::lock_holder) {
            Some(Ok(Some(_))) => ServiceFate::Lives,
            Some(Ok(None)) => ServiceFate::Ended,
            Some(Err(_)) | None => ServiceFate::Unknown,
        }
    }
}

/// Returns the command that an event answers.
fn answered(fact: &Fact) -> Option<&CommandId> {
    match fact {
        Fact::Cell { command, .. } => command.as_ref(),
        Fact::Verb { verb, .. } => verb.command.as_ref(),
        _ => None,
    }
}
