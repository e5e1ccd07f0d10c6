//! Holds `docs/json.md` to what is really printed: each command compares its example there with what it makes of the
//! samples that the protocol's golden files have.
//!
//! `QUBX_BLESS=1 cargo test -p qubx --lib documented` writes the examples anew; the text around them is for people to
//! write, and names every field.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use clap::CommandFactory;
use qubx_protocol::{Event, Fact, Latest, LogId, OutputContent, ServerMessage, SessionState};
use serde_json::Value;

use super::{line, pretty};
use crate::arguments::Arguments;

/// What the document says of objects whose keys are the user's own.
const OWN_KEYS: [&str; 3] = ["files", "mime", "parameters"];
/// Commands that are documented without an example of the kind that is checked here.
const WITHOUT_EXAMPLE: [&str; 1] = ["qubx doctor"];

fn path(below_crates: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(below_crates)
}

/// Returns the events and the newest values of the golden messages.
pub(crate) fn golden() -> (Vec<Event>, Latest) {
    let text = std::fs::read_to_string(path("qubx-protocol/golden/server.jsonl")).unwrap();
    let (mut events, mut newest) = (Vec::new(), Latest::default());
    for message in text.lines().map(|line| serde_json::from_str(line).unwrap()) {
        match message {
            ServerMessage::Event(event) => events.push(with_everything(event)),
            // The second market has nothing but what is stale.
            ServerMessage::Latest(latest) if newest.market.is_none() || latest.market.is_none() => {
                newest.merge(latest);
            }
            _ => {}
        }
    }
    (events, newest)
}

/// Gives an event what the golden one leaves out.
fn with_everything(mut event: Event) -> Event {
    let time = Some(event.time);
    match &mut event.fact {
        Fact::Order { order, .. } => (order.cause, order.changed_at) = (Some("c1".into()), time),
        Fact::Log { market_time, .. } | Fact::Error { market_time, .. } => *market_time = time,
        Fact::Results(results) => {
            for of in &mut results.accounts {
                of.sharpe = Some(rust_decimal::Decimal::new(2_718_282, 6));
            }
        }
        Fact::Output { content: OutputContent::Omitted { partial, .. }, .. } => *partial = true,
        Fact::Status(status) => {
            status.kernel.ended = Some("signal 9".to_owned());
            status.strategy.error = Some("ValueError: no".to_owned());
        }
        _ => {}
    }
    event
}

/// Returns the state that the golden events lead to, with an order that is still open.
pub(crate) fn state(events: &[Event]) -> SessionState {
    let mut state = SessionState::new(LogId::default(), 100);
    for event in events.iter().filter(|event| event.seq.0 <= 24) {
        state.apply(event);
    }
    state
}

/// One writer at a time: tests run beside one another.
static WRITING: Mutex<()> = Mutex::new(());

/// Compares the example of a command with what it prints, and asserts that the text names each field and no other.
pub(crate) fn check(command: &str, printed: &[Value]) {
    let _alone = WRITING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let file = path("../docs/json.md");
    let document = std::fs::read_to_string(&file).unwrap();
    let (section, example) = places(&document, command);
    let text = match printed {
        [one] => pretty(one),
        many => many.iter().map(line).collect::<Vec<_>>().join("\n"),
    };
    if std::env::var_os("QUBX_BLESS").is_some() {
        let blessed = [&document[..example.start], &text, &document[example.end..]].concat();
        std::fs::write(&file, blessed).unwrap();
        return;
    }
    assert_eq!(&document[example], text, "the example of `{command}` in docs/json.md");
    let mut printed_names = BTreeSet::new();
    printed.iter().for_each(|value| names(value, &mut printed_names));
    let documented = rows(&document[section]);
    let missing: Vec<_> = printed_names.difference(&documented).collect();
    let unknown: Vec<_> = documented.difference(&printed_names).collect();
    assert!(missing.is_empty(), "docs/json.md says nothing of these fields of `{command}`: {missing:?}");
    assert!(unknown.is_empty(), "docs/json.md has these fields that `{command}` does not print: {unknown:?}");
}

/// Returns where a command's section is, and the example in it.
fn places(document: &str, command: &str) -> (std::ops::Range<usize>, std::ops::Range<usize>) {
    let has = |heading: &&str| heading.starts_with("## ") && heading.contains(&format!("`{command}`"));
    let heading = document.lines().find(has).unwrap_or_else(|| panic!("docs/json.md has no `{command}`"));
    let begin = document.find(heading).unwrap();
    let end = document[begin + 1..].find("\n## ").map_or(document.len(), |end| begin + 1 + end);
    let fence = |from: usize, mark: &str| {
        let found = document[from..end].find(mark).unwrap_or_else(|| panic!("`{command}` has no example"));
        from + found
    };
    let example = fence(begin, "```json\n") + "```json\n".len();
    (begin..end, example..fence(example, "\n```"))
}

/// Collects the names of all fields, but those that are the user's own.
fn names(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| names(value, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                found.insert(name.clone());
                if !(value.is_object() && OWN_KEYS.contains(&name.as_str())) {
                    names(value, found);
                }
            }
        }
        _ => {}
    }
}

/// Returns the names in the first column of a section's tables.
fn rows(section: &str) -> BTreeSet<String> {
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" |"));
    rows.flat_map(|(names, _)| names.split('`').step_by(2)).map(str::to_owned).collect()
}

#[test]
fn every_command_that_prints_json_is_documented() {
    fn with_json(command: &clap::Command, name: &str, found: &mut Vec<String>) {
        if command.get_arguments().any(|argument| argument.get_long() == Some("json")) {
            found.push(name.to_owned());
        }
        for below in command.get_subcommands() {
            with_json(below, &format!("{name} {}", below.get_name()), found);
        }
    }
    let mut commands = Vec::new();
    with_json(&Arguments::command(), "qubx", &mut commands);
    assert!(commands.len() > 10, "{commands:?}");
    let document = std::fs::read_to_string(path("../docs/json.md")).unwrap();
    for command in commands.iter().filter(|command| !WITHOUT_EXAMPLE.contains(&command.as_str())) {
        places(&document, command);
    }
}
