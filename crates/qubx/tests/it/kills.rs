//! The service is killed at random moments while cells run and orders go: what was acknowledged is there, and nothing
//! was done twice.

mod killed;
mod phases;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use qubx_protocol::{CellStatus, Command, CommandId, Epoch, Event, Fact, StrategyState, VerbOutcome};
use rust_decimal::Decimal;
use rustix::process::Signal;

use crate::harness::{
    Chance, Guest, Place, Running, STEPS, Screen, assert_kept, check_book, config, kill_service, send_signal,
    service_of, wait_for, written,
};

/// Each owner starts its service this often, which is fewer than it gives up after.
const KILLS: u64 = 3;
const OWNERS: u64 = 5;
/// A kill comes within so long after work was given out.
const WITHIN: Duration = Duration::from_millis(600);

/// The cells and verbs that were given, to be held against what became of them.
#[derive(Default)]
struct Given {
    cells: Vec<(CommandId, String)>,
    verbs: Vec<CommandId>,
    /// How many of the cells were answered.
    answered: usize,
}

impl Given {
    /// Gives a few cells, each of which writes its name into a file, and verbs.
    fn work(&mut self, screen: &Screen, done: &Path, chance: &mut Chance) {
        for _ in 0..2 + chance.below(3) {
            let name = format!("cell-{}", self.cells.len());
            let trade = match chance.below(3) {
                0 => "trade('ETHUSDT', 0.01)",
                1 => "trade('ETHUSDT', 0.01, 100)",
                _ => "import time; time.sleep(0.05)",
            };
            let code = format!("with open({done:?}, 'a') as file: file.write('{name}\\n')\n{trade}");
            self.cells.push((screen.client.command(Command::Execute { code }), name));
        }
        if chance.below(2) == 0 {
            self.verbs.push(screen.client.command(Command::CancelOrders { instrument: None }));
        }
    }

    /// Waits until the screen has an answer to everything that was given while it was attached.
    async fn are_answered(&mut self, screen: &mut Screen) {
        let cells = self.cells.split_off(self.answered);
        for (id, name) in &cells {
            let cell = screen.event(name, |fact| cell_of(fact, id)).await;
            screen.ended(cell).await;
        }
        self.cells.extend(cells);
        self.answered = self.cells.len();
        for id in self.verbs.drain(..) {
            screen
                .event("the end of a verb", |fact| match fact {
                    Fact::Verb { verb, .. } => {
                        let is_end = verb.outcome != VerbOutcome::Started;
                        (verb.command.as_ref() == Some(&id) && is_end).then_some(())
                    }
                    _ => None,
                })
                .await;
        }
    }
}

async fn own(place: &Place, restore: bool) -> Running {
    let arguments: &[&str] = if restore { &["--restore"] } else { &[] };
    let mut owner = place.spawn(&[&["run", "steps.yml", "--paper"], arguments].concat());
    owner.says("strategy started").await;
    owner
}

