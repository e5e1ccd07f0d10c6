//! The client in `examples/watch.py`, which was written from `docs/protocol.md` alone.

use rustix::process::Signal;
use tokio::process::Command;

use crate::harness::{IDLE, Place, config, kill_service, service_of, wait_for};

/// Returns the client as a command of a place.
fn watch(place: &Place, arguments: &[&str]) -> Command {
    let mut command = Command::new(&place.python);
    place.prepare(&mut command);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/watch.py")).args(arguments);
    command
}

#[tokio::test]
async fn a_client_of_a_hundred_lines_runs_cells() {
    let Some(place) = Place::with_idle_session().await else { return };
    for (code, status, shown) in [
        ("print('hello'); 6 * 7", 0, "hello\n42\n"),
        ("print('\\x1b]0;title\\x07')", 0, "\\x1b]0;title\\x07\n"),
        ("1 / 0", 1, ""),
    ] {
        let finished = place.finish_command(watch(&place, &["idle", "--run", code]), "").await.code(status);
        assert_eq!(finished.stdout, shown);
    }
    place.finish_command(watch(&place, &["nobody"]), "").await.code(1).says(&["no session nobody"]);
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_client_of_a_hundred_lines_follows_a_session_through_a_crash() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let owner = place.own("idle.yml").await;
    let mut client = place.spawn_command(watch(&place, &["idle"]));
    client.says("connected").await;
    place.qubx(&["exec", "idle", "print('before', 'it')"]).await.code(0);
    client.prints("before it").await;

    let old = kill_service(&place, "idle").await;
    wait_for("the next service", async || service_of(&place, "idle").filter(|pid| *pid != old)).await;
    wait_for("a cell that runs", async || {
        let finished = place.qubx(&["exec", "idle", "print('after', 'it')"]).await;
        finished.stdout.contains("after it").then_some(())
    })
    .await;
    client.prints("after it").await;
    owner.signal(Signal::INT);
    owner.end().await.code(0);
    let finished = client.end().await.code(0);
    for text in ["before it", "after it"] {
        let shown = finished.stdout.lines().filter(|line| line.contains("stdout") && line.contains(text));
        assert_eq!(shown.count(), 1, "{text} in {}", finished.stdout);
    }
    place.finish().await;
}
