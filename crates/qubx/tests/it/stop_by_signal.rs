//! A stop of a session that cannot be asked: its service hangs, or is down and about to be started again.

use rustix::process::Signal;

use crate::harness::{
    IDLE, Place, Running, config, is_alive, kill_service, send_signal, service_of, wait_for,
};

async fn owned() -> Option<(Place, Running)> {
    let place = Place::new()?;
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let owner = place.own("idle.yml").await;
    Some((place, owner))
}

/// Stops the service's process where it stands, and returns its number.
fn hang(place: &Place) -> u32 {
    let service = service_of(place, "idle").unwrap();
    send_signal(service, Signal::STOP);
    service
}

#[tokio::test]
async fn a_service_that_hangs_is_killed_when_it_was_asked_in_vain() {
    let Some(place) = Place::with_idle_session().await else { return };
    let service = hang(&place);
    let stop = ["kernel", "stop", "idle", "--timeout", "1"];
    let silent = "did not answer within 1 s";
    place.qubx(&stop).await.code(2).says(&[silent, "SIGTERM", "SIGKILL", "--yes"]);
    place.qubx(&[&stop[..], &["--yes", "--flatten"]].concat()).await.code(1).says(&[silent, "--flatten"]);
    assert!(is_alive(service));
    let stopped = place.qubx(&[&stop[..], &["--yes"]].concat()).await.code(1).stdout;
    for part in ["idle ended", silent, &format!("its process {service} was ended by SIGKILL"), "--restore"] {
        assert!(stopped.contains(part), "{part}: {stopped}");
    }
    assert!(!is_alive(service));
    assert_eq!(place.qubx(&["kernel", "list"]).await.code(0).stdout.lines().count(), 1);
    place.finish().await;
}

#[tokio::test]
async fn an_owner_does_not_start_a_service_again_that_was_killed_on_purpose() {
    let Some((place, owner)) = owned().await else { return };
    let service = hang(&place);
    let stopped = place.qubx(&["kernel", "stop", "idle", "--yes", "--timeout", "1"]).await.code(1).stdout;
    assert!(stopped.contains(&format!("its process {service} was ended by SIGKILL")), "{stopped}");
    // It has ended when the command says so, and nothing is left that it could start again.
    assert_eq!(service_of(&place, "idle"), None);
    let ended = owner.end().await.code(1).says(&["stopping", "signal: 9"]);
    assert!(!ended.stderr.contains("the service runs again"), "{ended:?}");
    place.finish().await;
}

#[tokio::test]
async fn a_service_that_comes_to_itself_in_time_ends_in_good_order() {
    let Some((place, owner)) = owned().await else { return };
    let service = hang(&place);
    let stop = place.spawn(&["kernel", "stop", "idle", "--yes", "--timeout", "1"]);
    wait_for("the signal", async || is_told(service).then_some(())).await;
    send_signal(service, Signal::CONT);
    let stopped = stop.end().await.code(0).stdout;
    assert!(stopped.contains(&format!("its process {service} was ended by SIGTERM")), "{stopped}");
    assert!(place.path("stopped").exists(), "on_stop ran");
    owner.end().await.code(0).says(&["session ended: stopped by system"]);
    place.finish().await;
}

/// Tells whether SIGTERM waits for a process.
fn is_told(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let waiting = status.lines().find_map(|line| line.strip_prefix("ShdPnd:")).unwrap();
    u64::from_str_radix(waiting.trim(), 16).unwrap() & (1 << (Signal::TERM.as_raw() - 1)) != 0
}

#[tokio::test]
async fn a_session_whose_service_is_down_is_stopped_by_ending_its_owner() {
    let Some((place, mut owner)) = owned().await else { return };
    for pause in ["in 1 s", "in 2 s", "in 4 s", "in 8 s"] {
        let before = wait_for("a service", async || service_of(&place, "idle")).await;
        wait_for("its connection file", async || {
            let home = qubx_home::Home::at(place.home());
            let sessions = qubx_home::list_sessions(&home).unwrap();
            sessions.iter().any(|one| one.alive && one.file.qubx.service.pid == before).then_some(())
        })
        .await;
        kill_service(&place, "idle").await;
        owner.says(&format!("started again {pause}")).await;
    }
    // Other commands wait for it; this one does not.
    place.qubx(&["flatten", "idle", "--yes"]).await.code(1).says(&["is starting it again"]);
    place
        .qubx(&["kernel", "stop", "idle", "--yes", "--flatten"])
        .await
        .code(1)
        .says(&["nothing can be closed"]);
    let pid = owner.child.id().unwrap();
    place
        .qubx(&["kernel", "stop", "idle"])
        .await
        .code(2)
        .says(&[&format!("its owner, process {pid}"), "--yes"]);
    let stopped = place.qubx(&["kernel", "stop", "idle", "--yes"]).await.code(0).stdout;
    for part in ["idle stopped: its service had crashed", &format!("process {pid}, does not"), "--restore"] {
        assert!(stopped.contains(part), "{part}: {stopped}");
    }
    assert_eq!(service_of(&place, "idle"), None);
    owner.end().await.code(1).says(&["stopping", "signal: 9"]);
    assert_eq!(place.qubx(&["kernel", "list", "--json"]).await.code(0).json(), serde_json::json!([]));
    // The name is free.
    place.qubx(&["run", "idle.yml", "--paper", "--detach", "--restore"]).await.code(0);
    place.stop_and_finish("idle").await;
}
