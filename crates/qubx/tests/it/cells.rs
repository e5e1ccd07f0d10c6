//! Running cells: interrupting them, taking them back, completing beside them, and what they cannot do.

use qubx_protocol::{AnswerResult, CellNumber, CellStatus, Command, RequestKind, VerbOutcome};

use crate::harness::{Guest, Place, Screen};

async fn interrupt(screen: &mut Screen, cell: CellNumber) -> VerbOutcome {
    screen.verb(Command::Interrupt { cell: Some(cell) }).await.outcome
}

#[tokio::test]
async fn a_busy_or_sleeping_cell_is_interrupted() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let mut other = Screen::attach(&place, "idle", "op2").await;
    for code in ["while True: pass", "import asyncio; await asyncio.sleep(60)", "import time; time.sleep(60)"]
    {
        let cell = screen.at_work(code).await;
        other.started(cell).await;
        // Whoever is attached may: the cell is everyone's.
        assert_eq!(interrupt(&mut other, cell).await, VerbOutcome::Done, "{code}");
        assert_eq!(screen.ended(cell).await, CellStatus::Interrupted, "{code}");
        assert_eq!(screen.run("1 + 1").await, ("2".into(), CellStatus::Ok), "{code}");
    }
    let idle = screen.verb(Command::Interrupt { cell: None }).await;
    assert_eq!((idle.outcome, idle.text.as_str()), (VerbOutcome::Failed, "no cell runs"));
    screen.close().await;
    other.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn an_interrupt_ends_a_cell_at_any_moment_of_its_start() {
    const TIMES: usize = 30;
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    for _ in 0..TIMES {
        let cell = screen.submit("while True: pass").await;
        screen.started(cell).await;
        assert_eq!(interrupt(&mut screen, cell).await, VerbOutcome::Done);
        assert_eq!(screen.ended(cell).await, CellStatus::Interrupted);
    }
    assert_eq!(screen.run("1 + 1").await, ("2".into(), CellStatus::Ok));
    screen.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn a_cell_that_waits_is_taken_back_and_the_others_run() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let busy = screen.at_work("while True: pass").await;
    let unwanted = screen.submit("unwanted = 1").await;
    let wanted = screen.submit("'unwanted' in globals()").await;
    assert_eq!(interrupt(&mut screen, unwanted).await, VerbOutcome::Done);
    assert_eq!(screen.ended(unwanted).await, CellStatus::Interrupted);
    assert!(
        screen.state().running.as_ref().is_some_and(|running| running.cell == busy),
        "the busy one runs on"
    );
    interrupt(&mut screen, busy).await;
    assert_eq!(screen.ended(busy).await, CellStatus::Interrupted);
    assert_eq!(screen.ended(wanted).await, CellStatus::Ok);
    assert_eq!(crate::harness::text_of(&screen.events, wanted), "False");
    screen.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn nobody_ends_the_shared_kernel_by_leaving_it() {
    let Some(place) = Place::with_idle_session().await else { return };
    let kernel = place.session("idle").file.qubx.kernel_pid;
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    for code in ["exit", "exit()", "quit()", "quit", "get_ipython().ask_exit()"] {
        let (text, status) = screen.run(code).await;
        assert_eq!(status, CellStatus::Ok, "{code}");
        assert!(text.contains("Ctrl+Q") && text.contains("qubx kernel stop"), "{code}: {text}");
    }
    let (text, status) = screen.run("import sys; sys.exit(1)").await;
    assert_eq!(status, CellStatus::Error, "{text}");

    let mut guest = Guest::connect(&place, "idle").await;
    for code in ["exit", "quit()"] {
        assert_eq!(guest.run(code).await.0, "ok");
    }
    for restart in [false, true] {
        let answer = guest.shutdown(restart).await;
        assert_eq!(answer["status"], "error", "{answer}");
    }
    guest.leave().await;
    assert_eq!(screen.run("import os; os.getpid()").await.0, kernel.to_string());
    screen.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn completion_answers_while_a_cell_runs() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    screen.run("horizon_of_the_test = 1").await;
    for code in ["while True: pass", "import time; time.sleep(60)"] {
        let cell = screen.at_work(code).await;
        let source = "horizon_of";
        let kind = RequestKind::Complete { code: source.to_owned(), cursor: source.len() };
        let AnswerResult::Completions { start, matches, .. } = screen.ask(kind).await else {
            panic!("no completions")
        };
        assert_eq!(start, 0);
        assert!(matches.iter().any(|found| found.text == "horizon_of_the_test"), "{matches:?}");
        interrupt(&mut screen, cell).await;
        assert_eq!(screen.ended(cell).await, CellStatus::Interrupted);
    }
    screen.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn documentation_is_shown_while_a_cell_runs() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    screen.run("def halve(number: int, *, up: bool = False):\n    'Says what half of it is.'").await;
    for code in ["while True: pass", "import time; time.sleep(60)", "input('Waits: ')"] {
        let cell = screen.at_work(code).await;
        let inspect =
            |code: &str| RequestKind::Inspect { code: code.to_owned(), cursor: code.chars().count() };
        let AnswerResult::Inspection { text: Some(text) } = screen.ask(inspect("halve(")).await else {
            panic!("nothing is known of it beside {code}")
        };
        assert!(text.contains("up: bool = False") && text.contains("Says what half of it is."), "{text}");
        let unknown = screen.ask(inspect("there_is_no_such_thing")).await;
        assert!(matches!(unknown, AnswerResult::Inspection { text: None }), "{unknown:?}");
        interrupt(&mut screen, cell).await;
        assert_eq!(screen.ended(cell).await, CellStatus::Interrupted);
    }
    screen.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn of_more_cells_than_anybody_waits_for_the_last_are_refused() {
    const MOST: usize = 1_000;
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let busy = screen.submit("import time\nwhile True: time.sleep(0.01)").await;
    screen.started(busy).await;
    for number in 0..MOST {
        let _ = screen.client.command(Command::Execute { code: format!("'never {number}'") });
    }
    screen.until("a full queue", |screen| (screen.state().queue.len() == MOST).then_some(())).await;
    let refusal = screen.refused(Command::Execute { code: "'one too many'".to_owned() }).await;
    assert!(refusal.message.contains("too many cells wait already (1000 may"), "{refusal:?}");
    // Whoever comes now sees them, and one that is taken back makes room.
    let newcomer = Screen::attach(&place, "idle", "op2").await;
    assert_eq!(newcomer.state().queue.len(), MOST);
    newcomer.close().await;
    let waiting = screen.state().queue[0].cell;
    assert_eq!(interrupt(&mut screen, waiting).await, VerbOutcome::Done);
    screen.submit("'there is room'").await;
    screen.close().await;
    place.stop_and_finish("idle").await;
}
