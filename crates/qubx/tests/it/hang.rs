//! Python that does not answer, and cells that do not want to end.

use std::time::Instant;

use qubx_protocol::{CellNumber, CellStatus, Command, Fact, KernelState, VerbOutcome};

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

/// Neither waits for anything that an interrupt could end as well, nor lets another line of Python run by itself.
const SPINS: &str = "while True: pass";
/// Waits in Python's own event loop, where ipykernel has a task that is to be cancelled.
const AWAITS: &str = "import asyncio\nawait asyncio.sleep(1000)";
/// Waits in the system, and holds nothing.
const WAITS: &str = "import threading\nthreading.Event().wait()";

#[tokio::test]
async fn a_cell_that_is_only_busy_responds_and_ends_with_the_first_interrupt() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    screen.quoted().await;
    screen.run("trade('ETHUSDT', 1), trade('ETHUSDT', 0.1, 100)").await;
    let pid = place.session("idle").file.qubx.kernel_pid;
    for code in [SPINS, AWAITS, WAITS] {
        let cell = screen.at_work(code).await;
        let status = place.qubx(&["status", "idle", "--json"]).await.code(0).json();
        assert_eq!((&status["kernel"]["state"], &status["kernel"]["cell"]), (&"busy".into(), &cell.0.into()));
        assert_eq!(screen.kernel(KernelState::Ready).await.pid, Some(pid));
        if code == SPINS {
            // Five seconds is what it takes to find out that Python does not respond.
            let look = screen.mirror.latest.market.as_ref().unwrap().time.unwrap();
            screen
                .until("a look at Python's health", |screen| {
                    let time = screen.mirror.latest.market.as_ref()?.time?;
                    (time > look + jiff::SignedDuration::from_secs(6)).then_some(())
                })
                .await;
            for verb in ["cancel-orders", "flatten", "resume"] {
                let done = place.qubx(&[verb, "idle", "--yes", "--json"]).await.code(0).json();
                assert_eq!(done["outcome"], "done", "{done}");
            }
        }
        let interrupt = screen.verb(Command::Interrupt { cell: Some(cell) }).await;
        assert_eq!(interrupt.outcome, VerbOutcome::Done, "{interrupt:?}");
        let took: u64 = interrupt.text.split_whitespace().rev().nth(1).unwrap().parse().unwrap();
        println!("`{code}` ended {took} ms after it was interrupted");
        assert!(took < SECOND_INTERRUPT_MS, "the first one is enough: {interrupt:?}");
        assert_eq!(screen.ended(cell).await, CellStatus::Interrupted);
        assert_eq!(screen.run("1 + 1").await, ("2".into(), CellStatus::Ok));
    }
    let silent = screen.events.iter().any(|event| match &event.fact {
        Fact::Status(status) => status.kernel.state == KernelState::NotResponding,
        _ => false,
    });
    assert!(!silent, "it responded all the time");
    assert_eq!(place.session("idle").file.qubx.kernel_pid, pid);
    screen.close().await;
    place.stop_and_finish("idle").await;
}

/// When a cell that goes on is interrupted once more, see `qubx-session/src/cells/interrupts.rs`.
const SECOND_INTERRUPT_MS: u64 = 2_000;

/// Has the system throw interrupts away, makes a file that says so, and goes on until another one is there.
const IGNORES: &str = "\
import os, signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
open(IGNORES, 'w').close()
while not os.path.exists(LEAVE): time.sleep(0.02)
";

#[tokio::test]
async fn a_cell_that_has_interrupts_ignored_is_told_as_such_and_spoils_none_of_the_next_ones() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let pid = place.session("idle").file.qubx.kernel_pid;
    let (ignores, leave) = (place.path("ignores"), place.path("leave"));
    let code = IGNORES.replace("LEAVE", &format!("{leave:?}")).replace("IGNORES", &format!("{ignores:?}"));
    let cell = screen.submit(&code).await;
    wait_for("interrupts to be ignored", async || ignores.exists().then_some(())).await;
    let interrupt = screen.verb(Command::Interrupt { cell: Some(cell) }).await;
    assert_eq!(interrupt.outcome, VerbOutcome::Failed);
    for part in
        ["goes on", "restart of the kernel ends it at once", "leaves orders and positions as they are"]
    {
        assert!(interrupt.text.contains(part), "{interrupt:?}");
    }
    place.write("leave", "");
    assert_eq!(screen.ended(cell).await, CellStatus::Ok, "it was not ended by anybody");

    let next = screen.at_work(SPINS).await;
    let interrupt = screen.verb(Command::Interrupt { cell: Some(next) }).await;
    assert_eq!(interrupt.outcome, VerbOutcome::Done, "{interrupt:?}");
    assert_eq!(screen.ended(next).await, CellStatus::Interrupted);
    assert_eq!(place.session("idle").file.qubx.kernel_pid, pid);
    screen.close().await;
    place.stop_and_finish("idle").await;
}

/// Python cannot tell its Jupyter clients of such a cell before it lets go.
#[tokio::test]
async fn a_cell_that_holds_the_interpreter_from_its_first_statement_is_shown_with_its_author() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    screen.run("import ctypes").await;
    let cell = screen.submit("ctypes.PyDLL(None).sleep(1000)").await;
    screen.started(cell).await;
    screen.kernel(KernelState::NotResponding).await;
    let kernel = place.qubx(&["status", "idle", "--json"]).await.code(1).json()["kernel"].clone();
    assert_eq!(
        (&kernel["state"], &kernel["cell"], &kernel["author"]),
        (&"not responding".into(), &cell.0.into(), &"op1".into()),
        "{kernel}"
    );
    place.qubx(&["kernel", "restart", "idle", "--yes"]).await.code(0);
    assert_eq!(screen.ended(cell).await, CellStatus::KernelDied);
    screen.close().await;
    place.stop_and_finish("idle").await;
}
