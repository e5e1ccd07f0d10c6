//! The Python kernel is killed: the service, the engine and every screen go on.

use qubx_protocol::{CellStatus, Command, Fact, KernelState, OutputContent};
use rustix::process::Signal;

use crate::harness::{Place, STEPS, Screen, config, is_alive, send_signal, wait_for};

/// Python is not started again by itself, so that its absence can be looked at.
const STAYS_DOWN: &str = "session: { kernel_restarts: 0 }\n";

async fn kill_kernel(place: &Place, screen: &mut Screen, name: &str) {
    send_signal(place.session(name).file.qubx.kernel_pid, Signal::KILL);
    screen
        .until("a dead kernel", |screen| {
            let status = screen.state().status.as_ref()?;
            (status.kernel.state == KernelState::Dead).then_some(())
        })
        .await;
}

#[tokio::test]
async fn the_session_outlives_its_kernel() {
    let Some(place) = Place::new() else { return };
    place.write("steps.py", STEPS);
    place.write("steps.yml", &(config("steps", "steps.Steps") + STAYS_DOWN));
    place.start("steps.yml").await;
    let mut screen = Screen::attach(&place, "steps", "op1").await;
    screen.quoted().await;
    screen.run("trade('ETHUSDT', 1)").await;
    let busy = screen.submit("while True: pass").await;
    screen.started(busy).await;
    let waiting = screen.submit("'never'").await;

    kill_kernel(&place, &mut screen, "steps").await;
    for cell in [busy, waiting] {
        assert_eq!(screen.ended(cell).await, CellStatus::KernelDied);
    }
    screen.logged("orders and positions are untouched").await;
    let refusal = screen.refused(Command::Execute { code: "1".to_owned() }).await;
    assert!(refusal.message.contains("kernel has ended"), "{refusal:?}");
    place.qubx(&["exec", "steps", "1"]).await.code(1).says(&["the Python kernel has ended"]);

    let status = place.qubx(&["status", "steps", "--json"]).await.code(1).json();
    assert_eq!((&status["status"], &status["kernel"]["state"]), (&"failed".into(), &"dead".into()));
    assert!(
        status["positions"].as_array().unwrap().iter().any(|held| held["symbol"] == "ETHUSDT"),
        "{status}"
    );

    // The kill switch needs no Python.
    let flat = place.qubx(&["flatten", "steps", "--yes", "--json"]).await.code(0).json();
    assert_eq!(flat["outcome"], "done", "{flat}");
    let status = place.qubx(&["status", "steps", "--json"]).await.code(1).json();
    assert_eq!((&status["positions"], &status["paused"]), (&serde_json::json!([]), &true.into()));
    let list = place.qubx(&["kernel", "list", "--json"]).await.code(0).json();
    assert_eq!(list[0]["status"], "failed");
    screen.close().await;
    place.stop_and_finish("steps").await;
}

#[tokio::test]
async fn a_cell_that_ends_its_process_is_marked_and_the_session_stays() {
    let Some(place) = Place::with_idle_session_and(STAYS_DOWN).await else { return };
    place.qubx(&["exec", "idle", "import os; os._exit(3)"]).await.code(1).says(&["the Python kernel ended"]);
    place.qubx(&["status", "idle"]).await.code(1);
    let history = place.qubx(&["history", "idle"]).await.code(0).stdout;
    assert!(history.contains("exit code 3"), "{history}");
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_crash_leaves_a_record_that_says_what_ended_python_in_which_cell_and_where() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let mut pid = place.session("idle").file.qubx.kernel_pid;
    let folder = place.session_dir("idle").join("crashes");
    for (number, (code, parts)) in [
        ("import ctypes\nctypes.string_at(0)", &["signal 11", "Segmentation fault", "in string_at"][..]),
        ("import os\nos.kill(os.getpid(), 9)", &["signal 9 (killed)"]),
        ("import os\nos._exit(3)", &["exit code 3"]),
    ]
    .into_iter()
    .enumerate()
    {
        let (_, status) = screen.run(code).await;
        assert_eq!(status, CellStatus::KernelDied);
        screen.kernel(KernelState::Dead).await;
        let mut records: Vec<_> =
            std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        records.sort();
        assert_eq!(records.len(), number + 1);
        let record = std::fs::read_to_string(records.last().unwrap()).unwrap();
        for part in [&[code, "of op1", &format!("process  {pid}")][..], parts].concat() {
            assert!(record.contains(part), "`{part}` is not in\n{record}");
        }
        let history = place.qubx(&["history", "idle"]).await.code(0).stdout;
        assert!(history.contains(records.last().unwrap().to_str().unwrap()), "{history}");
        pid = screen.revived(pid).await;
    }
    screen.close().await;
    place.stop_and_finish("idle").await;
}

