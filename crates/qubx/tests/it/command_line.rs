//! The commands that are not in the other files: validate, list --watch, stop --all, attach --read-only, completions.

use std::path::Path;

use rustix::process::Signal;

use crate::harness::{CROSS, IDLE, LIMIT, Place, Screen, config, wait_for};

#[tokio::test]
async fn validate_says_what_would_run_and_creates_nothing() {
    let Some(place) = Place::new() else { return };
    place.write("ema_cross.py", CROSS);
    let text = config("ema", "ema_cross.EmaCross") + "session: { limits: { order_notional: 5000 } }\n";
    place.write("ema.yml", &text);
    let said = place.qubx(&["validate", "ema.yml", "--set", "parameters.fast=9"]).await.code(0).stdout;
    for part in [
        "ema.yml is valid",
        "ema_cross.EmaCross (fast=9)",
        "native, on paper",
        "ipykernel",
        "BTCUSDT, ETHUSDT",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(said.contains("order_notional 5000"), "{said}");
    let json = place.qubx(&["validate", "ema.yml", "--json", "--name", "other"]).await.code(0).json();
    assert_eq!((&json["name"], &json["strategy"]), (&"other".into(), &"ema_cross.EmaCross".into()));
    assert_eq!(json["exchanges"][0]["capital"], "100000");
    assert_eq!(json["session"]["kernel_restarts"], 5);
    assert!(Path::new(json["session_dir"].as_str().unwrap()).starts_with(place.home()));
    place.assert_untouched();
    place.finish().await;
}

#[tokio::test]
async fn validate_refuses_what_run_refuses() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    place.write("more.yml", "live: { exchanges: { SIM: { leverage: none } } }\n");
    for (arguments, parts) in [
        (&["--set", "live.exchanges.SIM.kapital=5"][..], &["unknown key `kapital`"][..]),
        (&["--override", "more.yml"], &["more.yml:1:39", "must be a number"]),
        (&["--set", "parameters.ghost=1"], &["no parameter 'ghost'"]),
        (&["--set", "strategy=idle.Ghost"], &["has no class Ghost"]),
        (&["--python", "/nowhere/python"], &["/nowhere/python"]),
    ] {
        let arguments = [&["validate", "idle.yml"], arguments].concat();
        let refused = place.qubx(&arguments).await.code(2).says(parts);
        assert!(refused.stdout.is_empty(), "{refused:?}");
        place.assert_untouched();
    }
    place.finish().await;
}

#[tokio::test]
async fn all_sessions_are_stopped_and_each_result_is_a_line() {
    let Some(place) = Place::with_idle_session().await else { return };
    place.qubx(&["run", "idle.yml", "--paper", "--detach", "--name", "other"]).await.code(0);
    place.qubx(&["kernel", "stop", "--all"]).await.code(2).says(&["ends 2 sessions: idle, other", "--yes"]);
    place.qubx(&["kernel", "stop", "--all", "idle"]).await.code(2);
    place.qubx(&["kernel", "stop", "--yes"]).await.code(2).says(&["NAME"]);
    let stopped = place.qubx(&["kernel", "stop", "--all", "--yes"]).await.code(0).stdout;
    let lines: Vec<&str> = stopped.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with("idle stopped"), "{stopped}");
    assert!(lines[1].starts_with("other stopped"), "{stopped}");
    let none = place.qubx(&["kernel", "stop", "--all", "--yes"]).await.code(0).stdout;
    assert_eq!(none, "no session is running\n");
    place.finish().await;
}

#[tokio::test]
async fn one_session_that_cannot_be_stopped_keeps_no_other_and_is_told() {
    let Some(place) = Place::with_idle_session().await else { return };
    place.qubx(&["run", "idle.yml", "--paper", "--detach", "--name", "stuck"]).await.code(0);
    let stuck = place.session("stuck").file.qubx.service.pid;
    crate::harness::send_signal(stuck, Signal::STOP);
    // What hangs can be ended, but it closes nothing.
    let stop = ["kernel", "stop", "--all", "--flatten", "--yes", "--timeout", "2"];
    let stopped = place.qubx(&stop).await.code(1).stdout;
    assert!(stopped.contains("idle stopped") && stopped.contains("stuck failed"), "{stopped}");
    crate::harness::send_signal(stuck, Signal::CONT);
    place.stop_and_finish("stuck").await;
}

