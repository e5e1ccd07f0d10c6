//! A service that stands still for a while: nobody acts for it, and it goes on where it was.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use qubx_client::Link;
use qubx_protocol::{CellStatus, Command, CommandId, Event, Fact, OrderStatus, ServerMessage, VerbOutcome};
use rustix::process::Signal;

use crate::harness::{
    Place, Raw, Running, STEPS, Screen, assert_kept, check_book, config, hello, is_alive, send_signal,
    service_of, wait_at_most, written,
};

/// Longer than what counts as standing still.
const PAUSE: Duration = Duration::from_secs(7);

#[tokio::test]
async fn a_service_that_stood_still_says_so_and_orders_nothing_twice() {
    let Some(place) = Place::new() else { return };
    place.write("steps.py", STEPS);
    place.write("steps.yml", &(config("steps", "steps.Steps") + "session: { stale_after: 3s }\n"));
    let owner = place.own("steps.yml").await;
    let mut screen = Screen::attach(&place, "steps", "op1").await;
    screen.event("a fill", |fact| matches!(fact, Fact::Fill { .. }).then_some(())).await;
    let service = service_of(&place, "steps").unwrap();
    send_signal(service, Signal::STOP);
    // The pause is the fault itself.
    tokio::time::sleep(PAUSE).await;
    let stopped_at = jiff::Timestamp::now();
    screen
        .until("the loss of the connection", |screen| {
            matches!(screen.mirror.link, Link::Lost { .. }).then_some(())
        })
        .await;
    send_signal(service, Signal::CONT);
    screen.logged("the service stood still for").await;
    // What it knew was old, which it says before it goes on with what is new.
    screen.logged("no quote of SIM:BTCUSDT, SIM:ETHUSDT since ").await;
    screen.logged("quotes of SIM:BTCUSDT, SIM:ETHUSDT come again, after ").await;
    assert_eq!(screen.run("'goes on'").await.0, "'goes on'");
    let before = screen.events.len();
    screen
        .until("trading after the pause", |screen| {
            let after = screen.events[before..].iter();
            (after.filter(|event| matches!(event.fact, Fact::Fill { .. })).count() >= 5).then_some(())
        })
        .await;
    assert!(is_alive(service) && service_of(&place, "steps") == Some(service), "its owner left it alone");
    // Seven seconds of quotes are not told at once: there are ten a second, of which the strategy trades a half.
    let burst = screen.events.iter().filter(|event| {
        let is_new =
            matches!(&event.fact, Fact::Order { order, .. } if order.status == OrderStatus::Intended);
        let since = event.time.duration_since(stopped_at).as_millis();
        is_new && (0..1_000).contains(&since)
    });
    let burst = burst.count();
    assert!(burst <= 30, "{burst} orders within a second");
    let events = written(&place, "steps");
    let (mut trades, mut intended) = (BTreeSet::new(), BTreeSet::new());
    for event in &events {
        match &event.fact {
            Fact::Fill { fill, .. } => assert!(trades.insert(&fill.trade_id), "{fill:?} is there twice"),
            Fact::Order { order, .. } if order.status == OrderStatus::Intended => {
                assert!(intended.insert(&order.id), "{order:?} was ordered twice");
            }
            _ => {}
        }
    }
    assert_kept(&screen, &written(&place, "steps"));
    screen.close().await;
    owner.signal(Signal::INT);
    owner.end().await.code(0);
    place.finish().await;
}

/// What waits for the service while it stands still: of each kind so many.
const EACH: usize = 10;

/// What screens and commands have given to a service that stands still.
struct Burst {
    cells: Vec<CommandId>,
    verbs: Vec<CommandId>,
    /// Screens that came meanwhile.
    late: Vec<Raw>,
    /// Commands that were given meanwhile in a shell.
    execs: Vec<Running>,
}

impl Burst {
    async fn give(place: &Place, screens: &[Screen]) -> Self {
        let mut burst = Self { cells: Vec::new(), verbs: Vec::new(), late: Vec::new(), execs: Vec::new() };
        for (number, screen) in screens.iter().enumerate() {
            let code = format!("open('done', 'a').write('cell-{number}\\n'); trade('ETHUSDT', 0.01)");
            burst.cells.push(screen.client.command(Command::Execute { code }));
            burst.verbs.push(screen.client.command(Command::CancelOrders { instrument: None }));
            let mut late = Raw::connect(place, "steps").await;
            late.send(&hello(&format!("late-{number}"), None)).await;
            burst.late.push(late);
        }
        burst
    }

    fn give_in_a_shell(&mut self, place: &Place) {
        for number in 0..EACH / 2 {
            let code = format!("open('done', 'a').write('exec-{number}\\n')");
            self.execs.push(place.spawn(&["exec", "steps", &code]));
        }
    }

