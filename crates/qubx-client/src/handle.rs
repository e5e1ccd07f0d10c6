//! How a screen reaches a session, and the handle through which it speaks.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use qubx_home::Found;
use qubx_protocol::{Author, Command, CommandId, Request, RequestId, RequestKind, Role};
use tokio::net::UnixStream;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Update;
use crate::connection::Connection;

/// How to reach a session, and as whom.
#[derive(Clone, Debug)]
pub struct Options {
    /// The service's socket.
    pub socket: PathBuf,
    /// The file whose lock proves that the service lives; none when it is not known.
    pub lock: Option<PathBuf>,
    /// Who attaches, for the author tag: `user@tty`.
    pub identity: Author,
    /// Whether this is the command that started the session.
    pub owner: bool,
    /// Whether somebody watches or waits, so that it counts among those attached.
    pub screen: bool,
    /// Whether quotes, accounts, presence and alarms are wanted.
    pub latest: bool,
    /// What this screen may do; the service holds it to that.
    pub role: Role,
    /// How long the first connection may take. Later ones are tried as long as the service lives, and for a minute
    /// after it has crashed.
    pub timeout: Duration,
}

impl Options {
    /// Returns how to reach a session for somebody who watches or waits.
    #[must_use]
    pub fn screen(found: &Found, identity: Author, role: Role, timeout: Duration) -> Self {
        Self {
            socket: found.file.qubx.socket.clone(),
            lock: Some(found.file.qubx.session_dir.join("lock")),
            identity,
            owner: false,
            screen: true,
            latest: true,
            role,
            timeout,
        }
    }

    /// Returns how to reach a session for a question that is over in a moment.
    #[must_use]
    pub fn question(found: &Found, identity: Author, role: Role, timeout: Duration) -> Self {
        Self { screen: false, ..Self::screen(found, identity, role, timeout) }
    }
}

/// A session that cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The first connection failed.
    #[error("cannot reach the session at {socket}")]
    Connect {
        /// The service's socket.
        socket: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The screen's end of a connection. It is cheap to clone.
#[derive(Clone, Debug)]
pub struct ClientHandle {
    /// Unbounded: filled by a person's hands or by one call of the command line, and emptied into the socket;
    /// a bound would have to lose a command.
    outbox: mpsc::UnboundedSender<Outgoing>,
    reconnect: Arc<Notify>,
    cancel: CancellationToken,
    tracker: TaskTracker,
}

/// What waits to be sent.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Command(CommandId, Command),
    Request(Request),
}

impl ClientHandle {
    /// Sends a command and returns its id. It is kept until an event or a refusal answers it.
    #[must_use = "the answer names this id"]
    pub fn command(&self, command: Command) -> CommandId {
        let id = CommandId(random_id());
        self.command_as(id.clone(), command);
        id
    }

    /// As [`Self::command`], under an id that somebody else made: what was done under it already is not done again.
    pub fn command_as(&self, id: CommandId, command: Command) {
        // The receiver is gone only after `close`, when nobody waits for an answer any more.
        let _ = self.outbox.send(Outgoing::Command(id, command));
    }

    /// Asks a question and returns its id. It is forgotten when the connection breaks.
    #[must_use = "the answer names this id"]
    pub fn request(&self, kind: RequestKind) -> RequestId {
        let id = RequestId(random_id());
        let _ = self.outbox.send(Outgoing::Request(Request { id: id.clone(), kind }));
        id
    }

    /// Tries a lost connection now instead of at the next attempt.
    pub fn reconnect_now(&self) {
        self.reconnect.notify_one();
    }

    /// Ends the connection and waits for its task.
    pub async fn close(&self) {
        self.cancel.cancel();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

/// The updates that wait for a screen at most. When it is full the task stops reading the socket.
const UPDATES: usize = 1_024;

/// Connects, and keeps connected until the handle is closed.
///
/// # Errors
/// When the first connection does not come about within [`Options::timeout`].
pub async fn start(options: Options) -> Result<(ClientHandle, mpsc::Receiver<Update>), ClientError> {
    let stream = first_connection(&options).await?;
    let (outbox, outgoing) = mpsc::unbounded_channel();
    let (updates, receiver) = mpsc::channel(UPDATES);
    let handle = ClientHandle {
        outbox,
        reconnect: Arc::default(),
        cancel: CancellationToken::new(),
        tracker: TaskTracker::new(),
    };
    let connection = Connection::new(options, outgoing, updates, handle.reconnect.clone());
    let cancel = handle.cancel.clone();
    handle.tracker.spawn(async move {
        cancel.run_until_cancelled(connection.run(stream)).await;
    });
    Ok((handle, receiver))
}

async fn first_connection(options: &Options) -> Result<UnixStream, ClientError> {
    let deadline = Instant::now() + options.timeout;
    loop {
        match UnixStream::connect(&options.socket).await {
            Ok(stream) => return Ok(stream),
            Err(source) if Instant::now() >= deadline => {
                return Err(ClientError::Connect { socket: options.socket.clone(), source });
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Returns 128 random bits as text.
fn random_id() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
