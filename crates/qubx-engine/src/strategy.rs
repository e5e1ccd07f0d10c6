//! What an engine tells a strategy, and what the strategy wants to be told.

use jiff::Timestamp;
use qubx_protocol::{Bar, Fill, Order, Position, Quote};
use tokio::sync::oneshot;

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
