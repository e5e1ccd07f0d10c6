//! A peer that speaks the protocol frame by frame, and keeps none of its rules.

use qubx_protocol::{
    Author, ClientMessage, FrameBuffer, Hello, LogId, MAX_FRAME, PROTOCOL_VERSION, Seq, ServerMessage,
    Welcome, encode_frame,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use super::{LIMIT, Place};

/// A connection to a session's socket.
pub(crate) struct Raw {
    stream: UnixStream,
    buffer: FrameBuffer,
}

impl Raw {
    pub(crate) async fn connect(place: &Place, name: &str) -> Self {
        let stream = UnixStream::connect(&place.session(name).file.qubx.socket).await.unwrap();
        Self { stream, buffer: FrameBuffer::new(MAX_FRAME) }
    }

    /// Connects and says hello as a new screen.
    pub(crate) async fn attach(place: &Place, name: &str, who: &str) -> (Self, Welcome) {
        let mut raw = Self::connect(place, name).await;
        raw.send(&hello(who, None)).await;
        match raw.next().await {
            Some(ServerMessage::Welcome(welcome)) => (raw, welcome),
            other => panic!("no welcome: {other:?}"),
        }
    }

    pub(crate) async fn send(&mut self, message: &ClientMessage) {
        self.send_bytes(&encode_frame(message)).await;
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Returns the next message; none when the service has closed the connection.
    pub(crate) async fn next(&mut self) -> Option<ServerMessage> {
        loop {
            if let Some(message) = self.buffer.next_message().unwrap() {
                return Some(message);
            }
            let read = tokio::time::timeout(LIMIT, self.stream.read_buf(self.buffer.bytes_mut())).await;
            if read.expect("a message in time").unwrap_or(0) == 0 {
                return None;
            }
        }
    }

    /// Waits for a message that `pick` wants.
    pub(crate) async fn until<T>(&mut self, mut pick: impl FnMut(&ServerMessage) -> Option<T>) -> T {
        loop {
            let message = self.next().await.expect("the connection stays");
            if let Some(found) = pick(&message) {
                return found;
            }
        }
    }
}

/// Returns the hello of a screen that has the events up to `after`.
pub(crate) fn hello(who: &str, after: Option<(LogId, Seq)>) -> ClientMessage {
    let (log, after) = after.unzip();
    let identity = Author::from(who);
    ClientMessage::Hello(Hello {
        version: PROTOCOL_VERSION,
        log,
        after,
        identity,
        owner: false,
        screen: true,
        latest: false,
        role: qubx_protocol::Role::Admin,
    })
}
