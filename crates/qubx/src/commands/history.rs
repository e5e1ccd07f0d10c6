//! `qubx history`: a session's entries, from its databases, whether it runs or not.

use qubx_export::CellEnds;
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
    let ends = CellEnds::default();
    let events = read_history(&session_dir, arguments.limit, |fact| ends.is_entry(fact))
        .map_err(Failure::because(format!("cannot read the history of `{}`", arguments.name)))?;
    let mut state = SessionState::new(LogId::default(), 0);
    for event in &events {
        let line = if arguments.json { Some(json::line(&ends.object(event))) } else { render(event, &state) };
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
        let ends = CellEnds::default();
        let is_known = |fact: &Fact| !matches!(fact, Fact::Unknown(_));
        let entries: Vec<_> =
            events.iter().filter(|event| ends.is_entry(&event.fact) && is_known(&event.fact)).collect();
        let mut printed: Vec<Value> = Vec::new();
        for event in entries {
            let entry = ends.object(event);
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
