//! The local socket: one task a connection, between a screen's frames and the session task.
//!
//! The peer must be the service's own user. A bad message ends its connection with a word, never the service.

mod questions;
mod unread;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use qubx_engine::EngineHandle;
use qubx_kernel::KernelHandle;
use qubx_protocol::{
    Answer, AnswerResult, Author, ClientMessage, Command, CommandId, ErrorCode, ErrorMessage, FrameBuffer,
    Hello, MAX_CLIENT_FRAME, PROTOCOL_VERSION, Refusal, Request, RequestKind, Role, ServerMessage,
    encode_frame,
};
use serde_json::value::RawValue;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio_util::task::TaskTracker;

use self::questions::{ask, bars, cells, equity, forbidden, older, series};
use self::unread::{Unread, read};
use crate::screens::frame_writer::FrameWriter;
use crate::screens::newest::Newest;
use crate::screens::places::Places;
use crate::session::input::{Input, Subscription};
use crate::store::Wanted;
use crate::strategy::published::PublishedBoard;

/// What every connection needs. It is cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Doors {
    pub(crate) inputs: mpsc::Sender<Input>,
    /// The Python process; none while there is none.
    pub(crate) python: watch::Receiver<Option<KernelHandle>>,
    /// Quotes, accounts, the strategy's panel, presence and alarms.
    pub(crate) newest: Newest,
    /// Asked for lines and bars.
    pub(crate) engine: EngineHandle,
    /// What the strategy published.
    pub(crate) published: Arc<Mutex<PublishedBoard>>,
    pub(crate) session_dir: Arc<Path>,
    /// Places for clients; a client without one is refused.
    pub(crate) places: Places,
    /// Who may read older history now: each reader opens both databases.
    pub(crate) readers: Arc<Semaphore>,
    pub(crate) tracker: TaskTracker,
}

/// The readers of older history at once; more wait their turn.
pub(crate) const READERS: usize = 4;
/// The entries of older history that are given at once.
const LONGEST_PAGE: usize = 1_000;
/// The largest cell, in bytes of its source.
const LARGEST_CELL: usize = 256 << 10;
/// How long a peer may take to say hello.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// The answers to requests that wait for a screen at most. When it is full the answering task waits.
const ANSWERS: usize = 64;
/// The questions of one screen that are answered at once.
const QUESTIONS: usize = 8;
/// How long a screen that is cut off may take to hear why.
const LAST_WORDS_WITHIN: Duration = Duration::from_millis(500);

pub(super) async fn serve_screen(stream: UnixStream, doors: Doors) {
    let own = rustix::process::geteuid().as_raw();
    let is_own = stream.peer_cred().is_ok_and(|peer| peer.uid() == own);
    let (mut reader, writer) = stream.into_split();
    let writer = FrameWriter::new(writer);
    let place = doors.places.come();
    let (answers, answered) = mpsc::channel(ANSWERS);
    let mut screen = Screen {
        writer,
        answers,
        answered,
        questions: Arc::new(Semaphore::new(QUESTIONS)),
        buffer: FrameBuffer::new(MAX_CLIENT_FRAME),
        doors,
        identity: Author::default(),
        role: Role::Viewer,
    };
    if !is_own {
        return screen.refuse(ErrorCode::Forbidden, "this session belongs to another user", None).await;
    }
    let mut place = match place {
        Ok(place) => place,
        Err(full) => return screen.refuse_place(&full).await,
    };
    let hello = match tokio::time::timeout(HELLO_WITHIN, screen.hello(&mut reader)).await {
        Ok(Ok(hello)) => hello,
        Ok(Err(Some(error))) => return screen.say(ServerMessage::Error(error)).await.unwrap_or(()),
        Ok(Err(None)) | Err(_) => return,
    };
    screen.identity = hello.identity.clone();
    screen.role = hello.role;
    let mut next = Some(hello);
    while let Some(hello) = next {
        if hello.screen
            && let Err(full) = place.stay()
        {
            return screen.refuse_place(&full).await;
        }
        next = screen.attend(&mut reader, hello).await;
    }
}

struct Screen {
    writer: FrameWriter,
    buffer: FrameBuffer,
    doors: Doors,
    identity: Author,
    /// What the peer may do, as its first hello said. It is held to that here, whatever it shows.
    role: Role,
    /// Answers on their way; they outlive a subscription, as a screen may say hello again.
    answers: mpsc::Sender<Answer>,
    answered: mpsc::Receiver<Answer>,
    /// Places for questions.
    questions: Arc<Semaphore>,
}

/// The peer is gone.
struct Gone;

