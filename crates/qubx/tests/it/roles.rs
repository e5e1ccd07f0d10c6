//! What a role may do: each command and each question, held against the vocabulary's own table, over the raw socket.

use qubx_protocol::{
    AnswerResult, Author, CellNumber, ClientMessage, Command, CommandId, Fact, Hello, InputId, InstrumentId,
    OrderId, PROTOCOL_VERSION, Presence, Price, Request, RequestId, RequestKind, Role, Seq, ServerMessage,
    Side, VerbOutcome, encode_frame,
};
use tokio::io::AsyncWriteExt;

use crate::harness::{Chance, LIMIT, Place, Raw, Screen, order, wait_for};

const ROLES: [Role; 3] = [Role::Viewer, Role::Trader, Role::Admin];

/// Returns a command of every kind, those that end Python and the session last.
fn every_command() -> Vec<Command> {
    let btc = InstrumentId::new("SIM", "BTCUSDT");
    let all = vec![
        Command::Execute { code: "runs = globals().get('runs', 0) + 1".to_owned() },
        Command::Interrupt { cell: None },
        Command::Interrupt { cell: Some(CellNumber(1_000)) },
        Command::Answer { input: InputId("1-1".to_owned()), text: "yes".to_owned() },
        Command::Place(order(Side::Buy, "1", Some("1000"))),
        Command::Modify {
            order: OrderId::from("none"),
            price: Some(Price(1.into())),
            stop_price: None,
            quantity: None,
        },
        Command::CancelOrder { order: OrderId::from("none") },
        Command::CancelOrders { instrument: None },
        Command::CancelOrders { instrument: Some(btc.clone()) },
        Command::Close { instrument: btc },
        Command::Pause,
        Command::Resume,
        Command::Flatten,
        Command::Release,
        Command::RestartKernel,
        Command::SetParameter { name: "fast".to_owned(), value: 3.into() },
        Command::Action { name: "rebalance".to_owned(), arguments: serde_json::Map::new() },
        Command::Stop { flatten: false, keep_orders: false },
    ];
    // A new kind must be put into the list above.
    for command in &all {
        match command {
            Command::Execute { .. }
            | Command::Interrupt { .. }
            | Command::Answer { .. }
            | Command::RestartKernel
            | Command::Place(_)
            | Command::Modify { .. }
            | Command::CancelOrder { .. }
            | Command::CancelOrders { .. }
            | Command::Close { .. }
            | Command::Flatten
            | Command::SetParameter { .. }
            | Command::Action { .. }
            | Command::Pause
            | Command::Resume
            | Command::Stop { .. }
            | Command::Release => {}
        }
    }
    all
}

fn every_question() -> Vec<RequestKind> {
    let code = || "ctx.".to_owned();
    let all = vec![
        RequestKind::Complete { code: code(), cursor: 4 },
        RequestKind::IsComplete { code: code() },
        RequestKind::Inspect { code: code(), cursor: 4 },
        RequestKind::History { before: Seq(1_000), kind: None, limit: 10 },
        RequestKind::Cells { before: Seq(1_000), contains: None, author: None, limit: 10 },
        RequestKind::Equity { after: None },
        RequestKind::Bars {
            instrument: InstrumentId::new("SIM", "BTCUSDT"),
            timeframe: "1m".parse().unwrap(),
            after: None,
            limit: 10,
        },
        RequestKind::Series { name: "fast".to_owned(), instrument: None, after: None },
    ];
    // A new kind must be put into the list above.
    for kind in &all {
        match kind {
            RequestKind::Complete { .. }
            | RequestKind::IsComplete { .. }
            | RequestKind::Inspect { .. }
            | RequestKind::History { .. }
            | RequestKind::Cells { .. }
            | RequestKind::Equity { .. }
            | RequestKind::Bars { .. }
            | RequestKind::Series { .. } => {}
        }
    }
    all
}

fn hello(who: &str, role: Role) -> ClientMessage {
    ClientMessage::Hello(Hello {
        version: PROTOCOL_VERSION,
        log: None,
        after: None,
        identity: Author::from(who),
        owner: false,
        screen: true,
        latest: true,
        role,
    })
}

