//! The same events show the same, however they come; and looking back moves nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use qubx_protocol::{
    Author, CellNumber, CellStatus, Epoch, Event, Fact, HistoryKind, InputId, LogId, LogLevel, OutputContent,
    Seq, SessionState, StreamName,
};

use super::Transcript;
use crate::theme::Theme;

const COLUMNS: usize = 60;

/// A session whose events are shown one by one.
struct Live {
    state: SessionState,
    transcript: Transcript,
    log: Vec<Event>,
}

impl Live {
    fn new(limit: usize) -> Self {
        Self {
            state: SessionState::new(LogId::from("log"), limit),
            transcript: Transcript::new(Theme::monochrome()),
            log: Vec::new(),
        }
    }

    fn event(&mut self, fact: Fact) {
        let event = Event { seq: self.state.head.next(), time: Timestamp::UNIX_EPOCH, fact };
        self.state.apply(&event);
        self.transcript.apply(&event, &self.state);
        self.log.push(event);
    }

    fn cell(&mut self, cell: u64) {
        self.event(Fact::Cell {
            cell: CellNumber(cell),
            code: format!("cell_{cell}()"),
            author: Author::from("op1"),
            command: None,
        });
        self.event(Fact::CellStarted { cell: CellNumber(cell), execution_count: Some(cell as u32) });
    }

    fn show(&mut self, cell: u64, content: OutputContent) {
        self.event(Fact::Output { cell: Some(CellNumber(cell)), content });
    }

    fn line(&mut self, text: &str) {
        self.event(Fact::Log {
            level: LogLevel::Info,
            source: "engine".to_owned(),
            text: text.to_owned(),
            market_time: None,
        });
    }

    /// Returns the page that a service would send.
    fn page(&self, before: Seq, limit: usize) -> (Vec<Event>, bool) {
        let begins: Vec<usize> = (0..self.log.len())
            .filter(|place| self.log[*place].seq < before && !self.log[*place].fact.continues_an_entry())
            .collect();
        let first = begins.len().saturating_sub(limit);
        let from = begins.get(first).copied().unwrap_or_default();
        let is_here = |event: &&Event| match event.fact {
            Fact::Started { .. } | Fact::Cell { .. } | Fact::Log { .. } => event.seq < before,
            Fact::Output { cell: Some(cell), .. }
            | Fact::CellStarted { cell, .. }
            | Fact::CellFinished { cell, .. } => begins[first..].iter().any(
                |place| matches!(self.log[*place].fact, Fact::Cell { cell: begun, .. } if begun == cell),
            ),
            _ => false,
        };
        (self.log[from..].iter().filter(is_here).cloned().collect(), first == 0)
    }

    fn rows(&self) -> Vec<String> {
        shown(&self.transcript)
    }

    fn snapshot_rows(&self) -> Vec<String> {
        let mut transcript = Transcript::new(Theme::monochrome());
        transcript.rebuild(&self.state);
        shown(&transcript)
    }
}

fn shown(transcript: &Transcript) -> Vec<String> {
    transcript.visible(COLUMNS, 5_000).iter().map(ToString::to_string).collect()
}

fn text(text: &str) -> OutputContent {
    OutputContent::Stream { stream: StreamName::Stdout, text: text.to_owned() }
}

fn display(name: &str, text: &str, update: bool) -> OutputContent {
    OutputContent::Data {
        data: BTreeMap::from([("text/plain".to_owned(), serde_json::json!(text))]),
        result: false,
        display: Some(name.to_owned()),
        update,
    }
}

#[test]
fn what_a_cell_clears_goes_and_what_it_updates_stays_where_it_is() {
    let mut live = Live::new(100);
    live.cell(1);
    live.show(1, text("gone\n"));
    live.show(1, OutputContent::Clear { wait: false });
    live.show(1, text("first\n"));
    live.show(1, display("bar", "10%", false));
    live.show(1, text("last\n"));
    live.show(1, display("bar", "20%", true));
    let outputs = |live: &Live| live.rows()[1..].to_vec();
    assert_eq!(outputs(&live), ["  first", "  20%", "  last"]);
    live.show(1, OutputContent::Clear { wait: true });
    assert_eq!(outputs(&live), ["  first", "  20%", "  last"], "nothing new is shown yet");
    live.show(1, text("new\n"));
    assert_eq!(outputs(&live), ["  new"]);
    assert_eq!(live.rows(), live.snapshot_rows());
}

