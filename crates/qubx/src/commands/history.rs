//! `qubx history`: a session's entries, from its databases, whether it runs or not.

use std::cell::RefCell;
use std::collections::HashMap;

use qubx_export::{entry_object, is_entry};
use qubx_protocol::{Fact, LogId, SessionState};
use qubx_session::read_history;

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
            Some(json::line(&entry_object(event, &ends.borrow())))
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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::json::documented::{check, golden};

    #[test]
    fn each_kind_of_entry_is_as_documented() {
        let (events, _) = golden();
        let ends = events.iter().filter_map(|event| match event.fact {
            Fact::CellFinished { cell, status, duration_ms } => Some((cell, (status, duration_ms))),
            _ => None,
        });
        let ends: HashMap<_, _> = ends.collect();
        let mut printed: Vec<Value> = Vec::new();
        for event in &events {
            let is_unknown = matches!(event.fact, Fact::Unknown(_));
            if !is_entry(&event.fact) || is_unknown {
                continue;
            }
            let entry = entry_object(event, &ends);
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
