//! What an engine tells a strategy, and what the strategy asks of it; and strategies in Rust, with their host.
//!
//! In lockstep (a replay at full speed) a batch may be ahead of the engine: its events are applied as the strategy gets
//! to them. Each call of the strategy says where it is, see [`At`], and its answer says what it caused and where the batch
//! ends because of it, see [`Reply`].

use std::sync::Arc;

use jiff::Timestamp;
use qubx_protocol::{
    Account, Author, Bar, By, Command, CommandId, Fill, Funding, InstrumentId, Order, OrderId, OrderStatus,
    Position, Timeframe,
};
use tokio::sync::oneshot;

use crate::{EngineEvent, MarketEvent, Modification, OrderRequest};

mod context;
mod define;
mod host;
mod hosted;
mod kinds;
mod mirror;
mod number;
mod registry;
mod times;

pub use context::{Context, Terms};
pub use define::{Outcome, Strategy, StrategyError};
pub use host::{Content, HostEvent, HostHandle, host};
pub use mirror::Print;
pub use number::shortest_decimal;
pub use qubx_protocol::nearest_f64;
pub use registry::{Prepared, Registry, RegistryError};

/// How many callbacks must fail one after the other for trading to pause; and each time that there are so many again, for
/// somebody may have resumed meanwhile.
pub const FAILURES_THAT_PAUSE: u32 = 5;

/// News for the strategy, in order. The next batch comes after this one is done.
#[derive(Debug)]
pub struct StrategyBatch {
    /// Its number; it never repeats in one engine.
    pub number: u64,
    /// The engine's clock when the batch was made: the time of what in it has none of its own. The events of a batch in
    /// lockstep may be later.
    pub time: Timestamp,
    /// The news; never none.
    pub inputs: Vec<StrategyInput>,
    /// To be told how many inputs were worked through: all, or fewer when a [`Reply`] ended the batch. Dropping it stands
    /// for all.
    pub done: oneshot::Sender<u32>,
}

impl StrategyBatch {
    /// Tells whether nobody waits for this batch any more, because another strategy attached since it was made. What
    /// is in it is in the book which that strategy got: it must not be told.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.done.is_closed()
    }
}

/// One piece of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StrategyInput {
    /// The market said something to which the strategy reacts: a quote or a trade.
    Event(MarketEvent),
    /// A quote becomes visible, without a callback: nobody reacts to quotes, or the callback comes after the facts that
    /// the quote caused.
    See(MarketEvent),
    /// A bar is complete since this time: that of the event that closed it.
    Bar(Box<Bar>, Timestamp),
    /// An order changed. That an order is intended is not told: whoever placed it knows by the answer.
    Order(Box<Order>),
    /// An order was filled, and the position that results.
    Fill(Box<(Fill, Position)>),
    /// Funding was paid, and the position that results.
    Funding(Box<(Funding, Position)>),
    /// A timer is due.
    Timer {
        /// Its name.
        name: Arc<str>,
        /// The time at which it is due.
        time: Timestamp,
    },
    /// Somebody wants a parameter changed or an action done.
    Command {
        /// The command's id, to answer it.
        id: CommandId,
        /// Who wants it.
        author: Author,
        /// [`Command::SetParameter`] or [`Command::Action`].
        command: Box<Command>,
    },
}

impl StrategyInput {
    /// Returns what the strategy is told of an event of the engine; none when it does not concern it.
    #[must_use]
    pub fn of(event: &EngineEvent) -> Option<Self> {
        match event {
            EngineEvent::Order(order) if order.status != OrderStatus::Intended => {
                Some(Self::Order(Box::new(order.clone())))
            }
            EngineEvent::Fill { fill, position } => {
                Some(Self::Fill(Box::new((fill.clone(), position.clone()))))
            }
            EngineEvent::Funding { funding, position } => {
                Some(Self::Funding(Box::new((funding.clone(), position.clone()))))
            }
            EngineEvent::Order(_)
            | EngineEvent::Results(_)
            | EngineEvent::Paused { .. }
            | EngineEvent::Log { .. }
            | EngineEvent::FeedFinished => None,
        }
    }
}

