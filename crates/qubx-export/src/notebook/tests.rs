use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use qubx_protocol::{CellStatus, Epoch, LogLevel, Seq, StreamName};
use serde_json::json;

use super::*;

fn at(second: i64) -> Timestamp {
    "2026-01-02T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
}

/// Returns facts as events, a second apart.
fn events(facts: Vec<Fact>) -> Vec<Event> {
    facts
        .into_iter()
        .zip(1..)
        .map(|(fact, seq)| Event { seq: Seq(seq), time: at(seq.cast_signed()), fact })
        .collect()
}

fn notebook(facts: Vec<Fact>) -> Value {
    let mut notebook = Notebook::new("demo");
    let mut text = notebook.begin();
    for event in events(facts) {
        text += &notebook.take(&event);
    }
    text += &notebook.finish();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn cell(number: u64, code: &str) -> Fact {
    Fact::Cell { cell: CellNumber(number), code: code.to_owned(), author: "op@tty".into(), command: None }
}

fn started(number: u64, count: u32) -> Fact {
    Fact::CellStarted { cell: CellNumber(number), execution_count: Some(count) }
}

fn finished(number: u64) -> Fact {
    Fact::CellFinished { cell: CellNumber(number), status: CellStatus::Ok, duration_ms: 12 }
}

fn output(number: Option<u64>, content: OutputContent) -> Fact {
    Fact::Output { cell: number.map(CellNumber), content }
}

fn print(number: Option<u64>, text: &str) -> Fact {
    output(number, OutputContent::Stream { stream: StreamName::Stdout, text: text.to_owned() })
}

fn shows(number: Option<u64>, text: &str, display: Option<&str>, update: bool) -> Fact {
    let data = BTreeMap::from([("text/plain".to_owned(), json!(text))]);
    output(number, OutputContent::Data { data, result: false, display: display.map(str::to_owned), update })
}

fn log(text: &str) -> Fact {
    Fact::Log {
        level: LogLevel::Info,
        source: "strategy".to_owned(),
        text: text.to_owned(),
        market_time: None,
    }
}

/// Returns what a cell of a notebook has in `source`.
fn source(cell: &Value) -> String {
    cell["source"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect()
}

/// Returns all cells behind the title: their source, and of code cells the outputs.
fn parts(notebook: &Value) -> Vec<(String, Value)> {
    let cells = notebook["cells"].as_array().unwrap()[1..].iter();
    cells.map(|cell| (source(cell), cell["outputs"].clone())).collect()
}

#[test]
fn a_cell_has_its_number_author_times_and_everything_that_it_showed() {
    let data = BTreeMap::from([
        ("application/json".to_owned(), json!({"a": [1]})),
        ("image/png".to_owned(), json!("iVBOR")),
        ("text/plain".to_owned(), json!("two\nlines")),
    ]);
    let made = notebook(vec![
        cell(7, "print('a')\n1 + 1"),
        started(7, 3),
        print(Some(7), "a"),
        print(Some(7), "b\nc"),
        output(Some(7), OutputContent::Stream { stream: StreamName::Stderr, text: "careful\n".to_owned() }),
        output(Some(7), OutputContent::Data { data, result: true, display: None, update: false }),
        Fact::Error {
            cell: Some(CellNumber(7)),
            ename: "ValueError".to_owned(),
            evalue: "no".to_owned(),
            traceback: vec!["\u{1b}[31mTraceback\u{1b}[0m".to_owned(), "ValueError: no".to_owned()],
            market_time: None,
        },
        output(
            Some(7),
            OutputContent::Omitted { bytes: 9, file: Some("outputs/7".to_owned()), partial: false },
        ),
        Fact::InputRequested {
            cell: CellNumber(7),
            input: "7.1".into(),
            prompt: "name? ".to_owned(),
            password: false,
        },
        Fact::InputEnded {
            input: "7.1".into(),
            author: Some("op".into()),
            text: Some("x".to_owned()),
            command: None,
        },
        finished(7),
    ]);
    assert_eq!((&made["nbformat"], &made["nbformat_minor"]), (&json!(4), &json!(5)));
    assert_eq!(made["metadata"]["kernelspec"]["name"], "python3");
    assert_eq!(
        made["cells"][1],
        json!({
            "cell_type": "code",
            "execution_count": 3,
            "id": "cell-1",
            "metadata": {
                "execution": {"iopub.execute_input": at(2), "shell.execute_reply": at(11)},
                "qubx": {"author": "op@tty", "cell": 7, "duration_ms": 12, "status": "ok", "time": at(1)},
            },
            "source": ["print('a')\n", "1 + 1"],
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["ab\n", "c"]},
                {"output_type": "stream", "name": "stderr", "text": ["careful\n"]},
                {"output_type": "execute_result", "execution_count": 3, "metadata": {}, "data": {
                    "application/json": {"a": [1]}, "image/png": ["iVBOR"], "text/plain": ["two\n", "lines"],
                }},
                {"output_type": "error", "ename": "ValueError", "evalue": "no",
                    "traceback": ["\u{1b}[31mTraceback\u{1b}[0m", "ValueError: no"]},
                {"output_type": "stream", "name": "stderr",
                    "text": ["[… 9 bytes of output are left out here; all of it is in outputs/7 …]\n"]},
                {"output_type": "stream", "name": "stdout", "text": ["name? x\n"]},
            ],
        })
    );
}

