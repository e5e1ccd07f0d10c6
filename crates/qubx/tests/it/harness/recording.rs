//! A session as it was recorded by `cargo xtask record`: what a service told a screen, moved to now.

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::{Event, Fact, Latest, ServerMessage, SessionState, SessionStatus};
use serde_json::Value;

/// The recording of a session in mode live.
const LIVE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../qubx-protocol/golden/live.jsonl"));

/// What a service told.
pub(super) struct Recording {
    /// The state that the screen began with.
    pub(super) first: SessionState,
    /// What happened then.
    pub(super) events: Vec<Event>,
    /// The newest values at the end.
    pub(super) latest: Latest,
}

impl Recording {
    /// Returns the session in mode live, as if it had just been recorded.
    pub(super) fn live() -> Self {
        let mut frames: Vec<Value> = LIVE.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let newest = frames.iter().filter_map(|frame| time(&frame["event"]["time"])).max();
        let by = Timestamp::now().duration_since(newest.expect("the recording has events"));
        frames.iter_mut().for_each(|frame| shift(frame, by));
        let mut messages = frames.into_iter().map(|frame| serde_json::from_value(frame).unwrap());
        let Some(ServerMessage::Welcome(welcome)) = messages.next() else {
            panic!("it begins with a welcome")
        };
        let first = *welcome.snapshot.expect("a new screen gets a state");
        let mut recording = Self { first, events: Vec::new(), latest: Latest::default() };
        for message in messages {
            match message {
                ServerMessage::Event(event) => recording.events.push(event),
                ServerMessage::Latest(latest) => recording.latest.merge(latest),
                other => panic!("nothing else was recorded: {other:?}"),
            }
        }
        recording
    }

    /// Changes every status in it.
    pub(super) fn change_status(&mut self, change: impl Fn(&mut SessionStatus)) {
        self.first.status.iter_mut().for_each(&change);
        for event in &mut self.events {
            if let Fact::Status(status) = &mut event.fact {
                change(status);
            }
        }
    }
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

/// Moves every time in a frame.
fn shift(value: &mut Value, by: SignedDuration) {
    match value {
        Value::String(_) => {
            if let Some(time) = time(value) {
                *value = time.checked_add(by).unwrap().to_string().into();
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| shift(value, by)),
        Value::Object(fields) => fields.values_mut().for_each(|value| shift(value, by)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
