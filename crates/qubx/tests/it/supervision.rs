//! The owner starts a service again that crashed, and says so; meanwhile nobody else takes the session.

use rustix::process::Signal;

use crate::harness::{IDLE, Place, Running, Screen, config, is_alive, send_signal, service_of, wait_for};

async fn owned() -> Option<(Place, Running)> {
    let place = Place::new()?;
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let owner = place.own("idle.yml").await;
    Some((place, owner))
}

/// Kills the service and returns what it was.
fn kill(place: &Place) -> qubx_home::QubxSection {
    let qubx = place.session("idle").file.qubx;
    send_signal(qubx.service.pid, Signal::KILL);
    qubx
}

#[tokio::test]
async fn a_service_that_is_killed_is_started_again_by_its_owner() {
    let Some((place, mut owner)) = owned().await else { return };
    place.qubx(&["exec", "idle", "'before'"]).await.code(0);
    let before = kill(&place);
    owner.says("signal: 9").await;
    owner.says("started again in 1 s").await;

    let list = place.qubx(&["kernel", "list", "--json"]).await.code(0).json();
    assert_eq!((&list[0]["name"], &list[0]["status"]), (&"idle".into(), &"starting".into()), "{list}");
    // Whoever comes now is refused: by the owner's lock, or by the new service if it is there already.
    let refused = place.qubx(&["run", "idle.yml", "--paper", "--detach"]).await.code(1).stderr;
    let by_owner = format!("its owner, process {}, is starting it again", owner.child.id().unwrap());
    assert!(refused.contains(&by_owner) || refused.contains("already running (process"), "{refused}");
    owner.says("the service runs again").await;
    wait_for("a new service that is well", async || {
        (is_back(&place, before.service.pid) && place.qubx(&["status", "idle"]).await.code == Some(0))
            .then_some(())
    })
    .await;
    let after = place.session("idle").file.qubx;
    assert_ne!(after.service.pid, before.service.pid);
    assert_eq!(place.qubx(&["exec", "idle", "'after'"]).await.code(0).stdout, "'after'\n");
    wait_for("the outdated connection file to go", async || {
        let files = std::fs::read_dir(place.home().join("kernels")).unwrap().count();
        (files == 1).then_some(())
    })
    .await;
    owner.prints("'after'").await;
    assert!(owner.out().contains("'before'"), "{}", owner.out());
    owner.signal(Signal::INT);
    owner.end().await.code(0).says(&["session ended: stopped by op@cli"]);
    assert!(!is_alive(after.kernel_pid));
    place.finish().await;
}

fn is_back(place: &Place, old: u32) -> bool {
    let home = qubx_home::Home::at(place.home());
    let sessions = qubx_home::list_sessions(&home).unwrap();
    sessions.iter().any(|session| session.alive && session.file.qubx.service.pid != old)
}

/// Where the service is, its screens and its guests are.
#[tokio::test]
async fn a_service_that_is_started_again_has_the_sockets_and_the_account_of_the_one_before() {
    let Some((place, owner)) = owned().await else { return };
    place.qubx(&["exec", "idle", "trade('BTCUSDT', 0.01)"]).await.code(0);
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let positions = screen
        .until("the position", |screen| {
            let open: Vec<_> = screen.state().open_positions().cloned().collect();
            (!open.is_empty()).then_some(open)
        })
        .await;
    let epoch = screen.state().epoch;
    let before = kill(&place);
    wait_for("the new service", async || is_back(&place, before.service.pid).then_some(())).await;
    let after = place.session("idle").file.qubx;
    assert_eq!(after.socket, before.socket);
    screen
        .until("the service again", |screen| {
            let status = screen.state().status.as_ref()?;
            (status.info.pid == after.service.pid).then_some(())
        })
        .await;
    assert_eq!(screen.state().epoch, epoch, "the same life of the account");
    assert_eq!(screen.state().open_positions().cloned().collect::<Vec<_>>(), positions);
    assert_eq!(screen.run("1 + 1").await.0, "2");
    screen.close().await;
    owner.signal(Signal::INT);
    owner.end().await.code(0);
    place.finish().await;
}

