//! Python is started again: after a crash by itself, on demand, and no more after too many crashes.

use std::path::Path;

use qubx_protocol::{CellStatus, Command, KernelState, VerbOutcome};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{Guest, KEEPS, Place, Screen, config, send_signal, wait_for};

/// 300 quotes, one a second, around a slow wave.
const QUOTES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/quotes.csv");

async fn keeps(more: &str) -> Option<Place> {
    let place = Place::new()?;
    place.write("keeps.py", KEEPS);
    place.write("keeps.yml", &(config("keeps", "keeps.Keeps") + more));
    Some(place)
}

#[tokio::test]
async fn a_kernel_that_crashes_is_started_again_and_its_strategy_goes_on_with_what_it_kept() {
    let Some(place) = keeps("").await else { return };
    place.start("keeps.yml").await;
    let mut screen = Screen::attach(&place, "keeps", "op1").await;
    screen.quoted().await;
    screen.run("trade('ETHUSDT', 1), trade('ETHUSDT', 0.1, 100)").await;
    wait_for("a bar", async || {
        let record = std::fs::read_to_string(place.path("record")).unwrap_or_default();
        record.contains("bar ").then_some(())
    })
    .await;
    let before = place.session("keeps");
    let busy = screen.at_work("mine = 1\nwhile True: pass").await;
    let waiting = screen.submit("'never'").await;

    send_signal(before.file.qubx.kernel_pid, Signal::KILL);
    let dead = screen.kernel(KernelState::Dead).await;
    assert!(dead.next_start.is_some() && dead.ended.unwrap().contains("signal 9"));
    // The market and the verbs need no Python.
    let time = screen.mirror.latest.market.as_ref().map(|market| market.time);
    screen
        .until("quotes without Python", |screen| {
            let is_dead = screen.state().status.as_ref()?.kernel.state == KernelState::Dead;
            assert!(is_dead, "it was too quick to be seen");
            (screen.mirror.latest.market.as_ref().map(|market| market.time) > time).then_some(())
        })
        .await;
    assert_eq!(screen.verb(Command::Resume).await.outcome, VerbOutcome::Done);
    for cell in [busy, waiting] {
        assert_eq!(screen.ended(cell).await, CellStatus::KernelDied);
    }

    let pid = screen.revived(before.file.qubx.kernel_pid).await;
    let after = place.session("keeps");
    assert_eq!((after.path, after.file.qubx.kernel_pid), (before.path, pid));
    assert_eq!(screen.kernel(KernelState::Ready).await.restarts, 1);
    let bars = std::fs::read_to_string(place.path("record")).unwrap();
    assert_eq!(began(&screen.events).len(), 2);
    let again = &began(&screen.events)[1];
    assert!(!again.starts_with("begins after 0 bars"), "{again}; it was told\n{bars}");
    assert!(again.contains("'ETHUSDT': 1.0") && again.contains("('ETHUSDT', 0.1, 100.0)"), "{again}");
    // Variables of the REPL are gone, and no cell runs again by itself.
    let (there, _) = screen.run("'mine' in globals(), ctx.get_position('ETHUSDT').quantity").await;
    assert_eq!(there, "(False, 1.0)");
    place.qubx(&["status", "keeps"]).await.code(0);
    let list = place.qubx(&["kernel", "list", "--json"]).await.code(0).json();
    assert_eq!((&list[0]["status"], &list[0]["kernel_pid"]), (&"running".into(), &pid.into()));
    assert_each_line_once(&place.path("record"));
    screen.close().await;
    place.stop_and_finish("keeps").await;
}

/// Returns what the strategy said at each of its starts.
fn began(events: &[qubx_protocol::Event]) -> Vec<String> {
    let said = |event: &qubx_protocol::Event| match &event.fact {
        qubx_protocol::Fact::Log { source, text, .. } if source == "strategy" => Some(text.clone()),
        _ => None,
    };
    events.iter().filter_map(said).filter(|text| text.starts_with("begins after")).collect()
}