async fn attach(place: &Place, role: Role) -> Raw {
    let mut raw = Raw::connect(place, "idle").await;
    raw.send(&hello(&format!("a {role}"), role)).await;
    raw.until(|message| matches!(message, ServerMessage::Welcome(_)).then_some(())).await;
    raw
}

/// How a command was answered.
#[derive(Debug, PartialEq)]
enum Taken {
    Yes,
    /// Refused because of the role.
    No,
}

/// Gives a command and returns whether the role allowed it. What is refused for another reason is allowed. A verb is
/// waited for to its end, so that nothing of it is written down later.
async fn give(raw: &mut Raw, id: &str, command: &Command) -> Taken {
    let id = CommandId::from(id);
    raw.send(&ClientMessage::Command { id: id.clone(), command: command.clone() }).await;
    raw.until(|message| match message {
        ServerMessage::Refused(refusal) if refusal.command == id => {
            Some(if refusal.message.contains("needs the role") { Taken::No } else { Taken::Yes })
        }
        ServerMessage::Event(event) => {
            let named = match &event.fact {
                Fact::Cell { command, .. } | Fact::InputEnded { command, .. } => command.as_ref(),
                Fact::Verb { verb, .. } if verb.outcome != VerbOutcome::Started => verb.command.as_ref(),
                _ => None,
            };
            (named == Some(&id)).then_some(Taken::Yes)
        }
        _ => None,
    })
    .await
}

async fn ask(raw: &mut Raw, id: &str, kind: &RequestKind) -> Taken {
    let id = RequestId::from(id);
    raw.send(&ClientMessage::Request(Request { id: id.clone(), kind: kind.clone() })).await;
    raw.until(|message| match message {
        ServerMessage::Answer(answer) if answer.request == id => Some(match &answer.result {
            AnswerResult::Failed { message } if message.contains("needs the role") => Taken::No,
            _ => Taken::Yes,
        }),
        _ => None,
    })
    .await
}

/// Returns the number of the ledger's rows and the hash of the last one.
fn ledger(place: &Place) -> (u64, String) {
    let found = qubx_session::verify(&place.session_dir("idle"), |_, _| {}).unwrap();
    assert_eq!(found.findings, []);
    (found.rows, found.head)
}

#[tokio::test]
async fn a_role_may_do_what_the_vocabulary_says_and_nothing_else() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut checked = 0;
    for role in ROLES {
        let mut raw = attach(&place, role).await;
        for (number, question) in every_question().iter().enumerate() {
            let expected = if role >= question.needs() { Taken::Yes } else { Taken::No };
            assert_eq!(
                ask(&mut raw, &format!("q{number}"), question).await,
                expected,
                "{role}: {question:?}"
            );
            checked += 1;
        }
        for (number, command) in every_command().iter().enumerate() {
            let before = ledger(&place);
            let expected = if role >= command.needs() { Taken::Yes } else { Taken::No };
            let id = format!("{role}-{number}");
            let taken = give(&mut raw, &id, command).await;
            assert_eq!(taken, expected, "{role}: {command:?}");
            if taken == Taken::No {
                assert_eq!(ledger(&place), before, "{role}: {command:?} left nothing behind");
            }
            checked += 1;
        }
    }
    println!("{checked} pairs of role and message");
    place.finish().await;
}

