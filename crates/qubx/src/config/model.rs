//! A checked config: what a native session is started with, in whichever process. No I/O.

mod exchange;

use std::fmt;
use std::path::PathBuf;

use qubx_protocol::{Money, Timeframe};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub(crate) use exchange::{Connector, Exchange, Fees, Funding, InstrumentRules, Paper, Recording, Speed};

/// A native config that obeys the schema.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Config {
    /// The session's name: `name`, else the file's stem.
    pub(crate) name: String,
    /// The name as a path component.
    pub(crate) strategy_name: String,
    /// Which strategy.
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

/// What `strategy:` names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum StrategyClass {
    /// A class of a Python module: `module.Class`.
    Python {
        /// The module, possibly dotted.
        module: String,
        /// The class.
        class: String,
    },
    /// A strategy that is built into the program: `rust:name`.
    Rust {
        /// The name under which it is registered.
        name: String,
    },
}

impl fmt::Display for StrategyClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StrategyClass::Python { module, class } => write!(f, "{module}.{class}"),
            StrategyClass::Rust { name } => write!(f, "rust:{name}"),
        }
    }
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
