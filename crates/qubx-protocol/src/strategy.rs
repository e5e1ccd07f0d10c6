//! What a strategy lets others see and change: its parameters, its actions, what it publishes, and how busy it is.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::InstrumentId;

/// A parameter of the strategy and its value now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// `bool`, `int`, `float`, `str` or `any`.
    pub kind: String,
    /// Its value now, as JSON; what JSON cannot hold is its text.
    pub value: Value,
    /// The value that the class has by itself.
    pub default: Value,
}

/// Something that the strategy can be told to do, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Action {
    /// Its name.
    pub name: String,
    /// What it does, in the words of its author; possibly empty.
    pub description: String,
    /// Whether it must be confirmed.
    pub dangerous: bool,
    /// What it takes; a parameter without a default must be given.
    pub parameters: Vec<ActionParameter>,
}

/// An argument of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ActionParameter {
    /// Its name.
    pub name: String,
    /// `bool`, `int`, `float`, `str` or `any`.
    pub kind: String,
    /// What it is when it is not given, which may be null; none when it must be given.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    #[cfg_attr(test, ts(as = "Option<Value>"))]
    pub default: Option<Value>,
}

/// Reads a value that is there, also a null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// What the strategy shows of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct StrategyView {
    /// What it published, in the order in which it first did.
    #[serde(default)]
    pub published: Vec<Published>,
    /// How long its callbacks take, by name.
    #[serde(default)]
    pub callbacks: Vec<CallbackTime>,
    /// How many inputs wait for it.
    #[serde(default)]
    pub backlog: u64,
    /// Since when it works on the batch of inputs that it has; none while it waits for the market.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy_since: Option<Timestamp>,
}

/// Something that a strategy published under a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Published {
    /// The name.
    pub name: String,
    /// The instrument whose chart it belongs to; none for what belongs to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<InstrumentId>,
    /// When it was published last, by the engine's clock.
    pub time: Timestamp,
    /// What.
    pub content: PublishedContent,
}

/// What a strategy published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum PublishedContent {
    /// One value: a number, a text, a truth or nothing.
    Value(Value),
    /// A table.
    Table {
        /// The names of the columns.
        columns: Vec<String>,
        /// The rows, each with a value for each column.
        rows: Vec<Vec<Value>>,
    },
    /// A line over time. Here is its newest point alone; [`crate::RequestKind::Series`] asks for more.
    Series {
        /// The newest value; none where the line is broken.
        value: Option<f64>,
        /// How many points there are.
        points: u64,
    },
}

/// One point of a line over time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SeriesPoint {
    /// When, by the engine's clock.
    pub time: Timestamp,
    /// The value; none where the line is broken.
    pub value: Option<f64>,
}

/// How long a callback takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CallbackTime {
    /// The callback's name.
    pub name: String,
    /// How often it ran since the strategy started.
    pub count: u64,
    /// The average of all, in microseconds.
    pub mean_us: f64,
    /// The longest of all, in microseconds.
    pub worst_us: f64,
}
