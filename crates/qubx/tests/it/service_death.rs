//! The service is killed: what dies with it, what is cleaned up, and what the next run finds.

use std::time::Duration;

use qubx_protocol::{CellNumber, CellStatus, Epoch, Fact};
use rustix::process::Signal;

use crate::harness::{
    IDLE, Place, STEPS, Screen, config, is_alive, send_signal, service_of, wait_at_most, wait_for,
};

/// How long the kernel may outlive its service. A kernel that waits for its parent by asking took up to eleven.
const DIES_WITHIN: Duration = Duration::from_secs(2);

async fn kill(place: &Place, name: &str) {
    let file = place.session(name).file.qubx;
    send_signal(file.service.pid, Signal::KILL);
    wait_at_most(DIES_WITHIN, "the end of the kernel after its service", async || {
        (!is_alive(file.service.pid) && !is_alive(file.kernel_pid)).then_some(())
    })
    .await;
}

/// A killed process whose first thread has ended may hold its locks for another moment: to whom that is dead, a session
/// neither answers nor is free.
#[tokio::test]
async fn a_process_lives_as_long_as_one_of_its_threads() {
    let Some(place) = Place::new() else { return };
    let threads = "import ctypes, threading, time\n\
        threading.Thread(target=time.sleep, args=(60,)).start()\n\
        ctypes.CDLL(None).pthread_exit(None)";
    let mut python = std::process::Command::new(&place.python).args(["-c", threads]).spawn().unwrap();
    wait_for("the end of its first thread", async || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", python.id())).unwrap();
        stat.contains(") Z ").then_some(())
    })
    .await;
    assert!(is_alive(python.id()));
    send_signal(python.id(), Signal::KILL);
    wait_for("its end", async || (!is_alive(python.id())).then_some(())).await;
    python.wait().unwrap();
    place.finish().await;
}

#[tokio::test]
async fn the_kernel_dies_with_its_service_and_the_dead_are_listed_once() {
    let Some(place) = Place::with_idle_session().await else { return };
    kill(&place, "idle").await;
    let path = place.home().join("kernels");
    assert_eq!(std::fs::read_dir(&path).unwrap().count(), 1, "its file is left");
    let first = place.qubx(&["kernel", "list", "--json"]).await.code(0).json();
    assert_eq!((first.as_array().unwrap().len(), &first[0]["status"]), (1, &"dead".into()));
    let second = place.qubx(&["kernel", "list", "--json"]).await.code(0).json();
    assert_eq!(second, serde_json::json!([]));
    assert!(place.session_dir("idle").exists(), "the folder outlives the run");
    place.finish().await;
}

/// No thread of it can look for its parent then; the system does.
#[tokio::test]
async fn a_kernel_whose_interpreter_is_held_dies_with_its_service_too() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let held = place.path("held");
    // What is printed before such a call may be told only after it.
    screen.submit(&format!("import ctypes; open({held:?}, 'w').close(); ctypes.PyDLL(None).sleep(60)")).await;
    wait_for("the call", async || held.exists().then_some(())).await;
    kill(&place, "idle").await;
    screen.close().await;
    place.qubx(&["kernel", "list"]).await.code(0);
    place.finish().await;
}

/// A Python that runs a strategy's kernel only once there is a file `go` beside it.
const WAITS: &str = r#"#!/bin/sh
case "$*" in
*qubx_strategy.launcher*) while [ ! -e "${0%/*}/go" ]; do sleep 0.02; done ;;
esac
exec PYTHON "$@"
"#;

