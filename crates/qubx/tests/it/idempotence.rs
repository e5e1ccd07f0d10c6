//! A command that is sent again, on whatever connection and after whatever end of the service, is done once and answered.

use std::collections::HashSet;
use std::time::Duration;

use qubx_protocol::{
    CellNumber, ClientMessage, Command, CommandId, Fact, InstrumentId, LogId, OrderId, Price, Seq,
    ServerMessage, Side, VerbOutcome,
};
use rust_decimal::Decimal;
use rustix::process::Signal;

use crate::harness::{
    Chance, IDLE, LIMIT, Place, Raw, Screen, config, hello, kill_service, order, service_of, wait_for,
    written,
};

/// Returns commands of every kind that does not end Python or the session, their ids with a mark.
fn commands(mark: &str, ran: &str) -> Vec<(CommandId, Command)> {
    let btc = InstrumentId::new("SIM", "BTCUSDT");
    let code = format!("with open({ran:?}, 'a') as file: file.write('{mark}\\n')");
    let all = [
        Command::Execute { code },
        Command::Interrupt { cell: Some(CellNumber(100_000)) },
        Command::Place(order(Side::Buy, "1", Some("1000"))),
        Command::Modify {
            order: OrderId::from("none"),
            price: Some(Price(Decimal::ONE)),
            stop_price: None,
            quantity: None,
        },
        Command::CancelOrder { order: OrderId::from("none") },
        Command::CancelOrders { instrument: None },
        Command::CancelOrders { instrument: Some(btc.clone()) },
        Command::Close { instrument: btc },
        Command::Pause,
        Command::Flatten,
        Command::Resume,
    ];
    all.into_iter()
        .enumerate()
        .map(|(number, command)| (CommandId::from(format!("{mark}-{number}")), command))
        .collect()
}

async fn send(raw: &mut Raw, commands: &[(CommandId, Command)]) {
    for (id, command) in commands {
        raw.send(&ClientMessage::Command { id: id.clone(), command: command.clone() }).await;
    }
}

/// Returns the id of the command that a fact is the answer to.
fn answered(fact: &Fact) -> Option<&CommandId> {
    match fact {
        Fact::Cell { command, .. } => command.as_ref(),
        Fact::Verb { verb, .. } if verb.outcome != VerbOutcome::Started => verb.command.as_ref(),
        _ => None,
    }
}

/// Waits until every command has its answer.
async fn answers(raw: &mut Raw, commands: &[(CommandId, Command)]) {
    let mut left: Vec<&(CommandId, Command)> = commands.iter().collect();
    let mut seen = Vec::new();
    let all = tokio::time::timeout(LIMIT / 2, async {
        while !left.is_empty() {
            match raw.next().await.expect("the connection stays") {
                ServerMessage::Event(event) => {
                    left.retain(|(id, _)| answered(&event.fact) != Some(id));
                    seen.push(event);
                }
                ServerMessage::Refused(refusal) => panic!("{refusal:?}"),
                // Numbers that a kill kept from being written are missing for good; then the state is given instead.
                ServerMessage::Welcome(welcome) => {
                    for event in welcome.snapshot.iter().flat_map(|state| state.history.all()) {
                        left.retain(|(id, _)| answered(&event.fact) != Some(id));
                    }
                }
                _ => {}
            }
        }
    });
    if all.await.is_err() {
        panic!("no answer to {left:#?} in {seen:#?}");
    }
}

/// Asserts that each command was taken once and answered once.
fn assert_done_once(place: &Place, commands: &[(CommandId, Command)]) {
    let events = written(place, "idle");
    for (id, command) in commands {
        let answers = events.iter().filter(|event| answered(&event.fact) == Some(id)).count();
        assert_eq!(answers, 1, "{id}: {command:?}");
        let orders: HashSet<&OrderId> = events
            .iter()
            .filter_map(|event| match &event.fact {
                Fact::Order { order, .. } if order.cause.as_ref() == Some(id) => Some(&order.id),
                _ => None,
            })
            .collect();
        assert!(orders.len() <= 1, "{id}: {command:?} gave {orders:?}");
    }
}

fn place() -> Option<Place> {
    let place = Place::new()?;
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    Some(place)
}

#[tokio::test]
async fn every_command_that_is_sent_twice_over_two_connections_is_done_once() {
    let Some(place) = place() else { return };
    place.start("idle.yml").await;
    let ran = place.path("ran").display().to_string();
    let commands = commands("twice", &ran);
    let (mut raw, welcome) = Raw::attach(&place, "idle", "op1").await;
    send(&mut raw, &commands).await;
    send(&mut raw, &commands).await;
    answers(&mut raw, &commands).await;
    drop(raw);
    // Whoever lost the connection and resumes sends all of it again, and has the answers without waiting for more.
    let mut again = Raw::connect(&place, "idle").await;
    again.send(&hello("op1", Some((welcome.log, welcome.head)))).await;
    send(&mut again, &commands).await;
    answers(&mut again, &commands).await;
    let mut screen = Screen::attach(&place, "idle", "op2").await;
    assert_eq!(screen.run(&format!("open({ran:?}).read()")).await.0, "'twice\\n'");
    assert_done_once(&place, &commands);
    screen.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_command_that_was_given_when_the_service_was_killed_is_done_once_and_answered() {
    /// An owner gives up after a sixth crash.
    const KILLS: u32 = 4;
    let Some(place) = place() else { return };
    let owner = place.own("idle.yml").await;
    let mut chance = Chance::new();
    let ran = place.path("ran").display().to_string();
    let mut all = Vec::new();
    for kill in 0..KILLS {
        let commands = commands(&format!("kill{kill}"), &ran);
        let (mut raw, welcome) = Raw::attach(&place, "idle", "op1").await;
        let had: (LogId, Seq) = (welcome.log, welcome.head);
        send(&mut raw, &commands).await;
        // From before the first is taken until after the last is done.
        chance.moment(Duration::from_millis(30)).await;
        let old = kill_service(&place, "idle").await;
        wait_for("the next service", async || service_of(&place, "idle").filter(|pid| *pid != old)).await;
        let socket = wait_for("its socket", async || {
            let found = qubx_home::list_sessions(&qubx_home::Home::at(place.home())).unwrap();
            let found = found.into_iter().find(|found| found.alive)?;
            std::os::unix::net::UnixStream::connect(&found.file.qubx.socket).is_ok().then_some(())
        });
        socket.await;
        let mut raw = Raw::connect(&place, "idle").await;
        raw.send(&hello("op1", Some(had))).await;
        send(&mut raw, &commands).await;
        answers(&mut raw, &commands).await;
        all.extend(commands);
    }
    // A cell that was taken has an end, and those that ran did so once.
    let mut screen = Screen::attach(&place, "idle", "op2").await;
    screen.run("'the last one'").await;
    assert_done_once(&place, &all);
    let ran = std::fs::read_to_string(place.path("ran")).unwrap_or_default();
    let mut marks: Vec<&str> = ran.lines().collect();
    let before = marks.len();
    marks.dedup();
    assert_eq!(marks.len(), before, "{ran}");
    let events = written(&place, "idle");
    let count = |wanted: fn(&Fact) -> bool| events.iter().filter(|event| wanted(&event.fact)).count();
    assert_eq!(
        count(|fact| matches!(fact, Fact::Cell { .. })),
        count(|fact| matches!(fact, Fact::CellFinished { .. }))
    );
    screen.close().await;
    place.qubx(&["verify", "idle"]).await.code(0);
    owner.signal(Signal::INT);
    owner.end().await.code(0);
    place.finish().await;
}
