//! Starting, finding and stopping sessions from any shell.

use std::time::{Duration, Instant};

use qubx_protocol::Fact;
use rustix::process::Signal;

use crate::harness::{IDLE, Place, Screen, config, is_alive, leader_of, wait_for};

/// Longer than the time from one ping of a client to the next.
const PING_IS_DUE: Duration = Duration::from_millis(2_500);

#[tokio::test]
async fn a_stop_from_another_shell_ends_everything() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let owner = place.own("idle.yml").await;
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let file = place.session("idle").file.qubx;

    // A pipe cannot be asked, so nothing happens without --yes.
    place.qubx(&["kernel", "stop", "idle"]).await.code(2).says(&["must be confirmed", "--yes"]);
    assert_eq!(screen.run("1 + 1").await.0, "2");

    let stopped = place.qubx(&["kernel", "stop", "idle", "--yes"]).await.code(0);
    assert!(stopped.stdout.contains("idle stopped"), "{stopped:?}");
    // It is gone when the command says so, not some time later.
    assert!(!is_alive(file.service.pid) && !is_alive(file.kernel_pid));
    assert_eq!(screen.closed().await, "stopped by op@cli: 0 cancelled, 0 failed");
    owner.end().await.code(0).says(&["session ended: stopped by op@cli"]);
    assert!(place.path("stopped").exists(), "on_stop ran");
    screen.close().await;
    place.finish().await;
}

#[tokio::test]
async fn a_detached_session_stays_when_its_starter_has_ended() {
    let Some(place) = Place::with_idle_session().await else { return };
    let file = place.session("idle").file.qubx;
    assert_eq!(leader_of(file.service.pid), file.service.pid, "it has a session of its own");
    place.qubx(&["status", "idle"]).await.code(0);
    let status = place.qubx(&["status", "--json"]).await.code(0).json();
    assert_eq!((&status["name"], &status["status"]), (&"idle".into(), &"running".into()));
    let list = place.qubx(&["kernel", "list", "--json"]).await.code(0).json();
    assert_eq!(list[0]["pid"], file.service.pid);
    assert_eq!((&list[0]["status"], &list[0]["screens"]), (&"running".into(), &0.into()));
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_name_that_is_not_there_is_told_with_a_hint() {
    let Some(place) = Place::new() else { return };
    for arguments in [
        &["kernel", "stop", "ghost", "--yes"][..],
        &["exec", "ghost", "1"],
        &["status", "ghost"],
        &["attach", "ghost", "--plain"],
        &["flatten", "ghost", "--yes"],
    ] {
        place.qubx(arguments).await.code(1).says(&["no session `ghost` is running", "hint:", "qubx run"]);
    }
    place.qubx(&["history", "ghost"]).await.code(1).says(&["no session `ghost`"]);
    place.qubx(&["status"]).await.code(1).says(&["no session is running", "qubx run"]);
    let list = place.qubx(&["kernel", "list", "--json"]).await.code(0);
    assert_eq!(list.json(), serde_json::json!([]));
    place.assert_untouched();
    place.finish().await;
}

#[tokio::test]
async fn a_second_start_is_refused_and_a_name_starts_another_one() {
    let Some(place) = Place::with_idle_session().await else { return };
    let again = place.qubx(&["run", "idle.yml", "--paper", "--detach"]).await.code(1);
    again.says(&["`idle` is already running", "qubx attach idle", "--name"]);

    place.qubx(&["run", "idle.yml", "--paper", "--detach", "--name", "beside"]).await.code(0);
    place.qubx(&["exec", "idle", "mine = 1"]).await.code(0);
    let other = place.qubx(&["exec", "beside", "'mine' in globals()"]).await.code(0);
    assert_eq!(other.stdout, "False\n");
    place.qubx(&["status"]).await.code(2).says(&["several sessions are running", "idle", "beside"]);
    place.qubx(&["exec", "ghost", "1"]).await.code(1).says(&["running: idle, beside"]);
    // The connection file names a session too, by its stem and by its path.
    let path = place.session("beside").path;
    for name in [path.file_stem().unwrap(), path.as_os_str()] {
        place.qubx(&["status", name.to_str().unwrap()]).await.code(0);
    }
    place.stop("beside").await;
    place.qubx(&["status", "idle"]).await.code(0);
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn exec_prints_what_the_cell_prints_and_fails_with_it() {
    let Some(place) = Place::with_idle_session().await else { return };
    let finished =
        place.qubx(&["exec", "idle", "import sys; print('out'); print('err', file=sys.stderr); 6 * 7"]).await;
    let finished = finished.code(0);
    assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("out\n42\n", "err\n"));
    let failed =
        place.qubx(&["exec", "idle", "print('before'); 1 / 0"]).await.code(1).says(&["ZeroDivisionError"]);
    assert_eq!(failed.stdout, "before\n");
    let read =
        place.qubx_with_input(&["exec", "idle", "-"], "for i in range(2):\n    print(i)\n").await.code(0);
    assert_eq!(read.stdout, "0\n1\n");
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_stop_that_was_held_up_itself_still_hears_that_it_is_done() {
    let Some(place) = Place::new() else { return };
    let waits = "
from pathlib import Path
import time

from qubx_strategy import Strategy


class Waits(Strategy):
    def on_stop(self, ctx):
        while not Path(__file__).with_name('go').exists():
            time.sleep(0.01)
";
    place.write("waits.py", waits);
    place.write("waits.yml", &config("waits", "waits.Waits"));
    place.start("waits.yml").await;
    let service = place.session("waits").file.qubx.service.pid;
    let mut screen = Screen::attach(&place, "waits", "op1").await;
    let began = Instant::now();
    let stop = place.spawn(&["kernel", "stop", "waits", "--yes"]);
    screen
        .event("the stop", |fact| {
            matches!(fact, Fact::Verb { verb, .. } if verb.verb == "stop").then_some(())
        })
        .await;
    stop.signal(Signal::STOP);
    place.write("go", "");
    wait_for("the end of the service", async || (!is_alive(service)).then_some(())).await;
    // By now a ping is due, and there is nobody to take it.
    wait_for("the next ping", async || (began.elapsed() > PING_IS_DUE).then_some(())).await;
    stop.signal(Signal::CONT);
    let stopped = stop.end().await.code(0);
    assert!(stopped.stdout.contains("waits stopped"), "{stopped:?}");
    screen.close().await;
    place.finish().await;
}