#[test]
fn what_a_cell_clears_is_gone_and_what_it_updates_stands_where_it_stood() {
    let stream = |text: &str| json!({"output_type": "stream", "name": "stdout", "text": [text]});
    let shown =
        |text: &str| json!({"output_type": "display_data", "metadata": {}, "data": {"text/plain": [text]}});
    let clear = |wait| output(Some(1), OutputContent::Clear { wait });
    let check = |facts: Vec<Fact>, expected: Value| {
        let all = [vec![cell(1, "x"), started(1, 1)], facts, vec![finished(1)]].concat();
        assert_eq!(parts(&notebook(all))[0].1, expected);
    };
    check(vec![print(Some(1), "a"), clear(false), print(Some(1), "b")], json!([stream("b")]));
    check(vec![print(Some(1), "a"), clear(true), print(Some(1), "b")], json!([stream("b")]));
    check(vec![print(Some(1), "a"), clear(true)], json!([stream("a")]));
    check(
        vec![
            shows(Some(1), "0 %", Some("bar"), false),
            print(Some(1), "a"),
            shows(Some(1), "9 %", Some("bar"), true),
        ],
        json!([shown("9 %"), stream("a")]),
    );
    // What it takes the place of is written already: it is shown anew, not lost.
    check(vec![shows(Some(1), "9 %", Some("gone"), true)], json!([shown("9 %")]));
}

