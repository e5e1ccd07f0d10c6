//! The same events show the same, however they come; and looking back moves nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use qubx_protocol::{
    Author, CellNumber, CellStatus, Epoch, Event, Fact, HistoryKind, InputId, LogId, LogLevel, OutputContent,
    Seq, SessionState, StreamName,
};

use super::{Transcript, View};
use crate::theme::Theme;

const COLUMNS: usize = 60;
const SESSION: View = View::Session;

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

/// Returns the rows of everything, but for how long a cell runs.
fn shown(transcript: &Transcript) -> Vec<String> {
    let rows: Vec<String> =
        transcript.visible(SESSION, COLUMNS, 5_000).rows.iter().map(ToString::to_string).collect();
    rows.into_iter().filter(|row| !row.trim_start().starts_with("running")).collect()
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
        live.transcript.choose_first(SESSION);
        let Some(before) = live.transcript.want_older(SESSION, COLUMNS, HEIGHT) else { break };
        assert_eq!(
            live.transcript.visible(SESSION, COLUMNS, HEIGHT).rows[0].to_string(),
            "loading older history …"
        );
        assert_eq!(live.transcript.want_older(SESSION, COLUMNS, HEIGHT), None, "one page at a time");
        let seen = live.transcript.visible(SESSION, COLUMNS, HEIGHT).rows;
        let (events, complete) = live.page(before, 30);
        live.transcript.prepend(&events, complete, Some(&live.state), COLUMNS);
        let now = live.transcript.visible(SESSION, COLUMNS, HEIGHT).rows;
        assert_eq!(now[1..], seen[1..], "what was looked at stays");
        pages += 1;
        assert!(pages < 100, "no end");
    }
    assert!(pages > 1);
    let rows: Vec<String> =
        live.transcript.visible(SESSION, COLUMNS, 5_000).rows.iter().map(ToString::to_string).collect();
    assert_eq!(rows[0], "— beginning of the session —");
    assert_eq!(rows[1..], everything, "all of it is there, in its order");

    live.transcript.follow(SESSION, Some(&live.state));
    assert_eq!(live.rows()[1..], everything, "pages stay while there is room");
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
    live.transcript.choose_first(SESSION);
    let before = live.transcript.want_older(SESSION, COLUMNS, 2).unwrap();
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
    live.transcript.choose_first(SESSION);
    let rows = live.rows();
    assert_eq!(rows.iter().filter(|row| row.contains("late")).count(), 1, "{rows:?}");
    assert!(rows.iter().any(|row| row.contains("early")));
}

#[test]
fn as_many_entries_as_are_kept_are_small_and_every_older_one_can_be_reached() {
    const HEIGHT: usize = 20;
    let mut live = Live::new(50);
    live.event(Fact::Started { epoch: Epoch(1), restored: false });
    for line in 0..super::MOST_ENTRIES + 500 {
        live.line(&format!("line {line}"));
    }
    assert_eq!(live.transcript.entries.len(), super::MOST_ENTRIES);
    assert!(live.transcript.bytes <= super::MOST_BYTES);
    assert!(size_of::<super::Entry>() <= 320, "{} bytes each", size_of::<super::Entry>());
    live.transcript.choose_first(SESSION);
    let mut pages = 0;
    while let Some(before) = live.transcript.want_older(SESSION, COLUMNS, HEIGHT) {
        let (events, complete) = live.page(before, 200);
        live.transcript.prepend(&events, complete, Some(&live.state), COLUMNS);
        live.transcript.choose_first(SESSION);
        assert!(live.transcript.entries.len() <= super::MOST_ENTRIES);
        pages += 1;
        assert!(pages < 10, "no end");
    }
    assert!(live.transcript.visible(SESSION, COLUMNS, HEIGHT).rows[1].to_string().contains("a run begins"));
    // What is newer made place, and is not mixed with what comes now.
    live.line("newest");
    live.transcript.step(SESSION, 20_000, COLUMNS, HEIGHT, Some(&live.state));
    let rows: Vec<String> =
        live.transcript.visible(SESSION, COLUMNS, HEIGHT).rows.iter().map(ToString::to_string).collect();
    assert!(rows[HEIGHT - 1].contains("was let go"), "{rows:?}");
    assert!(!rows.concat().contains("newest"));
    live.transcript.follow(SESSION, Some(&live.state));
    assert!(live.rows().pop().unwrap().contains("newest"));
}

