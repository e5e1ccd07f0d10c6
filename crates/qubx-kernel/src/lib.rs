//! One ipykernel child: start, talk, interrupt, kill; and the bridge to the strategy in it.
//!
//! This crate alone names Jupyter and zeromq; it hands everything on in the session's own words
//! ([`KernelEvent`]). It decides nothing about trading and stores nothing. The child outlives neither this
//! process nor its handle's task: death on either side ends the other.

#![forbid(unsafe_code)]

mod batch;
mod bridge;
mod cells;
mod channels;
mod connection;
mod encode;
mod error;
mod event;
mod health;
mod inputs;
mod kernel;
mod mend;
mod package;
mod probe;
mod process;
mod python;
mod running;
mod strategy;
mod task;
mod translate;
pub mod wire;

pub use batch::{Batch, BestPrices, Facts, bar_values};
pub use connection::ConnectionInfo;
pub use error::KernelError;
pub use event::{CellRef, KernelEvent};
pub use kernel::{ChildLimits, KernelConfig, KernelHandle, start};
pub use probe::{
    IPYKERNEL_REQUIREMENT, Parameter, ParameterKind, Probe, ProbeError, StrategySource, probe, probe_python,
};
pub use python::{FoundPython, PythonError, PythonRule, find_python, locate_python};
pub use strategy::{
    BatchPlace, CallId, CallOrigin, PublishedPart, RunId, StrategyCall, StrategyEvent, StrategyStage,
};
