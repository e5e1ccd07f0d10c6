//! Jupyter's contents in the session's words. No I/O.

use std::collections::BTreeMap;

use qubx_protocol::{CellStatus, OutputContent, StreamName};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::wire::Message;

/// What a message on the output channel says.
#[derive(Debug, PartialEq)]
pub(crate) enum Broadcast {
    /// A request began.
    Busy,
    /// A request ended, and all of its output came before.
    Idle,
    /// A cell's source; `stored` when it belongs in the history.
    Input { code: String, execution_count: Option<u32>, stored: bool },
    /// Something was written or shown.
    Output(OutputContent),
    /// Something was raised.
    Error(Exception),
}

/// An exception as Jupyter tells it.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Exception {
    #[serde(default)]
    pub(crate) ename: String,
    #[serde(default)]
    pub(crate) evalue: String,
    #[serde(default)]
    pub(crate) traceback: Vec<String>,
}

/// How a cell of ours was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// It ran.
    Ran(CellStatus),
    /// It ended by a cancelled `await`: by an interrupt, if there was one, else by its own doing.
    Cancelled,
    /// It never ran, because somebody else's cell before it failed.
    Aborted,
}

/// Returns what a broadcast says; none for what the session has no use for.
pub(crate) fn broadcast(message: &Message) -> Option<Broadcast> {
    #[derive(Deserialize)]
    struct Status {
        execution_state: String,
    }
    #[derive(Deserialize)]
    struct Input {
        code: String,
        execution_count: Option<u32>,
    }
    #[derive(Deserialize)]
    struct Marks {
        #[serde(default = "yes")]
        qubx_history: bool,
    }
    #[derive(Deserialize)]
    struct Stream {
        name: StreamName,
        text: String,
    }
    #[derive(Deserialize)]
    struct Data {
        data: BTreeMap<String, Value>,
    }
    let data = |result| {
        let Data { data } = content(message)?;
        Some(Broadcast::Output(OutputContent::Data { data, result, display: None, update: false }))
    };
    match message.header.msg_type.as_str() {
        "status" => match content::<Status>(message)?.execution_state.as_str() {
            "busy" => Some(Broadcast::Busy),
            "idle" => Some(Broadcast::Idle),
            _ => None,
        },
        "execute_input" => {
            let Input { code, execution_count } = content(message)?;
            let stored = serde_json::from_slice::<Marks>(&message.metadata).map_or(true, |m| m.qubx_history);
            Some(Broadcast::Input { code, execution_count, stored })
        }
        "stream" => {
            let Stream { name, text } = content(message)?;
            Some(Broadcast::Output(OutputContent::Stream { stream: name, text }))
        }
        "display_data" | "update_display_data" => data(false),
        "execute_result" => data(true),
        "error" => content(message).map(Broadcast::Error),
        _ => None,
    }
}

/// Returns how a cell was answered; none when the message is no answer to a cell.
pub(crate) fn reply(message: &Message) -> Option<Reply> {
    #[derive(Deserialize)]
    struct Execute {
        status: String,
        #[serde(default)]
        ename: String,
    }
    if message.header.msg_type != "execute_reply" {
        return None;
    }
    let Execute { status, ename } = content(message)?;
    Some(match (status.as_str(), ename.as_str()) {
        ("ok", _) => Reply::Ran(CellStatus::Ok),
        ("aborted" | "abort", _) => Reply::Aborted,
        (_, "KeyboardInterrupt") => Reply::Ran(CellStatus::Interrupted),
        (_, "CancelledError") => Reply::Cancelled,
        _ => Reply::Ran(CellStatus::Error),
    })
}

fn content<T: DeserializeOwned>(message: &Message) -> Option<T> {
    serde_json::from_slice(&message.content)
        .inspect_err(
            |error| tracing::warn!(kind = message.header.msg_type, %error, "a message is not understood"),
        )
        .ok()
}

fn yes() -> bool {
    true
}