#[track_caller]
fn assert_each_line_once(path: &Path) -> Vec<String> {
    let lines: Vec<String> = std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect();
    let distinct: std::collections::BTreeSet<&String> = lines.iter().collect();
    assert_eq!(distinct.len(), lines.len(), "told twice: {lines:#?}");
    lines
}

#[tokio::test]
async fn a_replay_has_the_same_fills_with_crashes_as_without_and_the_strategy_is_told_nothing_twice() {
    let Some(place) = keeps("").await else { return };
    let replay = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/replay.yml"));
    let replay = replay.replace("ema_cross.EmaCross", "keeps.Keeps");
    let parameters = replay.lines().find(|line| line.starts_with("parameters")).unwrap();
    place.write("replay.yml", &replay.replace(parameters, ""));
    let file = format!("live.exchanges.REPLAY.params.files.BTCUSDT.quotes={QUOTES}");
    for (name, crash_at) in [("whole", ""), ("crashed", "40,41,170")] {
        let (record, crash_at) =
            (format!("parameters.record='{name}'"), format!("parameters.crash_at='{crash_at}'"));
        let run = ["run", "replay.yml", "--paper", "--detach", "--name", name, "--set", &file];
        let sets = ["--set", "live.exchanges.REPLAY.params.speed=max", "--set", &record, "--set", &crash_at];
        place.qubx(&[&run[..], &sets].concat()).await.code(0);
        wait_for("the end of the replay", async || {
            let history = place.qubx(&["history", name]).await.code(0).stdout;
            history.contains("the replay is at its end").then_some(())
        })
        .await;
    }
    let (whole, crashed) = (fills(&place, "whole").await, fills(&place, "crashed").await);
    assert!(whole.len() >= 4, "{whole:#?}");
    assert_eq!(crashed, whole);
    let bars = |lines: Vec<String>| lines.into_iter().filter(|line| line.starts_with("bar")).collect();
    let whole: Vec<String> = bars(assert_each_line_once(&place.path("whole")));
    let crashed: Vec<String> = bars(assert_each_line_once(&place.path("crashed")));
    assert_eq!(crashed, whole, "every bar once, in order");
    let status = place.qubx(&["status", "crashed", "--json"]).await.code(0).json();
    assert_eq!(status["kernel"]["restarts"], 3, "{status}");
    for name in ["whole", "crashed"] {
        place.stop(name).await;
    }
    place.finish().await;
}

async fn fills(place: &Place, name: &str) -> Vec<String> {
    let lines = place.qubx(&["history", name, "--json", "--limit", "100000"]).await.code(0).json_lines();
    let fills = lines.iter().filter(|line| line["kind"] == "fill").map(|line| &line["fill"]);
    let describe =
        |fill: &Value| format!("{} {} {} @ {}", fill["time"], fill["side"], fill["quantity"], fill["price"]);
    fills.map(describe).collect()
}

