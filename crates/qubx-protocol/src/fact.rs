//! Numbered events: what happened, once, in order, for everyone.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    Author, CellNumber, CommandId, Epoch, Fill, Funding, InputId, LedgerRow, Order, Position, Results, Seq,
    SessionStatus,
};

/// A fact with its number and its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Event {
    /// The number; the session task alone gives it.
    pub seq: Seq,
    /// When it was written down.
    pub time: Timestamp,
    /// What happened.
    pub fact: Fact,
}

/// How far the engine's clock is from the wall's when it is another one.
const ANOTHER_CLOCK: SignedDuration = SignedDuration::from_mins(1);

/// Returns a time of the engine if its clock is another one than the wall's, which shows `wall`: in a replay.
#[must_use]
pub fn market_time(time: Timestamp, wall: Timestamp) -> Option<Timestamp> {
    (time.duration_since(wall).abs() > ANOTHER_CLOCK).then_some(time)
}

impl Event {
    /// Returns when it happened in the market, if that is another time than [`Event::time`]: in a replay. Not every fact
    /// knows it.
    #[must_use]
    pub fn market_time(&self) -> Option<Timestamp> {
        let time = match &self.fact {
            Fact::Log { market_time, .. } | Fact::Error { market_time, .. } => *market_time,
            Fact::Order { order, .. } => order.changed_at,
            Fact::Fill { fill, .. } => Some(fill.time),
            Fact::Funding { funding, .. } => Some(funding.time),
            _ => None,
        };
        market_time(time?, self.time)
    }
}

/// What happened.
///
/// On the wire it is an object with one key, the kind, and is read without a detour: a snapshot has thousands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(remote = "Self", rename_all = "snake_case")]
pub enum Fact {
    /// A run began. Cells of before are gone; positions and orders too, unless the run was restored.
    Started {
        /// The account's life: a new one, unless the run was restored.
        epoch: Epoch,
        /// Whether it goes on with the positions and orders of the run before.
        #[serde(default)]
        restored: bool,
    },
    /// Somebody submitted a cell.
    Cell {
        /// Its number.
        cell: CellNumber,
        /// Its source.
        code: String,
        /// Who.
        author: Author,
        /// The command that brought it; none for a Jupyter guest's.
        command: Option<CommandId>,
    },
    /// A cell began to run.
    CellStarted {
        /// The cell.
        cell: CellNumber,
        /// The number in the kernel's own `In` and `Out`.
        execution_count: Option<u32>,
    },
    /// A cell, or the strategy, wrote or showed something.
    Output {
        /// The cell; none for the strategy's threads.
        cell: Option<CellNumber>,
        /// What.
        content: OutputContent,
    },
    /// A cell waits for a line of text; anyone who may run cells may give it.
    InputRequested {
        /// The cell.
        cell: CellNumber,
        /// The wait, to be named by the answer.
        input: InputId,
        /// What the cell asks, possibly empty.
        prompt: String,
        /// Whether the answer must not be shown.
        password: bool,
    },
    /// A cell does not wait for a line any more.
    InputEnded {
        /// The wait.
        input: InputId,
        /// Who answered; none when the cell was interrupted or ended.
        author: Option<Author>,
        /// The answer; none for a password, for a Jupyter guest's own, and when nobody answered.
        text: Option<String>,
        /// The command that brought it; none when no command did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        command: Option<CommandId>,
    },
    /// A cell, or the strategy, raised.
    Error {
        /// The cell; none for the strategy.
        cell: Option<CellNumber>,
        /// The exception's class.
        ename: String,
        /// The exception's message.
        evalue: String,
        /// The traceback, a line or more an item, possibly with ANSI colours.
        traceback: Vec<String>,
        /// When, by the engine's clock, where that is another one than the wall's: of a callback in a replay.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        market_time: Option<Timestamp>,
    },
    /// A cell ended.
    CellFinished {
        /// The cell.
        cell: CellNumber,
        /// How.
        status: CellStatus,
        /// How long it ran, in milliseconds.
        duration_ms: u64,
    },
    /// Somebody wrote to the log.
    Log {
        /// How grave.
        level: LogLevel,
        /// Who: `engine`, `strategy`, `session`, `kernel`.
        source: String,
        /// What, one line or more.
        text: String,
        /// When, by the engine's clock, where that is another one than the wall's: in a replay.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        market_time: Option<Timestamp>,
    },
    /// An order changed.
    Order {
        /// Where the ledger keeps it.
        row: LedgerRow,
        /// The order as it is now.
        order: Order,
    },
    /// An order was filled, in whole or in part.
    Fill {
        /// Where the ledger keeps it.
        row: LedgerRow,
        /// The fill.
        fill: Fill,
        /// The position that results.
        position: Position,
    },
    /// Funding was paid or received.
    Funding {
        /// Where the ledger keeps it.
        row: LedgerRow,
        /// The payment.
        funding: Funding,
        /// The position that results.
        position: Position,
    },
    /// A replay is at its end, and this came of it.
    Results(Box<Results>),
    /// A verb's progress.
    Verb {
        /// Where the ledger keeps it.
        row: LedgerRow,
        /// The verb.
        verb: VerbProgress,
    },
    /// The session's status changed; this is the whole of it.
    Status(Box<SessionStatus>),
    /// Something that this version does not know, kept as it came.
    #[serde(skip)]
    Unknown(serde_json::Map<String, serde_json::Value>),
}

