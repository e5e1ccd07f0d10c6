//! A tab's socket, between a browser that is us and a service that is us.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use qubx_protocol::{ClientMessage, FrameBuffer, Hello, MAX_CLIENT_FRAME, Role};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::harness::{PATIENCE, World};

/// A tab.
struct Tab {
    socket: WebSocketStream<TcpStream>,
}

impl Tab {
    async fn open(world: &World, session: &str, secret: &str) -> Self {
        Self::try_open(world, session, secret).await.expect("a place")
    }

    async fn try_open(world: &World, session: &str, secret: &str) -> Option<Self> {
        let cookie = format!("{}={}", world.cookie(), world.login(secret));
        let url = format!("ws://127.0.0.1:{}/api/sessions/{session}/socket", world.port);
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("origin", world.origin().parse().unwrap());
        request.headers_mut().insert("cookie", cookie.parse().unwrap());
        let stream = TcpStream::connect(("127.0.0.1", world.port)).await.unwrap();
        let (socket, _) = client_async(request, stream).await.ok()?;
        Some(Self { socket })
    }

    async fn say(&mut self, message: &Value) {
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    async fn hello(&mut self) {
        self.say(&json!({"hello": {"version": 1, "identity": "root@pts/0", "screen": true, "owner": true}}))
            .await;
    }

    /// Returns the next text, or the code with which the socket was closed.
    async fn next(&mut self) -> Result<String, u16> {
        let next = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                    Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
                    Some(Ok(Message::Close(None)) | Err(_)) | None => return Err(0),
                    Some(Ok(_)) => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, next).await.expect("a message in time")
    }
}

/// The service's end of a tab's connection.
struct Service {
    stream: UnixStream,
    buffer: FrameBuffer,
}

impl Service {
    async fn accept(listener: &UnixListener) -> Self {
        let (stream, _) =
            tokio::time::timeout(PATIENCE, listener.accept()).await.expect("a tab in time").unwrap();
        Self { stream, buffer: FrameBuffer::new(MAX_CLIENT_FRAME) }
    }

    async fn next(&mut self) -> Option<ClientMessage> {
        let next = async {
            loop {
                if let Some(message) = self.buffer.next_message().unwrap() {
                    return Some(message);
                }
                if self.stream.read_buf(self.buffer.bytes_mut()).await.unwrap_or(0) == 0 {
                    return None;
                }
            }
        };
        tokio::time::timeout(PATIENCE, next).await.expect("a message in time")
    }

    async fn hello(&mut self) -> Hello {
        match self.next().await {
            Some(ClientMessage::Hello(hello)) => hello,
            other => panic!("{other:?} is no hello"),
        }
    }