#[tokio::test]
async fn a_role_is_shown_and_cannot_be_raised() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let mut raws = Vec::new();
    for role in ROLES {
        raws.push(attach(&place, role).await);
    }
    let shown = screen
        .until("all who are attached", |screen| {
            let presence: &Vec<Presence> = screen.mirror.latest.presence.as_ref()?;
            (presence.len() == 4).then(|| presence.clone())
        })
        .await;
    for role in ROLES {
        let who = format!("a {role}");
        assert!(shown.iter().any(|one| one.identity.as_str() == who && one.role == role), "{shown:?}");
    }
    let before = ledger(&place);
    for raw in &mut raws[..2] {
        raw.send(&hello("a climber", Role::Admin)).await;
        raw.until(|message| matches!(message, ServerMessage::Welcome(_)).then_some(())).await;
        let run = Command::Execute { code: "climbed = True".to_owned() };
        assert_eq!(give(raw, "climb", &run).await, Taken::No);
    }
    // A claim to be the owner is worth nothing either.
    let ClientMessage::Hello(claim) = hello("an owner", Role::Viewer) else { unreachable!() };
    let mut raw = Raw::connect(&place, "idle").await;
    raw.send(&ClientMessage::Hello(Hello { owner: true, ..claim })).await;
    assert_eq!(give(&mut raw, "own", &Command::Release).await, Taken::No);
    assert_eq!(ledger(&place), before);
    // The other way it goes.
    let admin = raws.last_mut().unwrap();
    admin.send(&hello("a humble one", Role::Viewer)).await;
    admin.until(|message| matches!(message, ServerMessage::Welcome(_)).then_some(())).await;
    assert_eq!(give(admin, "humble", &Command::Pause).await, Taken::No);
    assert_eq!(screen.run("'climbed' in globals()").await.0, "False");
    screen.close().await;
    drop(raws);
    drop(raw);
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn nothing_that_a_viewer_sends_changes_the_ledger() {
    /// Enough for each byte of each kind of frame to be hit.
    const FRAMES: usize = 1_500;
    let Some(place) = Place::with_idle_session().await else { return };
    let before = ledger(&place);
    let mut chance = Chance::new();
    let commands = every_command().into_iter().map(|command| (CommandId::from("fuzz"), command));
    let mut frames: Vec<Vec<u8>> =
        commands.map(|(id, command)| encode_frame(&ClientMessage::Command { id, command })).collect();
    for kind in every_question() {
        frames.push(encode_frame(&ClientMessage::Request(Request { id: RequestId::from("q"), kind })));
    }
    for role in ROLES {
        frames.push(encode_frame(&hello("fuzz", role)));
    }
    let mut raw = attach(&place, Role::Viewer).await;
    for number in 0..FRAMES {
        let mut frame = frames[number % frames.len()].clone();
        // Each is sent as it is first, then with bytes of it changed; its length stays right.
        if number >= frames.len() {
            for _ in 0..=chance.below(3) {
                let at = 4 + usize::try_from(chance.below(frame.len() as u64 - 4)).unwrap();
                frame[at] = u8::try_from(chance.below(256)).unwrap();
            }
        }
        frame.extend(encode_frame(&ClientMessage::Ping { nonce: number as u64 }));
        raw.send_bytes(&frame).await;
        // The service has taken it when it answers what follows, or has ended the connection because of it.
        let lives = tokio::time::timeout(LIMIT, async {
            loop {
                match raw.next().await {
                    Some(ServerMessage::Pong { nonce }) if nonce == number as u64 => return true,
                    Some(ServerMessage::Error(_)) | None => return false,
                    Some(_) => {}
                }
            }
        });
        if !lives.await.unwrap_or_else(|_| panic!("no answer after {}", String::from_utf8_lossy(&frame))) {
            raw = attach(&place, Role::Viewer).await;
        }
    }
    assert_eq!(ledger(&place), before);
    drop(raw);
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    assert_eq!(screen.run("'runs' in globals()").await.0, "False");
    screen.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_screen_that_only_reads_runs_nothing() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut reader = place.spawn(&["attach", "idle", "--plain", "--read-only"]);
    reader.prints("RUN").await;
    reader.stdin.as_mut().unwrap().write_all(b"leak = 1\n\n").await.unwrap();
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let role = screen
        .until("the reader", |screen| {
            let presence = screen.mirror.latest.presence.as_ref()?;
            presence.iter().find(|one| one.identity.as_str().starts_with("op@")).map(|one| one.role)
        })
        .await;
    assert_eq!(role, Role::Viewer);
    assert_eq!(screen.run("print('seen by all'); 'leak' in globals()").await.0, "seen by all\nFalse");
    reader.prints("seen by all").await;
    screen.close().await;
    place.stop("idle").await;
    wait_for("its end", async || reader.child.try_wait().unwrap()).await;
    place.finish().await;
}
