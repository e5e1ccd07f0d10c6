//! An entry of the history as an object for programs: what `qubx history --json` prints and what is answered over HTTP.

use std::collections::HashMap;
use std::hash::BuildHasher;

use qubx_protocol::{CellNumber, CellStatus, Event, Fact, OutputContent};
use serde_json::{Map, Value, json};

/// Tells whether a fact is an entry: the beginning and the end of a cell belong to the cell.
#[must_use]
pub fn is_entry(fact: &Fact) -> bool {
    !matches!(fact, Fact::CellStarted { .. } | Fact::CellFinished { .. })
}

/// Returns an event as the documented object: flat, with `kind`, and `author` where there is one.
#[must_use]
pub fn entry_object<S: BuildHasher>(
    event: &Event,
    ends: &HashMap<CellNumber, (CellStatus, u64), S>,
) -> Value {
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
