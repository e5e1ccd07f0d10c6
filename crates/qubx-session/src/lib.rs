//! The kernel service: the session task with its log and state, and the wiring of engine, kernel and screens.
//!
//! The session task alone gives out numbers. A fact is stored, then applied, then sent, in that order; *acknowledged*
//! means committed. Nobody slows the session down: a screen that falls behind is cut off and resumes.

#![forbid(unsafe_code)]

mod beginning;
mod bound;
mod cells;
mod clock;
mod config;
mod connection;
mod crash;
mod frame_writer;
mod input;
mod interrupts;
mod outputs;
mod printed;
mod prompts;
mod publication;
mod python;
mod rest;
mod restarts;
mod sample;
mod service;
mod session;
mod store;
mod strategy;
mod subscribers;
mod verbs;
mod welcome;

pub use config::{Control, KernelLoss, OutputQuota, Progress, ServiceConfig, ServiceError};
pub use input::StopRequest;
pub use sample::sample;
pub use service::serve;
pub use store::{DISK_FAILED, Finding, MOST_FINDINGS, StoreError, Verification, read_history, verify};
