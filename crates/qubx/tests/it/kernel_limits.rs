//! A cell that takes too much harms its own process at most: the service and the engine go on.

use qubx_protocol::{CellStatus, Command, KernelState, VerbOutcome};

use crate::harness::{MemoryGroup, Place, Screen};

/// Asserts that orders are taken and the market goes on.
async fn assert_trades(screen: &mut Screen) {
    let time = screen.mirror.latest.market.as_ref().map(|market| market.time);
    screen
        .until("newer quotes", |screen| {
            (screen.mirror.latest.market.as_ref().map(|market| market.time) > time).then_some(())
        })
        .await;
    assert_eq!(screen.verb(Command::Flatten).await.outcome, VerbOutcome::Done);
    assert_eq!(screen.verb(Command::Resume).await.outcome, VerbOutcome::Done);
}

#[tokio::test]
async fn memory_that_grows_without_end_is_an_error_of_its_cell() {
    let more = "session: { kernel: { memory_mb: 1000 } }\n";
    let Some(place) = Place::with_idle_session_and(more).await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    screen.quoted().await;
    let service = place.session("idle").file.qubx.service;
    let kernel = place.session("idle").file.qubx.kernel_pid;
    let cell = screen
        .submit(
            "grown = []\nwhile len(grown) < 1_000: grown.append(bytearray(10_000_000))\nprint('no limit')",
        )
        .await;
    // Usually Python raises; a thread or a library without memory may end the process instead, then or a little later.
    let mut died = match screen.ended(cell).await {
        CellStatus::Error => {
            let text = screen.shown(cell);
            assert!(text.contains("MemoryError"), "{text}");
            screen.run("grown.clear()").await.1 == CellStatus::KernelDied
        }
        CellStatus::KernelDied => true,
        other => panic!("{other:?}: {}", screen.shown(cell)),
    };
    died |= screen.state().status.as_ref().is_some_and(|status| status.kernel.state == KernelState::Dead);
    if died {
        screen.revived(kernel).await;
    }
    println!("memory without end: {}", if died { "the child died" } else { "MemoryError" });
    assert_trades(&mut screen).await;
    assert_eq!(screen.run("1 + 1").await.0, "2");
    assert_eq!(place.session("idle").file.qubx.service, service);
    screen.close().await;
    place.stop_and_finish("idle").await;
}

/// Bytes that the service with its Python may use in a group: some times what they need.
const ENOUGH: u64 = 500_000_000;

/// Nobody set a limit for Python here, as in a container: the system ends whichever process it thinks best.
#[tokio::test]
async fn a_group_that_runs_out_of_memory_loses_python_and_nothing_else() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    screen.quoted().await;
    let before = place.session("idle").file.qubx;
    let Some(group) = MemoryGroup::new(&format!("qubx-test-{}", before.service.pid), ENOUGH) else {
        screen.close().await;
        return place.stop_and_finish("idle").await;
    };
    group.takes(before.service.pid);
    group.takes(before.kernel_pid);
    screen.run("trade('BTCUSDT', 0.01)").await;
    for round in 0..2 {
        let kernel = place.session("idle").file.qubx.kernel_pid;
        assert!(group.processes().contains(&kernel), "round {round}: {:?}", group.processes());
        let cell = screen.submit("grown = []\nwhile True: grown.append(bytearray(b'x' * 1_000_000))").await;
        assert_eq!(screen.ended(cell).await, CellStatus::KernelDied);
        screen.revived(kernel).await;
        assert_eq!(screen.run("1 + 1").await.0, "2");
    }
    let after = place.session("idle").file.qubx;
    assert_eq!(after.service, before.service, "the service is not what the system ends");
    assert!(screen.state().open_positions().next().is_some(), "positions are untouched");
    assert_trades(&mut screen).await;
    screen.close().await;
    place.stop("idle").await;
    place.is_empty().await;
    drop(group);
    place.finish().await;
}

#[tokio::test]
async fn files_that_are_never_closed_are_an_error_of_their_cell() {
    let more = "session: { kernel: { open_files: 128 } }\n";
    let Some(place) = Place::with_idle_session_and(more).await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    screen.quoted().await;
    let cell = screen.submit("left = []\nwhile True: left.append(open('/dev/null'))").await;
    assert_eq!(screen.ended(cell).await, CellStatus::Error);
    let text = screen.shown(cell);
    assert!(text.contains("Too many open files"), "{text}");
    assert_trades(&mut screen).await;
    // New screens find a place, and the kernel goes on when the files are closed.
    let late = Screen::attach(&place, "idle", "op2").await;
    late.close().await;
    assert_eq!(screen.run("few = len(left) < 128; del left; few").await.0, "True");
    assert_eq!(screen.run("open('/dev/null').close(); 'again'").await.0, "'again'");
    screen.close().await;
    place.stop_and_finish("idle").await;
}

/// Starts processes until the system refuses, and says after how many.
const FORKS: &str = "\
import os, time
count = 0
try:
    while count < 5_000:
        if os.fork() == 0:
            time.sleep(600)
            os._exit(0)
        count += 1
except OSError as error:
    print('bounded', count, error.strerror)
";

#[tokio::test]
async fn a_fork_bomb_is_bounded_and_ends_with_its_kernel() {
    let Some(mut place) = Place::new() else { return };
    // The limit does not bind the system's administrator, so it is tried as somebody else.
    if !place.belongs_to_somebody_else().await {
        return place.finish().await;
    }
    place.write("idle.py", crate::harness::IDLE);
    let more = "session: { kernel: { processes: 100 } }\n";
    place.write("idle.yml", &(crate::harness::config("idle", "idle.Idle") + more));
    place.start("idle.yml").await;
    let bomb = place.qubx(&["exec", "idle", FORKS]).await.code(0);
    let count: usize = bomb.stdout.split_whitespace().nth(1).and_then(|count| count.parse().ok()).unwrap();
    assert!(bomb.stdout.starts_with("bounded") && count < 150, "{bomb:?}");
    // The service goes on, and a restart ends what the bomb left.
    place.qubx(&["flatten", "idle", "--yes"]).await.code(0);
    place.qubx(&["status", "idle"]).await.code(0);
    place.qubx(&["kernel", "restart", "idle", "--yes"]).await.code(0);
    let again = place.qubx(&["exec", "idle", FORKS]).await.code(0);
    assert!(again.stdout.starts_with("bounded"), "{again:?}");
    place.stop_and_finish("idle").await;
}
