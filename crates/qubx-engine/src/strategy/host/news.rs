//! What the host of a strategy tells the session.

use jiff::Timestamp;
use qubx_protocol::{Action, CallbackTime, CommandId, LogLevel, Parameter};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::{At, InstrumentIndex, Interests};

/// What the host tells the session.
#[derive(Debug)]
pub enum HostEvent {
    /// The strategy is made.
    Constructed {
        /// Its parameters.
        parameters: Vec<Parameter>,
        /// What it can be told to do.
        actions: Vec<Action>,
    },
    /// Its `on_start` ran; the feed goes, and callbacks follow.
    Started {
        /// What it reacts to.
        interests: Interests,
    },
    /// It did not start; nothing follows. The feed goes without it.
    Failed {
        /// `new` or `on_start`.
        stage: &'static str,
        /// Why.
        error: String,
    },
    /// A callback failed; the next one follows.
    CallbackError {
        /// Which.
        callback: &'static str,
        /// Why.
        error: String,
        /// How many failed one after the other, with this one.
        in_a_row: u32,
        /// When, by the engine's clock.
        time: Timestamp,
    },
    /// It wrote to the log.
    Log {
        /// How grave.
        level: LogLevel,
        /// What.
        text: String,
        /// When, by the engine's clock.
        time: Timestamp,
    },
    /// How long its callbacks took since it started; told twice a second at most, and at the end.
    Callbacks(Vec<CallbackTime>),
    /// It shows something.
    Published {
        /// Under which name.
        name: String,
        /// On the chart of which instrument, if any.
        instrument: Option<InstrumentIndex>,
        /// When, by the engine's clock.
        time: Timestamp,
        /// What.
        content: Content,
    },
    /// A parameter changed.
    Parameters(Vec<Parameter>),
    /// A command for the strategy is done, with what came of it in words; or it was refused.
    CommandDone(CommandId, Result<String, String>),
    /// It waits until an object is kept, and tells where in its batch it is. All facts up to there are to be stored before
    /// it: see [`EngineHandle::flush`](crate::EngineHandle::flush).
    SaveState(Value, Option<At>, oneshot::Sender<Result<(), String>>),
    /// It waits for the object that was kept last; none when there is none.
    LoadState(oneshot::Sender<Result<Option<Value>, String>>),
    /// It ended, and its thread with it.
    Stopped,
}

/// What a strategy shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// One value.
    Value(Value),
    /// A table.
    Table {
        /// The names of the columns.
        columns: Vec<String>,
        /// The rows.
        rows: Vec<Vec<Value>>,
    },
    /// One more point of a line; none breaks it.
    Point(Option<f64>),
}