/// What the strategy wants to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interests {
    /// Whether there is a strategy; without one nothing is collected for it.
    pub strategy: bool,
    /// Whether it reacts to quotes. Otherwise it gets only the newest of each instrument, and in a replay
    /// at full speed only together with something else.
    pub quotes: bool,
    /// Whether it reacts to trades. Otherwise it gets none.
    pub trades: bool,
}

impl Interests {
    /// Nobody is told anything.
    pub const NONE: Self = Self { strategy: false, quotes: false, trades: false };
    /// A strategy that reacts to neither quotes nor trades: to bars, timers, orders and fills alone.
    pub const FACTS: Self = Self { strategy: true, quotes: false, trades: false };
    /// A strategy that reacts to quotes, too.
    pub const QUOTES: Self = Self { strategy: true, quotes: true, trades: false };
    /// A strategy that reacts to everything.
    pub const ALL: Self = Self { strategy: true, quotes: true, trades: true };
}

/// Where in its batch a strategy was when it called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    /// The number of the batch.
    pub batch: u64,
    /// How many of its inputs the strategy had begun, the one that it called from with them.
    pub record: u32,
}

/// What a strategy, or a cell, asks of the engine. What comes back is named with each.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// Gives an order; back comes [`CallValue::Order`], also when it is rejected.
    Place(OrderRequest),
    /// Changes an open order; back comes [`CallValue::Order`] as it then stands.
    Modify(OrderId, Modification, By),
    /// Cancels an order; back comes [`CallValue::Order`] as it then stands.
    CancelOrder(OrderId, By),
    /// Cancels open orders, of one instrument or all; back come [`CallValue::Orders`] as they then stand.
    CancelOrders(Option<InstrumentId>, By),
    /// Closes a position at market; back comes the order in [`CallValue::Orders`], or none when it is flat.
    Close(InstrumentId, By),
    /// Closes all positions at market; back come [`CallValue::Orders`].
    CloseAll(By),
    /// Asks for bars from now on; nothing comes back.
    SubscribeBars(Timeframe),
    /// Asks for the newest bars, the open one last; back come [`CallValue::Bars`].
    History {
        /// Of which instrument.
        instrument: InstrumentId,
        /// How long each is.
        timeframe: Timeframe,
        /// How many at most.
        length: usize,
    },
    /// Sets a timer, or takes it away; nothing comes back.
    SetTimer(String, Option<Timeframe>),
    /// Asks for the accounts; back come [`CallValue::Accounts`].
    Accounts,
    /// Pauses because the strategy fails again and again; a pause that is there stays as it is. Nothing comes back.
    PauseOnFailures,
}

/// What a call comes back with.
#[derive(Clone, Debug, PartialEq)]
pub enum CallValue {
    /// Nothing: it is done.
    Done,
    /// An order.
    Order(Box<Order>),
    /// Orders.
    Orders(Vec<Order>),
    /// Bars, oldest first; the last one is open.
    Bars(Vec<Bar>),
    /// The account of each exchange, in the order of the config.
    Accounts(Vec<Account>),
}

/// The answer to a call.
///
/// A strategy takes the facts into its picture of the book at once, and runs their callbacks after the callback that
/// called, before the next input of its batch: first in, first out, also when those call in turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// What it comes back with.
    pub value: CallValue,
    /// What it caused, in order, to be told to the strategy before the next input of its batch. Empty unless the strategy
    /// called from a batch in lockstep: otherwise it comes in a later batch.
    pub facts: Vec<StrategyInput>,
    /// How many inputs of the batch still count, when it is cut by what the call caused.
    pub end: Option<u32>,
}

impl Reply {
    /// Returns an answer that caused nothing which the strategy must be told now.
    pub(crate) fn of(value: CallValue) -> Self {
        Self { value, facts: Vec::new(), end: None }
    }
}
