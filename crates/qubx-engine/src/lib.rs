//! The trading engine: market data in, orders checked and executed on paper, positions and accounts kept.
//!
//! Owns every order, position and account of a session while it runs. It never writes to disk and never
//! talks to a screen: facts go out through one bounded channel, and an order is sent only after the
//! receiver confirmed that its intent is stored.
//!
//! What decides is pure (`core`, `broker`, `desk`, `bars`, `timers`, `floor`, `lockstep`, `queue`, `freshness`,
//! `first_quotes`, `clocks`): no task, no clock, no file. One task, begun by [`start`], joins it with a feed, the strategy and the requests of an
//! [`EngineHandle`]. A strategy in Rust runs on a thread of its own, see [`host`](fn@host).

#![forbid(unsafe_code)]

mod bars;
pub mod bench;
mod broker;
mod clocks;
mod config;
mod core;
mod desk;
mod equity;
mod error;
mod feed;
mod first_quotes;
mod floor;
mod freshness;
mod handle;
mod instruments;
mod lockstep;
mod market;
mod output;
mod queue;
mod restore;
mod results;
mod strategy;
mod task;
#[cfg(test)]
mod testing;
mod timers;
mod view;

pub use bars::chart_timeframes;
pub use config::{
    EngineConfig, ExchangeConfig, FeedConfig, Fees, FundingConfig, PaperConfig, RecordedFile, RecordedKind,
    Speed,
};
pub use error::{DataError, EngineError};
pub use feed::{WalkState, check_files};
pub use first_quotes::FirstQuotes;
pub use handle::EngineHandle;
pub use instruments::default_instrument;
pub use market::{InstrumentIndex, MarketData, MarketEvent, Touch};
pub use output::{
    CancelSummary, CloseSummary, EngineEvent, EngineOutput, EngineSnapshot, FlattenSummary, Modification,
    OrderRequest,
};
pub use qubx_protocol::Limits;
pub use restore::{Checkpoint, MarketCheckpoint, Owed, Restore, UnderWay, WireCommand};
pub use results::ResultsCollector;
pub use strategy::{
    At, Call, CallValue, Content, Context, FAILURES_THAT_PAUSE, HostEvent, HostHandle, Interests, Outcome,
    Prepared, Print, Registry, RegistryError, Reply, Strategy, StrategyBatch, StrategyError, StrategyInput,
    Terms, host, nearest_f64, shortest_decimal,
};
pub use task::start;
#[doc(hidden)]
pub use task::start_in_memory;