/// Without a connection file nothing but the folder itself tells whose the sockets were.
#[tokio::test]
async fn the_sockets_of_a_session_that_is_killed_before_it_is_up_go_with_the_next_list() {
    let Some(mut place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let waits = place.write("python", &WAITS.replace("PYTHON", &place.python.display().to_string()));
    std::fs::set_permissions(&waits, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    place.python = waits;
    let owner = place.spawn(&["run", "idle.yml", "--paper"]);
    let run = place.home().join("run");
    let sockets = || -> Vec<_> {
        let folders = std::fs::read_dir(&run).into_iter().flatten().filter_map(Result::ok);
        folders.map(|folder| folder.path()).filter(|path| path.join("session.sock").exists()).collect()
    };
    wait_for("the service's socket", async || (!sockets().is_empty()).then_some(())).await;
    place.qubx(&["kernel", "list"]).await.code(0);
    assert_eq!(sockets().len(), 1, "its service lives");
    let service = service_of(&place, "idle").unwrap();
    // It must not clean up itself.
    owner.signal(Signal::STOP);
    send_signal(service, Signal::KILL);
    wait_for("the end of the service", async || service_of(&place, "idle").is_none().then_some(())).await;
    place.qubx(&["kernel", "list"]).await.code(0);
    assert_eq!(sockets().len(), 1, "its owner lives");
    owner.signal(Signal::KILL);
    assert_eq!(owner.end().await.code, None);
    assert_eq!((sockets().len(), place.home().join("kernels").read_dir().unwrap().count()), (1, 0));
    let list = place.qubx(&["kernel", "list", "--json"]).await.code(0).json();
    assert_eq!(list, serde_json::json!([]));
    assert!(sockets().is_empty());
    // The Python that still waits finds that its service has ended.
    place.write("go", "");
    place.finish().await;
}

#[tokio::test]
async fn a_name_of_the_dead_is_told_and_cleaned_up() {
    let Some(place) = Place::with_idle_session().await else { return };
    kill(&place, "idle").await;
    let told = place.qubx(&["kernel", "stop", "idle", "--yes"]).await.code(1);
    let told =
        told.says(&["error: session `idle` died: its service, process ", "qubx history idle", "--restore"]);
    assert_eq!(told.stderr.matches("died").count(), 1, "{told:?}");
    place.finish().await;
}

/// Only the command that comes first can tell it, whatever it is about.
#[tokio::test]
async fn whoever_finds_a_dead_session_says_so() {
    let Some(place) = Place::with_idle_session().await else { return };
    place.write("other.yml", &config("other", "idle.Idle"));
    for command in [
        &["status"][..],
        &["status", "other"],
        &["history", "idle"],
        &["kernel", "logs", "other"],
        &["exec", "other", "1"],
        &["kernel", "stop", "--all", "--yes"],
    ] {
        place.start("other.yml").await;
        let pid = place.session("idle").file.qubx.service.pid;
        kill(&place, "idle").await;
        let first = place.qubx(command).await.code(0);
        let news = format!(
            "session `idle` died: its service, process {pid}, ended without a word, and last wrote at "
        );
        let first = first.says(&[&news, "qubx history idle", "--restore"]);
        assert_eq!(first.stderr.matches("died").count(), 1, "{first:?}");
        if !command.contains(&"--all") {
            let second = place.qubx(command).await.code(0);
            assert!(!second.stderr.contains("died"), "{second:?}");
            place.stop("other").await;
            place.start("idle.yml").await;
        }
    }
    // One that was started again meanwhile died all the same.
    place.start("idle.yml").await;
    kill(&place, "idle").await;
    place.start("idle.yml").await;
    let ended = place.qubx(&["exec", "idle", "1"]).await.code(0);
    ended.says(&["session `idle` died: ", "it runs again by now, as process "]);
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_new_run_has_the_old_history_and_a_fresh_account() {
    let Some(place) = Place::new() else { return };
    place.write("steps.py", STEPS);
    place.write("steps.yml", &config("steps", "steps.Steps"));
    place.start("steps.yml").await;
    let mut screen = Screen::attach(&place, "steps", "op1").await;
    screen.event("a fill", |fact| matches!(fact, Fact::Fill { .. }).then_some(())).await;
    screen.quoted().await;
    screen.run("trade('ETHUSDT', 1)").await;
    screen.run("'before the end'").await;
    let busy = screen.submit("while True: pass").await;
    screen.started(busy).await;
    let waiting = screen.submit("'never'").await;
    kill(&place, "steps").await;
    assert_eq!(screen.closed().await, "the service has ended without a word");
    screen.close().await;

    place.start("steps.yml").await;
    let mut screen = Screen::attach(&place, "steps", "op2").await;
    assert_eq!(screen.state().epoch, Epoch(2));
    for cell in [busy, waiting] {
        assert_eq!(screen.ended(cell).await, CellStatus::KernelDied);
    }
    assert!(screen.state().running.is_none() && screen.state().queue.is_empty());
    let eth = screen.state().positions.keys().any(|instrument| instrument.symbol == "ETHUSDT");
    assert!(!eth, "positions of before are gone: {:?}", screen.state().positions);
    let codes: Vec<&str> = screen.events.iter().filter_map(|event| code(&event.fact)).collect();
    assert_eq!(codes, ["trade('ETHUSDT', 1)", "'before the end'", "while True: pass", "'never'"]);
    // Numbers of cells go on, and a cell that was cut off is not run again.
    let next = screen.submit("'fresh', ctx.account().capital, ctx.get_position('ETHUSDT').quantity").await;
    assert!(next > waiting && next <= CellNumber(waiting.0 + 1));
    screen.ended(next).await;
    let shown = crate::harness::text_of(&screen.events, next);
    assert!(shown.contains("'fresh', Decimal('100000')") && shown.contains('0'), "{shown}");
    screen.close().await;
    let history = place.qubx(&["history", "steps"]).await.code(0).stdout;
    for part in ["'before the end'", "RUN   1", "RUN   2"] {
        assert!(history.contains(part), "{part} in {history}");
    }
    place.stop_and_finish("steps").await;
}

fn code(fact: &Fact) -> Option<&str> {
    match fact {
        Fact::Cell { code, .. } => Some(code),
        _ => None,
    }
}