    /// Waits until everybody has the answer, and asserts that nothing was done twice.
    async fn ends_once(self, place: &Place, screens: &mut [Screen]) {
        for ((screen, cell), verb) in screens.iter_mut().zip(&self.cells).zip(&self.verbs) {
            let cell = screen.event("the cell", |fact| taken(fact, cell)).await;
            assert_eq!(screen.ended(cell).await, CellStatus::Ok);
            screen
                .event("the verb's end", |fact| (ended(fact, verb)? == VerbOutcome::Done).then_some(()))
                .await;
        }
        for mut late in self.late {
            late.until(|message| matches!(message, ServerMessage::Welcome(_)).then_some(())).await;
        }
        let mut expected: BTreeSet<String> = (0..EACH).map(|number| format!("cell-{number}")).collect();
        for (number, exec) in self.execs.into_iter().enumerate() {
            let exec = exec.end().await;
            if exec.code == Some(0) {
                expected.insert(format!("exec-{number}"));
            } else {
                exec.code(1).says(&["did not answer within"]);
            }
        }
        let events = written(place, "steps");
        for id in &self.cells {
            assert_eq!(events.iter().filter(|event| taken(&event.fact, id).is_some()).count(), 1, "a cell");
        }
        for id in &self.verbs {
            assert_eq!(events.iter().filter(|event| ended(&event.fact, id).is_some()).count(), 1, "a verb");
        }
        let done = std::fs::read_to_string(place.path("done")).unwrap();
        let names: BTreeSet<String> = done.lines().map(str::to_owned).collect();
        assert_eq!(names, expected, "what is answered was done, and nothing else");
        assert_eq!(done.lines().count(), names.len(), "{done}");
    }
}

fn taken(fact: &Fact, id: &CommandId) -> Option<qubx_protocol::CellNumber> {
    match fact {
        Fact::Cell { cell, command: Some(command), .. } if command == id => Some(*cell),
        _ => None,
    }
}

fn ended(fact: &Fact, id: &CommandId) -> Option<VerbOutcome> {
    match fact {
        Fact::Verb { verb, .. } if verb.command.as_ref() == Some(id) => {
            Some(verb.outcome).filter(|outcome| *outcome != VerbOutcome::Started)
        }
        _ => None,
    }
}

/// Returns the places of the log lines that have the text.
fn lines(events: &[Event], part: &str) -> Vec<usize> {
    let has = |event: &Event| matches!(&event.fact, Fact::Log { text, .. } if text.contains(part));
    (0..events.len()).filter(|at| has(&events[*at])).collect()
}

#[tokio::test]
async fn what_waits_for_a_service_that_stood_still_ends_once_and_every_screen_catches_up() {
    let Some(place) = Place::new() else { return };
    place.write("steps.py", STEPS);
    place.write("steps.yml", &(config("steps", "steps.Steps") + "session: { stale_after: 3s }\n"));
    let owner = place.own("steps.yml").await;
    let mut screens = Vec::new();
    for number in 0..EACH {
        screens.push(Screen::attach(&place, "steps", &format!("op{number}")).await);
    }
    screens[0].event("a fill", |fact| matches!(fact, Fact::Fill { .. }).then_some(())).await;
    screens[0].quoted().await;
    let service = service_of(&place, "steps").unwrap();
    send_signal(service, Signal::STOP);
    let began = std::time::Instant::now();
    let mut burst = Burst::give(&place, &screens).await;
    for screen in &mut screens {
        screen
            .until("the loss of the connection", |screen| {
                matches!(screen.mirror.link, Link::Lost { .. }).then_some(())
            })
            .await;
    }
    let passed = async |time| {
        wait_at_most(2 * PAUSE, "a long enough pause", async || (began.elapsed() >= time).then_some(()))
            .await;
    };
    // A shell waits for five seconds.
    passed(PAUSE - Duration::from_secs(2)).await;
    burst.give_in_a_shell(&place);
    passed(PAUSE).await;
    send_signal(service, Signal::CONT);
    burst.ends_once(&place, &mut screens).await;
    screens[0].logged("quotes of SIM:BTCUSDT, SIM:ETHUSDT come again, after ").await;
    let events = written(&place, "steps");
    let told = lines(&events, "the service stood still for");
    let (stale, again) = (lines(&events, "no quote of SIM:"), lines(&events, " come again, after "));
    assert_eq!((told.len(), stale.len(), again.len()), (1, 1, 1), "each is told once");
    assert!(stale[0] < again[0]);
    // Nothing is traded at the quotes of before without a word that they are old. What was traded before the pause may have
    // been written only after it.
    let lies_behind = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs() >= 5;
    let paused = |pair: &[Event]| lies_behind(pair[0].time, pair[1].time);
    let before = events.windows(2).position(paused).expect("there is a gap");
    let traded = |event: &Event| match &event.fact {
        Fact::Fill { fill, .. } => lies_behind(events[before].time, fill.time),
        _ => false,
    };
    let traded = events.iter().position(traded).expect("it trades again");
    assert!(stale[0] < traded, "{:#?}", &events[before..]);
    check_book(&events);
    for mut screen in screens {
        let shown = screen.run("'caught', 'up'").await.0;
        assert_eq!(shown, "('caught', 'up')");
        for part in ["the service stood still for", "no quote of SIM:", " come again, after "] {
            assert_eq!(lines(&screen.events, part).len(), 1, "{part}");
        }
        let market = screen.mirror.latest.market.as_ref().unwrap();
        assert_eq!(market.stale, [], "what is shown is new again");
        assert_kept(&screen, &written(&place, "steps"));
        screen.close().await;
    }
    assert!(is_alive(service) && service_of(&place, "steps") == Some(service));
    place.stop("steps").await;
    owner.end().await.code(0);
    place.finish().await;
}
