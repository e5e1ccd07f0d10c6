//! The reducer: what a session looks like after a row of events. Both ends run it.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Author, CellNumber, CommandId, Epoch, Event, Fact, History, InputId, InstrumentId, LogId, Order, OrderId,
    Position, Seq, SessionStatus,
};

/// The state of a session after the event numbered [`SessionState::head`]. It is also the snapshot that a new screen gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SessionState {
    /// The log whose numbers are meant.
    pub log: LogId,
    /// The number of the last event applied.
    pub head: Seq,
    /// The life of the account.
    pub epoch: Epoch,
    /// What the session is and how it is; none before the first status.
    pub status: Option<SessionStatus>,
    /// The cell that runs.
    pub running: Option<CellView>,
    /// The cells that wait, next first.
    #[cfg_attr(test, ts(as = "Vec<CellView>"))]
    pub queue: VecDeque<CellView>,
    /// The line that a cell waits for.
    #[serde(default)]
    pub input: Option<InputView>,
    /// The orders that can still be filled.
    pub orders: BTreeMap<OrderId, Order>,
    /// The positions that were ever held in this epoch, also those that are flat now.
    pub positions: BTreeMap<InstrumentId, Position>,
    /// The last entries.
    pub history: History,
}

/// A cell that waits or runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct CellView {
    /// Its number.
    pub cell: CellNumber,
    /// Who submitted it.
    pub author: Author,
    /// The command that brought it.
    pub command: Option<CommandId>,
    /// When it was submitted, and from its start on when it started.
    pub since: Timestamp,
}

/// A line that a cell waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct InputView {
    /// The cell.
    pub cell: CellNumber,
    /// The wait, to be named by the answer.
    pub input: InputId,
    /// What the cell asks, possibly empty.
    pub prompt: String,
    /// Whether the answer must not be shown.
    pub password: bool,
    /// Since when.
    pub since: Timestamp,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It was the next one and the state has it now.
    Applied,
    /// The state had it already; nothing changed.
    Duplicate,
    /// Events before it are missing; nothing changed. Say `Hello` again with `after` = the head.
    Gap,
}

impl SessionState {
    /// Returns the shortest name of an instrument that nothing else in the session has: see [`SessionInfo::label`].
    ///
    /// [`SessionInfo::label`]: crate::SessionInfo::label
    #[must_use]
    pub fn label(&self, instrument: &InstrumentId) -> String {
        self.status.as_ref().map_or_else(|| instrument.symbol.clone(), |status| status.info.label(instrument))
    }

    /// Returns the state of an empty log that keeps `limit` entries of each kind.
    #[must_use]
    pub fn new(log: LogId, limit: usize) -> Self {
        Self {
            log,
            head: Seq(0),
            epoch: Epoch(0),
            status: None,
            running: None,
            queue: VecDeque::new(),
            input: None,
            orders: BTreeMap::new(),
            positions: BTreeMap::new(),
            history: History::new(limit),
        }
    }

    /// Applies one event. The next number applies, an old one is ignored, a gap is told.
    pub fn apply(&mut self, event: &Event) -> Applied {
        if event.seq <= self.head {
            return Applied::Duplicate;
        }
        if event.seq != self.head.next() {
            return Applied::Gap;
        }
        self.head = event.seq;
        self.reduce(event);
        self.history.push(event);
        Applied::Applied
    }

    fn reduce(&mut self, event: &Event) {
        match &event.fact {
            Fact::Started { epoch, restored } => {
                self.epoch = *epoch;
                self.status = None;
                self.running = None;
                self.queue.clear();
                self.input = None;
                if !restored {
                    self.orders.clear();
                    self.positions.clear();
                }
            }
            Fact::Cell { cell, author, command, .. } => self.queue.push_back(CellView {
                cell: *cell,
                author: author.clone(),
                command: command.clone(),
                since: event.time,
            }),
            Fact::CellStarted { cell, .. } => {
                if let Some(place) = self.queue.iter().position(|waiting| waiting.cell == *cell) {
                    self.running =
                        self.queue.remove(place).map(|view| CellView { since: event.time, ..view });
                }
            }
            Fact::CellFinished { cell, .. } => {
                self.queue.retain(|waiting| waiting.cell != *cell);
                if self.running.as_ref().is_some_and(|running| running.cell == *cell) {
                    self.running = None;
                }
                self.input.take_if(|waiting| waiting.cell == *cell);
            }
            Fact::InputRequested { cell, input, prompt, password } => {
                self.input = Some(InputView {
                    cell: *cell,
                    input: input.clone(),
                    prompt: prompt.clone(),
                    password: *password,
                    since: event.time,
                });
            }
            Fact::InputEnded { input, .. } => {
                self.input.take_if(|waiting| waiting.input == *input);
            }
            Fact::Order { order, .. } => {
                if order.status.is_open() {
                    self.orders.insert(order.id.clone(), order.clone());
                } else {
                    self.orders.remove(&order.id);
                }
            }
            Fact::Fill { position, .. } | Fact::Funding { position, .. } => {
                self.positions.insert(position.instrument.clone(), position.clone());
            }
            Fact::Status(status) => self.status = Some((**status).clone()),
            Fact::Output { .. }
            | Fact::Error { .. }
            | Fact::Log { .. }
            | Fact::Results(_)
            | Fact::Verb { .. }
            | Fact::Unknown(_) => {}
        }
    }

    /// Returns the positions that are not flat.
    pub fn open_positions(&self) -> impl Iterator<Item = &Position> {
        self.positions.values().filter(|position| !position.quantity.is_zero())
    }
}
