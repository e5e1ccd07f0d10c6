//! Frames as a nervous client, a careless one, or a hostile one sends them.

use qubx_protocol::{
    ClientMessage, Command, CommandId, ErrorCode, Event, Fact, RequestKind, ServerMessage, VerbOutcome,
};

use crate::harness::{Place, Raw, Screen};

fn command(id: &str, command: Command) -> ClientMessage {
    ClientMessage::Command { id: CommandId::from(id), command }
}

fn execute(id: &str, code: &str) -> ClientMessage {
    command(id, Command::Execute { code: code.to_owned() })
}

fn event(message: &ServerMessage) -> Option<&Event> {
    match message {
        ServerMessage::Event(event) => Some(event),
        _ => None,
    }
}

#[tokio::test]
async fn a_command_that_is_sent_again_is_done_once() {
    let Some(place) = Place::with_idle_session().await else { return };
    let (mut raw, _) = Raw::attach(&place, "idle", "op1").await;
    let count = execute("count-1", "runs = globals().get('runs', 0) + 1");
    let flatten = command("flatten-1", Command::Flatten);
    // Twice in one write, again when it is done, and again over another connection.
    for message in [&count, &count, &flatten, &flatten] {
        raw.send(message).await;
    }
    let is_end = |message: &ServerMessage| {
        let ended =
            matches!(&event(message)?.fact, Fact::Verb { verb, .. } if verb.outcome == VerbOutcome::Done);
        ended.then_some(())
    };
    raw.until(is_end).await;
    let (mut other, _) = Raw::attach(&place, "idle", "op2").await;
    for message in [&count, &flatten] {
        raw.send(message).await;
        other.send(message).await;
    }
    other.send(&execute("ask", "runs")).await;
    other.until(|message| matches!(&event(message)?.fact, Fact::Output { .. }).then_some(())).await;

    let screen = Screen::attach(&place, "idle", "op3").await;
    let texts: Vec<String> = screen.events.iter().filter_map(|event| describe(&event.fact)).collect();
    assert_eq!(texts, ["cell count-1 of op1", "flatten Started", "flatten Done", "cell ask of op2", "1"]);
    screen.close().await;
    place.stop_and_finish("idle").await;
}

fn describe(fact: &Fact) -> Option<String> {
    match fact {
        Fact::Cell { author, command: Some(command), .. } => Some(format!("cell {command} of {author}")),
        Fact::Output { content: qubx_protocol::OutputContent::Data { data, .. }, .. } => {
            data["text/plain"].as_str().map(str::to_owned)
        }
        Fact::Verb { verb, .. } if verb.verb == "flatten" => Some(format!("flatten {:?}", verb.outcome)),
        _ => None,
    }
}

#[tokio::test]
async fn a_bad_peer_is_told_why_and_harms_nobody() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let too_long = (u32::MAX).to_be_bytes().to_vec();
    let not_json = [4u32.to_be_bytes().to_vec(), b"what".to_vec()].concat();
    for (bytes, code) in [
        (not_json, ErrorCode::BadMessage),
        (too_long, ErrorCode::BadMessage),
        (qubx_protocol::encode_frame(&ClientMessage::Ping { nonce: 1 }), ErrorCode::BadMessage),
        (other_version(), ErrorCode::Version),
        (qubx_protocol::encode_frame(&crate::harness::hello(&"x".repeat(300), None)), ErrorCode::BadMessage),
    ] {
        let mut raw = Raw::connect(&place, "idle").await;
        raw.send_bytes(&bytes).await;
        match raw.next().await {
            Some(ServerMessage::Error(error)) => assert_eq!(error.code, code, "{error:?}"),
            other => panic!("{other:?}"),
        }
        assert_eq!(raw.next().await, None, "and the connection is closed");
    }
    // One whose command has a name that would stand in every snapshot.
    let (mut raw, _) = Raw::attach(&place, "idle", "wordy").await;
    raw.send(&execute(&"x".repeat(300), "1")).await;
    let error = raw
        .until(|message| match message {
            ServerMessage::Error(error) => Some(error.clone()),
            _ => None,
        })
        .await;
    assert!(error.message.contains("a command's id has 300 bytes; 256 are allowed"), "{error:?}");
    // One that leaves in the middle of a frame.
    let (mut raw, _) = Raw::attach(&place, "idle", "leaver").await;
    let frame = qubx_protocol::encode_frame(&execute("never", "never = 1"));
    raw.send_bytes(&frame[..frame.len() / 2]).await;
    drop(raw);
    let too_large = "#".repeat(300 << 10);
    let refusal = screen.refused(Command::Execute { code: too_large }).await;
    assert!(refusal.message.contains("longer than"), "{refusal:?}");
    assert_eq!(screen.run("'never' in globals()").await.0, "False");
    let asked = screen.ask(RequestKind::IsComplete { code: "for i in x:".to_owned() }).await;
    assert!(matches!(asked, qubx_protocol::AnswerResult::IsComplete { .. }), "{asked:?}");
    screen.close().await;
    place.stop_and_finish("idle").await;
}

fn other_version() -> Vec<u8> {
    let ClientMessage::Hello(mut hello) = crate::harness::hello("op", None) else { unreachable!() };
    hello.version += 1;
    qubx_protocol::encode_frame(&ClientMessage::Hello(hello))
}
