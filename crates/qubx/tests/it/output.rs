//! What cells and the strategy show: cleared, updated, in the right place, and very much of it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use qubx_protocol::{CellNumber, CellStatus, Event, Fact, HistoryKind, OutputContent};

use crate::harness::{Place, Screen, config, text_of};

/// Attaches another screen, and asserts that it sees what the first one sees by now.
async fn newcomer(place: &Place, first: &mut Screen) -> Screen {
    let mut second = Screen::attach(place, "idle", "newcomer").await;
    let head = second.state().head;
    first.until("the same head", |screen| (screen.state().head >= head).then_some(())).await;
    let head = first.state().head;
    second.until("the same head", |screen| (screen.state().head >= head).then_some(())).await;
    let entries = |screen: &Screen| -> Vec<Event> {
        screen.state().history.of(HistoryKind::Session).cloned().collect()
    };
    assert_eq!(entries(&second), entries(first), "the snapshot and what was seen live agree");
    second
}

#[tokio::test]
async fn a_screen_that_comes_later_sees_cleared_and_updated_output_in_its_last_state() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let bars = screen
        .submit(
            "import time\nfrom IPython.display import clear_output, display\nfor step in range(60):\n    \
             clear_output(wait=True); print('step', step); time.sleep(0.02)",
        )
        .await;
    assert_eq!(screen.ended(bars).await, CellStatus::Ok);
    let shows = screen
        .submit(
            "print('above')\nhandle = display({'text/plain': 'first'}, raw=True, display_id='it')\n\
             print('below')\nhandle.update({'text/plain': 'second'}, raw=True)",
        )
        .await;
    assert_eq!(screen.ended(shows).await, CellStatus::Ok);
    assert_eq!(screen.shown(shows), "above\nsecondbelow\n");
    // A later cell changes what an earlier one shows.
    let updates = screen
        .submit("for n in range(100):\n    handle.update({'text/plain': f'update {n}'}, raw=True)")
        .await;
    assert_eq!(screen.ended(updates).await, CellStatus::Ok);
    let gone = screen.submit("print('gone'); clear_output(); print('stays')").await;
    assert_eq!(screen.ended(gone).await, CellStatus::Ok);
    let expected =
        [(bars, "step 59\n"), (shows, "above\nupdate 99below\n"), (updates, ""), (gone, "stays\n")];
    let second = newcomer(&place, &mut screen).await;
    for (cell, text) in expected {
        assert_eq!(screen.shown(cell), text);
        assert_eq!(text_of(&second.events, cell), text);
    }
    // What flickered is not written down sixty times.
    let seen = screen.events.iter().filter(|event| matches!(event.fact, Fact::Output { .. })).count();
    assert!(seen < 60, "{seen} outputs of 60 steps and 100 updates");
    second.close().await;
    screen.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn of_two_hundred_thousand_lines_none_is_lost_and_none_out_of_order() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let cell = screen.submit("for n in range(200_000): print('line', n)").await;
    assert_eq!(screen.ended(cell).await, CellStatus::Ok);
    let expected: String = (0..200_000).map(|n| format!("line {n}\n")).collect();
    assert!(text_of(&screen.events, cell) == expected, "live, it is every line once, in order");
    let second = newcomer(&place, &mut screen).await;
    assert!(text_of(&second.events, cell) == expected, "a screen that comes later has them too");
    second.close().await;
    screen.close().await;
    place.stop_and_finish("idle").await;
}

/// Returns how much memory a process had at most, in bytes.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1_024
}

/// A loop that prints without an end is an everyday mistake. It must not take the strategy with it.
#[tokio::test]
async fn a_cell_that_prints_faster_than_anybody_reads_waits_and_fills_no_memory() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let qubx = place.session("idle").file.qubx;
    screen.run("from IPython.display import HTML, display").await;
    let before = (peak(qubx.service.pid), peak(qubx.kernel_pid));
    for code in [
        "for _ in range(30_000): print('x' * 10_000)",
        "print('x' * 40_000_000)",
        "for _ in range(200): display(HTML('x' * 1_000_000))",
    ] {
        let cell = screen.submit(code).await;
        assert_eq!(screen.ended(cell).await, CellStatus::Ok);
        assert!(!screen.shown(cell).contains("lost"), "{code}");
        let after = (peak(qubx.service.pid), peak(qubx.kernel_pid));
        // A print is in Python's memory thrice; several times the bound of what may be unread is in the service.
        assert!(after.0 < before.0 + 150_000_000, "{code}: the service has {before:?}, then {after:?}");
        assert!(after.1 < before.1 + 200_000_000, "{code}: Python has {before:?}, then {after:?}");
    }
    screen.close().await;
    place.stop_and_finish("idle").await;
}

