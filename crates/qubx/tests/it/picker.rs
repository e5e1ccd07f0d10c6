//! Choosing one of several sessions, and the start's checklist, in a real terminal.

use crate::harness::{IDLE, Place, Terminal, config};

#[tokio::test]
async fn a_start_shows_its_steps_and_one_of_several_sessions_is_picked_with_keys() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let Some(terminal) = Terminal::open(&place, "picker", 120, 30).await else {
        return place.finish().await;
    };
    let record = terminal.record("start").await;
    terminal.qubx("run idle.yml --paper --detach").await;
    let started = terminal.shows("runs by itself").await;
    for step in [
        "✓ Python 3.",
        "✓ strategy idle.Idle found",
        "✓ service started",
        "✓ kernel up",
        "✓ strategy started",
        "✓ feed connected",
        "✓ warm-up 2/2",
    ] {
        assert!(started.contains(step), "{step} in\n{started}");
    }
    assert!(!started.contains(" …"), "what was under way is gone:\n{started}");
    terminal.recorded(&record, "starting the Python kernel …").await;

    place.qubx(&["run", "idle.yml", "--paper", "--detach", "--name", "other"]).await.code(0);
    terminal.shell("clear").await;
    terminal.qubx("status").await;
    let asked = terminal.shows("Esc leaves").await;
    for part in ["› 1 idle ", "  2 other ", "PAPER", "running", "since 20", "0 screens"] {
        assert!(asked.contains(part), "{part} in\n{asked}");
    }
    terminal.key("Down").await;
    terminal.shows("› 2 other").await;
    terminal.key("k").await;
    terminal.shows("› 1 idle").await;
    terminal.key("j").await;
    terminal.shows("› 2 other").await;
    terminal.key("Enter").await;
    let status = terminal.shows("other  PAPER  running").await;
    assert!(!status.contains("Which session?"), "the question is gone:\n{status}");

    terminal.shell("clear; echo again").await;
    terminal.qubx("attach --plain; echo code $?").await;
    terminal.shows("Which session?").await;
    terminal.key("Escape").await;
    terminal.shows("no session was chosen").await;
    terminal.shows("code 1").await;
    terminal.shell("clear; echo once more").await;
    terminal.qubx("status").await;
    terminal.shows("Which session?").await;
    terminal.key("1").await;
    terminal.shows("idle  PAPER  running").await;
    terminal.close().await;
    place.stop("other").await;
    place.stop_and_finish("idle").await;
}
