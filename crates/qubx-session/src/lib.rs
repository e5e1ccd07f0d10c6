//! The kernel service: the session task with its log and state, and the wiring of engine, kernel and screens.
//!
//! The session task alone gives out numbers. A fact is stored, then applied, then sent, in that order; *acknowledged*
//! means committed. Nobody slows the session down: a screen that falls behind is cut off and resumes.

#![forbid(unsafe_code)]

mod cells;
mod config;
mod python;
mod sample;
mod screens;
mod service;
mod session;
mod store;
mod strategy;

pub use config::{Control, KernelLoss, OutputQuota, Progress, ServiceConfig, ServiceError, StrategyChoice};
pub use python::restarts::{RESTART_WINDOW, Restarts};
pub use sample::sample;
pub use screens::places::{MOST_SCREENS, screens_within};
pub use service::serve;
pub use session::input::StopRequest;
pub use store::{
    DISK_FAILED, Finding, HistoryPages, MOST_FINDINGS, StoreError, Verification, read_history, verify,
};
