//! Output that is really lost: more messages than the kernel keeps while the service stands still. A mark says where.

use std::collections::BTreeSet;

use qubx_protocol::{CellNumber, CellStatus, Event, Fact, HistoryKind, OutputContent, StreamName};
use rustix::process::Signal;

use crate::harness::{Place, Screen, send_signal, service_of, wait_for};

/// How many messages a cell makes: half as many more as the kernel keeps, see `python/qubx_strategy/app.py`.
const PRINTED: usize = 30_000;
/// Messages that are no line of the cell: beginnings and ends of what the service asks while the kernel still has much to send.
const OTHERS: usize = 500;

/// Prints so many lines, each a message of its own, while nobody reads, and waits for another file with its last one.
fn prints(head: &str, last: &str) -> String {
    format!(
        "import os, time\n{head}\nwhile not os.path.exists('stopped'): time.sleep(0.01)\n\
         for line in range({PRINTED}): print('line', line, flush=True)\nopen('printed', 'w').close()\n{last}"
    )
}

/// Runs `code` until it has printed all of it while the service stands still, and lets the service go on.
async fn overrun(place: &Place, screen: &mut Screen, code: &str) -> CellNumber {
    let service = service_of(place, "idle").unwrap();
    let cell = screen.at_work(code).await;
    send_signal(service, Signal::STOP);
    place.write("stopped", "");
    wait_for("a cell that has printed all", async || place.path("printed").exists().then_some(())).await;
    send_signal(service, Signal::CONT);
    cell
}

/// What a cell printed, with a mark for what was lost, as `before`, how many were lost, `after`.
fn around_the_loss(events: &[Event], wanted: CellNumber) -> (String, u64, String) {
    let (mut before, mut after, mut lost) = (String::new(), String::new(), 0);
    for event in events {
        let Fact::Output { cell: Some(cell), content } = &event.fact else { continue };
        match content {
            _ if *cell != wanted => {}
            OutputContent::Lost { messages } => lost += messages,
            OutputContent::Stream { stream: StreamName::Stdout, text } if lost == 0 => before += text,
            OutputContent::Stream { stream: StreamName::Stdout, text } => after += text,
            other => panic!("{other:?}"),
        }
    }
    (before, lost, after)
}

fn lines(text: &str) -> BTreeSet<usize> {
    text.lines().filter_map(|line| line.strip_prefix("line ")).map(|number| number.parse().unwrap()).collect()
}

/// Asserts that the mark stands where lines are missing, and counts them.
#[track_caller]
fn assert_marked(events: &[Event], cell: CellNumber) -> u64 {
    let (before, lost, after) = around_the_loss(events, cell);
    let (first, last) = (lines(&before), lines(&after));
    assert_eq!(first, (0..first.len()).collect(), "up to the mark nothing is missing");
    assert!(last.is_empty(), "{last:?}: they were lost in one piece, at the end");
    let missing = PRINTED - first.len();
    assert!(missing > 1_000, "only {missing} lines were lost");
    let lost_count = usize::try_from(lost).unwrap();
    assert!((missing..=missing + OTHERS).contains(&lost_count), "{lost} messages for {missing} lines");
    lost
}

#[tokio::test]
async fn a_mark_shows_where_output_was_lost_to_everyone_and_the_cell_goes_on() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let last = "while not os.path.exists('go'): time.sleep(0.01)\nprint('after')";
    let cell = overrun(&place, &mut screen, &prints("", last)).await;
    // Whatever is published once there is room again shows that something is missing.
    screen
        .event("the mark", |fact| match fact {
            Fact::Output { content: OutputContent::Lost { .. }, cell: of } => {
                assert_eq!(*of, Some(cell));
                Some(())
            }
            _ => None,
        })
        .await;
    place.write("go", "");
    assert_eq!(screen.ended(cell).await, CellStatus::Ok);
    let lost = assert_marked(&screen.events, cell);
    let (_, _, after) = around_the_loss(&screen.events, cell);
    assert_eq!(after, "after\n");

    let mut newcomer = Screen::attach(&place, "idle", "op2").await;
    newcomer.until("the end of the cell", |screen| screen.state().running.is_none().then_some(())).await;
    let has_mark = newcomer.state().history.of(HistoryKind::Session).any(|event| {
        matches!(event.fact, Fact::Output { content: OutputContent::Lost { messages }, .. } if messages == lost)
    });
    assert!(has_mark, "a screen that comes later is told as well");
    newcomer.close().await;
    let mark = format!("{lost} messages of the kernel were lost here");
    let history = place.qubx(&["history", "idle", "--limit", "1000"]).await.code(0).stdout;
    let (_, after) = history.split_once(&mark).unwrap_or_else(|| panic!("no mark in\n{history}"));
    assert!(after.contains("after"), "{history}");
    assert_eq!(screen.run("1 + 1").await, ("2".into(), CellStatus::Ok));
    screen.close().await;
    place.stop_and_finish("idle").await;
}

/// The end of the cell itself is among what is lost, and of its output more is kept in a file than in the log.
#[tokio::test]
async fn a_cell_whose_end_is_lost_ends_all_the_same_and_its_file_has_the_mark() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let cell = overrun(&place, &mut screen, &prints("print('x' * 5_000_000, flush=True)", "")).await;
    assert_eq!(screen.ended(cell).await, CellStatus::Ok);
    // What is published next shows the loss at the latest; it is the next cell's then, and the file is closed already.
    assert_eq!(screen.run("1 + 1").await.1, CellStatus::Ok);
    let marks: Vec<_> = screen
        .events
        .iter()
        .filter_map(|event| match &event.fact {
            Fact::Output { cell, content: OutputContent::Lost { messages } } => Some((*cell, *messages)),
            _ => None,
        })
        .collect();
    assert!(!marks.is_empty(), "nothing says that something is missing");
    if let Some((_, lost)) = marks.iter().find(|(of, _)| *of == Some(cell)) {
        let mark = format!("[{lost} messages of the kernel were lost here]\n");
        let file = place.session_dir("idle").join(format!("outputs/cell-{cell}.txt"));
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.ends_with(&mark), "…{}", &text[text.len() - 200..]);
    }
    screen.close().await;
    place.stop_and_finish("idle").await;
}