#[test]
fn what_is_left_out_or_lost_is_said() {
    let mut live = Live::new(100);
    live.cell(7);
    let file = Some("outputs/cell-7.txt".to_owned());
    live.show(7, OutputContent::Omitted { bytes: 3_200_000, file: file.clone(), partial: false });
    live.show(7, OutputContent::Omitted { bytes: 10, file: None, partial: false });
    live.show(7, OutputContent::Omitted { bytes: 3_200_000, file, partial: true });
    live.show(7, OutputContent::Lost { messages: 12 });
    live.event(Fact::Output { cell: None, content: OutputContent::Lost { messages: 1 } });
    let rows = live.rows();
    assert_eq!(rows[1], "  [… 3.2 MB left out; all of it in outputs/cell-7.txt …]");
    assert_eq!(rows[2], "  [… 10 B left out; the file for it could not be written …]");
    assert_eq!(rows[3], "  [… 3.2 MB left out; more of it in outputs/cell-7.txt …]");
    assert!(rows[4].contains("OUTPUT LOST HERE: 12 messages"), "{}", rows[4]);
    assert!(rows[6].contains("OUTPUT LOST HERE: 1 message "), "{rows:?}");
    assert_eq!(rows, live.snapshot_rows());
}

#[test]
fn a_question_is_shown_with_its_answer_and_who_gave_it() {
    let mut live = Live::new(100);
    live.cell(1);
    for (input, prompt, password, author, answer, expected) in [
        ("1.1", "size? ", false, Some("op1"), Some("12"), "  size? 12"),
        ("1.2", "size? ", false, Some("op2"), Some("13"), "  size? 13  (op2)"),
        ("1.3", "key: ", true, Some("op2"), None, "  key: ••••  (op2)"),
        ("1.4", "key: ", true, Some("op1"), Some("never shown"), "  key: ••••"),
        ("1.5", "more? ", false, Some("jupyter"), None, "  more?   (jupyter)"),
        ("1.6", "why? ", false, None, None, "  why?   no answer"),
    ] {
        live.event(Fact::InputRequested {
            cell: CellNumber(1),
            input: InputId::from(input),
            prompt: prompt.to_owned(),
            password,
        });
        let row = live.rows().pop().unwrap();
        assert_eq!(row, format!("  {prompt}  waits for an answer"));
        live.event(Fact::InputEnded {
            command: None,
            input: InputId::from(input),
            author: author.map(Author::from),
            text: answer.map(str::to_owned),
        });
        assert_eq!(live.rows().pop().unwrap(), expected);
    }
    live.show(1, OutputContent::Clear { wait: false });
    assert_eq!(live.rows().len(), 7, "what was asked is no output");
    assert_eq!(live.rows(), live.snapshot_rows());
}

#[test]
fn looking_back_page_by_page_shows_everything_and_moves_nothing() {
    const HEIGHT: usize = 20;
    let mut live = Live::new(50);
    live.event(Fact::Started { epoch: Epoch(1), restored: false });
    for number in 1..=40 {
        live.cell(number);
        live.show(number, text(&format!("printed by {number}\n")));
        live.event(Fact::CellFinished { cell: CellNumber(number), status: CellStatus::Ok, duration_ms: 1 });
        for line in 0..10 {
            live.line(&format!("line {line} after {number}"));
        }
    }
    let everything = live.rows();
    // A screen that comes later has the last fifty of each kind.
    live.transcript.rebuild(&live.state);
    let mut pages = 0;
    loop {
        live.transcript.show_first();
        let Some(before) = live.transcript.want_older(COLUMNS, HEIGHT) else { break };
        assert_eq!(live.transcript.visible(COLUMNS, HEIGHT)[0].to_string(), "loading older history …");
        assert_eq!(live.transcript.want_older(COLUMNS, HEIGHT), None, "one page at a time");
        let seen = live.transcript.visible(COLUMNS, HEIGHT);
        let (events, complete) = live.page(before, 30);
        live.transcript.prepend(&events, complete, Some(&live.state), COLUMNS);
        let now = live.transcript.visible(COLUMNS, HEIGHT);
        assert_eq!(now[1..], seen[1..], "what was looked at stays");
        pages += 1;
        assert!(pages < 100, "no end");
    }
    assert!(pages > 1);
    let rows: Vec<String> = live.transcript.visible(COLUMNS, 5_000).iter().map(ToString::to_string).collect();
    assert_eq!(rows[0], "— beginning of the session —");
    assert_eq!(rows[1..], everything, "all of it is there, in its order");

    live.transcript.follow();
    assert!(!live.rows().iter().any(|row| row.ends_with("printed by 1") || row.contains("beginning")));
    assert!(live.transcript.entries.len() <= 100, "older pages are dropped again");
}