/// Waits until a screen has resumed by itself, and the strategy runs.
async fn back(screen: &mut Screen, old: u32) {
    screen
        .until("the next service", |screen| {
            let status = screen.state().status.as_ref()?;
            let is_back = status.info.pid != old && status.strategy.state == StrategyState::Running;
            is_back.then_some(())
        })
        .await;
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_and_nothing_is_done_twice_when_the_service_is_killed() {
    let Some(place) = Place::new() else { return };
    place.write("steps.py", STEPS);
    place.write("steps.yml", &config("steps", "steps.Steps"));
    let done = place.write("done", "");
    let (mut chance, mut given) = (Chance::new(), Given::default());
    let mut epochs = BTreeSet::new();
    for number in 0..OWNERS {
        let owner = own(&place, number > 0).await;
        let mut screen = Screen::attach(&place, "steps", "op1").await;
        let mut guest = Guest::connect(&place, "steps").await;
        let socket = place.session("steps").file.qubx.socket;
        for _ in 0..KILLS {
            given.work(&screen, &done, &mut chance);
            chance.moment(WITHIN).await;
            let old = kill_service(&place, "steps").await;
            back(&mut screen, old).await;
            assert_eq!(place.session("steps").file.qubx.socket, socket);
            hears_again(&mut guest, &screen).await;
            let (status, seen) = guest.run("print('the guest', 'goes on')").await;
            assert_eq!(status, "ok");
            assert!(seen.iter().any(|(_, text)| text == "the guest goes on\n"), "{seen:?}");
            epochs.insert(screen.state().epoch);
            verify(&place).await;
        }
        given.are_answered(&mut screen).await;
        guest.leave().await;
        assert_kept(&screen, &written(&place, "steps"));
        screen.close().await;
        end(&place, owner).await;
    }
    assert_eq!(epochs, [Epoch(1)].into(), "the account lives on");
    let events = written(&place, "steps");
    check_cells(&events, &given, &done);
    let positions = check_book(&events);
    verify(&place).await;
    // What the next service makes of it is the same.
    place.qubx(&["run", "steps.yml", "--paper", "--detach", "--restore"]).await.code(0);
    let status = place.qubx(&["status", "steps", "--json"]).await.code(0).json();
    let held = status["positions"].as_array().unwrap().iter().find(|held| held["symbol"] == "ETHUSDT");
    let held = held.map_or(Decimal::ZERO, |held| held["quantity"].as_str().unwrap().parse().unwrap());
    assert_eq!(held, positions.get("SIM:ETHUSDT").copied().unwrap_or_default());
    place.stop_and_finish("steps").await;
}

/// Waits until a guest's subscription is back: what is published before that passes it by, as with every Jupyter client.
async fn hears_again(guest: &mut Guest, screen: &Screen) {
    let heard = guest.until("is heard");
    tokio::pin!(heard);
    loop {
        tokio::select! {
            _ = &mut heard => return,
            () = tokio::time::sleep(Duration::from_millis(200)) => {
                let _ = screen.client.command(Command::Execute { code: "print('is heard')".to_owned() });
            }
        }
    }
}

/// Ends owner and service in the hardest way.
async fn end(place: &Place, owner: Running) {
    owner.signal(Signal::KILL);
    if let Some(service) = service_of(place, "steps") {
        send_signal(service, Signal::KILL);
    }
    owner.end().await;
    place.is_empty().await;
    // Whoever looks next removes the files of the dead.
    place.qubx(&["kernel", "list"]).await.code(0);
}

async fn verify(place: &Place) {
    let verified = place.qubx(&["verify", "steps", "--json"]).await.code(0);
    assert_eq!(verified.json()["findings"], serde_json::json!([]), "{verified:?}");
}

/// Asserts that each cell was taken once, ended once, and ran at most once; and that numbers of cells have no holes.
fn check_cells(events: &[Event], given: &Given, done: &Path) {
    let done = std::fs::read_to_string(done).unwrap();
    let mut ran: BTreeMap<&str, usize> = BTreeMap::new();
    for name in done.lines() {
        *ran.entry(name).or_default() += 1;
    }
    for (id, name) in &given.cells {
        let taken: Vec<_> = events.iter().filter_map(|event| cell_of(&event.fact, id)).collect();
        assert_eq!(taken.len(), 1, "{name} was taken once");
        let ends: Vec<CellStatus> = events
            .iter()
            .filter_map(|event| match &event.fact {
                Fact::CellFinished { cell, status, .. } if *cell == taken[0] => Some(*status),
                _ => None,
            })
            .collect();
        assert_eq!(ends.len(), 1, "{name} ended once: {ends:?}");
        let times = ran.get(name.as_str()).copied().unwrap_or(0);
        match ends[0] {
            CellStatus::Ok | CellStatus::Error => assert_eq!(times, 1, "{name} ran"),
            _ => assert!(times <= 1, "{name} ran {times} times"),
        }
    }
    let cells = events.iter().filter_map(|event| match &event.fact {
        Fact::Cell { cell, .. } => Some(cell.0),
        _ => None,
    });
    let cells: Vec<u64> = cells.collect();
    assert_eq!(cells, (1..=cells.len() as u64).collect::<Vec<_>>(), "numbers go on");
}

fn cell_of(fact: &Fact, id: &CommandId) -> Option<qubx_protocol::CellNumber> {
    match fact {
        Fact::Cell { cell, command: Some(command), .. } if command == id => Some(*cell),
        _ => None,
    }
}

#[tokio::test]
async fn a_service_that_always_dies_is_given_up_with_a_clear_error() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", crate::harness::IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let mut owner = place.own("idle.yml").await;
    let mut old = kill_service(&place, "idle").await;
    for pause in [1, 2, 4, 8, 16] {
        owner.says(&format!("started again in {pause} s")).await;
        old = wait_for("the next service", async || {
            let service = service_of(&place, "idle").filter(|service| *service != old)?;
            send_signal(service, Signal::KILL);
            Some(service)
        })
        .await;
    }
    let ended = owner.end().await.code(1);
    let ended =
        ended.says(&["crashed 6 times within 10 minutes", "not started again", "--restore", "service.log"]);
    assert_eq!(ended.stderr.matches("started again in").count(), 5, "{ended:?}");
    // What it says helps.
    place.qubx(&["run", "idle.yml", "--paper", "--detach", "--restore"]).await.code(0);
    place.stop_and_finish("idle").await;
}
