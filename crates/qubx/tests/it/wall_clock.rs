//! A wall clock that is set while a session runs: everybody is told, and nothing else comes of it.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use qubx_client::Link;
use qubx_protocol::{CellNumber, CellStatus, Command, Event, Fact, StrategyState, VerbOutcome};
use rustix::process::Signal;

use crate::harness::{
    Place, Running, STEPS, Screen, WallClock, assert_kept, check_book, config, kill_service, send_signal,
    service_of, written,
};

/// Longer than what counts as standing still.
const PAUSE: Duration = Duration::from_secs(7);
/// What is told of each, followed by seconds.
const STOOD_STILL: &str = "the service stood still for ";
const MOVED: &str = "the wall clock was set: it moved by ";
/// More trades than `stale_after` has time for, at ten quotes a second of which the strategy trades a half.
const TRADES: usize = 30;
/// Runs until a file is there, and is then gone.
const WAITS: &str = "\
import time
from pathlib import Path
while not Path('go').exists():
    time.sleep(0.01)
Path('go').unlink()
";

/// Starts a session that trades and goes by a clock of its own; none where there can be none.
async fn trading() -> Option<(Place, WallClock, Running, Screen)> {
    let place = Place::new()?;
    let Some(clock) = WallClock::new(&place).await else {
        place.finish().await;
        return None;
    };
    place.write("steps.py", STEPS);
    place.write("steps.yml", &(config("steps", "steps.Steps") + "session: { stale_after: 2s }\n"));
    let mut command = place.command(&["run", "steps.yml", "--paper"]);
    clock.rule(&mut command);
    let mut owner = place.spawn_command(command);
    owner.says("strategy started").await;
    let screen = Screen::attach(&place, "steps", "op1").await;
    Some((place, clock, owner, screen))
}

fn fills(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event.fact, Fact::Fill { .. })).count()
}

/// Returns how long a cell that has ended says that it ran.
fn duration_of(screen: &Screen, wanted: CellNumber) -> Duration {
    let duration = screen.events.iter().find_map(|event| match event.fact {
        Fact::CellFinished { cell, duration_ms, .. } if cell == wanted => Some(duration_ms),
        _ => None,
    });
    Duration::from_millis(duration.expect("it has ended"))
}

/// Asserts that the log of the session has these lines in this order, each with its number of seconds, which may be off
/// by a little.
async fn assert_told(place: &Place, start: &str, expected: &[f64]) {
    let log = place.qubx(&["kernel", "logs", "steps"]).await.code(0).stdout;
    let lines = log.lines().filter_map(|line| line.split_once(start));
    let told: Vec<f64> =
        lines.map(|(_, rest)| rest.split(' ').next().unwrap().parse::<f64>().unwrap()).collect();
    let is_near = |(told, expected): (&f64, &f64)| (told - expected).abs() <= 3.0;
    assert!(
        told.len() == expected.len() && told.iter().zip(expected).all(is_near),
        "{told:?}, not {expected:?}:\n{log}"
    );
}

#[tokio::test]
async fn a_step_of_the_wall_clock_is_told_to_every_screen_and_changes_nothing_else() {
    let Some((place, clock, owner, mut screen)) = trading().await else { return };
    let mut other = Screen::attach(&place, "steps", "op2").await;
    for (offset, seconds) in [("-1h", "-3"), ("+1d", "+9"), ("+0", "-8")] {
        let began = Instant::now();
        let cell = screen.at_work(WAITS).await;
        clock.set(offset);
        let line = format!("{MOVED}{seconds}");
        screen.logged(&line).await;
        other.logged(&line).await;
        place.write("go", "");
        assert_eq!(screen.ended(cell).await, CellStatus::Ok);
        let duration = duration_of(&screen, cell);
        assert!(duration > Duration::ZERO && duration <= began.elapsed(), "{offset}: {duration:?}");
        // What a person does goes on, and so does the strategy, for longer than quotes may be missing.
        assert_eq!(screen.run("trade('ETHUSDT', 0.01).status").await.1, CellStatus::Ok);
        for command in [Command::Pause, Command::Resume] {
            assert_eq!(screen.verb(command).await.outcome, VerbOutcome::Done);
        }
        let before = screen.events.len();
        screen
            .until("trading after the step", |screen| {
                (fills(&screen.events[before..]) >= TRADES).then_some(())
            })
            .await;
        let market = screen.mirror.latest.market.as_ref().unwrap();
        assert!(market.stale.is_empty(), "{offset}: {market:?}");
    }
    let log = place.qubx(&["kernel", "logs", "steps"]).await.code(0).stdout;
    assert!(!log.contains("no quote of"), "{log}");
    assert_told(&place, MOVED, &[-3_600.0, 90_000.0, -86_400.0]).await;

    // The wall is a day behind what was told of the orders; the next service goes on there.
    let service = kill_service(&place, "steps").await;
    screen
        .until("the next service", |screen| {
            let status = screen.state().status.as_ref()?;
            let is_back = status.info.pid != service && status.strategy.state == StrategyState::Running;
            is_back.then_some(())
        })
        .await;
    let before = screen.events.len();
    screen
        .until("trading after the kill", |screen| (fills(&screen.events[before..]) >= 5).then_some(()))
        .await;
    finish(place, owner, screen, other).await;
}

#[tokio::test]
async fn a_step_of_the_wall_clock_during_a_pause_is_told_beside_the_pause() {
    let Some((place, clock, owner, mut screen)) = trading().await else { return };
    let other = Screen::attach(&place, "steps", "op2").await;
    let service = service_of(&place, "steps").unwrap();
    let began = Instant::now();
    send_signal(service, Signal::STOP);
    // The pause is the fault itself.
    tokio::time::sleep(PAUSE).await;
    clock.set("-1h");
    screen
        .until("the loss of the connection", |screen| {
            matches!(screen.mirror.link, Link::Lost { .. }).then_some(())
        })
        .await;
    send_signal(service, Signal::CONT);
    let stopped_for = began.elapsed().as_secs_f64();
    screen.logged(STOOD_STILL).await;
    screen.logged(MOVED).await;
    assert_told(&place, STOOD_STILL, &[stopped_for]).await;
    assert_told(&place, MOVED, &[-3_600.0]).await;
    let before = screen.events.len();
    screen
        .until("trading after the pause", |screen| (fills(&screen.events[before..]) >= 5).then_some(()))
        .await;
    finish(place, owner, screen, other).await;
}

/// Asserts that the history is in order although the wall clock is not, and ends the session.
async fn finish(place: Place, owner: Running, screen: Screen, other: Screen) {
    let events = written(&place, "steps");
    assert!(events.windows(2).all(|pair| pair[0].seq < pair[1].seq));
    assert!(events.windows(2).any(|pair| pair[0].time > pair[1].time), "the wall clock was set back");
    let orders = events.iter().filter_map(|event| match &event.fact {
        Fact::Order { order, .. } => Some(order.created_at),
        _ => None,
    });
    let times: Vec<Timestamp> = orders.collect();
    assert!(times.is_sorted(), "the time of orders never goes back");
    assert_kept(&screen, &events);
    check_book(&events);
    screen.close().await;
    other.close().await;
    owner.signal(Signal::INT);
    owner.end().await.code(0);
    place.finish().await;
}
