//! The engine as a session sees it: through its handle and its channels.

// All of this is a test, helpers too.
#![allow(clippy::unwrap_used)]

mod attach;
mod book;
mod clocks;
mod ema_cross;
mod files;
mod first_quotes;
mod harness;
mod lockstep;
mod memory;
mod realtime;
mod recorded;
mod restore;
mod simulation;
mod stale;
mod strategies;
mod timers;
