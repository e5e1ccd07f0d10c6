//! The socket between the service and its Python: one connection, from the child itself and nobody else.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use qubx_protocol::{AnswerResult, FrameBuffer, FrameError, MAX_FRAME};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

use crate::{BatchPlace, CallId, CallOrigin, KernelError, RunId, StrategyEvent};

/// The messages that are not the strategy's.
const OF_THE_KERNEL: [&str; 8] =
    ["bound", "ready", "call", "answer", "cell_begins", "cell_ends", "input_begins", "input_ends"];

/// What Python sends.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum FromPython {
    /// The kernel's sockets exist.
    Bound,
    /// The kernel answers.
    Ready {
        python: String,
        ipykernel: String,
    },
    /// Something of the strategy's.
    #[serde(skip)]
    Strategy(StrategyEvent),
    /// The request is read later, so that one which cannot be read is answered.
    Call {
        call: CallId,
        origin: CallOrigin,
        #[serde(default)]
        at: Option<BatchPlace>,
        request: serde_json::Value,
    },
    /// A call of which only the number could be read: whoever waits for it is told why.
    #[serde(skip)]
    UnreadableCall {
        call: CallId,
        error: String,
    },
    Answer {
        id: u64,
        result: AnswerResult,
    },
    /// A request is about to run a cell.
    CellBegins {
        cell: RunId,
        request: String,
        user: String,
        code: String,
        execution_count: Option<u32>,
        stored: bool,
    },
    /// It ended.
    CellEnds {
        cell: RunId,
        status: RunStatus,
    },
    /// The cell of a request waits for a line; `after` is the number of the last broadcast before it.
    InputBegins {
        input: u64,
        request: String,
        prompt: String,
        password: bool,
        after: u64,
    },
    /// It does not wait any more.
    InputEnds {
        input: u64,
    },
}

/// How a request ended, as Python tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum RunStatus {
    Ok,
    Interrupted,
    #[serde(other)]
    Error,
}

/// The socket before its one connection.
pub(crate) struct Listener {
    listener: UnixListener,
    path: PathBuf,
}

impl Listener {
    /// Makes the socket, in place of an older kernel's.
    pub(crate) fn bind(folder: &Path) -> Result<Self, KernelError> {
        let path = folder.join("bridge.sock");
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path)
            .map_err(|source| KernelError::Prepare { path: path.clone(), source })?;
        Ok(Self { listener, path })
    }

    /// Returns the child's connection; everybody else's is closed. The socket is gone then.
    pub(crate) async fn accept(self, pid: u32) -> std::io::Result<UnixStream> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            let peer = stream.peer_cred()?;
            if peer.pid().and_then(|peer| u32::try_from(peer).ok()) == Some(pid) {
                return Ok(stream);
            }
            tracing::warn!(peer = ?peer.pid(), "a stranger came to the bridge");
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Hands on what Python sends until the connection ends. When `messages` is full, Python waits.
pub(crate) async fn read(mut socket: OwnedReadHalf, messages: mpsc::Sender<FromPython>) {
    let mut buffer = FrameBuffer::new(MAX_FRAME);
    while matches!(socket.read_buf(buffer.bytes_mut()).await, Ok(1..)) {
        loop {
            match buffer.next_message::<Box<RawValue>>() {
                Ok(Some(raw)) => {
                    if let Some(message) = message(&raw)
                        && messages.send(message).await.is_err()
                    {
                        return;
                    }
                }
                Ok(None) => break,
                Err(error @ FrameError::TooLong { .. }) => {
                    tracing::error!(%error, "the bridge ends");
                    return;
                }
                Err(error @ FrameError::Malformed(_)) => {
                    tracing::error!(%error, "a message from Python is lost")
                }
            }
        }
    }
}

/// Returns what a frame says; none when it is lost.
fn message(raw: &RawValue) -> Option<FromPython> {
    /// What is needed to answer. All else may be as deep or as odd as it likes: it is skipped unread.
    #[derive(Deserialize)]
    struct Call {
        call: CallId,
    }
    /// What is needed to know whose a message is.
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(borrow, rename = "type")]
        kind: Cow<'a, str>,
    }
    let kind = serde_json::from_str::<Kind<'_>>(raw.get()).map(|Kind { kind }| kind);
    let read = match kind {
        Ok(kind) if OF_THE_KERNEL.contains(&kind.as_ref()) => serde_json::from_str(raw.get()),
        _ => serde_json::from_str(raw.get()).map(FromPython::Strategy),
    };
    let error = match read {
        Ok(message) => return Some(message),
        Err(error) => error,
    };
    match serde_json::from_str(raw.get()) {
        Ok(Call { call }) => {
            let error = format!("the service cannot read this call, so nothing was done: {error}");
            Some(FromPython::UnreadableCall { call, error })
        }
        Err(_) => {
            tracing::error!(%error, "a message from Python is lost");
            None
        }
    }
}

/// Writes frames until there are no more, or until nobody reads them.
pub(crate) async fn write(mut socket: OwnedWriteHalf, mut frames: mpsc::Receiver<Vec<u8>>) {
    while let Some(frame) = frames.recv().await {
        if socket.write_all(&frame).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<FromPython> {
        message(&serde_json::from_str::<Box<RawValue>>(json).unwrap())
    }

    #[test]
    fn a_call_that_cannot_be_read_can_be_answered() {
        let deep = "[".repeat(500) + &"]".repeat(500);
        for request in [deep.as_str(), r#""\udcff""#, "1e999"] {
            let call = format!(r#"{{"type":"call","call":7,"origin":{{"cell":3}},"request":{request}}}"#);
            let read = read(&call);
            assert!(
                matches!(&read, Some(FromPython::UnreadableCall { call: CallId(7), .. })),
                "{request}: {read:?}"
            );
        }
        let call = r#"{"type":"call","call":7,"origin":"nobody","request":null}"#;
        assert!(matches!(read(call), Some(FromPython::UnreadableCall { .. })));
        assert!(read(r#"{"type":"log","level":"info","text":"\udcff"}"#).is_none());
        assert!(matches!(
            read(r#"{"type":"stopped"}"#),
            Some(FromPython::Strategy(StrategyEvent::Stopped { after: 0 }))
        ));
    }
}