#[test]
fn an_older_cell_that_still_runs_goes_on_once() {
    let mut live = Live::new(3);
    live.cell(1);
    live.show(1, text("early\n"));
    for number in 2..10 {
        live.event(Fact::Cell {
            cell: CellNumber(number),
            code: "waits()".to_owned(),
            author: Author::from("op1"),
            command: None,
        });
    }
    live.transcript.rebuild(&live.state);
    assert!(live.state.history.of(HistoryKind::Session).count() <= 3);
    live.transcript.show_first();
    let before = live.transcript.want_older(COLUMNS, 2).unwrap();
    let (mut events, complete) = live.page(before, 30);
    // The page was made when the newest output was written down already, and the event of that comes after it.
    let late = Event {
        seq: live.state.head.next(),
        time: Timestamp::UNIX_EPOCH,
        fact: Fact::Output { cell: Some(CellNumber(1)), content: text("late\n") },
    };
    events.push(late.clone());
    live.transcript.prepend(&events, complete, Some(&live.state), COLUMNS);
    live.transcript.apply(&late, &live.state);
    live.transcript.show_first();
    let rows = live.rows();
    assert_eq!(rows.iter().filter(|row| row.contains("late")).count(), 1, "{rows:?}");
    assert!(rows.iter().any(|row| row.contains("early")));
}

fn fact() -> impl Strategy<Value = Fact> {
    let cell = prop::option::weighted(0.8, 1u64..3).prop_map(|cell| cell.map(CellNumber));
    let name = prop::sample::select(vec!["a", "b"]);
    let words = "[a-z]{1,6}\n?";
    let content = prop_oneof![
        4 => words.prop_map(|words| text(&words)),
        2 => (name.clone(), words, any::<bool>()).prop_map(|(name, text, update)| display(name, &text, update)),
        1 => any::<bool>().prop_map(|wait| OutputContent::Clear { wait }),
        1 => Just(OutputContent::Omitted { bytes: 5, file: None, partial: false }),
        1 => Just(OutputContent::Lost { messages: 5 }),
    ];
    prop_oneof![
           10 => (cell.clone(), content).prop_map(|(cell, content)| Fact::Output { cell, content }),
           1 => cell.prop_map(|cell| Fact::Error {
               cell,
               ename: "E".to_owned(),
               evalue: "value".to_owned(),
               traceback: Vec::new(),
    market_time: None }),
           1 => (1u64..3, name.clone()).prop_map(|(cell, input)| Fact::InputRequested {
               cell: CellNumber(cell),
               input: InputId::from(format!("{cell}.{input}")),
               prompt: "? ".to_owned(),
               password: false,
           }),
           1 => (1u64..3, name).prop_map(|(cell, input)| Fact::InputEnded { command: None,
               input: InputId::from(format!("{cell}.{input}")),
               author: Some(Author::from("op2")),
               text: Some("yes".to_owned()),
           }),
           1 => Just(Fact::Log { level: LogLevel::Info, source: "engine".to_owned(), text: "line".to_owned(), market_time: None }),
       ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn the_same_events_show_the_same_live_and_from_a_snapshot(facts in prop::collection::vec(fact(), 0..40)) {
        let mut live = Live::new(1_000);
        live.cell(1);
        live.cell(2);
        for fact in facts {
            live.event(fact);
        }
        prop_assert_eq!(live.rows(), live.snapshot_rows());
    }
}
