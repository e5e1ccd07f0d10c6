//! A way to a session's socket on which a session on paper seems to be live: what a screen does then, it does to a real
//! service, and no money is there.

use std::path::{Path, PathBuf};

use qubx_protocol::{
    ClientMessage, FrameBuffer, Hello, MAX_CLIENT_FRAME, MAX_FRAME, ServerMessage, encode_frame,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A socket in the place of another one.
pub(crate) struct Tap {
    tracker: TaskTracker,
    end: CancellationToken,
    socket: PathBuf,
    moved: PathBuf,
}

impl Tap {
    /// Takes the place of a socket, for whoever connects from now on.
    pub(crate) fn take_the_place_of(socket: &Path) -> Self {
        let moved = socket.with_extension("real");
        std::fs::rename(socket, &moved).unwrap();
        let listener = UnixListener::bind(socket).unwrap();
        let tap = Self {
            tracker: TaskTracker::new(),
            end: CancellationToken::new(),
            socket: socket.to_owned(),
            moved,
        };
        let (tracker, end, moved) = (tap.tracker.clone(), tap.end.clone(), tap.moved.clone());
        tap.tracker.spawn(async move {
            while let Some(Ok((screen, _))) = end.run_until_cancelled(listener.accept()).await {
                let Ok(service) = UnixStream::connect(&moved).await else { continue };
                let (screen, service) = (screen.into_split(), service.into_split());
                tracker.spawn(end.clone().run_until_cancelled_owned(ask(screen.0, service.1)));
                tracker.spawn(end.clone().run_until_cancelled_owned(tell(service.0, screen.1)));
            }
        });
        tap
    }

    /// Gives the socket its place back.
    pub(crate) async fn end(self) {
        self.end.cancel();
        self.tracker.close();
        self.tracker.wait().await;
        // A service that has ended has taken both along.
        let _ = std::fs::rename(&self.moved, &self.socket);
    }
}

/// Passes on what a screen says. It begins anew each time: what it knows of the session is of before.
async fn ask(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let mut buffer = FrameBuffer::new(MAX_CLIENT_FRAME);
    while let Ok(1..) = from.read_buf(buffer.bytes_mut()).await {
        while let Some(message) = buffer.next_message::<ClientMessage>().unwrap() {
            let message = match message {
                ClientMessage::Hello(hello) => {
                    ClientMessage::Hello(Hello { log: None, after: None, ..hello })
                }
                other => other,
            };
            if to.write_all(&encode_frame(&message)).await.is_err() {
                return;
            }
        }
    }
}

/// Passes on what a service says, as of a session in mode live.
async fn tell(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let mut buffer = FrameBuffer::new(MAX_FRAME);
    while let Ok(1..) = from.read_buf(buffer.bytes_mut()).await {
        while let Some(message) = buffer.next_message::<ServerMessage>().unwrap() {
            let text = serde_json::to_string(&message).unwrap();
            let text = text.replace("\"mode\":\"paper\"", "\"mode\":\"live\"");
            let message: ServerMessage = serde_json::from_str(&text).unwrap();
            if to.write_all(&encode_frame(&message)).await.is_err() {
                return;
            }
        }
    }
}