impl Screen {
    async fn say(&mut self, message: ServerMessage) -> Result<(), Gone> {
        self.writer.write(encode_frame(&message)).await.map_err(|_| Gone)
    }

    async fn refuse(&mut self, code: ErrorCode, message: &str, hint: Option<&str>) {
        let error = ErrorMessage { code, message: message.to_owned(), hint: hint.map(str::to_owned) };
        // A peer that is gone needs no word.
        let _ = self.say(ServerMessage::Error(error)).await;
    }

    async fn refuse_place(&mut self, full: &str) {
        self.refuse(ErrorCode::Busy, full, Some("close some of them")).await;
    }

    /// Waits for the first message; an error says why it was not a hello, none that the peer left.
    async fn hello(
        &mut self,
        reader: &mut tokio::net::unix::OwnedReadHalf,
    ) -> Result<Hello, Option<ErrorMessage>> {
        loop {
            let message = self.buffer.next_message::<ClientMessage>();
            if let Some(too_long) = message.as_ref().ok().and_then(|message| message.as_ref()?.too_long()) {
                return Err(Some(bad_message(&too_long)));
            }
            match message {
                Ok(Some(ClientMessage::Hello(hello))) if hello.version == PROTOCOL_VERSION => {
                    return Ok(hello);
                }
                Ok(Some(ClientMessage::Hello(hello))) => {
                    let message = format!(
                        "this session speaks protocol version {PROTOCOL_VERSION}, and this screen {}",
                        hello.version
                    );
                    let hint = Some("use the version of qubx that started the session".to_owned());
                    return Err(Some(ErrorMessage { code: ErrorCode::Version, message, hint }));
                }
                Ok(Some(_)) => return Err(Some(bad_message("the first message must be a hello"))),
                Ok(None) => {}
                Err(error) => return Err(Some(bad_message(&error.to_string()))),
            }
            if !matches!(reader.read_buf(self.buffer.bytes_mut()).await, Ok(1..)) {
                return Err(None);
            }
        }
    }

    /// Serves one subscription. Returns the hello with which the screen asks for another one.
    async fn attend(&mut self, reader: &mut tokio::net::unix::OwnedReadHalf, hello: Hello) -> Option<Hello> {
        let wants_latest = hello.latest;
        // A role can be lowered on the way, never raised.
        self.role = self.role.min(hello.role);
        let hello = Hello { role: self.role, owner: hello.owner && self.role == Role::Admin, ..hello };
        let (reply, answer) = oneshot::channel();
        self.doors.inputs.send(Input::Subscribe { hello, reply }).await.ok()?;
        let subscription = answer.await.ok()?;
        let (id, cut) = (subscription.id, subscription.cut.clone());
        // A frame that is cut off half-way is written to its end before the last word.
        let next = match cut.run_until_cancelled(self.exchange(reader, subscription, wants_latest)).await {
            Some(next) => next,
            None => {
                tracing::warn!(identity = %self.identity, "a screen reads too slowly and is cut off");
                let slow = self.refuse(
                    ErrorCode::TooSlow,
                    "this screen reads too slowly",
                    Some("it resumes by itself"),
                );
                let _ = tokio::time::timeout(LAST_WORDS_WITHIN, slow).await;
                None
            }
        };
        // The session may have ended, and needs no word then.
        let _ = self.doors.inputs.send(Input::Unsubscribe(id)).await;
        next
    }

    async fn exchange(
        &mut self,
        reader: &mut tokio::net::unix::OwnedReadHalf,
        subscription: Subscription,
        wants_latest: bool,
    ) -> Option<Hello> {
        let Subscription { welcome, backlog, mut frames, cut, .. } = subscription;
        let first = tokio::task::block_in_place(|| welcome.frame());
        self.writer.write(first).await.ok()?;
        // Whoever comes now gets another snapshot.
        drop(welcome);
        for event in backlog {
            self.writer.write(encode_frame(&ServerMessage::Event(event))).await.ok()?;
        }
        let mut newest = self.doors.newest.clone();
        if wants_latest {
            self.writer.write(newest.all()).await.ok()?;
        }
        loop {
            // Some may have come together with the hello, and nothing may follow them.
            match self.take_messages().await {
                Ok(None) => {}
                Ok(hello) => return hello,
                Err(Gone) => return None,
            }
            tokio::select! {
                frame = frames.recv() => match frame {
                    Some(frame) => self.writer.write(frame).await.ok()?,
                    // One that is cut off is told so.
                    None if cut.is_cancelled() => return std::future::pending().await,
                    None => return None,
                },
                read = reader.read_buf(self.buffer.bytes_mut()) => {
                    if !matches!(read, Ok(1..)) {
                        return None;
                    }
                }
                Some(answer) = self.answered.recv() => self.say(ServerMessage::Answer(answer)).await.ok()?,
                frame = newest.next(), if wants_latest => self.writer.write(frame).await.ok()?,
            }
        }
    }

