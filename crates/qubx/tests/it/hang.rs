//! Python that does not answer, and cells that do not want to end.

use std::time::Instant;

use qubx_protocol::{CellNumber, CellStatus, Command, KernelState, VerbOutcome};

use crate::harness::{Place, Screen, wait_for};

/// Holds the interpreter's lock, so that nothing else of Python runs, in a call that no signal ends: it waits for a mutex
/// that it holds itself.
const HOLDS_THE_LOCK: &str = "import ctypes\nc, mutex = ctypes.PyDLL(None), ctypes.create_string_buffer(64)\n\
                              c.pthread_mutex_lock(mutex)\nc.pthread_mutex_lock(mutex)";

/// Submits a cell that holds the lock, and lets it do so once its first word was heard: later none gets through.
async fn hold(place: &Place, screen: &mut Screen, code: &str) -> CellNumber {
    let go = place.path("go");
    let code = format!(
        "import os, time\nwhile not os.path.exists({:?}): time.sleep(0.01)\n{code}",
        go.display().to_string()
    );
    let cell = screen.at_work(&code).await;
    place.write("go", "");
    cell
}

#[tokio::test]
async fn a_kernel_that_does_not_respond_is_told_and_the_verbs_work_and_a_restart_helps() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    screen.quoted().await;
    screen.run("trade('ETHUSDT', 1), trade('ETHUSDT', 0.1, 100)").await;
    let before = place.session("idle").file.qubx.kernel_pid;
    let cell = hold(&place, &mut screen, HOLDS_THE_LOCK).await;
    let began = Instant::now();
    screen.kernel(KernelState::NotResponding).await;
    println!("a kernel that does not respond is told after {:?}", began.elapsed());
    screen.logged("Python does not respond").await;
    let status = place.qubx(&["status", "idle", "--json"]).await.code(1).json();
    assert_eq!(status["kernel"]["state"], "not responding");
    let since = screen.state().status.as_ref().unwrap().kernel.since;
    assert_eq!(status["kernel"]["since"], since.to_string());
    let text = place.qubx(&["status", "idle"]).await.code(1).stdout;
    let line = format!("kernel    not responding since {} (", since.strftime("%T UTC"));
    assert!(text.contains(&line) && text.contains(&format!("), cell {cell} of op1\n")), "{text}");
    let list = place.qubx(&["kernel", "list", "--json"]).await.code(0).json();
    assert_eq!(list[0]["status"], "failed");

    // The engine needs no Python.
    let began = Instant::now();
    let cancelled = place.qubx(&["cancel-orders", "idle", "--yes", "--json"]).await.code(0).json();
    assert_eq!(cancelled["outcome"], "done", "{cancelled}");
    let flat = place.qubx(&["flatten", "idle", "--yes", "--json"]).await.code(0).json();
    assert_eq!(flat["outcome"], "done", "{flat}");
    println!("cancelled and flat after {:?} beside a kernel that does not respond", began.elapsed());
    screen
        .until("a flat account", |screen| {
            let is_flat = screen.state().open_positions().next().is_none();
            (is_flat && screen.state().orders.is_empty()).then_some(())
        })
        .await;

    let interrupt = screen.verb(Command::Interrupt { cell: Some(cell) }).await;
    assert_eq!(interrupt.outcome, VerbOutcome::Failed);
    assert!(interrupt.text.contains("lets nothing else run") && interrupt.text.contains("restart"));
    assert_eq!(screen.kernel(KernelState::NotResponding).await.pid, Some(before));

    place.qubx(&["kernel", "restart", "idle", "--yes"]).await.code(0);
    assert_eq!(screen.ended(cell).await, CellStatus::KernelDied);
    screen.revived(before).await;
    assert_eq!(screen.run("1 + 1").await, ("2".into(), CellStatus::Ok));
    place.qubx(&["status", "idle"]).await.code(0);
    screen.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_call_that_returns_after_all_is_told_too() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let cell = hold(&place, &mut screen, "import ctypes; ctypes.PyDLL(None).sleep(7)").await;
    screen.kernel(KernelState::NotResponding).await;
    screen.kernel(KernelState::Ready).await;
    screen.logged("Python responds again").await;
    assert_eq!(screen.ended(cell).await, CellStatus::Ok);
    place.qubx(&["status", "idle"]).await.code(0);
    screen.close().await;
    place.stop_and_finish("idle").await;
}

/// Catches every interrupt from the moment on at which the file is there.
const CATCHES: &str = "\
import time
def work():
    try:
        open(BEGUN, 'w').close()
        while True: time.sleep(0.05)
    except KeyboardInterrupt:
        print('caught', flush=True)
while True: work()
";

#[tokio::test]
async fn an_interrupt_that_a_cell_catches_says_that_it_goes_on_and_what_helps() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let before = place.session("idle").file.qubx.kernel_pid;
    let begun = place.path("begun");
    let cell = screen.submit(&CATCHES.replace("BEGUN", &format!("{begun:?}"))).await;
    // What is printed is not enough: an interrupt that finds the cell in that print ends it.
    wait_for("the cell where it catches everything", async || begun.exists().then_some(())).await;
    let interrupt = screen.verb(Command::Interrupt { cell: Some(cell) }).await;
    assert_eq!(interrupt.outcome, VerbOutcome::Failed);
    for part in ["goes on", "catches the interrupt", "restart"] {
        assert!(interrupt.text.contains(part), "{interrupt:?}");
    }
    screen.until("the cell's word", |screen| screen.shown(cell).contains("caught").then_some(())).await;
    assert_eq!(screen.state().running.as_ref().map(|running| running.cell), Some(cell));
    assert_eq!(screen.kernel(KernelState::Ready).await.pid, Some(before), "it responds all the same");

    assert_eq!(screen.verb(Command::RestartKernel).await.outcome, VerbOutcome::Done);
    assert_eq!(screen.ended(cell).await, CellStatus::KernelDied);
    screen.revived(before).await;
    assert_eq!(screen.run("1 + 1").await.0, "2");
    screen.close().await;
    place.stop_and_finish("idle").await;
}
