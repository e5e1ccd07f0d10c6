//! A service of a newer version: what cannot be read is left out where that is possible, and never silently lost.

use qubx_client::Update;
use qubx_protocol::{LogLevel, Seq, ServerMessage};

use crate::harness::{Peer, Place, Screen, event};

/// An event whose kind is known, with something in it that is not.
const STRANGE: &str = r#"{"event": {"seq": 1, "time": "2026-03-02T14:00:00Z",
    "fact": {"output": {"cell": 1, "content": {"hologram": {"depth": 3}}}}}}"#;

async fn attached() -> (Place, Screen, Peer, tokio::net::UnixListener) {
    let place = Place::new();
    let listener = place.listen();
    let screen = place.attach().await;
    let mut peer = Peer::accept(&listener).await;
    let hello = peer.hello().await;
    peer.welcome(&hello, 0).await;
    (place, screen, peer, listener)
}

#[tokio::test]
async fn a_frame_that_may_be_missed_is_left_out() {
    let (_place, mut screen, mut peer, _listener) = attached().await;
    for strange in [
        r#"{"weather": {"rain": true}}"#,
        r#"{"latest": {"alarms": [{"severity": "purple"}]}}"#,
        r#"{"answer": {"request": "r1", "result": {"poem": {}}}}"#,
    ] {
        peer.say_json(strange).await;
    }
    peer.say(&ServerMessage::Event(event(1))).await;
    assert_eq!(screen.event().await, Seq(1));
    screen.client.close().await;
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_asked_for_once_more() {
    let (_place, mut screen, mut peer, _listener) = attached().await;
    peer.say_json(STRANGE).await;
    let hello = peer.hello().await;
    assert_eq!(hello.after, Some(Seq(0)));
    peer.welcome(&hello, 1).await;
    peer.say(&ServerMessage::Event(event(1))).await;
    let level = screen
        .until("the event", |update| match update {
            Update::Event(event) => match event.fact {
                qubx_protocol::Fact::Log { level, .. } => Some(level),
                _ => None,
            },
            _ => None,
        })
        .await;
    assert_eq!(level, LogLevel::Info);
    screen.client.close().await;
}

#[tokio::test]
async fn an_event_that_stays_unreadable_ends_the_connection_and_says_why() {
    let (_place, mut screen, mut peer, _listener) = attached().await;
    peer.say_json(STRANGE).await;
    let hello = peer.hello().await;
    peer.welcome(&hello, 1).await;
    peer.say_json(STRANGE).await;
    let (message, hint) = screen.closed().await;
    assert!(message.contains("cannot read") && message.contains("hologram"), "{message}");
    assert!(hint.unwrap().contains("the same version of qubx"));
}

#[tokio::test]
async fn a_frame_that_is_no_message_ends_the_connection_and_says_why() {
    let (_place, mut screen, mut peer, _listener) = attached().await;
    peer.say_json("[1, 2]").await;
    let (message, hint) = screen.closed().await;
    assert!(message.contains("cannot read"), "{message}");
    assert!(hint.is_some());
}
