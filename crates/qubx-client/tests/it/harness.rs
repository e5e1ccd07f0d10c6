//! A service that says what the test wants said, on a real socket.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use qubx_client::{ClientHandle, Link, Options, Update};
use qubx_home::{OwnerLock, SessionLock};
use qubx_protocol::{
    Author, ClientMessage, Epoch, Event, Fact, FrameBuffer, Hello, LogId, LogLevel, MAX_CLIENT_FRAME, Role,
    Seq, ServerMessage, SessionState, Welcome, encode_frame,
};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

/// No wait of these tests takes longer; those that would wait for real run on a clock that jumps.
const PATIENCE: Duration = Duration::from_secs(600);

/// The folder of a session: its socket, and the place of its lock.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// Listens, like a service that has started.
    pub(crate) fn listen(&self) -> UnixListener {
        let _ = std::fs::remove_file(self.socket());
        UnixListener::bind(self.socket()).unwrap()
    }

    /// Holds the lock, like a service that lives.
    pub(crate) fn live(&self) -> SessionLock {
        SessionLock::acquire(&self.folder.path().join("lock")).unwrap()
    }

    /// Owns the session, like the command that started it.
    pub(crate) fn own(&self) -> OwnerLock {
        OwnerLock::acquire(self.folder.path()).unwrap()
    }

    /// Connects a screen.
    pub(crate) async fn attach(&self) -> Screen {
        let options = Options {
            socket: self.socket(),
            lock: Some(self.folder.path().join("lock")),
            identity: Author::from("op1"),
            owner: false,
            screen: true,
            latest: true,
            role: Role::Trader,
            timeout: Duration::from_secs(5),
        };
        let (client, updates) = qubx_client::start(options).await.unwrap();
        Screen { client, updates }
    }
}

/// A screen under test.
pub(crate) struct Screen {
    pub(crate) client: ClientHandle,
    updates: mpsc::Receiver<Update>,
}

impl Screen {
    /// Waits for the first update of which `find` returns something.
    pub(crate) async fn until<T>(&mut self, what: &str, mut find: impl FnMut(Update) -> Option<T>) -> T {
        let search = async {
            loop {
                let update = self.updates.recv().await.unwrap_or_else(|| panic!("the end, before {what}"));
                if let Some(found) = find(update) {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, search).await.unwrap_or_else(|_| panic!("no {what}"))
    }

    /// Waits for the next event and returns its number.
    pub(crate) async fn event(&mut self) -> Seq {
        self.until("event", |update| match update {
            Update::Event(event) => Some(event.seq),
            _ => None,
        })
        .await
    }

    /// Waits for the end and returns its message and hint.
    pub(crate) async fn closed(&mut self) -> (String, Option<String>) {
        self.until("end", |update| match update {
            Update::Link(Link::Closed(error)) => Some((error.message, error.hint)),
            _ => None,
        })
        .await
    }
}

/// The service's end of one connection.
pub(crate) struct Peer {
    stream: UnixStream,
    buffer: FrameBuffer,
}

impl Peer {
    pub(crate) async fn accept(listener: &UnixListener) -> Self {
        let (stream, _) = tokio::time::timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
        Self { stream, buffer: FrameBuffer::new(MAX_CLIENT_FRAME) }
    }

    /// Returns the next message that is no ping, which is answered.
    pub(crate) async fn next(&mut self) -> ClientMessage {
        loop {
            match self.buffer.next_message().unwrap() {
                Some(ClientMessage::Ping { nonce }) => self.say(&ServerMessage::Pong { nonce }).await,
                Some(message) => return message,
                None => {
                    let read = self.stream.read_buf(self.buffer.bytes_mut());
                    let read = tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap();
                    assert!(read > 0, "the screen hung up");
                }
            }
        }
    }

    pub(crate) async fn hello(&mut self) -> Hello {
        match self.next().await {
            ClientMessage::Hello(hello) => hello,
            other => panic!("{other:?} instead of a hello"),
        }
    }

    pub(crate) async fn say(&mut self, message: &ServerMessage) {
        self.stream.write_all(&encode_frame(message)).await.unwrap();
    }

    /// Says something that no version of today says.
    pub(crate) async fn say_json(&mut self, json: &str) {
        let frame: serde_json::Value = serde_json::from_str(json).unwrap();
        self.stream.write_all(&encode_frame(&frame)).await.unwrap();
    }

    /// Welcomes a screen: a new one with a snapshot of the state after `head` events.
    pub(crate) async fn welcome(&mut self, hello: &Hello, head: u64) {
        let log = LogId::from("log");
        let mut state = SessionState::new(log.clone(), 10);
        for seq in 1..=head {
            state.apply(&event(seq));
        }
        let snapshot = hello.after.is_none().then(|| Box::new(state));
        let welcome = Welcome { log, epoch: Epoch(1), head: Seq(head), snapshot };
        self.say(&ServerMessage::Welcome(welcome)).await;
    }
}

/// Returns the event of that number: a line of the log.
pub(crate) fn event(seq: u64) -> Event {
    let fact = Fact::Log {
        level: LogLevel::Info,
        source: "engine".to_owned(),
        text: format!("line {seq}"),
        market_time: None,
    };
    Event { seq: Seq(seq), time: Timestamp::UNIX_EPOCH, fact }
}
