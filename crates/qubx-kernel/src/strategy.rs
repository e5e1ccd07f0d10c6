//! What the strategy in the kernel says and hears, apart from how it travels.

use std::collections::BTreeMap;

use qubx_protocol::{Action, CommandId, LogLevel, OrderId, Parameter, TimeInForce, Timeframe};
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallOrigin {
    /// The strategy's, in a callback or in a thread that it started.
    Strategy,
    /// That of a cell, which may have ended: a task or a thread that it left behind goes on for it.
    Cell(RunId),
    /// That of a command which the strategy was given, an action for example.
    Command(CommandId),
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

/// Where in a batch of news the strategy was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct BatchPlace {
    /// The batch's number.
    pub batch: u64,
    /// How many of its records the strategy had begun.
    pub record: u32,
}

/// What the strategy tells.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StrategyEvent {
    /// Its `__init__` ran; the REPL has it as `S`.
    Constructed {
        /// Its parameters and their values.
        #[serde(default)]
        parameters: Vec<Parameter>,
        /// What it can be told to do.
        #[serde(default)]
        actions: Vec<Action>,
    },
    /// A parameter has another value.
    Parameters {
        /// All parameters and their values.
        parameters: Vec<Parameter>,
    },
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
        /// How many callbacks in a row raised, this one with them.
        #[serde(default)]
        in_a_row: u32,
        /// When, in nanoseconds since 1970, by the engine's clock as Python knows it; none for what is no market's callback.
        #[serde(default)]
        time: Option<i64>,
    },
    /// Its `on_stop` ran, or there was nothing to stop.
    Stopped {
        /// The number of the last broadcast before it: it is told behind what `on_stop` printed.
        #[serde(default)]
        after: u64,
    },
    /// It wrote to the log.
    Log {
        /// How grave.
        level: LogLevel,
        /// What.
        text: String,
        /// When, as with a callback that raised.
        #[serde(default)]
        time: Option<i64>,
    },
    /// It is done with a batch.
    BatchDone {
        /// The batch's number.
        batch: u64,
        /// How many of its records it worked through; all, unless what it did has cut the batch.
        reached: u32,
        /// Of each callback that ran since the last of these: how often, and in nanoseconds how long together, and how long
        /// the longest.
        #[serde(default)]
        callbacks: BTreeMap<String, [u64; 3]>,
    },
    /// It published something.
    Publish {
        /// Under which name.
        name: String,
        /// The place of the instrument whose chart it belongs to.
        #[serde(default)]
        instrument: Option<usize>,
        /// When, in nanoseconds since 1970, by the engine's clock.
        time: i64,
        /// What.
        content: PublishedPart,
    },
    /// It did what a command asked for, or not.
    CommandDone {
        /// The command.
        command: CommandId,
        /// What came of it, in words; none when it failed.
        #[serde(default)]
        ok: Option<String>,
        /// Why it failed; none when it did not.
        #[serde(default)]
        error: Option<String>,
    },
    /// It asks for something and waits for [`crate::KernelHandle::reply`].
    #[serde(skip)]
    Call {
        /// The call.
        call: CallId,
        /// Who makes it.
        origin: CallOrigin,
        /// Where in a batch the strategy was; none for calls from elsewhere.
        at: Option<BatchPlace>,
        /// What it asks for.
        request: StrategyCall,
    },
}

/// What a strategy publishes at once.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishedPart {
    /// A value, in place of the one before.
    Value(serde_json::Value),
    /// A table, in place of the one before.
    Table {
        /// The names of the columns.
        columns: Vec<String>,
        /// The rows, each with a value for each column.
        rows: Vec<Vec<serde_json::Value>>,
    },
    /// Another point of a line; none where it is broken.
    Point(Option<f64>),
}

/// What the strategy or the REPL asks for. The value of the reply is named with each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum StrategyCall {
    /// Gives an order; the reply is the [`qubx_protocol::Order`], also when it is rejected.
    Trade {
        /// `EXCHANGE:SYMBOL`, one of the kernel's instruments.
        instrument: String,
        /// How much, a multiple of the lot size: positive buys, negative sells.
        #[serde(with = "rust_decimal::serde::str")]
        amount: Decimal,
        /// The limit, a multiple of the tick size; none for a market order and a stop.
        price: Option<Decimal>,
        /// The price that the market must reach first, a multiple of the tick size.
        #[serde(default)]
        stop_price: Option<Decimal>,
        /// How long it stays.
        #[serde(default)]
        time_in_force: TimeInForce,
        /// Whether it is refused rather than filled at once.
        #[serde(default)]
        post_only: bool,
        /// Whether it must never increase a position.
        #[serde(default)]
        reduce_only: bool,
    },
    /// Changes an open order; the reply is the [`qubx_protocol::Order`] as it then stands.
    ModifyOrder {
        /// Which.
        order: OrderId,
        /// The whole amount, without a sign; none leaves it.
        #[serde(default)]
        amount: Option<Decimal>,
        /// The limit; none leaves it.
        #[serde(default)]
        price: Option<Decimal>,
        /// The stop price; none leaves it.
        #[serde(default)]
        stop_price: Option<Decimal>,
    },
    /// Cancels an order; the reply is the [`qubx_protocol::Order`] as it then stands.
    CancelOrder {
        /// Which.
        order: OrderId,
    },
    /// Cancels open orders; the reply is the list of those orders as they then stand.
    CancelOrders {
        /// `EXCHANGE:SYMBOL`; none for all.
        instrument: Option<String>,
    },
    /// Closes a position at market; the reply is the [`qubx_protocol::Order`], or null when it is flat.
    ClosePosition {
        /// `EXCHANGE:SYMBOL`.
        instrument: String,
    },
    /// Closes all positions at market; the reply is the list of orders.
    ClosePositions,
    /// Asks for the bars of a timeframe, of all instruments; the reply is null.
    SubscribeBars {
        /// Their length.
        timeframe: Timeframe,
    },
    /// Asks for the newest bars; the reply is a list of [`crate::bar_values`], oldest first, the open one last.
    History {
        /// `EXCHANGE:SYMBOL`.
        instrument: String,
        /// Their length.
        timeframe: Timeframe,
        /// How many at most.
        length: usize,
    },
    /// Sets a timer, or takes it away; the reply is null.
    SetTimer {
        /// Its name.
        name: String,
        /// How often it fires; none takes it away.
        every: Option<Timeframe>,
    },
    /// Keeps an object for the strategy's next start in this account; the reply is null, once it is stored.
    SaveState {
        /// The object.
        state: serde_json::Value,
    },
    /// Asks for the object that was kept last; the reply is it, or null when there is none.
    LoadState,
    /// Says that so many callbacks in a row raised that trading pauses; the reply is null.
    PauseOnFailures,
    /// Asks for an account; the reply is a [`qubx_protocol::Account`].
    Account {
        /// The exchange; none for the only one.
        exchange: Option<String>,
    },
}
