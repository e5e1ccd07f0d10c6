//! The frames between a client and a service.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Author, Bar, CellNumber, Command, CommandId, Epoch, Event, HistoryKind, InstrumentId, Latest, LogId,
    Money, RequestId, Role, Seq, SeriesPoint, SessionState, Timeframe,
};

/// The version of this protocol. A service refuses a client of another one; kinds may be added without a new version.
pub const PROTOCOL_VERSION: u32 = 1;

/// The longest name that a client may give to itself, to a command or to a question, in bytes. Names stand in every entry
/// and in every snapshot.
pub const MAX_NAME: usize = 256;

/// What a client sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ClientMessage {
    /// The first message, and again after a gap.
    Hello(Hello),
    /// Something to be done.
    Command {
        /// Made by the client; the same id is done once.
        id: CommandId,
        /// What.
        command: Command,
    },
    /// A question without an effect.
    Request(Request),
    /// Answered at once by a pong with the same number.
    Ping {
        /// Any number.
        nonce: u64,
    },
}

impl ClientMessage {
    /// Says which name in it is too long; none when all may stand.
    #[must_use]
    pub fn too_long(&self) -> Option<String> {
        let (what, name) = match self {
            ClientMessage::Hello(hello) => ("an identity", hello.identity.as_str()),
            ClientMessage::Command { id, .. } => ("a command's id", id.as_str()),
            ClientMessage::Request(request) => ("a question's id", request.id.as_str()),
            ClientMessage::Ping { .. } => return None,
        };
        (name.len() > MAX_NAME).then(|| format!("{what} has {} bytes; {MAX_NAME} are allowed", name.len()))
    }
}

/// Who a client is and what it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Hello {
    /// The protocol's version.
    pub version: u32,
    /// The log that `after` is a number of; none for a new screen.
    pub log: Option<LogId>,
    /// The number of the last event applied; none for a new screen.
    pub after: Option<Seq>,
    /// Who it is, for the author tag: `user@tty`.
    pub identity: Author,
    /// Whether it is the command that started the session.
    #[serde(default)]
    pub owner: bool,
    /// Whether somebody watches or waits behind it, so that it counts among those attached. A question that is over
    /// in a moment does not.
    #[serde(default)]
    pub screen: bool,
    /// Whether it wants quotes, accounts, presence and alarms.
    #[serde(default)]
    pub latest: bool,
    /// What it may do. A local client may do everything, and may ask for less.
    #[serde(default)]
    pub role: Role,
}

/// A question that never waits for a running cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Request {
    /// Made by the client; the answer names it.
    pub id: RequestId,
    /// What is asked.
    pub kind: RequestKind,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// How could the text at the cursor go on?
    Complete {
        /// The source.
        code: String,
        /// The cursor, in Unicode characters from the beginning.
        cursor: usize,
    },
    /// Is this a whole statement, or does Enter begin another line?
    IsComplete {
        /// The source.
        code: String,
    },
    /// What is the thing at the cursor: its signature, and what its author says of it?
    Inspect {
        /// The source.
        code: String,
        /// The cursor, in Unicode characters from the beginning.
        cursor: usize,
    },
    /// What was before the entries that the client has?
    History {
        /// Entries before this number.
        before: Seq,
        /// Of which kind; none for all.
        kind: Option<HistoryKind>,
        /// How many entries at most; a cell with its output is one. A service gives no more than 1,000.
        limit: usize,
    },
    /// Which cells were given before: what a search of the input history looks through.
    Cells {
        /// Cells before this number.
        before: Seq,
        /// Only those whose source has this text, in whatever letters when it has no capital one; none for all.
        #[serde(default)]
        contains: Option<String>,
        /// Only those of this author, or of this user wherever they are when it has no `@`; none for all.
        #[serde(default)]
        author: Option<Author>,
        /// How many at most. A service gives no more than 1,000.
        limit: usize,
    },
    /// What were the accounts worth?
    Equity {
        /// Only points after this time; none for all.
        #[serde(default)]
        after: Option<Timestamp>,
    },
    /// What are the bars of an instrument, for a chart?
    Bars {
        /// The instrument.
        instrument: InstrumentId,
        /// The length of a bar: one of those in [`crate::SessionInfo::timeframes`].
        timeframe: Timeframe,
        /// Only bars that end after this time; none for all. With the beginning of the newest bar that a chart has, it gets
        /// that one as it is now, and those after it.
        #[serde(default)]
        after: Option<Timestamp>,
        /// How many at most, the newest ones.
        limit: usize,
    },
    /// What are the points of a line that the strategy published?
    Series {
        /// Its name.
        name: String,
        /// The instrument whose chart it belongs to, if it belongs to one.
        instrument: Option<InstrumentId>,
        /// Only points after this time; none for all.
        after: Option<Timestamp>,
    },
}

