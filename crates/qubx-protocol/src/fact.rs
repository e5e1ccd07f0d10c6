//! Numbered events: what happened, once, in order, for everyone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Author, CellNumber, CommandId, Epoch, Fill, LedgerRow, Order, Position, Seq, SessionStatus};

/// A fact with its number and its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The number; the session task alone gives it.
    pub seq: Seq,
    /// When it was written down.
    pub time: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub fact: Fact,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A run began: the account is new unless it was restored. Positions and orders of before are gone.
    Started {
        /// The account's life.
        epoch: Epoch,
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
    Unknown(serde_json::Map<String, serde_json::Value>),
}

/// How far a verb is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
#[serde(untagged)]
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
    },
}

/// A stream of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamName {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// The kinds that this version knows, as they stand on the wire.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Known {
    Started {
        epoch: Epoch,
    },
    Cell {
        cell: CellNumber,
        code: String,
        author: Author,
        command: Option<CommandId>,
    },
    CellStarted {
        cell: CellNumber,
        execution_count: Option<u32>,
    },
    Output {
        cell: Option<CellNumber>,
        #[serde(flatten)]
        content: OutputContent,
    },
    Error {
        cell: Option<CellNumber>,
        ename: String,
        evalue: String,
        traceback: Vec<String>,
    },
    CellFinished {
        cell: CellNumber,
        status: CellStatus,
        duration_ms: u64,
    },
    Log {
        level: LogLevel,
        source: String,
        text: String,
    },
    Order {
        row: LedgerRow,
        order: Order,
    },
    Fill {
        row: LedgerRow,
        fill: Fill,
        position: Position,
    },
    Verb {
        row: LedgerRow,
        #[serde(flatten)]
        verb: VerbProgress,
    },
    Status {
        status: Box<SessionStatus>,
    },
}

/// The names of the kinds in [`Known`]. A kind that is not here is kept as unknown.
const KNOWN_KINDS: [&str; 11] = [
    "started",
    "cell",
    "cell_started",
    "output",
    "error",
    "cell_finished",
    "log",
    "order",
    "fill",
    "verb",
    "status",
];

impl Serialize for Fact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = match self.clone() {
            Fact::Unknown(map) => return map.serialize(serializer),
            Fact::Started { epoch } => Known::Started { epoch },
            Fact::Cell { cell, code, author, command } => Known::Cell { cell, code, author, command },
            Fact::CellStarted { cell, execution_count } => Known::CellStarted { cell, execution_count },
            Fact::Output { cell, content } => Known::Output { cell, content },
            Fact::Error { cell, ename, evalue, traceback } => Known::Error { cell, ename, evalue, traceback },
            Fact::CellFinished { cell, status, duration_ms } => {
                Known::CellFinished { cell, status, duration_ms }
            }
            Fact::Log { level, source, text } => Known::Log { level, source, text },
            Fact::Order { row, order } => Known::Order { row, order },
            Fact::Fill { row, fill, position } => Known::Fill { row, fill, position },
            Fact::Verb { row, verb } => Known::Verb { row, verb },
            Fact::Status(status) => Known::Status { status },
        };
        known.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Fact {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = serde_json::Map::deserialize(deserializer)?;
        let kind = map.get("kind").and_then(serde_json::Value::as_str);
        if !kind.is_some_and(|kind| KNOWN_KINDS.contains(&kind)) {
            return Ok(Fact::Unknown(map));
        }
        let known = Known::deserialize(serde_json::Value::Object(map)).map_err(serde::de::Error::custom)?;
        Ok(match known {
            Known::Started { epoch } => Fact::Started { epoch },
            Known::Cell { cell, code, author, command } => Fact::Cell { cell, code, author, command },
            Known::CellStarted { cell, execution_count } => Fact::CellStarted { cell, execution_count },
            Known::Output { cell, content } => Fact::Output { cell, content },
            Known::Error { cell, ename, evalue, traceback } => Fact::Error { cell, ename, evalue, traceback },
            Known::CellFinished { cell, status, duration_ms } => {
                Fact::CellFinished { cell, status, duration_ms }
            }
            Known::Log { level, source, text } => Fact::Log { level, source, text },
            Known::Order { row, order } => Fact::Order { row, order },
            Known::Fill { row, fill, position } => Fact::Fill { row, fill, position },
            Known::Verb { row, verb } => Fact::Verb { row, verb },
            Known::Status { status } => Fact::Status(status),
        })
    }
}
