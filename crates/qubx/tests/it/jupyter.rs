//! `run --jupyter`: Jupyter's console in the owner's terminal; leaving it ends the session, unless others are attached.

use rustix::process::Signal;

use crate::harness::{IDLE, Place, Screen, Terminal, config, console, send_signal, wait_for};

#[tokio::test]
async fn the_console_runs_in_the_shared_kernel_and_its_end_stops_the_session() {
    let Some(place) = Place::new() else { return };
    if console(&place.python).is_none() {
        return place.finish().await;
    }
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let Some(terminal) = Terminal::open(&place, "console", 100, 30).await else {
        return place.finish().await;
    };
    terminal.qubx("run idle.yml --paper --jupyter; echo ended with $?").await;
    terminal.shows("In [").await;
    terminal.shell("shared = 6 * 7").await;
    wait_for("the console's cell in the session", async || {
        let said = place.qubx(&["exec", "idle", "globals().get('shared')"]).await.code(0).stdout;
        (said == "42\n").then_some(())
    })
    .await;
    // The key that interrupts is for the cell in the console, and goes to the session's owner as well.
    let owner = qubx_home::owner_holder(&place.session_dir("idle")).unwrap().unwrap();
    send_signal(owner.pid, Signal::INT);
    place.qubx(&["status", "idle"]).await.code(0);
    terminal.shell("print('typed', 'here')").await;
    wait_for("a prompt after the console's own cell", async || {
        let text = terminal.text().await;
        let (_, after) = text.split_once("\ntyped here")?;
        after.contains("In [").then_some(())
    })
    .await;
    terminal.key("C-d").await;
    terminal.shows("Do you really want to exit").await;
    terminal.key("Enter").await;
    terminal.shows("session ended: stopped by op@").await;
    terminal.shows("ended with 0").await;
    assert!(place.path("stopped").exists(), "on_stop ran");
    terminal.close().await;
    place.finish().await;
}

#[tokio::test]
async fn leaving_the_console_stops_nothing_while_somebody_else_is_attached() {
    let Some(place) = Place::new() else { return };
    if console(&place.python).is_none() {
        return place.finish().await;
    }
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let Some(terminal) = Terminal::open(&place, "console", 100, 30).await else {
        return place.finish().await;
    };
    terminal.qubx("run idle.yml --paper --jupyter; echo ended with $?").await;
    terminal.shows("In [").await;
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    terminal.key("C-d").await;
    terminal.shows("Do you really want to exit").await;
    terminal.key("Enter").await;
    terminal.shows("others are attached, so the session goes on").await;
    assert_eq!(screen.run("6 * 7").await.0, "42");
    terminal.key("C-c").await;
    terminal.shows("session ended: stopped by op@").await;
    terminal.shows("ended with 0").await;
    screen.close().await;
    terminal.close().await;
    place.finish().await;
}

#[tokio::test]
async fn a_console_without_a_terminal_is_refused_before_anything_is_made() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let run = ["run", "idle.yml", "--paper", "--jupyter"];
    place.qubx(&run).await.code(2).says(&["needs a terminal", "--kernel-only"]);
    place
        .qubx(&["run", "idle.yml", "--paper", "-j", "--detach"])
        .await
        .code(2)
        .says(&["cannot be used with"]);
    place.assert_untouched();
    place.finish().await;
}