#[tokio::test]
async fn a_list_that_is_watched_shows_what_changes() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let mut lines = place.spawn(&["kernel", "list", "--watch"]);
    let mut json = place.spawn(&["kernel", "list", "--watch", "--json"]);
    lines.prints("No session is running. Start one: qubx run").await;
    json.prints("[]\n").await;
    place.start("idle.yml").await;
    lines.prints("running").await;
    json.prints("\"status\":\"running\"").await;
    place.stop("idle").await;
    wait_for("the end of the session in both lists", async || {
        let ends = lines.out().trim_end().ends_with("--paper") && json.out().ends_with("[]\n");
        ends.then_some(())
    })
    .await;
    for list in [lines, json] {
        list.signal(Signal::INT);
        list.end().await.code(0);
    }
    place.finish().await;
}

#[tokio::test]
async fn a_reader_watches_and_what_it_types_does_not_run() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut reader = place.spawn(&["attach", "idle", "--plain", "--read-only"]);
    reader.prints("RUN   1").await;
    tokio::io::AsyncWriteExt::write_all(reader.stdin.as_mut().unwrap(), b"typed = 1\n").await.unwrap();
    place.qubx(&["exec", "idle", "'seen by the reader'"]).await.code(0);
    reader.prints("'seen by the reader'").await;
    assert_eq!(place.qubx(&["exec", "idle", "'typed' in globals()"]).await.code(0).stdout, "False\n");
    place.stop("idle").await;
    reader.end().await.code(0).says(&["session ended"]);
    place.finish().await;
}