    /// Takes all whole messages that have arrived. Returns a new hello when there is one.
    async fn take_messages(&mut self) -> Result<Option<Hello>, Gone> {
        loop {
            let message = match self.buffer.next_message::<Box<RawValue>>() {
                Ok(None) => return Ok(None),
                Ok(Some(raw)) => read(&raw),
                Err(error) => Err(Unread::Nothing(error.to_string())),
            };
            match message {
                Ok(ClientMessage::Hello(hello)) => return Ok(Some(hello)),
                Ok(ClientMessage::Ping { nonce }) => self.say(ServerMessage::Pong { nonce }).await?,
                Ok(ClientMessage::Request(request)) => self.answer(request).await?,
                Ok(ClientMessage::Command { id, command }) => self.command(id, command).await?,
                Err(Unread::Command(refusal)) => self.say(ServerMessage::Refused(refusal)).await?,
                Err(Unread::Request(answer)) => self.say(ServerMessage::Answer(answer)).await?,
                Err(Unread::Nothing(error)) => {
                    self.refuse(ErrorCode::BadMessage, &error, None).await;
                    return Err(Gone);
                }
            }
        }
    }

    async fn command(&mut self, id: CommandId, command: Command) -> Result<(), Gone> {
        if let Some(message) = forbidden(self.role, command.needs(), command.verb()) {
            return self.say(ServerMessage::Refused(Refusal { command: id, message })).await;
        }
        if let Command::Execute { code } = &command
            && code.len() > LARGEST_CELL
        {
            let message = format!("a cell of {} bytes is longer than the {LARGEST_CELL} allowed", code.len());
            return self.say(ServerMessage::Refused(Refusal { command: id, message })).await;
        }
        let (reply, refusal) = oneshot::channel();
        let author = self.identity.clone();
        self.doors.inputs.send(Input::Command { id, command, author, reply }).await.map_err(|_| Gone)?;
        match refusal.await {
            Ok(Some(refusal)) => self.say(ServerMessage::Refused(refusal)).await,
            // The events answer, or the session has ended and says so itself.
            Ok(None) | Err(_) => Ok(()),
        }
    }

    /// Answers a request from a task of its own, so that a slow kernel holds no event up.
    ///
    /// A screen that asks more than it waits for is told so: what is asked holds memory until it is taken.
    async fn answer(&mut self, request: Request) -> Result<(), Gone> {
        let Ok(permit) = self.questions.clone().try_acquire_owned() else {
            let message = format!("{QUESTIONS} questions of this screen are not answered yet");
            let result = AnswerResult::Failed { message };
            return self.say(ServerMessage::Answer(Answer { request: request.id, result })).await;
        };
        let answers = self.answers.clone();
        let python = self.doors.python.borrow().clone();
        let (session_dir, readers) = (self.doors.session_dir.clone(), self.doors.readers.clone());
        let published = self.doors.published.clone();
        let engine = self.doors.engine.clone();
        let forbidden = forbidden(self.role, request.kind.needs(), "this question");
        self.doors.tracker.spawn(async move {
            let result = match (forbidden, request.kind) {
                (Some(message), _) => Err(message),
                (None, RequestKind::History { before, kind, limit }) => {
                    let _turn = readers.acquire().await;
                    older(session_dir, before, kind, limit.min(LONGEST_PAGE)).await
                }
                (None, RequestKind::Cells { before, contains, author, limit }) => {
                    let _turn = readers.acquire().await;
                    cells(session_dir, before, Wanted { contains, author }, limit.min(LONGEST_PAGE)).await
                }
                (None, RequestKind::Equity { after }) => equity(&engine, after).await,
                (None, RequestKind::Bars { instrument, timeframe, after, limit }) => {
                    bars(&engine, instrument, timeframe, after, limit).await
                }
                (None, RequestKind::Series { name, instrument, after }) => {
                    series(&published, &name, instrument.as_ref(), after)
                }
                (None, kind) => ask(python, kind).await,
            };
            let result = result.unwrap_or_else(|message| AnswerResult::Failed { message });
            // The screen may have left meanwhile.
            let _ = answers.send(Answer { request: request.id, result }).await;
            drop(permit);
        });
        Ok(())
    }
}

fn bad_message(message: &str) -> ErrorMessage {
    ErrorMessage { code: ErrorCode::BadMessage, message: message.to_owned(), hint: None }
}
