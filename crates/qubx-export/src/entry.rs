//! An entry of the history as an object for programs: what `qubx history --json` prints and what is answered over HTTP.

use std::cell::RefCell;
use std::collections::HashMap;

use qubx_protocol::{CellNumber, CellStatus, Event, Fact, OutputContent};
use serde_json::{Map, Value, json};

/// How cells ended: that is no entry of its own, and is told with the cell.
#[derive(Debug, Default)]
pub struct CellEnds(RefCell<HashMap<CellNumber, (CellStatus, u64)>>);

impl CellEnds {
    /// Notes the end of a cell, and tells whether a fact is an entry: the beginning and the end of a cell belong to the cell.
    pub fn is_entry(&self, fact: &Fact) -> bool {
        if let Fact::CellFinished { cell, status, duration_ms } = fact {
            self.0.borrow_mut().insert(*cell, (*status, *duration_ms));
        }
        !matches!(fact, Fact::CellStarted { .. } | Fact::CellFinished { .. })
    }

    /// Returns an event as the documented object: flat, with `kind`, and `author` where there is one.
    #[must_use]
    pub fn object(&self, event: &Event) -> Value {
        entry_object(event, &self.0.borrow())
    }
}

fn entry_object(event: &Event, ends: &HashMap<CellNumber, (CellStatus, u64)>) -> Value {
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