/// How far a verb is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct VerbProgress {
    /// The command that asked for it; none when the session did it by itself.
    pub command: Option<CommandId>,
    /// Who asked.
    pub author: Author,
    /// The verb's name, for example `flatten`.
    pub verb: String,
    /// What it acts on; empty when there is nothing to name.
    pub target: String,
    /// How far it is.
    pub outcome: VerbOutcome,
    /// The result in words, for example `3/3 flat, 2 cancelled`.
    pub text: String,
}

/// How far a verb is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum VerbOutcome {
    /// Written down and under way.
    Started,
    /// Done. Final.
    Done,
    /// Not done, or not wholly; the text says why. Final.
    Failed,
}

/// How a cell ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum CellStatus {
    /// Without an exception.
    Ok,
    /// With one.
    Error,
    /// By an interrupt, before or while it ran.
    Interrupted,
    /// With the kernel or the service. It is never run again by itself.
    KernelDied,
}

/// How grave a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// For those who search.
    Debug,
    /// For those who watch.
    Info,
    /// Something to look at.
    Warning,
    /// Something is wrong.
    Error,
}

/// What a cell wrote or showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum OutputContent {
    /// Text on a stream.
    Stream {
        /// Which.
        stream: StreamName,
        /// The text, possibly with ANSI colours.
        text: String,
    },
    /// Something to show, in one or several forms.
    Data {
        /// Form by MIME type; binary forms are base64, as Jupyter sends them.
        data: BTreeMap<String, serde_json::Value>,
        /// Whether this is the value of the cell's last expression.
        result: bool,
        /// The name under which it can be updated later; none when it cannot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        display: Option<String>,
        /// Whether it takes the place of what was shown under `display`, instead of being shown anew.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
        update: bool,
    },
    /// What the cell has shown so far goes.
    Clear {
        /// Only when something new is shown, so that nothing flickers.
        wait: bool,
    },
    /// What stood here is too much for the log.
    Omitted {
        /// How many bytes are left out here.
        bytes: u64,
        /// The file below the session's folder that has what the cell wrote; none when it could not be written.
        file: Option<String>,
        /// Whether a quota was reached, so that the file has the beginning only.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
        partial: bool,
    },
    /// Messages of the kernel were lost here; there were more than it keeps for a slow reader.
    Lost {
        /// How many.
        messages: u64,
    },
}

/// A stream of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum StreamName {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// The kinds that this version knows. One that is not here is kept as unknown.
const KNOWN_KINDS: [&str; 15] = [
    "started",
    "cell",
    "cell_started",
    "output",
    "input_requested",
    "input_ended",
    "error",
    "cell_finished",
    "log",
    "order",
    "fill",
    "funding",
    "results",
    "verb",
    "status",
];

impl Fact {
    /// Returns the command that the fact answers; none when it answers none.
    #[must_use]
    pub fn answers(&self) -> Option<&CommandId> {
        match self {
            Fact::Cell { command, .. } | Fact::InputEnded { command, .. } => command.as_ref(),
            Fact::Verb { verb, .. } => verb.command.as_ref(),
            _ => None,
        }
    }

    /// Returns the kind as it stands on the wire.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Fact::Started { .. } => "started",
            Fact::Cell { .. } => "cell",
            Fact::CellStarted { .. } => "cell_started",
            Fact::Output { .. } => "output",
            Fact::InputRequested { .. } => "input_requested",
            Fact::InputEnded { .. } => "input_ended",
            Fact::Error { .. } => "error",
            Fact::CellFinished { .. } => "cell_finished",
            Fact::Log { .. } => "log",
            Fact::Order { .. } => "order",
            Fact::Fill { .. } => "fill",
            Fact::Funding { .. } => "funding",
            Fact::Results(_) => "results",
            Fact::Verb { .. } => "verb",
            Fact::Status(_) => "status",
            Fact::Unknown(map) => map.keys().next().map_or("unknown", String::as_str),
        }
    }
}

impl Serialize for Fact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Fact::Unknown(map) => map.serialize(serializer),
            known => Fact::serialize(known, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Fact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FactVisitor)
    }
}

/// Reads the kind, and then the rest as what that kind has.
struct FactVisitor;

impl<'de> Visitor<'de> for FactVisitor {
    type Value = Fact;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with one key, the kind of a fact")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fact, A::Error> {
        let kind: String = map.next_key()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        if KNOWN_KINDS.contains(&kind.as_str()) {
            return Fact::deserialize(MapAccessDeserializer::new(WithKind { kind: Some(kind), map }));
        }
        Ok(Fact::Unknown([(kind, map.next_value()?)].into_iter().collect()))
    }
}

/// A map whose first key was read already.
struct WithKind<A> {
    kind: Option<String>,
    map: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithKind<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        match self.kind.take() {
            Some(kind) => seed.deserialize(kind.into_deserializer()).map(Some),
            None => self.map.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}
