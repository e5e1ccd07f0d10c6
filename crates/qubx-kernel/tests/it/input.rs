//! Cells that wait for a line of text.

use qubx_kernel::{CellRef, KernelEvent};
use qubx_protocol::CellStatus;
use serde_json::json;

use crate::guests::Guest;
use crate::harness::{IDLE, Kernel, text_of};

/// Waits until a cell asks; returns which, and what.
async fn asked(kernel: &mut Kernel) -> (CellRef, String, bool) {
    kernel
        .until(|event| match event {
            KernelEvent::InputRequested { cell, prompt, password } => {
                Some((cell.clone(), prompt.clone(), *password))
            }
            KernelEvent::CellFinished { .. } => panic!("the cell ended without asking"),
            _ => None,
        })
        .await
}

fn ends(events: &[KernelEvent]) -> usize {
    events.iter().filter(|event| matches!(event, KernelEvent::InputEnded { .. })).count()
}

#[tokio::test]
async fn a_cell_that_asks_is_told_after_what_it_printed_and_gets_its_line() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    let cell = kernel.submit("print('before')\nprint('hello', input('Name? '))");
    let mut before = Vec::new();
    let asked = loop {
        match kernel.next().await {
            KernelEvent::InputRequested { cell, prompt, password } => break (cell, prompt, password),
            event => before.push(event),
        }
    };
    assert_eq!(asked, (cell.clone(), "Name? ".into(), false));
    assert_eq!(text_of(&before, &cell), "before\n");
    kernel.handle.answer_input("é x");
    let (events, status) = kernel.finish(&cell).await;
    assert_eq!((text_of(&events, &cell).as_str(), status), ("hello é x\n", CellStatus::Ok));
    assert_eq!(ends(&events), 1);

    for (code, answer, password, expected) in [
        ("import getpass; len(getpass.getpass('Secret: '))", "hidden", true, "6"),
        ("input()", "", false, "''"),
        ("input()", "\u{4}", false, "EOFError: "),
    ] {
        let cell = kernel.submit(code);
        assert_eq!(self::asked(&mut kernel).await.2, password);
        kernel.handle.answer_input(answer);
        let (events, _) = kernel.finish(&cell).await;
        assert_eq!(text_of(&events, &cell), expected, "{code}");
    }
    kernel.end().await;
}

#[tokio::test]
async fn one_answer_is_taken_and_a_late_one_goes_nowhere() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    kernel.handle.answer_input("early");
    let cell = kernel.submit("print(input('1'), input('2'))");
    asked(&mut kernel).await;
    kernel.handle.answer_input("first");
    kernel.handle.answer_input("late");
    assert_eq!(asked(&mut kernel).await.1, "2");
    kernel.handle.answer_input("second");
    kernel.handle.answer_input("late");
    let (events, _) = kernel.finish(&cell).await;
    assert_eq!(text_of(&events, &cell), "first second\n");
    kernel.handle.answer_input("late");
    let cell = kernel.submit("input('3')");
    asked(&mut kernel).await;
    kernel.handle.answer_input("third");
    let (events, _) = kernel.finish(&cell).await;
    assert_eq!(text_of(&events, &cell), "'third'");
    kernel.end().await;
}

#[tokio::test]
async fn an_interrupt_ends_a_wait_and_the_next_cell_asks_again() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    for _ in 0..20 {
        let cell = kernel.submit("input('waits ')");
        asked(&mut kernel).await;
        kernel.handle.interrupt();
        let (events, status) = kernel.finish(&cell).await;
        assert_eq!((status, ends(&events)), (CellStatus::Interrupted, 1), "{events:?}");
    }
    assert_eq!(kernel.run("1 + 1").await, ("2".into(), CellStatus::Ok));
    kernel.end().await;
}

#[tokio::test]
async fn a_thread_that_asks_is_refused() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    let code = "import threading\ndef ask():\n    try: input()\n    except Exception as error: print(error)\n\
                thread = threading.Thread(target=ask); thread.start(); thread.join()";
    let (text, status) = kernel.run(code).await;
    assert!(text.contains("in a cell's own thread"), "{text}");
    assert_eq!(status, CellStatus::Ok);
    kernel.end().await;
}

#[tokio::test]
async fn a_guests_cell_takes_an_answer_from_the_session_or_from_the_guest() {
    let Some(mut kernel) = Kernel::start(IDLE).await else { return };
    let mut guest = Guest::connect_as(&kernel, kernel.connection.shell_port, "guest").await;
    let mut guest_input = Guest::connect_as(&kernel, kernel.connection.stdin_port, "guest").await;
    let mut stranger = Guest::connect_as(&kernel, kernel.connection.stdin_port, "stranger").await;
    let content = |code: &str| json!({ "code": code, "store_history": true, "allow_stdin": true });
    let cell = CellRef::Guest("a".into());

    guest.send("a", "execute_request", content("print(input('1'))")).await;
    assert_eq!(asked(&mut kernel).await, (cell.clone(), "1".into(), false));
    assert_eq!(guest_input.receive().await.header.msg_type, "input_request");
    stranger.send("x", "input_reply", json!({ "value": "stranger" })).await;
    kernel.handle.answer_input("session");
    let (events, _) = kernel.finish(&cell).await;
    assert_eq!((text_of(&events, &cell).as_str(), ends(&events)), ("session\n", 1));

    // What the guest types too late must not answer its next question.
    guest_input.send("late", "input_reply", json!({ "value": "late" })).await;
    let cell = CellRef::Guest("b".into());
    guest.send("b", "execute_request", content("import time; time.sleep(0.5); print(input('2'))")).await;
    asked(&mut kernel).await;
    assert_eq!(guest_input.receive().await.header.msg_type, "input_request");
    guest_input.send("c", "input_reply", json!({ "value": "guest" })).await;
    let (events, _) = kernel.finish(&cell).await;
    assert_eq!((text_of(&events, &cell).as_str(), ends(&events)), ("guest\n", 1));
    kernel.handle.answer_input("late");

    let cell = kernel.submit("input('3')");
    asked(&mut kernel).await;
    guest_input.send("d", "input_reply", json!({ "value": "late" })).await;
    kernel.handle.answer_input("session");
    let (events, _) = kernel.finish(&cell).await;
    assert_eq!(text_of(&events, &cell), "'session'");
    kernel.end().await;
}