#[tokio::test]
async fn a_pause_is_one_verb_away() {
    let Some(place) = Place::with_idle_session().await else { return };
    let paused = place.qubx(&["pause", "idle"]).await.code(0).stdout;
    assert!(paused.starts_with("pause done"), "{paused}");
    let status = place.qubx(&["status", "idle", "--json"]).await.code(0).json();
    assert_eq!(status["paused"], true);
    place.qubx(&["resume", "idle"]).await.code(0);
    let status = place.qubx(&["status", "idle", "--json"]).await.code(0).json();
    assert_eq!(status["paused"], false);
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn the_status_tells_whose_cell_keeps_python_busy_and_since_when() {
    let Some(place) = Place::with_idle_session().await else { return };
    let idle = place.qubx(&["status", "idle", "--json"]).await.code(0).json();
    assert_eq!(idle["kernel"]["state"], "idle");
    assert!(idle["kernel"]["cell"].is_null() && idle["kernel"]["author"].is_null(), "{idle}");
    let mut screen = Screen::attach(&place, "idle", "alice@desk").await;
    let cell = screen.at_work("while True: pass").await;
    let busy = place.qubx(&["status", "idle", "--json"]).await.code(0).json();
    let kernel = &busy["kernel"];
    assert_eq!((&kernel["state"], &kernel["author"]), (&"busy".into(), &"alice@desk".into()), "{busy}");
    assert_eq!(kernel["cell"], cell.0);
    let since: jiff::Timestamp = kernel["since"].as_str().unwrap().parse().unwrap();
    let text = place.qubx(&["status", "idle"]).await.code(0).stdout;
    let begin = format!("kernel    busy since {} (", since.strftime("%T UTC"));
    let line = text.lines().find(|line| line.starts_with(&begin));
    let line = line.unwrap_or_else(|| panic!("no `{begin}` in {text}"));
    assert!(line.ends_with(&format!(" s), cell {cell} of alice@desk")), "{line}");
    screen.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn python_is_restarted_and_the_session_stays() {
    let Some(place) = Place::with_idle_session().await else { return };
    place.qubx(&["kernel", "restart", "idle"]).await.code(2).says(&["orders and positions stay", "--yes"]);
    place.qubx(&["exec", "idle", "kept = 1"]).await.code(0);
    let before = place.session("idle").file.qubx;
    let said = place.qubx(&["kernel", "restart", "idle", "--yes"]).await.code(0).stdout;
    assert!(said.starts_with("idle restarted: Python is ready"), "{said}");
    let status = place.qubx(&["status", "idle", "--json"]).await.code(0).json();
    assert_eq!(status["kernel"]["restarts"], 1, "{status}");
    assert!(!crate::harness::is_alive(before.kernel_pid) && crate::harness::is_alive(before.service.pid));
    assert_eq!(place.qubx(&["exec", "idle", "'kept' in globals()"]).await.code(0).stdout, "False\n");
    place.qubx(&["kernel", "restart", "ghost", "--yes"]).await.code(1).says(&["no session `ghost`"]);
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_restored_run_goes_on_with_the_account() {
    let Some(place) = Place::with_idle_session().await else { return };
    place.qubx(&["exec", "idle", "trade('BTCUSDT', 0.01)"]).await.code(0);
    let quantity = async || {
        let status = place.qubx(&["status", "idle", "--json"]).await.code(0).json();
        status["positions"][0]["quantity"].clone()
    };
    wait_for("the position", async || (quantity().await == "0.01").then_some(())).await;
    place.stop("idle").await;
    place.qubx(&["run", "idle.yml", "--paper", "--detach", "--restore"]).await.code(0);
    assert_eq!(quantity().await, "0.01");
    place.stop("idle").await;
    place.qubx(&["run", "idle.yml", "--paper", "--detach"]).await.code(0);
    assert!(quantity().await.is_null(), "a run without --restore begins anew");
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn completions_and_help_need_no_home() {
    let Some(place) = Place::new() else { return };
    for (shell, part) in [("bash", "complete -F"), ("zsh", "#compdef qubx"), ("fish", "complete -c qubx")] {
        let script = place.qubx(&["completions", shell]).await.code(0).stdout;
        assert!(script.contains(part) && script.contains("cancel-orders"), "{script}");
    }
    place.qubx(&["completions", "dos"]).await.code(2).says(&["possible values", "bash"]);
    for arguments in
        [&["--help"][..], &["run", "--help"], &["kernel", "--help"], &["kernel", "logs", "--help"]]
    {
        let help = place.qubx(arguments).await.code(0).stdout;
        assert!(help.contains("Usage: qubx"), "{help}");
    }
    place.assert_untouched();
    place.finish().await;
}

#[tokio::test]
async fn what_is_not_built_says_so_and_what_helps() {
    let Some(place) = Place::new() else { return };
    for (line, parts) in [
        (&["kernel", "adopt", "idle"][..], &["`qubx kernel adopt` is not built yet", "qubx attach NAME"][..]),
        (&["run", "idle.yml", "-p", "-a", "keys"], &["`qubx run -a` is not built yet", "leave it out"]),
        (&["sing"], &["unrecognized subcommand"]),
        (&["run", "--textual", "idle.yml"], &["needs a terminal", "--kernel-only", "qubx exec", "--plain"]),
    ] {
        let refused = place.qubx(line).await.code(2).says(parts);
        assert_eq!(refused.stdout, "", "{refused:?}");
    }
    place.assert_untouched();
    place.finish().await;
}

#[tokio::test]
async fn a_reader_that_has_enough_ends_a_command_in_good_order() {
    let Some(place) = Place::with_idle_session().await else { return };
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = place.command(&["status", "idle"]);
    command.stdout(writer).stderr(std::process::Stdio::piped());
    let output =
        tokio::time::timeout(LIMIT, command.spawn().unwrap().wait_with_output()).await.unwrap().unwrap();
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
    place.stop_and_finish("idle").await;
}
