//! The zeromq sockets of a client: requests out, replies and output in.
//!
//! Each socket is read by a task that does nothing else: zeromq keeps no queue for a reader that pauses, and a
//! `recv` that is given up half-way loses a message.

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_util::task::TaskTracker;
use zeromq::{
    DealerRecvHalf, DealerSendHalf, DealerSocket, Socket, SocketRecv, SocketSend, SubSocket, ZmqError,
    ZmqMessage, ZmqResult,
};

use crate::ConnectionInfo;
use crate::wire::{Message, Signer};

/// Messages that wait for the kernel's task. When it is full the reader waits, then the child keeps up to
/// its own high water mark, and only what comes after that is lost.
const QUEUE: usize = 4096;

/// A client's sockets.
pub(crate) struct Channels {
    signer: Signer,
    shell: DealerSendHalf,
    control: DealerSendHalf,
    /// Replies to requests.
    pub(crate) replies: mpsc::Receiver<Message>,
    /// Everybody's output and state.
    pub(crate) output: mpsc::Receiver<Message>,
    readers: Vec<AbortHandle>,
}

impl Channels {
    /// Connects to a kernel whose sockets are bound.
    pub(crate) async fn connect(
        connection: &ConnectionInfo,
        signer: Signer,
        tracker: &TaskTracker,
    ) -> ZmqResult<Self> {
        let mut iopub = SubSocket::new();
        iopub.connect(&connection.endpoint(connection.iopub_port)).await?;
        iopub.subscribe("").await?;
        let (shell, shell_replies) = dealer(&connection.endpoint(connection.shell_port)).await?;
        let (control, control_replies) = dealer(&connection.endpoint(connection.control_port)).await?;
        let (send_output, output) = mpsc::channel(QUEUE);
        let (send_reply, replies) = mpsc::channel(QUEUE);
        let readers = vec![
            tracker.spawn(read(iopub, signer.clone(), send_output)).abort_handle(),
            tracker.spawn(read(shell_replies, signer.clone(), send_reply.clone())).abort_handle(),
            tracker.spawn(read(control_replies, signer.clone(), send_reply)).abort_handle(),
        ];
        Ok(Self { signer, shell, control, replies, output, readers })
    }

    /// Sends a request that is answered in turn.
    pub(crate) async fn shell(&mut self, id: &str, kind: &str, content: &serde_json::Value) -> ZmqResult<()> {
        self.shell.send(message(self.signer.request(id, kind, content))?).await
    }

    /// Sends a request that is answered while a cell runs.
    pub(crate) async fn control(
        &mut self,
        id: &str,
        kind: &str,
        content: &serde_json::Value,
    ) -> ZmqResult<()> {
        self.control.send(message(self.signer.request(id, kind, content))?).await
    }
}

impl Drop for Channels {
    fn drop(&mut self) {
        self.readers.iter().for_each(AbortHandle::abort);
    }
}

async fn dealer(endpoint: &str) -> ZmqResult<(DealerSendHalf, DealerRecvHalf)> {
    let mut socket = DealerSocket::new();
    socket.connect(endpoint).await?;
    Ok(socket.split())
}

fn message(frames: Vec<Bytes>) -> ZmqResult<ZmqMessage> {
    ZmqMessage::try_from(frames).map_err(|_| ZmqError::NoMessage)
}

async fn read(mut socket: impl SocketRecv, signer: Signer, messages: mpsc::Sender<Message>) {
    // An error is the end of the connection; the child's end follows and says more.
    while let Ok(frames) = socket.recv().await {
        match signer.read(&frames.into_vec()) {
            Some(message) => {
                if messages.send(message).await.is_err() {
                    return;
                }
            }
            None => tracing::warn!("a message with a wrong signature is ignored"),
        }
    }
}
