//! A service that is gone without a word, and one that comes back.

use qubx_client::{Link, ServiceFate, Update};
use qubx_protocol::{
    ClientMessage, Command, CommandId, ErrorCode, ErrorMessage, Fact, InputId, Refusal, Role, Seq,
    ServerMessage,
};

use crate::harness::{Peer, Place, event};

fn is_gone(update: Update) -> Option<()> {
    matches!(update, Update::Link(Link::Lost { service: ServiceFate::Ended, .. })).then_some(())
}

async fn command(peer: &mut Peer) -> (CommandId, Command) {
    match peer.next().await {
        ClientMessage::Command { id, command } => (id, command),
        other => panic!("{other:?} instead of a command"),
    }
}

#[tokio::test]
async fn a_service_that_is_started_again_is_resumed_and_gets_what_it_did_not_answer() {
    let place = Place::new();
    let _owner = place.own();
    let listener = place.listen();
    let mut screen = place.attach().await;
    let mut peer = Peer::accept(&listener).await;
    let hello = peer.hello().await;
    assert_eq!((hello.role, hello.after), (Role::Trader, None));
    peer.welcome(&hello, 2).await;
    peer.say(&ServerMessage::Event(event(3))).await;
    assert_eq!(screen.event().await, Seq(3));
    let before = screen.client.command(Command::Pause);
    assert_eq!(command(&mut peer).await, (before.clone(), Command::Pause));

    drop((peer, listener));
    screen.until("word that the service is gone", is_gone).await;
    let meanwhile = screen.client.command(Command::Resume);

    let listener = place.listen();
    let mut peer = Peer::accept(&listener).await;
    let hello = peer.hello().await;
    assert_eq!((hello.log.as_ref().map(|log| log.as_str()), hello.after), (Some("log"), Some(Seq(3))));
    peer.welcome(&hello, 4).await;
    peer.say(&ServerMessage::Event(event(3))).await;
    peer.say(&ServerMessage::Event(event(4))).await;
    assert_eq!(screen.event().await, Seq(4), "nothing twice");
    assert_eq!(command(&mut peer).await, (before, Command::Pause));
    assert_eq!(command(&mut peer).await, (meanwhile, Command::Resume));
    screen.client.close().await;
}

#[tokio::test]
async fn commands_are_sent_again_in_the_order_in_which_they_were_given() {
    let place = Place::new();
    let _owner = place.own();
    let listener = place.listen();
    let mut screen = place.attach().await;
    let mut peer = Peer::accept(&listener).await;
    let hello = peer.hello().await;
    peer.welcome(&hello, 0).await;
    screen.until("the state", |update| matches!(update, Update::Snapshot(_)).then_some(())).await;
    let cell = |number: usize| Command::Execute { code: format!("step({number})") };
    let mut given: Vec<_> =
        (0..8).map(|number| (screen.client.command(cell(number)), cell(number))).collect();
    for expected in &given {
        assert_eq!(command(&mut peer).await, *expected);
    }
    // One in the middle is answered, and leaves the others in their order.
    let refusal = Refusal { command: given.remove(2).0, message: "not now".to_owned() };
    peer.say(&ServerMessage::Refused(refusal)).await;
    screen.until("refusal", |update| matches!(update, Update::Refused(_)).then_some(())).await;

    drop((peer, listener));
    screen.until("word that the service is gone", is_gone).await;
    given.extend((8..16).map(|number| (screen.client.command(cell(number)), cell(number))));

    let listener = place.listen();
    let mut peer = Peer::accept(&listener).await;
    let hello = peer.hello().await;
    peer.welcome(&hello, 0).await;
    for expected in &given {
        assert_eq!(command(&mut peer).await, *expected);
    }
    screen.client.close().await;
}

#[tokio::test]
async fn an_answer_is_not_sent_again_when_nothing_waits_for_it_any_more() {
    let place = Place::new();
    let _owner = place.own();
    let listener = place.listen();
    let mut screen = place.attach().await;
    let mut peer = Peer::accept(&listener).await;
    let hello = peer.hello().await;
    peer.welcome(&hello, 0).await;
    let input = InputId::from("3.1");
    let answer = Command::Answer { input: input.clone(), text: "12".to_owned() };
    let _ = screen.client.command(answer.clone());
    assert_eq!(command(&mut peer).await.1, answer);
    let ended = Fact::InputEnded { input, author: None, text: None, command: None };
    peer.say(&ServerMessage::Event(qubx_protocol::Event { fact: ended, ..event(1) })).await;
    assert_eq!(screen.event().await, Seq(1));
    drop(peer);

    let mut peer = Peer::accept(&listener).await;
    let hello = peer.hello().await;
    peer.welcome(&hello, 1).await;
    let last = screen.client.command(Command::Flatten);
    assert_eq!(command(&mut peer).await, (last, Command::Flatten), "nothing before it");
    screen.client.close().await;
}

#[tokio::test]
async fn a_service_that_nobody_starts_again_is_given_up_with_what_to_do() {
    let place = Place::new();
    let owner = place.own();
    let listener = place.listen();
    let mut screen = place.attach().await;
    let mut peer = Peer::accept(&listener).await;
    let hello = peer.hello().await;
    peer.welcome(&hello, 0).await;
    screen.until("the state", |update| matches!(update, Update::Snapshot(_)).then_some(())).await;
    drop((peer, listener));
    for _ in 0..2 {
        screen.until("word that the service is gone", is_gone).await;
    }
    // The owner has given up, too.
    drop(owner);
    let (message, hint) = screen.closed().await;
    assert!(message.contains("without a word"), "{message}");
    assert!(hint.unwrap().contains("--restore"));
}

#[tokio::test]
async fn a_session_that_says_its_end_is_over_at_once() {
    let place = Place::new();
    let listener = place.listen();
    let mut screen = place.attach().await;
    let mut peer = Peer::accept(&listener).await;
    let hello = peer.hello().await;
    peer.welcome(&hello, 0).await;
    let ended = ErrorMessage { code: ErrorCode::Ended, message: "stopped by op2".to_owned(), hint: None };
    peer.say(&ServerMessage::Error(ended)).await;
    assert_eq!(screen.closed().await, ("stopped by op2".to_owned(), None));
}
