//! Bytes that go both ways at once, and more of them than a socket holds.

use std::time::Duration;

use qubx_client::{Link, Update};
use qubx_protocol::{ClientMessage, Command, Event, Fact, LogLevel, Seq, ServerMessage};

use crate::harness::{Peer, Place, Screen, event};

/// Far more than a socket holds, and less than the largest frame that a client may send.
const LARGE: usize = 900 << 10;

fn large_cell() -> Command {
    Command::Execute { code: "#".repeat(LARGE) }
}

fn is_lost(update: Update) -> Option<()> {
    matches!(update, Update::Link(Link::Lost { .. })).then_some(())
}

async fn has_state(screen: &mut Screen) {
    screen.until("the state", |update| matches!(update, Update::Snapshot(_)).then_some(())).await;
}

#[tokio::test(start_paused = true)]
async fn a_large_command_and_many_events_pass_each_other() {
    let place = Place::new();
    let _service = place.live();
    let listener = place.listen();
    let mut screen = place.attach().await;
    let mut peer = Peer::accept(&listener).await;
    let hello = peer.hello().await;
    peer.welcome(&hello, 0).await;
    has_state(&mut screen).await;

    let id = screen.client.command(large_cell());
    let text = "x".repeat(64 << 10);
    let events = 128;
    let burst = async {
        for seq in 1..=events {
            let fact = Fact::Log {
                level: LogLevel::Info,
                source: "strategy".to_owned(),
                text: text.clone(),
                market_time: None,
            };
            peer.say(&ServerMessage::Event(Event { fact, ..event(seq) })).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), burst).await.expect("the screen reads while it writes");
    assert_eq!(peer.next().await, ClientMessage::Command { id, command: large_cell() });
    for seq in 1..=events {
        assert_eq!(screen.event().await, Seq(seq));
    }
    screen.client.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_service_that_stands_still_is_lost_also_in_the_middle_of_a_command() {
    let place = Place::new();
    let _service = place.live();
    let listener = place.listen();
    let mut screen = place.attach().await;
    let mut still = Peer::accept(&listener).await;
    let hello = still.hello().await;
    still.welcome(&hello, 0).await;
    has_state(&mut screen).await;
    let id = screen.client.command(large_cell());
    let second = screen.client.command(Command::Pause);
    screen.until("loss", is_lost).await;

    let mut peer = Peer::accept(&listener).await;
    let hello = peer.hello().await;
    peer.welcome(&hello, 0).await;
    assert_eq!(
        peer.next().await,
        ClientMessage::Command { id, command: large_cell() },
        "whole, from its start"
    );
    assert_eq!(peer.next().await, ClientMessage::Command { id: second, command: Command::Pause });
    screen.client.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_was_given_before_the_screen_let_go_is_sent() {
    let place = Place::new();
    let _service = place.live();
    let listener = place.listen();
    let mut screen = place.attach().await;
    let mut peer = Peer::accept(&listener).await;
    let hello = peer.hello().await;
    peer.welcome(&hello, 0).await;
    has_state(&mut screen).await;
    let id = screen.client.command(large_cell());
    let second = screen.client.command(Command::Pause);
    drop(screen.client);
    assert_eq!(peer.next().await, ClientMessage::Command { id, command: large_cell() });
    assert_eq!(peer.next().await, ClientMessage::Command { id: second, command: Command::Pause });
}