/// Says a lot, then waits for the file, and is killed.
const SAYS_MUCH: &str = "\
import os, time
for number in range(20_000): print('line', number, flush=True)
display({'the last': 'words'})
while not os.path.exists('go'): time.sleep(0.01)
os.kill(os.getpid(), 9)
";

/// Ends Python in a callback.
const FALLS: &str = r#"
import ctypes
import os
from pathlib import Path

from qubx_strategy import Strategy


class Falls(Strategy):
    def on_quote(self, ctx, quote):
        if Path("fall").exists():
            print("the strategy falls", flush=True)
            while not Path("go").exists():
                pass
            ctypes.string_at(0)
"#;

/// Returns the newest crash record of a session.
fn newest_record(place: &Place, name: &str) -> String {
    let records = std::fs::read_dir(place.session_dir(name).join("crashes")).unwrap();
    let newest = records.map(|entry| entry.unwrap().path()).max().unwrap();
    std::fs::read_to_string(newest).unwrap()
}

#[tokio::test]
async fn a_crash_record_has_the_last_output_of_the_cell_and_of_the_strategy_however_much_there_was() {
    let Some(place) = Place::new() else { return };
    place.write("falls.py", FALLS);
    place.write("falls.yml", &config("falls", "falls.Falls"));
    place.start("falls.yml").await;
    let mut screen = Screen::attach(&place, "falls", "op1").await;
    let pid = place.session("falls").file.qubx.kernel_pid;
    let cell = screen.submit(SAYS_MUCH).await;
    screen
        .event("its last words", |fact| match fact {
            Fact::Output { content: OutputContent::Data { .. }, cell: of } if *of == Some(cell) => Some(()),
            _ => None,
        })
        .await;
    place.write("go", "");
    assert_eq!(screen.ended(cell).await, CellStatus::KernelDied);
    let record = newest_record(&place, "falls");
    let says = format!("cell     {cell} of op1\n\n-- its source\n{SAYS_MUCH}");
    for part in ["signal 9 (killed)", &says, "line 19999\n{'the last': 'words'}"] {
        assert!(record.contains(part), "`{part}` is not in\n{record}");
    }
    assert!(record.len() < 20_000, "{} bytes", record.len());

    std::fs::remove_file(place.path("go")).unwrap();
    let pid = screen.revived(pid).await;
    place.write("fall", "");
    screen
        .event("the strategy's last words", |fact| match fact {
            Fact::Output { cell: None, content: OutputContent::Stream { text, .. } } => {
                text.contains("the strategy falls").then_some(())
            }
            _ => None,
        })
        .await;
    place.write("go", "");
    std::fs::remove_file(place.path("fall")).unwrap();
    screen.revived(pid).await;
    let record = newest_record(&place, "falls");
    let parts = ["signal 11", "cell     none ran", "in string_at", "in on_quote", "the strategy falls"];
    for part in parts {
        assert!(record.contains(part), "`{part}` is not in\n{record}");
    }
    assert!(!record.contains("line 19999"), "that was another process");
    screen.close().await;
    place.stop_and_finish("falls").await;
}

#[tokio::test]
async fn what_a_kernel_started_ends_with_it_and_the_system_would_rather_end_it_than_the_service() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let qubx = place.session("idle").file.qubx;
    let score = |pid: u32| {
        let text = std::fs::read_to_string(format!("/proc/{pid}/oom_score_adj")).unwrap();
        text.trim().parse::<i32>().unwrap()
    };
    assert_eq!(score(qubx.kernel_pid), 800);
    assert!(score(qubx.service.pid) < 800);
    let (pids, _) =
        screen.run("import subprocess; p = [subprocess.Popen(['sleep', '600']).pid for _ in 'ab']; p").await;
    let grandchildren: Vec<u32> = serde_json::from_str(&pids).unwrap();
    assert!(grandchildren.iter().all(|pid| is_alive(*pid)));
    send_signal(qubx.kernel_pid, Signal::KILL);
    wait_for("the end of what the kernel started", async || {
        (!grandchildren.iter().any(|pid| is_alive(*pid))).then_some(())
    })
    .await;
    screen.revived(qubx.kernel_pid).await;
    screen.close().await;
    place.stop_and_finish("idle").await;
}