impl RequestKind {
    /// Returns the least role that may ask.
    #[must_use]
    pub fn needs(&self) -> Role {
        match self {
            RequestKind::Complete { .. } | RequestKind::IsComplete { .. } | RequestKind::Inspect { .. } => {
                Role::Admin
            }
            RequestKind::History { .. }
            | RequestKind::Cells { .. }
            | RequestKind::Equity { .. }
            | RequestKind::Bars { .. }
            | RequestKind::Series { .. } => Role::Viewer,
        }
    }
}

/// What a service sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ServerMessage {
    /// The answer to `Hello`; events follow.
    Welcome(Welcome),
    /// The connection ends, and why.
    Error(ErrorMessage),
    /// A numbered fact.
    Event(Event),
    /// The newest values.
    Latest(Latest),
    /// The answer to a request.
    Answer(Answer),
    /// A command that was not taken; nothing was done.
    Refused(Refusal),
    /// The answer to a ping.
    Pong {
        /// The ping's number.
        nonce: u64,
    },
}

/// The beginning of a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Welcome {
    /// The log.
    pub log: LogId,
    /// The life of the account.
    pub epoch: Epoch,
    /// The number of the newest event.
    pub head: Seq,
    /// The state to begin with; none when the events after `after` follow.
    pub snapshot: Option<Box<SessionState>>,
}

/// Why a connection ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ErrorMessage {
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Why a connection ends, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The versions differ.
    Version,
    /// The frame or the message could not be read, or came out of turn.
    BadMessage,
    /// The peer is not the service's user.
    Forbidden,
    /// The client read too slowly; it may resume.
    TooSlow,
    /// Too many clients are attached; another attempt may succeed.
    Busy,
    /// The session ended.
    Ended,
    /// A code of a newer version.
    #[serde(other)]
    Unknown,
}

/// A command that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Refusal {
    /// The command.
    pub command: CommandId,
    /// Why, and what to do about it.
    pub message: String,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Answer {
    /// The request.
    pub request: RequestId,
    /// The answer.
    pub result: AnswerResult,
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum AnswerResult {
    /// How the text could go on.
    Completions {
        /// The first character that a completion replaces.
        start: usize,
        /// The character after the last one that it replaces.
        end: usize,
        /// The completions, best first.
        matches: Vec<Completion>,
    },
    /// Whether the text is whole.
    IsComplete {
        /// Whether it is.
        status: Completeness,
        /// What the next line begins with when it is not.
        indent: String,
    },
    /// What the thing at the cursor is.
    Inspection {
        /// Signature and documentation as plain text; none when nothing is known there.
        text: Option<String>,
    },
    /// What was before.
    History {
        /// The events of whole entries, oldest first.
        events: Vec<Event>,
        /// Whether there is nothing before them.
        complete: bool,
    },
    /// The cells that were given before.
    Cells {
        /// The cells, newest first.
        cells: Vec<PastCell>,
        /// Whether no other one is before them.
        complete: bool,
    },
    /// What the accounts were worth.
    Equity {
        /// The points, oldest first; the last one is now. The older ones are, the farther apart.
        points: Vec<EquitySample>,
    },
    /// The bars of an instrument.
    Bars {
        /// The bars, oldest first; the last one may be open. An interval without quotes has none.
        bars: Vec<Bar>,
    },
    /// The points of a line.
    Series {
        /// The points, oldest first. Of a long line the older ones are farther apart.
        points: Vec<SeriesPoint>,
    },
    /// No answer, and why.
    Failed {
        /// Why.
        message: String,
    },
}

/// What each account was worth at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct EquitySample {
    /// When, by the engine's clock.
    pub time: Timestamp,
    /// The equity by exchange.
    pub equity: BTreeMap<String, Money>,
}

/// A cell of before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PastCell {
    /// The number of the event that tells it.
    pub seq: Seq,
    /// Its number.
    pub cell: CellNumber,
    /// Its source.
    pub code: String,
    /// Who gave it.
    pub author: Author,
    /// When.
    pub time: Timestamp,
}

/// One way in which the text could go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Completion {
    /// The text to put in.
    pub text: String,
    /// What it is: `function`, `module`, `instance`, …; empty when not known.
    #[serde(default)]
    pub kind: String,
}

/// Whether a source text is a whole statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Completeness {
    /// It is: Enter runs it.
    Complete,
    /// It goes on: Enter begins a line.
    Incomplete,
    /// It cannot be Python, however it goes on: Enter runs it, and the error is shown.
    Invalid,
    /// Not known.
    Unknown,
}
