//! Frames of a service that may be newer: what cannot be read is told from what may be left out. No I/O.
//!
//! A frame is first taken as raw JSON, so that one which this version cannot read still tells its kind.

use std::collections::BTreeMap;

use qubx_protocol::{FrameBuffer, ServerMessage};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// The kinds that the state, or somebody who waits, depends on: without them it is not the same session any more.
const NEEDED: [&str; 3] = ["welcome", "error", "refused"];

/// A frame that arrived.
#[derive(Debug)]
pub(crate) enum Frame {
    /// A message.
    Message(Box<ServerMessage>),
    /// An event that this version cannot read, and why.
    UnreadableEvent(String),
    /// Something that may be left out: newest values, an answer, or a kind that this version does not know.
    Skipped {
        /// The kind as it stands on the wire.
        kind: String,
        /// Why it cannot be read.
        error: String,
    },
}

/// Takes the next whole frame out of the buffer; none until more bytes arrive.
///
/// # Errors
/// Why the connection cannot go on: what came is no message at all, or one that cannot be missed.
pub(crate) fn next(buffer: &mut FrameBuffer) -> Result<Option<Frame>, String> {
    let raw: Box<RawValue> = match buffer.next_message() {
        Ok(Some(raw)) => raw,
        Ok(None) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let error = match serde_json::from_str(raw.get()) {
        Ok(message) => return Ok(Some(Frame::Message(Box::new(message)))),
        Err(error) => error.to_string(),
    };
    let kind = match serde_json::from_str::<BTreeMap<String, IgnoredAny>>(raw.get()) {
        Ok(fields) if fields.len() == 1 => fields.into_keys().next().unwrap_or_default(),
        _ => return Err(error),
    };
    match kind.as_str() {
        "event" => Ok(Some(Frame::UnreadableEvent(error))),
        needed if NEEDED.contains(&needed) => Err(error),
        _ => Ok(Some(Frame::Skipped { kind, error })),
    }
}
