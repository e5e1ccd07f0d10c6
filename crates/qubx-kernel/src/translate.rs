//! Jupyter's contents in the session's words. No I/O.

use std::collections::BTreeMap;

use qubx_protocol::{CellStatus, OutputContent, StreamName};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::mend::mended;
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
    struct Clear {
        #[serde(default)]
        wait: bool,
    }
    #[derive(Deserialize)]
    struct Data {
        data: BTreeMap<String, Value>,
        #[serde(default)]
        transient: Transient,
    }
    #[derive(Default, Deserialize)]
    struct Transient {
        display_id: Option<String>,
    }
    let data = |result: bool, update: bool| {
        let Data { data, transient: Transient { display_id: display } } = content(message)?;
        // What names nothing that could be updated would otherwise be shown a second time.
        (!update || display.is_some()).then_some(Broadcast::Output(OutputContent::Data {
            data,
            result,
            display,
            update,
        }))
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
        "display_data" => data(false, false),
        "update_display_data" => data(false, true),
        "execute_result" => data(true, false),
        "clear_output" => {
            let Clear { wait } = content(message)?;
            Some(Broadcast::Output(OutputContent::Clear { wait }))
        }
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
        // Python's text may be none, and is worth showing all the same.
        .or_else(|error| serde_json::from_str(&mended(&message.content)).map_err(|_| error))
        .inspect_err(
            |error| tracing::warn!(kind = message.header.msg_type, %error, "a message is not understood"),
        )
        .ok()
}

fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::wire::Header;

    fn check(kind: &str, content: Value, expected: Option<OutputContent>) {
        let message = Message {
            header: Header { msg_type: kind.into(), ..Header::default() },
            parent: Header::default(),
            metadata: "{}".into(),
            content: content.to_string().into(),
            number: None,
            size: 0,
        };
        assert_eq!(broadcast(&message), expected.map(Broadcast::Output), "{kind}");
    }

    #[test]
    fn text_with_halves_of_characters_is_shown() {
        let stream = |text: &[u8]| {
            let content = [&br#"{"name":"stdout","text":""#[..], text, br#""}"#].concat();
            broadcast(&Message {
                header: Header { msg_type: "stream".into(), ..Header::default() },
                parent: Header::default(),
                metadata: "{}".into(),
                content: content.into(),
                number: None,
                size: 0,
            })
        };
        for text in [&b"a\xffb"[..], br"a\udcffb"] {
            let text_shown = OutputContent::Stream { stream: StreamName::Stdout, text: "a\u{fffd}b".into() };
            assert_eq!(stream(text), Some(Broadcast::Output(text_shown)));
        }
    }

    #[test]
    fn what_a_cell_does_to_its_own_output_is_told() {
        let data = BTreeMap::from([("text/plain".to_owned(), json!("1"))]);
        let shown = |display: Option<&str>, result, update| {
            Some(OutputContent::Data {
                data: data.clone(),
                result,
                display: display.map(str::to_owned),
                update,
            })
        };
        let named = json!({ "data": data, "metadata": {}, "transient": { "display_id": "d" } });
        let plain = json!({ "data": data, "metadata": {}, "transient": {} });
        check("display_data", named.clone(), shown(Some("d"), false, false));
        check("display_data", plain.clone(), shown(None, false, false));
        check("display_data", json!({ "data": data }), shown(None, false, false));
        check("update_display_data", named, shown(Some("d"), false, true));
        check("update_display_data", plain.clone(), None);
        check("execute_result", plain, shown(None, true, false));
        check("clear_output", json!({ "wait": true }), Some(OutputContent::Clear { wait: true }));
        check("clear_output", json!({}), Some(OutputContent::Clear { wait: false }));
    }
}
