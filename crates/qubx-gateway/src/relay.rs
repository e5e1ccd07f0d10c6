//! The way between a tab's websocket and the session's socket: frames go through as they are.
//!
//! Only a hello is looked into: whoever the tab says it is, it is who its permission says, and may do no more than that. A
//! tab that reads slowly is not read for: the service cuts it off, and it resumes. Nothing is kept here.

mod pieces;
mod up;

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::BytesMut;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use qubx_home::{Found, owner_holder};
use qubx_protocol::MAX_CLIENT_FRAME;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use self::pieces::Pieces;
use self::up::Up;
use crate::gateway::Gateway;
use crate::http::{Identity, Socket};

/// The largest message of a tab, as the websocket enforces it: what a service takes.
pub(crate) const LARGEST_MESSAGE: usize = MAX_CLIENT_FRAME;
/// What is read from the service at once, in bytes, and so what a tab costs.
const BUFFER: usize = 16 << 10;
/// Why a socket was closed, for the page. 4000 and more are the application's own.
/// <https://www.rfc-editor.org/rfc/rfc6455#section-7.4.2>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Close {
    /// The permission was revoked or has expired.
    AccessEnded,
    /// The session has ended.
    SessionEnded,
    /// The tab reads too slowly; it may resume.
    TooSlow,
    /// What the tab said makes no sense.
    BadMessage(&'static str),
    /// The service is not there at the moment, or the gateway ends.
    TryAgain,
    /// The tab is gone.
    Gone,
}

impl Close {
    fn frame(self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Close::AccessEnded => (4401, "access ended"),
            Close::SessionEnded => (4404, "the session has ended"),
            Close::TooSlow => (4408, "this tab reads too slowly"),
            Close::BadMessage(why) => (4400, why),
            Close::TryAgain => (1013, "try again"),
            Close::Gone => return None,
        };
        Some(CloseFrame { code: CloseCode::from(code), reason: Utf8Bytes::from_static(reason) })
    }
}

/// How long a piece may take to be taken by the tab. The service cuts a slow one off long before, by what waits for it.
const TAKEN_WITHIN: Duration = Duration::from_secs(30);
/// How long the last word may take.
const LAST_WORD_WITHIN: Duration = Duration::from_secs(2);

/// Serves a tab until either end is gone or its permission ends.
pub(crate) async fn relay(gateway: &Gateway, identity: &Identity, found: &Found, socket: Socket) {
    gateway.metrics.sockets.fetch_add(1, Ordering::Relaxed);
    let (mut to_tab, from_tab) = socket.split();
    let close = tokio::select! {
        close = talk(gateway, identity, found, &mut to_tab, from_tab) => close,
        () = gateway.live.ended(&identity.entry.id) => Close::AccessEnded,
        () = gateway.cancel.cancelled() => Close::TryAgain,
    };
    if let Some(frame) = close.frame() {
        // A frame that was cut off half-way is written to its end first; a tab that does not read gets no word.
        let _ = tokio::time::timeout(LAST_WORD_WITHIN, to_tab.send(Message::Close(Some(frame)))).await;
    }
    gateway.metrics.sockets.fetch_sub(1, Ordering::Relaxed);
}

async fn talk(
    gateway: &Gateway,
    identity: &Identity,
    found: &Found,
    to_tab: &mut SplitSink<Socket, Message>,
    from_tab: SplitStream<Socket>,
) -> Close {
    let Ok(stream) = UnixStream::connect(&found.file.qubx.socket).await else { return gone(found) };
    let (reader, writer) = stream.into_split();
    tokio::select! {
        close = down(gateway, found, reader, to_tab) => close,
        close = Up { gateway, identity, from_tab, writer }.run() => close,
    }
}

/// Returns what the end of the service's connection means.
fn gone(found: &Found) -> Close {
    let dir = &found.file.qubx.session_dir;
    let holds = |holder: Result<Option<_>, _>| matches!(holder, Ok(Some(_)));
    if holds(qubx_home::service_holder(dir)) || holds(owner_holder(dir)) {
        return Close::TryAgain;
    }
    Close::SessionEnded
}

/// The way from the service to the tab, in pieces.
async fn down(
    gateway: &Gateway,
    found: &Found,
    mut reader: OwnedReadHalf,
    to_tab: &mut SplitSink<Socket, Message>,
) -> Close {
    let (mut pieces, mut come) = (Pieces::default(), BytesMut::with_capacity(BUFFER));
    loop {
        // What is passed on leaves its place in the buffer.
        come.reserve(BUFFER);
        match reader.read_buf(&mut come).await {
            Ok(1..) => {}
            Ok(0) | Err(_) => return gone(found),
        }
        let pass_on = async {
            loop {
                match pieces.next(&mut come) {
                    Ok(Some(piece)) => {
                        let is_last = piece.header().is_final;
                        gateway.metrics.frames_out.fetch_add(is_last.into(), Ordering::Relaxed);
                        to_tab.feed(Message::Frame(piece)).await.map_err(|_| Close::Gone)?;
                    }
                    Ok(None) => return to_tab.flush().await.map_err(|_| Close::Gone),
                    Err(pieces::TooLong) => return Err(Close::TryAgain),
                }
            }
        };
        match tokio::time::timeout(TAKEN_WITHIN, pass_on).await {
            Ok(Ok(())) => {}
            Ok(Err(close)) => return close,
            Err(_) => return Close::TooSlow,
        }
    }
}