#[test]
fn rows_that_were_let_go_are_laid_out_as_before() {
    let mut live = Live::new(2_000);
    for line in 0..1_500 {
        live.line(&format!("line {line}"));
    }
    let rows = live.rows();
    live.transcript.release_rows();
    assert_eq!(live.rows(), rows);
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

/// What somebody does with a panel of entries.
#[derive(Clone, Debug)]
enum Act {
    Event(Box<Fact>),
    Step(isize),
    Page(isize),
    Filter(String),
    Level,
    Fold,
    Error(bool),
    First,
    Follow,
    Pause,
    Clear,
    Older(usize),
    Rebuild,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => fact().prop_map(|fact| Act::Event(Box::new(fact))),
        2 => (-3isize..4).prop_map(Act::Step),
        1 => (-1isize..2).prop_map(Act::Page),
        1 => "[a-e@ -]{0,4}".prop_map(Act::Filter),
        1 => Just(Act::Level),
        1 => Just(Act::Fold),
        1 => any::<bool>().prop_map(Act::Error),
        1 => Just(Act::First),
        1 => Just(Act::Follow),
        1 => Just(Act::Pause),
        1 => Just(Act::Clear),
        1 => (1usize..4).prop_map(Act::Older),
        1 => Just(Act::Rebuild),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn whatever_is_done_rows_fit_and_a_choice_is_in_reach(
        acts in prop::collection::vec((act(), any::<bool>()), 0..60),
        height in 0usize..12,
    ) {
        let mut live = Live::new(5);
        live.cell(1);
        live.cell(2);
        for (act, is_log) in acts {
            let view = if is_log { View::Log } else { View::Session };
            let state = live.state.clone();
            let transcript = &mut live.transcript;
            match act {
                Act::Event(fact) => live.event(*fact),
                Act::Step(by) => transcript.step(view, by, COLUMNS, height, Some(&state)),
                Act::Page(by) => transcript.page(view, by, COLUMNS, height, Some(&state)),
                Act::Filter(text) => transcript.set_filter(view, text, COLUMNS, height),
                Act::Level => transcript.raise_least(view, COLUMNS, height),
                Act::Fold => { transcript.toggle_fold(view, COLUMNS, height); }
                Act::Error(forward) => { transcript.choose_error(view, forward, COLUMNS, height); }
                Act::First => transcript.choose_first(view),
                Act::Follow => transcript.follow(view, Some(&state)),
                Act::Pause => transcript.pause(view, COLUMNS, height),
                Act::Clear => transcript.clear_view(view, Some(&state)),
                Act::Older(limit) => {
                    if let Some(before) = live.transcript.want_older(view, COLUMNS, height) {
                        let (events, complete) = live.page(before, limit);
                        live.transcript.prepend(&events, complete, Some(&state), COLUMNS);
                    }
                }
                Act::Rebuild => transcript.rebuild(&state),
            }
            for view in View::ALL {
                let visible = live.transcript.visible(view, COLUMNS, height);
                prop_assert!(visible.rows.len() <= height);
                prop_assert!(visible.chosen.is_none_or(|row| row < visible.rows.len()));
                prop_assert!(visible.rows.iter().all(|row| row.width() <= COLUMNS));
                if live.transcript.follows(view) && height > 0 {
                    let all = live.transcript.visible(view, COLUMNS, 5_000).rows;
                    prop_assert_eq!(&all[all.len().saturating_sub(height)..], &visible.rows[..]);
                }
            }
        }
    }
}
