//! `qubx history`: a session's entries, from its databases, whether it runs or not.

use std::cell::RefCell;
use std::collections::HashMap;

use qubx_protocol::{CellNumber, CellStatus, Event, Fact, LogId, OutputContent, SessionState};
use qubx_session::read_history;
use serde_json::{Map, Value, json};

use crate::arguments::HistoryArguments;
use crate::failure::{Failure, Outcome};
use crate::find::session_dir;
use crate::json;
use crate::out::print;
use crate::plain::render;

/// `qubx history NAME`
pub(crate) fn history(arguments: HistoryArguments) -> Result<Outcome, Failure> {
    let session_dir = session_dir(&arguments.name)?;
    // The end of a cell is no entry of its own; it is told with the cell.
    let ends = RefCell::new(HashMap::new());
    let wanted = |fact: &Fact| {
        if let Fact::CellFinished { cell, status, duration_ms } = fact {
            ends.borrow_mut().insert(*cell, (*status, *duration_ms));
        }
        is_entry(fact)
    };
    let events = read_history(&session_dir, arguments.limit, wanted)
        .map_err(Failure::because(format!("cannot read the history of `{}`", arguments.name)))?;
    let mut state = SessionState::new(LogId::default(), 0);
    for event in &events {
        let line = if arguments.json {
            Some(json::line(&entry(event, &ends.borrow())))
        } else {
            render(event, &state)
        };
        if let Fact::Status(status) = &event.fact {
            state.status = Some((**status).clone());
        }
        if let Some(line) = line
            && let Err(error) = print(&format!("{line}\n"))
        {
            // `qubx history NAME | head` is no error.
            return if error.kind() == std::io::ErrorKind::BrokenPipe {
                Ok(Outcome::Done)
            } else {
                Err(error.into())
            };
        }
    }
    Ok(Outcome::Done)
}

/// Tells whether a fact is an entry: the beginning and the end of a cell belong to the cell.
fn is_entry(fact: &Fact) -> bool {
    !matches!(fact, Fact::CellStarted { .. } | Fact::CellFinished { .. })
}

/// Returns an event as the documented object: flat, with `kind`, and `author` where there is one.
fn entry(event: &Event, ends: &HashMap<CellNumber, (CellStatus, u64)>) -> Value {
    let mut entry = Map::new();
    entry.insert("seq".to_owned(), json!(event.seq));
    entry.insert("time".to_owned(), json!(event.time));
    entry.insert("kind".to_owned(), json!(event.fact.kind()));
    if let Value::Object(mut body) = json!(event.fact) {
        entry.extend(body.remove(event.fact.kind()).and_then(object).unwrap_or_default());
    }
    // What is one level deeper on the wire stands beside the rest here.
    let nested = match &event.fact {
        Fact::Output { content, .. } => {
            entry.remove("content");
            object(match content {
                OutputContent::Stream { stream, text } => json!({"stream": stream, "text": text}),
                OutputContent::Data { data, result, .. } => json!({"mime": data, "result": result}),
                other => json!(other),
            })
        }
        Fact::Cell { cell, .. } => ends
            .get(cell)
            .and_then(|(status, duration_ms)| object(json!({"status": status, "duration_ms": duration_ms}))),
        Fact::Verb { .. } => entry.remove("verb").and_then(object),
        Fact::Order { order, .. } => object(json!({"author": order.author})),
        Fact::Fill { fill, .. } => object(json!({"author": fill.author})),
        Fact::Status(status) => {
            entry.clear();
            object(json!({"seq": event.seq, "time": event.time, "kind": "status", "status": status}))
        }
        _ => None,
    };
    entry.extend(nested.unwrap_or_default());
    Value::Object(entry)
}

fn object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(fields) => Some(fields),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::documented::{check, golden};

    #[test]
    fn each_kind_of_entry_is_as_documented() {
        let (events, _) = golden();
        let ends = events.iter().filter_map(|event| match event.fact {
            Fact::CellFinished { cell, status, duration_ms } => Some((cell, (status, duration_ms))),
            _ => None,
        });
        let ends = ends.collect();
        let mut printed: Vec<Value> = Vec::new();
        for event in &events {
            let is_unknown = matches!(event.fact, Fact::Unknown(_));
            if !is_entry(&event.fact) || is_unknown {
                continue;
            }
            let entry = entry(event, &ends);
            // One of each that has fields of its own.
            let fields = |entry: &Value| entry.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            if !printed.iter().any(|other| other["kind"] == entry["kind"] && fields(other) == fields(&entry))
            {
                printed.push(entry);
            }
        }
        check("qubx history", &printed);
    }
}
