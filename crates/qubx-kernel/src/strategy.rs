//! What the strategy in the kernel says and hears, apart from how it travels.

use qubx_protocol::{Bar, Fill, LogLevel, Order, OrderId, Position, Quote, Timeframe};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The number of a call, given by Python; it is unique in one kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallId(pub u64);

/// The number of a request that ran a cell, given by Python; it is unique in one kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub u64);

/// On whose behalf a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallOrigin {
    /// The strategy's, in a callback or in a thread that it started.
    Strategy,
    /// That of a cell, which may have ended: a task or a thread that it left behind goes on for it.
    Cell(RunId),
    /// That of a Jupyter client's message which is no cell, a click on a widget for example.
    Outside,
}

/// Where a strategy failed to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StrategyStage {
    /// Its module, which had passed the probe, raised.
    #[serde(rename = "import")]
    Import,
    /// Its `__init__` raised.
    #[serde(rename = "__init__")]
    Init,
    /// Its `on_start` raised.
    #[serde(rename = "on_start")]
    OnStart,
}

impl std::fmt::Display for StrategyStage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            StrategyStage::Import => "import",
            StrategyStage::Init => "__init__",
            StrategyStage::OnStart => "on_start",
        })
    }
}

/// What the strategy tells.
#[derive(Clone, Debug, PartialEq)]
pub enum StrategyEvent {
    /// Its `__init__` ran; the REPL has it as `S`.
    Constructed,
    /// Its `on_start` ran; batches call its callbacks from now on.
    Started {
        /// The callbacks that it has.
        callbacks: Vec<String>,
    },
    /// It did not start. Batches still update what the REPL sees.
    Failed {
        /// Where.
        stage: StrategyStage,
        /// The exception's class.
        ename: String,
        /// Its message.
        evalue: String,
        /// The traceback, a line an item, without frames of this project.
        traceback: Vec<String>,
    },
    /// A callback raised; the strategy goes on with the next event.
    CallbackError {
        /// Which.
        callback: String,
        /// The exception's class.
        ename: String,
        /// Its message.
        evalue: String,
        /// The traceback, a line an item, without frames of this project.
        traceback: Vec<String>,
    },
    /// Its `on_stop` ran, or there was nothing to stop.
    Stopped,
    /// It wrote to the log.
    Log {
        /// How grave.
        level: LogLevel,
        /// What.
        text: String,
    },
    /// Every callback of a batch ran.
    BatchDone {
        /// The batch's number.
        batch: u64,
    },
    /// It asks for something and waits for [`crate::KernelHandle::reply`].
    Call {
        /// The call.
        call: CallId,
        /// Who makes it.
        origin: CallOrigin,
        /// What it asks for.
        request: StrategyCall,
    },
}

/// What the strategy or the REPL asks for. The value of the reply is named with each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum StrategyCall {
    /// Gives an order; the reply is the [`Order`], also when it is rejected.
    Trade {
        /// `EXCHANGE:SYMBOL`, one of the kernel's instruments.
        instrument: String,
        /// How much, a multiple of the lot size: positive buys, negative sells.
        #[serde(with = "rust_decimal::serde::str")]
        amount: Decimal,
        /// The limit, a multiple of the tick size; none for a market order.
        price: Option<Decimal>,
    },
    /// Cancels an order; the reply is the [`Order`] as it then stands.
    CancelOrder {
        /// Which.
        order: OrderId,
    },
    /// Cancels open orders; the reply is the list of those [`Order`]s as they then stand.
    CancelOrders {
        /// `EXCHANGE:SYMBOL`; none for all.
        instrument: Option<String>,
    },
    /// Closes a position at market; the reply is the [`Order`], or null when it is flat.
    ClosePosition {
        /// `EXCHANGE:SYMBOL`.
        instrument: String,
    },
    /// Closes all positions at market; the reply is the list of [`Order`]s.
    ClosePositions,
    /// Asks for the bars of a timeframe, of all instruments; the reply is null.
    SubscribeBars {
        /// Their length.
        timeframe: Timeframe,
    },
    /// Keeps an object for the strategy's next start in this account; the reply is null, once it is stored.
    SaveState {
        /// The object.
        state: serde_json::Value,
    },
    /// Asks for the object that was kept last; the reply is it, or null when there is none.
    LoadState,
    /// Asks for an account; the reply is a [`qubx_protocol::Account`].
    Account {
        /// The exchange; none for the only one.
        exchange: Option<String>,
    },
}

/// What the strategy is told, in the order in which it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StrategyMessage {
    /// A quote.
    Quote(Quote),
    /// A finished bar.
    Bar(Bar),
    /// An order as it now stands.
    Order(Order),
    /// A fill.
    Fill {
        /// The fill.
        fill: Fill,
        /// The position that results.
        position: Position,
    },
}
