//! Who ends a session, and who does not: the command that started it, signals, and the others that are attached.

use qubx_protocol::{Fact, Ownership};
use rustix::process::Signal;

use crate::harness::{IDLE, Place, Running, Screen, config, wait_for};

async fn owned() -> Option<(Place, Running)> {
    let place = Place::new()?;
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let owner = place.own("idle.yml").await;
    Some((place, owner))
}

async fn history(place: &Place) -> String {
    place.qubx(&["history", "idle"]).await.code(0).stdout
}

#[tokio::test]
async fn an_owner_that_is_killed_alone_takes_its_session_along_in_good_order() {
    let Some((place, owner)) = owned().await else { return };
    owner.signal(Signal::KILL);
    assert_eq!(owner.end().await.code, None);
    place.is_empty().await;
    assert!(place.path("stopped").exists(), "on_stop ran");
    let history = history(&place).await;
    assert!(history.contains("VERB  session: stop done"), "{history}");
    place.finish().await;
}

#[tokio::test]
async fn an_owner_that_is_killed_while_others_are_attached_leaves_its_session_to_them() {
    let Some((place, owner)) = owned().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    owner.signal(Signal::KILL);
    owner.end().await;
    screen.logged("the command that started this session is gone").await;
    screen
        .until("the new ownership", |screen| {
            let status = screen.state().status.as_ref()?;
            (status.ownership == Ownership::OwnerLost).then_some(())
        })
        .await;
    assert_eq!(screen.run("1 + 1").await.0, "2");
    // The others may leave now: it is as if it had been detached.
    screen.close().await;
    wait_for("no screen", async || {
        let list = place.qubx(&["kernel", "list", "--json"]).await.code(0).json();
        (list[0]["screens"] == 0).then_some(())
    })
    .await;
    assert_eq!(place.qubx(&["exec", "idle", "'alive'"]).await.code(0).stdout, "'alive'\n");
    assert!(history(&place).await.contains("is gone; others are attached, so it goes on"));
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn an_owner_that_is_killed_before_the_session_is_up_leaves_nothing_running() {
    let Some(place) = Place::new() else { return };
    place.write(
        "idle.py",
        &format!("{IDLE}\n    def on_start(self, ctx):\n        import time; time.sleep(1)\n"),
    );
    place.write("idle.yml", &config("idle", "idle.Idle"));
    for step in ["service started", "kernel up"] {
        let mut owner = place.spawn(&["run", "idle.yml", "--paper", "--detach"]);
        owner.says(step).await;
        owner.signal(Signal::KILL);
        owner.end().await;
        place.is_empty().await;
    }
    place.finish().await;
}

#[tokio::test]
async fn an_interrupt_of_the_foreground_run_stops_the_session() {
    for signal in [Signal::INT, Signal::TERM] {
        let Some((place, mut owner)) = owned().await else { return };
        owner.prints("RUN   1").await;
        owner.signal(signal);
        owner.end().await.code(0).says(&["stopping", "session ended: stopped by op@cli"]);
        assert!(place.path("stopped").exists(), "on_stop ran");
        place.finish().await;
    }
}

#[tokio::test]
async fn a_terminated_service_stops_in_good_order() {
    let Some((place, owner)) = owned().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let service = place.session("idle").file.qubx.service.pid;
    crate::harness::send_signal(service, Signal::TERM);
    assert_eq!(screen.closed().await, "stopped by system: 0 cancelled, 0 failed");
    owner.end().await.code(0);
    assert!(place.path("stopped").exists(), "on_stop ran");
    assert!(history(&place).await.contains("VERB  system: stop done"));
    let stops = screen.events.iter().filter(|event| matches!(&event.fact, Fact::Verb { .. })).count();
    assert_eq!(stops, 2, "started and done");
    screen.close().await;
    place.finish().await;
}

#[tokio::test]
async fn a_screen_that_is_killed_changes_nothing() {
    let Some(place) = Place::with_idle_session().await else { return };
    for _ in 0..10 {
        let mut screen = place.spawn(&["attach", "idle", "--plain"]);
        screen.prints("RUN").await;
        screen.signal(Signal::KILL);
        screen.end().await;
    }
    place.qubx(&["status", "idle"]).await.code(0);
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn kernel_only_prints_the_connection_file_and_waits() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let mut owner = place.spawn(&["run", "idle.yml", "--paper", "--kernel-only"]);
    owner.prints(".json\n").await;
    assert_eq!(owner.out().trim_end(), place.session("idle").path.to_str().unwrap());
    owner.signal(Signal::INT);
    owner.end().await.code(0);
    place.finish().await;
}

/// Waits in its start until a file is there, which nobody makes.
const WAITS: &str = "
import time
from pathlib import Path

from qubx_strategy import Strategy


class Waits(Strategy):
    def on_start(self, ctx):
        while not Path(__file__).with_name('go').exists():
            time.sleep(0.01)
";

#[tokio::test]
async fn an_owner_that_is_told_to_end_while_its_session_starts_ends_it_in_good_order() {
    for signal in [Signal::INT, Signal::TERM] {
        let Some(place) = Place::new() else { return };
        place.write("waits.py", WAITS);
        place.write("waits.yml", &config("waits", "waits.Waits"));
        let mut owner = place.spawn(&["run", "waits.yml", "--paper"]);
        owner.says("kernel up").await;
        owner.signal(signal);
        owner.end().await.code(1).says(&["stopping …", "the session was stopped before it was ready"]);
        place.finish().await;
    }
}
