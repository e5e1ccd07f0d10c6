//! What a service is started with, what it tells its starter, and why it may not start.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use qubx_engine::{ExchangeConfig, Limits, Prepared};
use qubx_home::{Home, HomeError};
use qubx_kernel::{ChildLimits, StrategySource};
use qubx_protocol::Mode;
use serde::{Deserialize, Serialize};

use crate::session::input::StopRequest;
use crate::store::StoreError;

/// What a service is started with.
#[derive(Debug)]
pub struct ServiceConfig {
    /// Where things live.
    pub home: Home,
    /// The folder of the session.
    pub session_dir: PathBuf,
    /// The session's name.
    pub name: String,
    /// Paper, or live: then the disk keeps each commit of the ledger before anybody is told.
    pub mode: Mode,
    /// The name as a path component.
    pub strategy_name: String,
    /// The config file, absolute.
    pub config: PathBuf,
    /// The interpreter.
    pub python: PathBuf,
    /// The strategy.
    pub strategy: StrategyChoice,
    /// The exchanges.
    pub exchanges: Vec<ExchangeConfig>,
    /// What no order may exceed.
    pub limits: Limits,
    /// How long an instrument may get no quote before it counts as stale.
    pub stale_after: Duration,
    /// What happens to orders and positions when Python ends.
    pub on_kernel_loss: KernelLoss,
    /// How many entries of each kind a new screen gets.
    pub history_limit: usize,
    /// How many bytes the session log may have; above that its oldest text goes.
    pub log_bytes: u64,
    /// Whether to go on with the account, the orders and the place in a replay that the run before left.
    pub restore: bool,
    /// The folder of the sockets, when a service that died left one whose screens and guests should come back; none
    /// makes a new one.
    pub runtime_dir: Option<PathBuf>,
    /// What the Python process may use at most.
    pub kernel_limits: ChildLimits,
    /// How often Python is started again by itself in any ten minutes; then it stays down.
    pub kernel_restarts: u32,
    /// How much of the output of cells is kept in files.
    pub output_quota: OutputQuota,
}

/// Which strategy runs.
#[derive(Clone, Debug)]
pub enum StrategyChoice {
    /// A class of a Python module.
    Python(StrategySource),
    /// One that is built into the program, its parameters checked.
    Rust(Prepared),
}

impl fmt::Display for StrategyChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StrategyChoice::Python(source) => write!(f, "{}.{}", source.module, source.class),
            StrategyChoice::Rust(strategy) => write!(f, "rust:{}", strategy.name()),
        }
    }
}

/// How much of the output of cells is kept in files, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputQuota {
    /// Of one cell.
    pub cell: u64,
    /// Of the session; above it the oldest files go.
    pub session: u64,
}

impl Default for OutputQuota {
    /// 100 MB a cell and 2 GB a session.
    fn default() -> Self {
        Self { cell: 100_000_000, session: 2_000_000_000 }
    }
}

/// What happens to orders and positions when Python ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KernelLoss {
    /// Nothing.
    #[default]
    Hold,
    /// Open orders are cancelled.
    Cancel,
    /// Everything is cancelled and closed.
    Flatten,
}

/// A step of the start, as the starter is told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Progress {
    /// Screens may connect.
    Listening {
        /// The socket.
        socket: PathBuf,
    },
    /// Python answers.
    KernelReady {
        /// The connection file.
        connection_file: String,
    },
    /// The strategy's `on_start` ran.
    StrategyStarted,
    /// The strategy raised; the session is up.
    StrategyFailed {
        /// What, in one line.
        error: String,
    },
    /// The feed gave something.
    FeedConnected,
    /// So many instruments have had a quote since the feed began; it is waited for the others.
    WarmUp {
        /// How many have.
        quoted: usize,
        /// How many the feed gives quotes of.
        instruments: usize,
    },
    /// No first quote is waited for any more.
    WarmedUp {
        /// How many instruments have had one.
        quoted: usize,
        /// How many the feed gives quotes of.
        instruments: usize,
        /// Those that had none, because that takes too long.
        missing: Vec<String>,
        /// Whether the feed is at its end instead.
        ended: bool,
    },
    /// The session was stopped, and is not started again only because its service crashed after that.
    Ended {
        /// How it ended.
        why: String,
    },
    /// The session does not come up.
    Failed {
        /// Why.
        message: String,
        /// What Python printed last.
        last_output: String,
    },
}

/// What whoever runs the service tells it.
#[derive(Clone, Debug)]
pub enum Control {
    /// The owner's pipe ended.
    OwnerGone,
    /// Stop, for another reason than a command.
    Stop(StopRequest),
}

/// Why a service does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A folder, a lock or a file.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// A database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] qubx_engine::EngineError),
    /// The kernel.
    #[error(transparent)]
    Kernel(#[from] qubx_kernel::KernelError),
    /// The socket.
    #[error("cannot listen on {path}")]
    Listen {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}
