//! What a cell started ends with its session, also when the service is killed and cannot see to it.

use qubx_protocol::StrategyState;

use crate::harness::{IDLE, Place, Screen, config, is_alive, kill_service, wait_for};

/// Starts a program, and a forked worker that starts another one; prints their numbers.
const STARTS: &str = "
import os, subprocess, time
started = [subprocess.Popen(['sleep', '1000']).pid]
reading, writing = os.pipe()
worker = os.fork()
if worker == 0:
    os.write(writing, str(subprocess.Popen(['sleep', '1000']).pid).encode())
    time.sleep(1000)
    os._exit(0)
started += [worker, int(os.read(reading, 100))]
print(*started)";

async fn start_processes(screen: &mut Screen) -> Vec<u32> {
    let (text, _) = screen.run(STARTS).await;
    let started: Vec<u32> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    assert!(started.len() == 3 && started.iter().all(|pid| is_alive(*pid)), "{text}");
    started
}

async fn are_gone(started: &[u32]) {
    wait_for("the end of what the cell started", async || {
        started.iter().all(|pid| !is_alive(*pid)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn the_next_service_ends_what_the_cells_of_a_killed_one_had_started() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let owner = place.own("idle.yml").await;
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let started = start_processes(&mut screen).await;
    let killed = kill_service(&place, "idle").await;
    screen
        .until("the next service", |screen| {
            let status = screen.state().status.as_ref()?;
            (status.info.pid != killed && status.strategy.state == StrategyState::Running).then_some(())
        })
        .await;
    are_gone(&started).await;
    // Those of a living session are its own.
    let started = start_processes(&mut screen).await;
    place.qubx(&["kernel", "list"]).await.code(0);
    assert!(started.iter().all(|pid| is_alive(*pid)));
    screen.close().await;
    place.stop("idle").await;
    owner.end().await.code(0);
    are_gone(&started).await;
    place.finish().await;
}

#[tokio::test]
async fn whoever_cleans_up_after_a_killed_service_ends_what_its_cells_had_started() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let started = start_processes(&mut screen).await;
    screen.close().await;
    kill_service(&place, "idle").await;
    place.qubx(&["kernel", "list"]).await.code(0);
    are_gone(&started).await;
    place.finish().await;
}