#[test]
fn what_is_no_cell_stands_in_tables_between_the_cells() {
    let made = notebook(vec![
        Fact::Started { epoch: Epoch(2), restored: false },
        log("before"),
        cell(1, "one"),
        started(1, 1),
        log("while it runs | *and* <b>"),
        finished(1),
        cell(2, "two"),
        started(2, 2),
        finished(2),
        print(Some(1), "late"),
        print(None, "by the strategy"),
        shows(None, "a figure", None, false),
    ]);
    let shown = parts(&made);
    let texts: Vec<&str> = shown.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "| Time | Kind | By | Text |\n|:--|:--|:--|:--|\n\
             | 2026-01-02 12:00:01.000 | RUN | session | life 2 of the account |\n\
             | 2026-01-02 12:00:02.000 | INFO | strategy | before |",
            "one",
            "| Time | Kind | By | Text |\n|:--|:--|:--|:--|\n\
             | 2026-01-02 12:00:05.000 | INFO | strategy | while it runs &#124; &#42;and&#42; &#60;b&#62; |",
            "two",
            "| Time | Kind | By | Text |\n|:--|:--|:--|:--|\n\
             | 2026-01-02 12:00:10.000 | PRINT | cell 1 | late |\n\
             | 2026-01-02 12:00:11.000 | PRINT | strategy | by the strategy |",
            "",
        ]
    );
    assert_eq!(shown[5].1[0]["data"]["text/plain"], json!(["a figure"]));
    let ids: Vec<&str> =
        made["cells"].as_array().unwrap().iter().map(|cell| cell["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["title", "entries-1", "cell-3", "entries-5", "cell-7", "entries-10", "shown-12"]);
}

#[test]
fn a_replay_s_rows_have_the_market_s_time_too_and_many_are_folded() {
    let of = |text: &str| Fact::Log {
        level: LogLevel::Warning,
        source: "engine".to_owned(),
        text: text.to_owned(),
        market_time: Some("2020-05-06T07:08:09Z".parse().unwrap()),
    };
    let shown = parts(&notebook(vec![of("x")]));
    assert!(shown[0].0.contains("| Time | In the market | Kind |"), "{shown:?}");
    assert!(shown[0].0.contains(" | 2020-05-06 07:08:09.000 | WARNING | engine | x |"), "{shown:?}");
    let folded = parts(&notebook((0..20).map(|_| log("x")).collect()));
    assert_eq!(folded.len(), 1);
    let begin = "<details><summary>20 entries, 2026-01-02 12:00:01 to 2026-01-02 12:00:20: 20 INFO</summary>\n\n| Time";
    assert!(folded[0].0.starts_with(begin), "{}", folded[0].0);
}

#[test]
fn a_long_history_needs_little_memory_even_while_a_cell_runs() {
    let mut notebook = Notebook::new("demo");
    let mut text = notebook.begin();
    let mut facts = vec![cell(1, "while True: pass"), started(1, 1)];
    facts.extend((0..20_000).map(|number| log(&number.to_string())));
    let mut most = 0;
    for event in events(facts) {
        text += &notebook.take(&event);
        most = most.max(notebook.parts.len());
    }
    assert!(most <= MOST_TABLES + 1, "{most} parts wait");
    text += &notebook.finish();
    let made: Value = serde_json::from_str(&text).unwrap();
    let sources: Vec<String> = made["cells"].as_array().unwrap().iter().map(source).collect();
    let all: Vec<&str> =
        sources.iter().flat_map(|text| text.lines()).filter(|line| line.contains("INFO |")).collect();
    assert_eq!(all.len(), 20_000, "each row once");
    assert!(all.is_sorted(), "in order");
    assert_eq!(sources.iter().filter(|text| *text == "while True: pass").count(), 1);
}

#[test]
fn a_cell_whose_run_ended_without_a_word_holds_nothing_up() {
    let mut notebook = Notebook::new("demo");
    notebook.begin();
    let facts = vec![cell(1, "x"), started(1, 1), Fact::Started { epoch: Epoch(2), restored: false }];
    let text: String = events(facts).iter().map(|event| notebook.take(event)).collect();
    assert!(text.contains("\"cell-1\""), "{text}");
}

proptest! {
    /// Whatever happens in whatever order: it is a notebook, each cell has an id of its own, and no text is lost.
    #[test]
    fn any_history_is_a_notebook(steps in prop::collection::vec((0..8_u8, 1..4_u64, "[ -~\n]{0,6}"), 0..40)) {
        let facts = steps.iter().map(|(kind, number, text)| match kind {
            0 => cell(*number, text),
            1 => started(*number, 1),
            2 => finished(*number),
            3 => print(Some(*number), text),
            4 => print(None, text),
            5 => shows(Some(*number), text, Some("d"), number % 2 == 0),
            6 => Fact::Started { epoch: Epoch(1), restored: true },
            _ => log(text),
        });
        let made = notebook(facts.collect());
        let cells = made["cells"].as_array().unwrap();
        let mut ids: Vec<&str> = cells.iter().map(|cell| cell["id"].as_str().unwrap()).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), all, "ids are there once");
        let submitted = steps.iter().filter(|(kind, ..)| *kind == 0).count();
        let numbered = cells.iter().filter(|cell| !cell["metadata"]["qubx"]["cell"].is_null()).count();
        prop_assert_eq!(numbered, submitted);
        for cell in cells.iter().filter(|cell| cell["cell_type"] == "code") {
            prop_assert!(cell["outputs"].is_array() && cell.get("execution_count").is_some());
        }
    }
}
