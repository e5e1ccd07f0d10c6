//! `qubx history`: a session's entries, from its databases, whether it runs or not.

use std::io::Write;

use qubx_home::{Home, list_sessions, safe_component};
use qubx_protocol::{Event, Fact, LogId, SessionState};
use qubx_session::read_history;
use serde_json::{Value, json};

use crate::arguments::HistoryArguments;
use crate::failure::{Failure, Outcome};
use crate::plain::render;

/// `qubx history NAME`
pub(crate) fn history(arguments: HistoryArguments) -> Result<Outcome, Failure> {
    let home = Home::locate()?;
    let running = list_sessions(&home)?.into_iter().rev().find(|session| session.is_named(&arguments.name));
    let session_dir = match running {
        Some(session) => session.file.qubx.session_dir,
        None => home.session("paper", "default", &safe_component(&arguments.name)),
    };
    if !session_dir.join("session.db").is_file() {
        return Err(Failure::new(format!(
            "there is no session `{}`: {} is empty",
            arguments.name,
            session_dir.display()
        )));
    }
    let history = read_history(&session_dir, arguments.limit, is_entry)
        .map_err(Failure::because(format!("cannot read the history of `{}`", arguments.name)))?;
    let mut stdout = std::io::stdout().lock();
    let mut state = SessionState::new(LogId::default(), 0);
    for event in &history.events {
        let line = if arguments.json { Some(entry(event).to_string()) } else { render(event, &state) };
        if let Fact::Status(status) = &event.fact {
            state.status = Some((**status).clone());
        }
        if let Some(line) = line
            && let Err(error) = writeln!(stdout, "{line}")
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
fn entry(event: &Event) -> Value {
    let mut object = json!(event);
    let author = match &event.fact {
        Fact::Order { order, .. } => Some(&order.author),
        Fact::Fill { fill, .. } => Some(&fill.author),
        _ => None,
    };
    if let (Value::Object(fields), Some(author)) = (&mut object, author) {
        fields.insert("author".to_owned(), json!(author));
    }
    object
}
