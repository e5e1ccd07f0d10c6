//! What the session task is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use qubx_engine::EngineSnapshot;
use qubx_protocol::{Author, Command, CommandId, Event, Hello, Refusal, VerbProgress};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::screens::welcome::SharedWelcome;
use crate::session::Asker;

/// Something that happened outside of engine and kernel.
#[derive(Debug)]
pub(crate) enum Input {
    /// A screen said hello.
    Subscribe { hello: Hello, reply: oneshot::Sender<Subscription> },
    /// A screen left.
    Unsubscribe(SubscriberId),
    /// A screen gave a command.
    Command { id: CommandId, command: Command, author: Author, reply: oneshot::Sender<Option<Refusal>> },
    /// A verb ended.
    VerbEnded {
        ended: VerbProgress,
        /// Whether it found nothing left to do.
        was_idle: bool,
    },
    /// The owner's pipe ended.
    OwnerGone,
    /// Clients cannot be accepted, as the text says; none when they can be again.
    Unreachable(Option<String>),
    /// The service was told to stop by other means than a command.
    Stop(StopRequest),
    /// The engine begins anew for a strategy, with this book.
    StrategyAttached(Box<EngineSnapshot>),
    /// The book that Python is shown beside a strategy in Rust, and the number of the question.
    Book(u64, Box<EngineSnapshot>),
    /// What the strategy wants to be kept; all that the engine told before is there.
    KeepState(Asker, serde_json::Value),
    /// The strategy cannot be told to do what a command asks for, as the text says.
    StrategyCannotDo(CommandId, String),
    /// The strategy and the engine are at rest, as the text says: the session ends.
    Stopped { whole: bool, text: String },
}

/// A stop that no command asked for.
#[derive(Clone, Debug)]
pub struct StopRequest {
    /// Who asked.
    pub by: Author,
    /// Why, in words.
    pub reason: String,
}

/// The number of a screen's connection, never used twice.
pub(crate) type SubscriberId = u64;

/// What a screen gets: the welcome, the events that it lacks, then frames.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) id: SubscriberId,
    pub(crate) welcome: Arc<SharedWelcome>,
    pub(crate) backlog: Vec<Event>,
    pub(crate) frames: FrameReceiver,
    /// Cancelled when the screen is cut off or the session ends.
    pub(crate) cut: CancellationToken,
}

/// Encoded frames for one screen, bounded by number and by bytes. When either is full the screen is cut off.
#[derive(Debug)]
pub(crate) struct FrameSender {
    frames: mpsc::Sender<Arc<[u8]>>,
    queued: Arc<AtomicUsize>,
}

/// The screen's end of a [`FrameSender`].
#[derive(Debug)]
pub(crate) struct FrameReceiver {
    frames: mpsc::Receiver<Arc<[u8]>>,
    queued: Arc<AtomicUsize>,
}

/// The frames that wait for one screen at most.
const FRAMES: usize = 8_192;
/// The bytes that wait for one screen at most.
const FRAME_BYTES: usize = 16 << 20;

/// Returns both ends of a queue of frames.
pub(crate) fn frames() -> (FrameSender, FrameReceiver) {
    let (sender, receiver) = mpsc::channel(FRAMES);
    let queued = Arc::new(AtomicUsize::new(0));
    (FrameSender { frames: sender, queued: queued.clone() }, FrameReceiver { frames: receiver, queued })
}

impl FrameSender {
    /// Queues a frame and tells whether there was room.
    pub(crate) fn send(&self, frame: &Arc<[u8]>) -> bool {
        let queued = self.queued.fetch_add(frame.len(), Ordering::Relaxed) + frame.len();
        queued <= FRAME_BYTES && self.frames.try_send(frame.clone()).is_ok()
    }
}

impl FrameReceiver {
    /// Returns the next frame; none when the session has ended or cut this screen off. May be dropped half-way.
    pub(crate) async fn recv(&mut self) -> Option<Arc<[u8]>> {
        let frame = self.frames.recv().await?;
        self.queued.fetch_sub(frame.len(), Ordering::Relaxed);
        Some(frame)
    }
}