    async fn say(&mut self, text: &str) {
        let mut frame = u32::try_from(text.len()).unwrap().to_be_bytes().to_vec();
        frame.extend_from_slice(text.as_bytes());
        self.stream.write_all(&Bytes::from(frame)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_go_through_as_they_are_and_a_tab_is_who_its_token_says() {
    let world = World::start().await;
    let (listener, _lock) = world.session("ema");
    let mut tab = Tab::open(&world, "ema", &world.token(Role::Trader)).await;
    tab.hello().await;
    let mut service = Service::accept(&listener).await;
    let hello = service.hello().await;
    assert_eq!((hello.identity.as_str(), hello.role, hello.owner), ("trader@127.0.0.1", Role::Trader, false));
    // What neither end of this version knows goes through too.
    for text in [r#"{"welcome": {"x": 1}}"#, r#"{"of_a_later_version":{"ü":"\u0000"}}"#] {
        service.say(text).await;
        assert_eq!(tab.next().await.unwrap(), text);
    }
    tab.say(&json!({"ping": {"nonce": 7}})).await;
    assert_eq!(service.next().await, Some(ClientMessage::Ping { nonce: 7 }));
    // Nor is a later hello anybody else's.
    tab.hello().await;
    assert_eq!(service.hello().await.identity.as_str(), "trader@127.0.0.1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_ends_its_open_sockets_within_a_second() {
    let world = World::start().await;
    let (listener, _lock) = world.session("ema");
    let secret = world.token(Role::Admin);
    let mut tabs = Vec::new();
    for _ in 0..3 {
        let mut tab = Tab::open(&world, "ema", &secret).await;
        tab.hello().await;
        let mut service = Service::accept(&listener).await;
        service.hello().await;
        tabs.push((tab, service));
    }
    let start = std::time::Instant::now();
    assert!(!world.access.revoke("admin").unwrap().is_empty());
    for (tab, service) in &mut tabs {
        assert_eq!(tab.next().await, Err(4401));
        assert_eq!(service.next().await, None, "the service is rid of it too");
    }
    println!("three sockets ended {} ms after the revocation", start.elapsed().as_millis());
    assert!(start.elapsed() < Duration::from_secs(10), "a generous limit; the goal is a second");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_ends_when_its_permission_expires() {
    let world = World::start().await;
    let (_listener, _lock) = world.session("ema");
    let grant = qubx_gateway::Grant {
        lasts: Some(jiff::SignedDuration::from_millis(800)),
        ..crate::harness::token(Role::Viewer)
    };
    let secret = world.access.grant(grant).unwrap().1;
    let mut tab = Tab::open(&world, "ema", secret.reveal()).await;
    tab.hello().await;
    assert_eq!(tab.next().await, Err(4401));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tab_is_told_whether_its_session_comes_back() {
    let world = World::start().await;
    let (listener, lock) = world.session("ema");
    let secret = world.token(Role::Viewer);
    for expected in [1013, 4404] {
        let mut tab = Tab::open(&world, "ema", &secret).await;
        tab.hello().await;
        let mut service = Service::accept(&listener).await;
        service.hello().await;
        if expected == 4404 {
            // No service holds the lock any more, and nobody starts another.
            std::fs::remove_file(world.home().session("paper", "default", "ema").join("lock")).unwrap();
        }
        drop(service);
        assert_eq!(tab.next().await, Err(expected));
    }
    drop(lock);
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_closes_the_socket_and_reaches_no_service() {
    let world = World::start().await;
    let (listener, _lock) = world.session("ema");
    let secret = world.token(Role::Admin);
    for (first, second) in [
        (json!({"command": {"id": "x", "command": "flatten"}}), None),
        (json!([1]), None),
        (json!({"hello": {"version": 1, "identity": "x"}}), Some(json!({"a": 1, "b": 2}))),
    ] {
        let mut tab = Tab::open(&world, "ema", &secret).await;
        tab.say(&first).await;
        let mut service = Service::accept(&listener).await;
        if let Some(second) = second {
            service.hello().await;
            tab.say(&second).await;
        }
        assert_eq!(tab.next().await, Err(4400));
        assert_eq!(service.next().await, None);
    }
    // A frame larger than a service takes never becomes whole.
    let mut tab = Tab::open(&world, "ema", &secret).await;
    tab.hello().await;
    let mut service = Service::accept(&listener).await;
    service.hello().await;
    let _ = tab.socket.send(Message::text("x".repeat(MAX_CLIENT_FRAME + 1))).await;
    assert!(tab.next().await.is_err());
    assert_eq!(service.next().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tab_that_does_not_read_holds_nobody_up() {
    let world = World::start().await;
    let (listener, _lock) = world.session("ema");
    let secret = world.token(Role::Viewer);
    let mut slow = Tab::open(&world, "ema", &secret).await;
    slow.hello().await;
    let mut to_slow = Service::accept(&listener).await;
    to_slow.hello().await;
    // Filled until nothing more goes in: what is between is bounded by the sockets, not by memory of the gateway.
    let chunk = format!("{{\"x\":\"{}\"}}", "y".repeat(1 << 20));
    let mut sent = 0;
    while tokio::time::timeout(Duration::from_millis(500), to_slow.say(&chunk)).await.is_ok() {
        sent += 1;
        assert!(sent < 64, "somebody keeps what nobody reads");
    }
    let mut quick = Tab::open(&world, "ema", &secret).await;
    quick.hello().await;
    let mut to_quick = Service::accept(&listener).await;
    to_quick.hello().await;
    to_quick.say("{\"z\":1}").await;
    assert_eq!(quick.next().await.unwrap(), "{\"z\":1}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_the_places_of_the_others() {
    let world = World::start().await;
    let (_listener, _lock) = world.session("ema");
    let (greedy, other) = (world.token(Role::Viewer), world.token(Role::Trader));
    let mut tabs = Vec::new();
    for _ in 0..128 {
        tabs.push(Tab::open(&world, "ema", &greedy).await);
    }
    assert!(Tab::try_open(&world, "ema", &greedy).await.is_none(), "a 129th of one permission");
    let _one = Tab::open(&world, "ema", &other).await;
    drop(tabs);
    let again = async {
        while Tab::try_open(&world, "ema", &greedy).await.is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, again).await.expect("places are free again");
}
