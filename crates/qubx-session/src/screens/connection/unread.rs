//! Messages that this version cannot read. No I/O.

use qubx_protocol::{Answer, AnswerResult, ClientMessage, CommandId, Refusal, RequestId};
use serde_json::value::RawValue;

/// A message that cannot be read, with what can still be answered of it: a newer client may know more commands.
pub(super) enum Unread {
    Command(Refusal),
    Request(Answer),
    Nothing(String),
}

pub(super) fn read(raw: &RawValue) -> Result<ClientMessage, Unread> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Named {
        Command { id: CommandId },
        Request { id: RequestId },
    }
    let message: serde_json::Result<ClientMessage> = serde_json::from_str(raw.get());
    if let Some(too_long) = message.as_ref().ok().and_then(ClientMessage::too_long) {
        return Err(Unread::Nothing(too_long));
    }
    message.map_err(|error| {
        let message = format!("this service cannot read it: {error}");
        match serde_json::from_str(raw.get()) {
            Ok(Named::Command { id }) => Unread::Command(Refusal { command: id, message }),
            Ok(Named::Request { id }) => {
                Unread::Request(Answer { request: id, result: AnswerResult::Failed { message } })
            }
            Err(_) => Unread::Nothing(error.to_string()),
        }
    })
}
