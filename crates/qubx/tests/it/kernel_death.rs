//! The Python kernel is killed: the service, the engine and every screen go on.

use qubx_protocol::{CellStatus, Command, Fact, KernelState, VerbOutcome};
use rustix::process::Signal;

use crate::harness::{Place, STEPS, Screen, config, send_signal};

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
    place.write("steps.yml", &config("steps", "steps.Steps"));
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
    screen.logged("engine, orders and positions are untouched").await;
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
async fn a_config_says_what_happens_to_positions_when_the_kernel_is_lost() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", crate::harness::IDLE);
    let config = config("idle", "idle.Idle") + "session:\n  on_kernel_loss: flatten\n";
    place.write("idle.yml", &config);
    place.start("idle.yml").await;
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    screen.quoted().await;
    screen.run("trade('ETHUSDT', 1), trade('BTCUSDT', 0.1, 1000)").await;
    kill_kernel(&place, &mut screen, "idle").await;
    screen
        .event("a flatten by the session", |fact| match fact {
            Fact::Verb { verb, .. } if verb.verb == "flatten" && verb.outcome == VerbOutcome::Done => {
                Some(())
            }
            _ => None,
        })
        .await;
    assert!(screen.state().open_positions().next().is_none() && screen.state().orders.is_empty());
    screen.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_cell_that_ends_its_process_is_marked_and_the_session_stays() {
    let Some(place) = Place::with_idle_session().await else { return };
    place.qubx(&["exec", "idle", "import os; os._exit(3)"]).await.code(1).says(&["the Python kernel ended"]);
    place.qubx(&["status", "idle"]).await.code(1);
    let history = place.qubx(&["history", "idle"]).await.code(0).stdout;
    assert!(history.contains("exit code 3"), "{history}");
    place.stop_and_finish("idle").await;
}
