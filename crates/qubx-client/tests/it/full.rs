//! A service that has no room for one more client now.

use qubx_client::{Link, ServiceFate, Update};
use qubx_protocol::{ErrorCode, ErrorMessage, ServerMessage};
use tokio::time::Instant;

use crate::harness::{Peer, Place};

#[tokio::test(start_paused = true)]
async fn a_service_that_is_full_is_asked_again_ever_less_often_until_it_has_room() {
    let place = Place::new();
    let _service = place.live();
    let listener = place.listen();
    let mut screen = place.attach().await;
    let mut asked = Vec::new();
    for _ in 0..8 {
        let mut peer = Peer::accept(&listener).await;
        asked.push(Instant::now());
        peer.hello().await;
        let busy =
            ErrorMessage { code: ErrorCode::Busy, message: "1000 are attached".to_owned(), hint: None };
        peer.say(&ServerMessage::Error(busy)).await;
    }
    screen
        .until("why there is no connection", |update| {
            matches!(update, Update::Link(Link::Lost { service: ServiceFate::Full, .. })).then_some(())
        })
        .await;
    let mut peer = Peer::accept(&listener).await;
    let hello = peer.hello().await;
    peer.welcome(&hello, 0).await;
    screen.until("the state", |update| matches!(update, Update::Snapshot(_)).then_some(())).await;

    let pauses: Vec<u128> = asked.windows(2).map(|two| (two[1] - two[0]).as_millis()).collect();
    for (pause, expected) in pauses.iter().zip([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]) {
        assert!((expected..expected + 100).contains(pause), "{pauses:?}");
    }
    screen.client.close().await;
}
