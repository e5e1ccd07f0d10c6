//! The task that holds the connection.

use std::path::PathBuf;
use std::time::Duration;

use qubx_protocol::{Author, Command, CommandId, RequestId, RequestKind};
use tokio::sync::mpsc;

use crate::Update;

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
    /// Whether quotes, accounts and presence are wanted.
    pub latest: bool,
    /// How long the first connection may take. Later ones are tried until the service ends.
    pub timeout: Duration,
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
pub struct ClientHandle {}

impl ClientHandle {
    /// Sends a command and returns its id. It is kept until an event or a refusal answers it.
    pub fn command(&self, command: Command) -> CommandId {
        todo!("{command:?}")
    }

    /// Asks a question and returns its id. It is forgotten when the connection breaks.
    pub fn request(&self, kind: RequestKind) -> RequestId {
        todo!("{kind:?}")
    }

    /// Tries a lost connection now instead of at the next attempt.
    pub fn reconnect_now(&self) {
        todo!()
    }

    /// Ends the connection and waits for its task.
    pub async fn close(&self) {
        todo!()
    }
}

/// Connects, and keeps connected until the handle is closed.
///
/// # Errors
/// When the first connection does not come about within [`Options::timeout`].
pub async fn start(options: Options) -> Result<(ClientHandle, mpsc::Receiver<Update>), ClientError> {
    todo!("{options:?}")
}
