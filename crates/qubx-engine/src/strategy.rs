//! What an engine tells a strategy, and what the strategy wants to be told.

use jiff::Timestamp;
use qubx_protocol::{Account, Bar, By, Fill, InstrumentId, Order, OrderId, Position, Quote, Timeframe};
use tokio::sync::oneshot;

use crate::{Modification, OrderRequest};

/// News for the strategy, in order. The next batch comes after this one is done.
#[derive(Debug)]
pub struct StrategyBatch {
    /// The news; the first is always [`StrategyInput::Time`].
    pub inputs: Vec<StrategyInput>,
    /// Fired, or dropped, when the strategy has worked through the inputs.
    pub done: oneshot::Sender<()>,
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
    /// The engine's clock when the batch was made. Nothing in the batch is later.
    Time(Timestamp),
    /// An instrument was quoted.
    Quote(Quote),
    /// A bar is complete.
    Bar(Bar),
    /// An order changed. That an order is intended is not told: whoever placed it knows by the answer.
    Order(Order),
    /// An order was filled.
    Fill {
        /// The fill.
        fill: Fill,
        /// The position that results.
        position: Position,
    },
}

/// What the strategy wants to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interests {
    /// Whether there is a strategy; without one nothing is collected for it.
    pub strategy: bool,
    /// Whether it reacts to quotes. Otherwise it gets only the newest of each instrument, and in a replay
    /// at full speed only together with a bar, an order or a fill.
    pub quotes: bool,
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
}

/// What a call comes back with.
#[derive(Clone, Debug, PartialEq)]
pub enum CallValue {
    /// Nothing: it is done.
    Done,
    /// An order.
    Order(Order),
    /// Orders.
    Orders(Vec<Order>),
    /// Bars, oldest first; the last one is open.
    Bars(Vec<Bar>),
    /// The account of each exchange, in the order of the config.
    Accounts(Vec<Account>),
}

/// The answer to a call.
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