/// What became of a huge output: its beginning, how much is left out, the file, its end.
fn parts(events: &[Event], wanted: CellNumber) -> (String, u64, Option<String>, String) {
    let (mut head, mut tail, mut left_out) = (String::new(), String::new(), None);
    for event in events {
        let Fact::Output { cell: Some(cell), content } = &event.fact else { continue };
        match content {
            _ if *cell != wanted => {}
            OutputContent::Stream { text, .. } if left_out.is_none() => head.push_str(text),
            OutputContent::Stream { text, .. } => tail.push_str(text),
            OutputContent::Omitted { bytes, file, .. } => left_out = Some((*bytes, file.clone())),
            other => panic!("{other:?}"),
        }
    }
    let (bytes, file) = left_out.expect("some of it is left out");
    (head, bytes, file, tail)
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_huge_output_keeps_its_head_and_its_tail_and_a_private_file_has_all_of_it() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let cell = screen.submit("for n in range(100_000): print(n, '.' * 140)").await;
    assert_eq!(screen.ended(cell).await, CellStatus::Ok);
    let whole: String = (0..100_000).map(|n| format!("{n} {}\n", ".".repeat(140))).collect();
    let (head, bytes, file, tail) = parts(&screen.events, cell);
    assert!(whole.starts_with(&head) && whole.ends_with(&tail), "head and tail are the output's own");
    assert!(head.len() > 1_000_000 && tail.len() > 10_000, "{} and {}", head.len(), tail.len());
    assert_eq!(head.len() as u64 + bytes + tail.len() as u64, whole.len() as u64);
    let path = place.session_dir("idle").join(file.unwrap());
    assert!(std::fs::read_to_string(&path).unwrap() == whole, "the file has every line");
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    let second = newcomer(&place, &mut screen).await;
    assert_eq!(parts(&second.events, cell), parts(&screen.events, cell));
    second.close().await;
    screen.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn files_of_output_stay_within_their_quotas_and_say_so() {
    let more = "session: { outputs: { cell_mb: 5, session_mb: 8 } }\n";
    let Some(place) = Place::with_idle_session_and(more).await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let mut cells = Vec::new();
    for mark in ["a", "b"] {
        let cell = screen.submit(&format!("for n in range(6_000): print('{mark}' * 999)")).await;
        assert_eq!(screen.ended(cell).await, CellStatus::Ok);
        screen.logged(&format!("cell {cell} wrote more than is kept of a cell")).await;
        let (head, bytes, _, tail) = parts(&screen.events, cell);
        assert_eq!(head.len() as u64 + bytes + tail.len() as u64, 6_000_000);
        let is_partial = |event: &Event| {
            let Fact::Output { content: OutputContent::Omitted { partial, .. }, .. } = event.fact else {
                return false;
            };
            partial
        };
        assert!(screen.events.iter().any(is_partial), "the mark does not promise the whole");
        cells.push(cell);
    }
    let folder = place.session_dir("idle").join("outputs");
    let file = |cell: CellNumber| std::fs::read(folder.join(format!("cell-{cell}.txt"))).ok();
    assert_eq!(file(cells[0]), None, "the older one went");
    let newest = file(cells[1]).unwrap();
    assert!(newest.len() == 5_000_000 && newest.starts_with(b"bbb"), "{}", newest.len());
    screen.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn what_the_strategys_threads_print_is_in_no_cell() {
    const CHATTY: &str = r#"
import threading
import time

from qubx_strategy import Strategy


class Chatty(Strategy):
    def on_start(self, ctx):
        print("started")
        threading.Thread(target=self.tick, daemon=True).start()

    def tick(self):
        while True:
            print("tick", flush=True)
            time.sleep(0.01)

    def on_quote(self, ctx, quote):
        print("quote", flush=True)
"#;
    let Some(place) = Place::new() else { return };
    place.write("chatty.py", CHATTY);
    place.write("chatty.yml", &config("chatty", "chatty.Chatty"));
    place.start("chatty.yml").await;
    let mut screen = Screen::attach(&place, "chatty", "op1").await;
    for code in [
        "import time\nfor n in range(60): print('cell', n); time.sleep(0.01)",
        "for n in range(2_000): print('cell', n)",
        "await __import__('asyncio').sleep(0.5); print('cell')",
    ] {
        let (text, status) = screen.run(code).await;
        assert_eq!(status, CellStatus::Ok);
        let foreign: Vec<&str> = text.lines().filter(|line| !line.starts_with("cell")).collect();
        assert_eq!(foreign, Vec::<&str>::new(), "{code}");
    }
    let mut of_strategy = String::new();
    for event in &screen.events {
        if let Fact::Output { cell: None, content: OutputContent::Stream { text, .. } } = &event.fact {
            of_strategy.push_str(text);
        }
    }
    for word in ["tick", "quote"] {
        assert!(of_strategy.contains(word), "{word} in {of_strategy}");
    }
    assert!(!of_strategy.contains("cell"), "{of_strategy}");
    screen.close().await;
    place.stop_and_finish("chatty").await;
}

#[tokio::test]
async fn forms_that_nobody_here_knows_are_kept_and_named() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let mut plain = place.spawn(&["attach", "idle", "--plain"]);
    let cell = screen
        .submit(
            "from IPython.display import display\n\
             display({'application/x-weird+json': {'deep': [1, {'a': None}]}}, raw=True)\n\
             display({'application/x-other': 'data', 'text/plain': 'the plain form'}, raw=True)",
        )
        .await;
    assert_eq!(screen.ended(cell).await, CellStatus::Ok);
    let second = newcomer(&place, &mut screen).await;
    let shown: Vec<_> = second
        .events
        .iter()
        .filter_map(|event| match &event.fact {
            Fact::Output { content: OutputContent::Data { data, .. }, .. } => Some(data.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(
        shown[0]["application/x-weird+json"],
        serde_json::json!({ "deep": [1, { "a": null }] }),
        "kept as it came"
    );
    assert_eq!(shown[1]["application/x-other"], "data");
    plain.prints("[application/x-weird+json]").await;
    plain.prints("the plain form").await;
    drop(plain.stdin.take());
    plain.end().await.code(0);
    second.close().await;
    screen.close().await;
    place.stop_and_finish("idle").await;
}
