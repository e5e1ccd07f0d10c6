//! A checked config: what a native session is started with, in whichever process. No I/O.

use std::path::PathBuf;

use indexmap::IndexMap;
use qubx_protocol::{Money, Price, Quantity, Timeframe};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A native config that obeys the schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Config {
    /// The session's name: `name`, else the file's stem.
    pub(crate) name: String,
    /// The name as a path component.
    pub(crate) strategy_name: String,
    /// The strategy's class.
    pub(crate) strategy: StrategyClass,
    /// The config's folder, absolute: the strategy's module is looked for there first.
    pub(crate) folder: PathBuf,
    /// What the strategy's attributes are set to.
    pub(crate) parameters: serde_json::Map<String, serde_json::Value>,
    /// The exchanges, in the config's order; at least one.
    pub(crate) exchanges: Vec<Exchange>,
    /// How the session behaves.
    pub(crate) session: Session,
}

/// A class of a Python module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StrategyClass {
    /// The module, possibly dotted.
    pub(crate) module: String,
    /// The class.
    pub(crate) class: String,
}

impl std::fmt::Display for StrategyClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.module, self.class)
    }
}

/// An exchange and the account there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Exchange {
    /// The name that screens show; no `:` in it.
    pub(crate) name: String,
    /// Where quotes come from.
    pub(crate) connector: Connector,
    /// The account's currency; `USDT` unless given.
    pub(crate) base_currency: String,
    /// What the account begins with; 100,000 unless given.
    pub(crate) capital: Money,
    /// How many times the equity positions may be worth; 1 unless given.
    pub(crate) leverage: Decimal,
    /// What fills cost.
    pub(crate) fees: Fees,
    /// The symbols, in the config's order; at least one, each once.
    pub(crate) universe: Vec<String>,
    /// What the config says about symbols of the universe; for the rest there are defaults.
    pub(crate) instruments: IndexMap<String, InstrumentRules>,
}

/// Where quotes come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Connector {
    /// A simulated market.
    Sim {
        /// What its chance begins with: the same seed gives the same prices. 1 unless given.
        seed: u64,
        /// How many quotes each symbol gets a second; 10 unless given.
        quotes_per_second: u32,
    },
    /// Recorded quotes.
    Replay {
        /// How fast; as recorded unless given.
        speed: Speed,
        /// The existing file of each symbol of the universe, absolute, in the universe's order.
        files: IndexMap<String, PathBuf>,
    },
}

/// How fast recorded quotes are replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Speed {
    /// This many times as fast as recorded; at least 1.
    Times(u32),
    /// As fast as it goes, in lockstep with the strategy.
    Max,
}

/// What a fill costs, in hundredths of a percent of its value; negative for a rebate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fees {
    /// For an order that rested; 2 unless given.
    pub(crate) maker_bps: Decimal,
    /// For an order that took what rested; 5 unless given.
    pub(crate) taker_bps: Decimal,
}

impl Default for Fees {
    /// What a new customer pays for perpetual futures on the large exchanges: results without fees would flatter.
    fn default() -> Self {
        Self { maker_bps: Decimal::TWO, taker_bps: Decimal::from(5) }
    }
}

/// What the config says about one instrument; none keeps the symbol's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InstrumentRules {
    /// Prices are multiples of this.
    pub(crate) tick_size: Option<Price>,
    /// Quantities are multiples of this.
    pub(crate) lot_size: Option<Quantity>,
    /// The least value of an order; zero for no such rule.
    pub(crate) min_notional: Option<Money>,
}

/// How the session behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// What happens when Python's process ends by itself.
    pub(crate) on_kernel_loss: OnKernelLoss,
    /// What no order may exceed.
    pub(crate) limits: Limits,
    /// How long an instrument may get no quote before it counts as stale; ten seconds unless given.
    pub(crate) stale_after: Timeframe,
    /// How often Python is started again by itself in any ten minutes; 5 unless given.
    pub(crate) kernel_restarts: u32,
    /// What the Python process may use at most.
    pub(crate) kernel: KernelLimits,
    /// What is kept of the history.
    pub(crate) history: History,
    /// How much of the output of cells is kept in files.
    pub(crate) outputs: Outputs,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            on_kernel_loss: OnKernelLoss::default(),
            limits: Limits::default(),
            stale_after: "10s".parse().expect("ten seconds are a time"),
            kernel_restarts: 5,
            kernel: KernelLimits::default(),
            history: History::default(),
            outputs: Outputs::default(),
        }
    }
}

/// What the Python process may use at most; none for the system's own limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KernelLimits {
    /// Memory of its own, in millions of bytes.
    pub(crate) memory_mb: Option<u32>,
    /// Processes and threads.
    pub(crate) processes: Option<u32>,
    /// Open files.
    pub(crate) open_files: Option<u32>,
}

/// What is kept of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct History {
    /// How many entries of each kind a new screen gets; 1,000 unless given.
    pub(crate) limit: u32,
    /// How large the session's log may become, in millions of bytes; 1,000 unless given. Above it the oldest text goes.
    pub(crate) log_mb: u32,
}

impl Default for History {
    fn default() -> Self {
        Self { limit: 1_000, log_mb: 1_000 }
    }
}

/// How much of the output of cells is kept in files, in millions of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Outputs {
    /// Of one cell; 100 unless given.
    pub(crate) cell_mb: u32,
    /// Of the session; 2,000 unless given. Above it the oldest files go.
    pub(crate) session_mb: u32,
}

impl Default for Outputs {
    fn default() -> Self {
        Self { cell_mb: 100, session_mb: 2_000 }
    }
}

/// What happens to the account when Python's process ends by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum OnKernelLoss {
    /// Nothing.
    #[default]
    Hold,
    /// Open orders are cancelled.
    Cancel,
    /// Open orders are cancelled and positions closed.
    Flatten,
}

/// What no order may exceed, whoever gives it; none for no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Limits {
    /// The value of one order.
    pub(crate) order_notional: Option<Money>,
    /// The value of one instrument's position.
    pub(crate) position_notional: Option<Money>,
    /// The value of all positions, without their signs, over equity.
    pub(crate) gross_leverage: Option<Decimal>,
    /// How many orders a minute.
    pub(crate) orders_per_minute: Option<u32>,
    /// How much may be lost since 00:00 UTC before the session pauses.
    pub(crate) daily_loss: Option<Money>,
}