#[tokio::test]
async fn an_owner_that_is_told_to_end_while_its_service_is_down_leaves_nothing_behind() {
    for signal in [Signal::TERM, Signal::INT] {
        let Some((place, mut owner)) = owned().await else { return };
        kill(&place);
        owner.says("started again in 1 s").await;
        owner.signal(signal);
        let ended = owner.end().await.says(&["stopping", "the service ended without a word"]);
        match ended.code {
            Some(1) => {}
            // The service was back before the signal came, and was stopped in good order.
            Some(0) => drop(ended.says(&["session ended"])),
            _ => panic!("{ended:?}"),
        }
        place.qubx(&["run", "idle.yml", "--paper", "--detach"]).await.code(0);
        place.stop_and_finish("idle").await;
    }
}

#[tokio::test]
async fn an_owner_that_is_killed_while_its_service_is_down_leaves_a_dead_session() {
    let Some((place, mut owner)) = owned().await else { return };
    kill(&place);
    owner.says("started again in 1 s").await;
    owner.signal(Signal::KILL);
    owner.end().await;
    let list = place.qubx(&["kernel", "list", "--json"]).await.code(0).json();
    assert_eq!(list[0]["status"], "dead", "{list}");
    place.finish().await;
}

#[tokio::test]
async fn a_session_that_was_given_up_or_stopped_is_not_started_again() {
    let Some(place) = Place::with_idle_session().await else { return };
    let qubx = kill(&place);
    wait_for("the end of the service", async || {
        (!is_alive(qubx.service.pid) && service_of(&place, "idle").is_none()).then_some(())
    })
    .await;
    let list = place.qubx(&["kernel", "list", "--json"]).await.code(0).json();
    assert_eq!(list[0]["status"], "dead", "{list}");

    let owner = place.own("idle.yml").await;
    place.qubx(&["kernel", "stop", "idle", "--yes"]).await.code(0);
    // The name is free at once.
    place.qubx(&["run", "idle.yml", "--paper", "--detach"]).await.code(0);
    owner.end().await.code(0);
    place.stop_and_finish("idle").await;
}

/// Waits in its beginning until it may go on.
const HESITATES: &str = "
import time
from pathlib import Path

from qubx_strategy import Strategy

HERE = Path(__file__).parent


class Hesitates(Strategy):
    def on_start(self, ctx):
        (HERE / 'begins').touch()
        while not (HERE / 'go').exists():
            time.sleep(0.01)
";

#[tokio::test]
async fn a_service_that_is_killed_before_its_strategy_ever_started_is_started_again_too() {
    let Some(place) = Place::new() else { return };
    place.write("hesitates.py", HESITATES);
    place.write("hesitates.yml", &config("hesitates", "hesitates.Hesitates"));
    for detach in [false, true] {
        for file in ["begins", "go"] {
            let _ = std::fs::remove_file(place.path(file));
        }
        let mut arguments = vec!["run", "hesitates.yml", "--paper"];
        arguments.extend(detach.then_some("--detach"));
        let mut owner = place.spawn(&arguments);
        wait_for("the strategy's beginning", async || place.path("begins").exists().then_some(())).await;
        let killed = service_of(&place, "hesitates").unwrap();
        send_signal(killed, Signal::KILL);
        owner.says("signal: 9").await;
        owner.says("started again in 1 s").await;
        place.write("go", "");
        owner.says("strategy started").await;
        assert_ne!(service_of(&place, "hesitates").unwrap(), killed);
        let status = place.qubx(&["status", "hesitates", "--json"]).await.code(0).json();
        assert_eq!(status["status"], "running");
        if detach {
            owner.end().await.code(0);
            place.stop("hesitates").await;
        } else {
            owner.signal(Signal::INT);
            owner.end().await.code(0);
        }
    }
    place.finish().await;
}