#[tokio::test]
async fn after_too_many_crashes_python_stays_down_until_somebody_restarts_it() {
    let Some(place) = Place::with_idle_session_and("session: { kernel_restarts: 2 }\n").await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let mut pid = place.session("idle").file.qubx.kernel_pid;
    for crash in 1..=3 {
        send_signal(pid, Signal::KILL);
        let dead = screen.kernel(KernelState::Dead).await;
        assert_eq!((dead.restarts, dead.next_start.is_some()), (crash - 1, crash < 3));
        if crash < 3 {
            pid = screen.revived(pid).await;
        }
    }
    screen.logged("after 3 crashes in ten minutes it stays down").await;
    let status = place.qubx(&["status", "idle", "--json"]).await.code(1).json();
    assert_eq!((&status["status"], &status["kernel"]["state"]), (&"failed".into(), &"dead".into()));
    assert_eq!(status["kernel"]["restarts"], 2);
    let list = place.qubx(&["kernel", "list", "--json"]).await.code(0).json();
    assert_eq!(list[0]["status"], "failed");
    let history = place.qubx(&["history", "idle"]).await.code(0).stdout;
    assert!(history.contains("restart it: qubx kernel restart idle"), "{history}");
    let refused = place.qubx(&["exec", "idle", "1"]).await.code(1);
    refused.says(&["the Python kernel has ended", "qubx kernel restart"]);

    let restarted = place.qubx(&["kernel", "restart", "idle", "--yes"]).await.code(0);
    assert!(restarted.stdout.contains("Python is ready"), "{restarted:?}");
    assert_eq!(place.qubx(&["exec", "idle", "6 * 7"]).await.code(0).stdout, "42\n");
    place.qubx(&["status", "idle"]).await.code(0);
    // The crashes of before are forgotten: another one is followed by a start again.
    let pid = screen.revived(pid).await;
    send_signal(pid, Signal::KILL);
    assert!(screen.kernel(KernelState::Dead).await.next_start.is_some());
    screen.revived(pid).await;
    screen.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_restart_on_demand_ends_cells_runs_none_again_and_keeps_a_jupyter_guest() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let mut guest = Guest::connect(&place, "idle").await;
    assert_eq!(guest.run("mine = 40").await.0, "ok");
    screen.quoted().await;
    screen.run("trade('ETHUSDT', 1)").await;
    let before = place.session("idle").file.qubx.kernel_pid;
    let busy = screen.at_work("open('ran', 'a').write('once ')\nwhile True: pass").await;
    let waiting = screen.submit("open('ran', 'a').write('never ')").await;

    place.qubx(&["kernel", "restart", "idle"]).await.code(2).says(&["must be confirmed", "--yes"]);
    let restarted = place.qubx(&["kernel", "restart", "idle", "--yes"]).await.code(0);
    let after = place.session("idle").file.qubx.kernel_pid;
    assert!(before != after && restarted.stdout.contains(&format!("process {after}")), "{restarted:?}");
    for cell in [busy, waiting] {
        assert_eq!(screen.ended(cell).await, CellStatus::KernelDied);
    }
    assert_eq!(screen.run("'mine' in globals()").await.0, "False");
    assert_eq!(screen.run("open('ran').read()").await.0, "'once '");
    assert_eq!(screen.run("ctx.get_position('ETHUSDT').quantity").await.0, "1.0");

    // The same client goes on, with the same connection file and key.
    guest.is_answered().await;
    let (status, seen) = guest.run("mine = 41; mine + 1").await;
    assert_eq!(status, "ok");
    assert!(seen.contains(&("execute_result".into(), "42".into())), "{seen:?}");
    assert_eq!(screen.run("mine").await.0, "41");
    guest.leave().await;
    // What was asked for is no crash.
    assert!(!place.session_dir("idle").join("crashes").exists());
    screen.close().await;
    place.stop_and_finish("idle").await;
}

/// Makes the place's Python one whose kernel ends before it is up, the first `times` times.
fn fail_at_first(place: &mut Place, times: u32) {
    let real = place.python.display();
    let folder = place.path("failed");
    let folder = folder.display();
    let script = format!(
        "#!/bin/sh\n\
         case \"$2\" in *launcher*)\n\
         for time in $(seq {times}); do\n\
         if mkdir {folder}-$time 2>/dev/null; then echo \"no luck, time $time\" >&2; exit 7; fi\n\
         done;; esac\n\
         exec {real} \"$@\"\n"
    );
    let path = place.write("python", &script);
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    place.python = path;
}

#[tokio::test]
async fn a_kernel_that_does_not_come_up_is_tried_once_more() {
    let Some(mut place) = keeps("").await else { return };
    fail_at_first(&mut place, 1);
    place.start("keeps.yml").await;
    assert!(place.path("failed-1").exists());
    let status = place.qubx(&["status", "keeps", "--json"]).await.code(0).json();
    assert_eq!(status["kernel"]["restarts"], json!(1));
    place.stop_and_finish("keeps").await;
}

#[tokio::test]
async fn a_kernel_that_does_not_come_up_twice_is_an_error_with_its_last_output() {
    let Some(mut place) = keeps("").await else { return };
    fail_at_first(&mut place, 2);
    let run = place.qubx(&["run", "keeps.yml", "--paper", "--detach"]).await.code(1);
    run.says(&["did not start, twice", "exit code 7", "no luck, time 2"]);
    assert!(place.path("failed-2").exists());
    place.finish().await;
}
