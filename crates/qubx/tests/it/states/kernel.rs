//! The Python kernel: starting, busy with somebody's cell, an error in one, dead.

use std::os::unix::fs::PermissionsExt;

use rustix::process::Signal;

use super::{SIZE, attach, says};
use crate::harness::{IDLE, Place, Screen, Terminal, config, send_signal};

/// A Python that a kernel is started with, which begins only when there is a file `go`.
const SLOW: &str = "#!/bin/sh
# What looks at the strategy first has another first argument.
if [ \"$1\" = -c ]; then while [ ! -e GO ]; do sleep 0.02; done; fi
exec PYTHON \"$@\"
";

#[tokio::test]
async fn a_kernel_that_starts_slowly_is_said_to_be_starting_the_first_time_and_again() {
    let Some(mut place) = Place::new() else { return };
    let python = place.python.display().to_string();
    let go = place.path("go").display().to_string();
    let slow = place.write("python", &SLOW.replace("PYTHON", &python).replace("GO", &go));
    std::fs::set_permissions(&slow, std::fs::Permissions::from_mode(0o755)).unwrap();
    place.python = slow;
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let Some(terminal) = Terminal::open(&place, "owner", SIZE.0, SIZE.1).await else {
        return place.finish().await;
    };
    terminal.qubx("run idle.yml --paper --textual").await;
    let starting = terminal.shows("^Q quit (stops the strategy)").await;
    let steps = "Starting: Python … · strategy … · quotes 0/2";
    says(&starting, &["kernel starting", "strategy starting", steps]);
    place.write("go", "");
    terminal.shows("kernel idle").await;
    terminal.is_awake().await;

    std::fs::remove_file(place.path("go")).unwrap();
    terminal.key("Escape").await;
    terminal.shows("F flatten").await;
    terminal.key("R").await;
    terminal.answers("y", "RESTART KERNEL").await;
    terminal.shows("Starting: Python … · strategy … · quotes 2/2").await;
    place.write("go", "");
    terminal.shows("kernel idle").await;
    terminal.key("C-q").await;
    terminal.is_given_back().await;
    terminal.close().await;
    place.finish().await;
}

#[tokio::test]
async fn a_busy_kernel_says_whose_cell_it_runs_an_error_is_folded_and_a_dead_one_says_what_goes_on() {
    let stays_down = "session: { kernel_restarts: 0 }\n";
    let Some(place) = Place::with_idle_session_and(stays_down).await else { return };
    let Some(terminal) = attach(&place, "idle").await else { return place.stop_and_finish("idle").await };
    let mut other = Screen::attach(&place, "idle", "op2").await;
    let end = place.path("end").display().to_string();
    let cell = other.submit(&format!("import os\nwhile not os.path.exists({end:?}): pass")).await;
    other.started(cell).await;
    let busy = terminal.shows("kernel busy 00:0").await;
    says(&busy, &["· op2's In[1]", "^C interrupt"]);
    for (code, place) in [("f = lambda: 1 / 0", "queued (1st)"), ("f()", "queued (2nd)")] {
        terminal.shell(code).await;
        terminal.shows(place).await;
    }
    // What the engine does needs no Python.
    terminal.key("Escape").await;
    terminal.shows("F flatten").await;
    terminal.key("P").await;
    terminal.shows("✓ pause: ").await;
    terminal.shows("PAUSED").await;
    place.write("end", "");

    // The error: its last frame, and all of it on a key.
    let folded = terminal.shows("ZeroDivisionError: division by zero").await;
    says(&folded, &["more lines, Enter", "----> 1 f = lambda: 1 / 0"]);
    assert!(!folded.contains("----> 1 f()"), "{folded}");
    terminal.shows("kernel idle").await;
    terminal.types("1N").await;
    terminal.key("Enter").await;
    terminal.shows("----> 1 f()").await;

    send_signal(place.session("idle").file.qubx.kernel_pid, Signal::KILL);
    let dead = terminal.shows("Strategy stopped. Engine and verbs go on. Flatten: F").await;
    says(&dead, &["Python kernel ended (signal 9", "stays down; restart: R.", "kernel DEAD"]);
    terminal.key("F").await;
    terminal.answers("y", "FLATTEN ALL").await;
    terminal.shows("✓ flatten: ").await;
    terminal.key("R").await;
    terminal.answers("y", "RESTART KERNEL").await;
    terminal.shows("kernel idle").await;
    other.close().await;
    terminal.close().await;
    place.stop_and_finish("idle").await;
}
