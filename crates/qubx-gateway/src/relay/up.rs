//! The way from a tab to the service: messages go through as they are, but for a hello.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream::SplitStream;
use qubx_protocol::{ClientMessage, Hello};
use serde_json::value::RawValue;
use tokio::io::AsyncWriteExt;
use tokio::net::unix::OwnedWriteHalf;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::Close;
use crate::gateway::Gateway;
use crate::http::{Identity, Socket};

/// How long the first hello may take.
const HELLO_WITHIN: Duration = Duration::from_secs(10);
/// How many frames a tab may send in a second; a program that sends more waits.
const FRAMES_A_SECOND: u32 = 1_000;

/// The way from the tab to the service.
pub(super) struct Up<'a> {
    pub(super) gateway: &'a Gateway,
    pub(super) identity: &'a Identity,
    pub(super) from_tab: SplitStream<Socket>,
    pub(super) writer: OwnedWriteHalf,
}

impl Up<'_> {
    pub(super) async fn run(mut self) -> Close {
        match tokio::time::timeout(HELLO_WITHIN, self.next()).await {
            Ok(Ok(first)) => match checked(&first, self.identity) {
                Checked::Hello(hello) => {
                    if self.write(&hello).await.is_err() {
                        return Close::TryAgain;
                    }
                }
                Checked::Other => return Close::BadMessage("the first message must be a hello"),
                Checked::Nonsense => return Close::BadMessage("not a message of this protocol"),
            },
            Ok(Err(close)) => return close,
            Err(_) => return Close::BadMessage("no hello came"),
        }
        let (mut window, mut count) = (Instant::now(), 0);
        loop {
            let text = match self.next().await {
                Ok(text) => text,
                Err(close) => return close,
            };
            count += 1;
            if count > FRAMES_A_SECOND {
                tokio::time::sleep_until(window + Duration::from_secs(1)).await;
            }
            if window.elapsed() >= Duration::from_secs(1) {
                (window, count) = (Instant::now(), 1);
            }
            let written = match checked(&text, self.identity) {
                Checked::Hello(hello) => self.write(&hello).await,
                Checked::Other => self.write(text.as_bytes()).await,
                Checked::Nonsense => return Close::BadMessage("not a message of this protocol"),
            };
            if written.is_err() {
                // The other direction says why.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Returns the next text.
    async fn next(&mut self) -> Result<Utf8Bytes, Close> {
        loop {
            match self.from_tab.next().await {
                Some(Ok(Message::Text(text))) => {
                    self.gateway.metrics.frames_in.fetch_add(1, Ordering::Relaxed);
                    return Ok(text);
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Binary(_))) => return Err(Close::BadMessage("messages are text")),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Close::Gone),
            }
        }
    }

    async fn write(&mut self, frame: &[u8]) -> std::io::Result<()> {
        let length = u32::try_from(frame.len()).expect("a frame of a tab is at most 1 MiB");
        let mut bytes = BytesMut::with_capacity(4 + frame.len());
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(frame);
        self.writer.write_all(&Bytes::from(bytes)).await
    }
}

/// A frame that a tab sent.
#[derive(Debug, PartialEq, Eq)]
enum Checked {
    /// A hello, as it is to be sent on.
    Hello(Vec<u8>),
    /// Something that the service holds the role against.
    Other,
    /// Not one message.
    Nonsense,
}

/// Looks at a frame. What is no hello is not looked into.
fn checked(text: &str, identity: &Identity) -> Checked {
    let Ok(message) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) else {
        return Checked::Nonsense;
    };
    let Some((kind, body)) = message.first_key_value() else { return Checked::Nonsense };
    if message.len() > 1 {
        return Checked::Nonsense;
    }
    if kind != "hello" {
        return Checked::Other;
    }
    let Ok(hello) = serde_json::from_str::<Hello>(body.get()) else { return Checked::Nonsense };
    let hello =
        Hello { identity: identity.author(), role: hello.role.min(identity.role()), owner: false, ..hello };
    match serde_json::to_vec(&ClientMessage::Hello(hello)) {
        Ok(bytes) => Checked::Hello(bytes),
        Err(_) => Checked::Nonsense,
    }
}

#[cfg(test)]
mod tests {
    use qubx_protocol::Role;

    use super::*;
    use crate::access::{Access, Grant, Kind};

    fn identity(role: Role) -> Identity {
        let folder = tempfile::tempdir().unwrap();
        let access = Access::open(&qubx_home::Home::at(folder.path().to_owned())).unwrap();
        let grant = Grant { kind: Kind::Token, name: "anna".to_owned(), role, session: None, lasts: None };
        let (entry, _) = access.grant(grant).unwrap();
        Identity { entry, address: [10, 0, 0, 7].into() }
    }

    fn hello(text: &str, role: Role) -> Option<Hello> {
        match checked(text, &identity(role)) {
            Checked::Hello(bytes) => match serde_json::from_slice(&bytes).unwrap() {
                ClientMessage::Hello(hello) => Some(hello),
                _ => None,
            },
            _ => None,
        }
    }

    #[test]
    fn a_tab_is_who_its_permission_says_and_may_do_no_more() {
        let text = r#"{"hello": {"version": 1, "identity": "root@pts/0", "owner": true, "screen": true, "role": "admin"}}"#;
        for role in [Role::Viewer, Role::Trader, Role::Admin] {
            let hello = hello(text, role).unwrap();
            assert_eq!((hello.identity.as_str(), hello.role, hello.owner), ("anna@10.0.0.7", role, false));
            assert!(hello.screen);
        }
        let watching = text.replace("\"admin\"", "\"viewer\"");
        assert_eq!(hello(&watching, Role::Admin).unwrap().role, Role::Viewer, "it may ask for less");
        let default = r#"{"hello": {"version": 1, "identity": "x"}}"#;
        assert_eq!(hello(default, Role::Viewer).unwrap().role, Role::Viewer);
    }

    #[test]
    fn a_hello_cannot_hide() {
        let identity = identity(Role::Viewer);
        for text in [
            r#"{"command": {"id": "x", "command": "flatten"}, "hello": {"version": 1, "identity": "x"}}"#,
            "[]",
            "\"hello\"",
            "{}",
            "",
            "{\"hello\": 7}",
            "{\"hello\": {}} {\"hello\": {}}",
        ] {
            assert_eq!(checked(text, &identity), Checked::Nonsense, "{text}");
        }
        // Escapes in a key are undone before it is compared.
        assert!(matches!(
            checked(r#"{"\u0068ello": {"version": 1, "identity": "root"}}"#, &identity),
            Checked::Hello(_)
        ));
        assert_eq!(checked(r#"{"command": {"id": "x", "command": "flatten"}}"#, &identity), Checked::Other);
    }
}
