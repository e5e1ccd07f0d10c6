//! Leaving and coming back: replay of what was, and resuming without loss or repetition.

use qubx_client::{Link, ServiceFate};
use qubx_protocol::{CellStatus, Command, Event, Fact, Seq};
use rustix::process::Signal;

use crate::harness::{Place, Proxy, STEPS, Screen, config, send_signal};

/// The part of the events that a history keeps.
fn kept(events: &[Event]) -> Vec<&Event> {
    events.iter().filter(|event| !matches!(event.fact, Fact::Status(_))).collect()
}

async fn steps() -> Option<Place> {
    let place = Place::new()?;
    place.write("steps.py", STEPS);
    place.write("steps.yml", &config("steps", "steps.Steps"));
    place.start("steps.yml").await;
    Some(place)
}

fn has_fill(fact: &Fact) -> Option<()> {
    matches!(fact, Fact::Fill { .. }).then_some(())
}

#[tokio::test]
async fn a_second_screen_gets_everything_that_came_before() {
    let Some(place) = steps().await else { return };
    let mut first = Screen::attach(&place, "steps", "op1").await;
    assert_eq!(first.run("print('printed'); 6 * 7").await.0, "printed\n42");
    first.run("ctx.log('a line of the log')").await;
    first.run("1 / 0").await;
    first.event("a fill", has_fill).await;
    first.verb(Command::Flatten).await;
    // The pause keeps the strategy from trading on, so the log rests.
    let (shown, _) = first.run("'the last cell'").await;
    assert_eq!(shown, "'the last cell'");
    first.client.close().await;

    let mut second = Screen::attach(&place, "steps", "op2").await;
    let head = first.state().head;
    second.until("the same head", |screen| (screen.state().head >= head).then_some(())).await;
    let replayed: Vec<&Event> = kept(&second.events).into_iter().filter(|event| event.seq <= head).collect();
    assert_eq!(replayed, kept(&first.events));
    let kinds = |wanted: fn(&Fact) -> bool| replayed.iter().any(|event| wanted(&event.fact));
    assert!(kinds(|fact| matches!(fact, Fact::Order { .. })));
    assert!(kinds(|fact| matches!(fact, Fact::Fill { .. })));
    assert!(kinds(|fact| matches!(fact, Fact::Error { .. })));
    assert!(kinds(|fact| matches!(fact, Fact::Log { source, .. } if source == "strategy")));
    assert_eq!(second.state().positions, first.state().positions);
    second.close().await;
    place.stop_and_finish("steps").await;
}

#[tokio::test]
async fn a_screen_whose_connection_is_cut_misses_nothing_and_sees_nothing_twice() {
    const CUTS: usize = 12;
    let Some(place) = steps().await else { return };
    let qubx = place.session("steps").file.qubx;
    let proxy = Proxy::start(place.path("proxy.sock"), &qubx.socket);
    let mut steady = Screen::attach(&place, "steps", "steady").await;
    let mut shaken = Screen::attach_to(&proxy.socket, &qubx.session_dir.join("lock"), "shaken").await;
    let code = "import time\nfor i in range(300):\n    print('line', i, flush=True); time.sleep(0.01)";
    let cell = steady.submit(code).await;
    // Commands given while the line is down are done once, too.
    let mut sent = Vec::new();
    for number in 0..CUTS {
        sent.push(shaken.client.command(Command::Execute { code: format!("'after cut {number}'") }));
        proxy.cut();
        let before = shaken.events.len();
        shaken.until("events after the cut", |screen| (screen.events.len() > before + 5).then_some(())).await;
    }
    for id in &sent {
        let cell = shaken
            .event("its cell", |fact| match fact {
                Fact::Cell { cell, command: Some(command), .. } => (command == id).then_some(*cell),
                _ => None,
            })
            .await;
        assert_eq!(shaken.ended(cell).await, CellStatus::Ok);
    }
    assert_eq!(shaken.ended(cell).await, CellStatus::Ok);
    let head = shaken.state().head;
    steady.until("the same head", |screen| (screen.state().head >= head).then_some(())).await;

    let from = first_live(&shaken).max(first_live(&steady));
    let of = |screen: &Screen| -> Vec<Event> {
        screen.events.iter().filter(|event| (from..=head).contains(&event.seq)).cloned().collect()
    };
    let (shaken_saw, steady_saw) = (of(&shaken), of(&steady));
    let numbers: Vec<u64> = shaken_saw.iter().map(|event| event.seq.0).collect();
    assert_eq!(numbers, (from.0..=head.0).collect::<Vec<_>>(), "every number once, in order");
    assert_eq!(shaken_saw, steady_saw);
    for id in &sent {
        let cells = shaken.events.iter().filter(|event| is_cell_of(&event.fact, id)).count();
        assert_eq!(cells, 1, "a command that was sent again ran once");
    }
    assert!(
        shaken_saw.iter().any(|event| matches!(event.fact, Fact::Fill { .. })),
        "there was trading meanwhile"
    );

    shaken.close().await;
    steady.close().await;
    proxy.end().await;
    place.stop_and_finish("steps").await;
}

#[tokio::test]
async fn a_screen_says_that_the_service_stands_still_and_goes_on_where_it_was() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    screen.run("1").await;
    let pid = place.session("idle").file.qubx.service.pid;
    send_signal(pid, Signal::STOP);
    let fate = screen
        .until("the loss of the connection", |screen| match screen.mirror.link {
            Link::Lost { service, .. } => Some(service),
            _ => None,
        })
        .await;
    assert_eq!(fate, ServiceFate::Lives);
    // What is typed meanwhile is kept, and done once.
    let id = screen.client.command(Command::Execute { code: "2".to_owned() });
    send_signal(pid, Signal::CONT);
    let cell = screen
        .event("its cell", |fact| match fact {
            Fact::Cell { cell, command: Some(command), .. } => (*command == id).then_some(*cell),
            _ => None,
        })
        .await;
    assert_eq!(screen.ended(cell).await, CellStatus::Ok);
    assert_eq!(screen.events.iter().filter(|event| is_cell_of(&event.fact, &id)).count(), 1);
    screen.close().await;
    place.stop_and_finish("idle").await;
}

fn is_cell_of(fact: &Fact, id: &qubx_protocol::CommandId) -> bool {
    matches!(fact, Fact::Cell { command: Some(command), .. } if command == id)
}

/// Returns the number of the first event that a screen was sent as it happened: from there on none is left out.
fn first_live(screen: &Screen) -> Seq {
    screen.attached_at.next()
}
