//! What a session is and how it is: a small whole that is sent again whenever a part of it changes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Action, Author, CellView, ExchangeInfo, Instrument, InstrumentId, Limits, Parameter, Timeframe};

/// Whether orders are simulated or real.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Orders are simulated.
    Paper,
    /// Orders go to an exchange.
    Live,
}

impl std::fmt::Display for Mode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Mode::Paper => "paper",
            Mode::Live => "live",
        })
    }
}

/// Who runs the strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Runtime {
    /// Our own engine.
    Native,
    /// The Python framework Qubx.
    Qubx,
}

/// What does not change while a service lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SessionInfo {
    /// The session's name.
    pub name: String,
    /// The name as a path component: what `--name`, else the config, else the file's stem says.
    pub strategy_name: String,
    /// The strategy, `module.Class`.
    pub strategy: String,
    /// Whether orders are simulated or real.
    pub mode: Mode,
    /// Who runs the strategy.
    pub runtime: Runtime,
    /// The config file, absolute.
    pub config: String,
    /// The connection file, absolute.
    pub connection_file: String,
    /// The folder that outlives runs.
    pub session_dir: String,
    /// The service's process.
    pub pid: u32,
    /// When the service started.
    pub started_at: Timestamp,
    /// What the strategy may trade.
    pub instruments: Vec<Instrument>,
    /// The exchanges, in the order of the config.
    #[serde(default)]
    pub exchanges: Vec<ExchangeInfo>,
    /// What no order may exceed.
    #[serde(default)]
    pub limits: Limits,
    /// The lengths of the bars that a chart may ask for, the shortest first.
    #[serde(default)]
    pub timeframes: Vec<Timeframe>,
    /// The version of the program that serves the session.
    pub version: String,
}

impl SessionInfo {
    /// Returns the shortest name that nothing else in the session has: the symbol, or `EXCHANGE:SYMBOL` where several
    /// exchanges have it.
    #[must_use]
    pub fn label(&self, instrument: &InstrumentId) -> String {
        let has_symbol =
            |other: &&Instrument| other.id.symbol == instrument.symbol && other.id != *instrument;
        match self.instruments.iter().find(has_symbol) {
            Some(_) => instrument.to_string(),
            None => instrument.symbol.clone(),
        }
    }
}

/// Whether the Python process lives. That it is busy, since when and with whose cell follows from the running cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum KernelState {
    /// Not ready yet.
    Starting,
    /// It answers.
    Ready,
    /// It lives and answers nothing, not even beside a running cell: something holds the interpreter in a call that
    /// does not return, so an interrupt has no effect. Its end, or a restart, is the way out.
    NotResponding,
    /// It ended.
    Dead,
}

/// The Python process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct KernelStatus {
    /// Whether it lives.
    pub state: KernelState,
    /// Since when.
    pub since: Timestamp,
    /// Its process, while it lives.
    pub pid: Option<u32>,
    /// How often it was started again.
    pub restarts: u32,
    /// How it ended, for example `signal 9`; none while it lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// When it is started again by itself; none while it lives, and when it stays down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_start: Option<Timestamp>,
}

/// Where a strategy is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum StrategyState {
    /// Before the end of `on_start`.
    Starting,
    /// It gets market data.
    Running,
    /// It raised in `__init__` or `on_start`, or its kernel ended.
    Failed,
    /// Its `on_stop` ran.
    Stopped,
}

/// The strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct StrategyStatus {
    /// Where it is in its life.
    pub state: StrategyState,
    /// What went wrong, one line; none while nothing did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How many callbacks raised since it started.
    pub callback_errors: u64,
    /// Its parameters and their values now.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// What it can be told to do.
    #[serde(default)]
    pub actions: Vec<Action>,
}

/// Who holds the session's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Ownership {
    /// The command that started it is there.
    Owned,
    /// It was told to stay by itself.
    Detached,
    /// The owner died without a word while others were attached.
    OwnerLost,
}

/// Where the session is in its life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case", tag = "phase")]
pub enum Phase {
    /// It runs.
    Running,
    /// It is stopping.
    Stopping {
        /// Who asked.
        by: Author,
        /// Why, in words.
        reason: String,
    },
}

/// What a session is and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct SessionStatus {
    /// What does not change.
    pub info: SessionInfo,
    /// The Python process.
    pub kernel: KernelStatus,
    /// The strategy.
    pub strategy: StrategyStatus,
    /// Whether orders that would increase a position are refused.
    pub paused: bool,
    /// Who holds its life.
    pub ownership: Ownership,
    /// Where it is in its life.
    #[serde(flatten)]
    pub phase: Phase,
}

impl SessionStatus {
    /// Returns how the session is in one word: `starting`, `running`, or `failed` when the session is up and its strategy
    /// or its Python is not.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match (self.kernel.state, self.strategy.state) {
            (KernelState::Dead | KernelState::NotResponding, _) | (_, StrategyState::Failed) => "failed",
            (KernelState::Starting, _) | (_, StrategyState::Starting) => "starting",
            (KernelState::Ready, StrategyState::Running | StrategyState::Stopped) => "running",
        }
    }
}

impl KernelStatus {
    /// Returns how the kernel is in one word, beside the cell that runs.
    #[must_use]
    pub fn word(&self, running: Option<&CellView>) -> &'static str {
        match self.state {
            KernelState::Ready if running.is_some() => "busy",
            KernelState::Ready => "idle",
            KernelState::Dead => "dead",
            KernelState::NotResponding => "not responding",
            KernelState::Starting => "starting",
        }
    }

    /// Returns since when it is as [`Self::word`] says; of an idle one, since when it is ready.
    #[must_use]
    pub fn since(&self, running: Option<&CellView>) -> Timestamp {
        match (self.state, running) {
            (KernelState::Ready, Some(running)) => running.since,
            _ => self.since,
        }
    }
}
