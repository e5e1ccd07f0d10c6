//! A program that is all that qubx is, and has a strategy in Rust built into it.
//!
//! ```sh
//! cargo run -p rust-strategy -- run examples/rust-strategy/ema_cross.yml --paper --textual
//! ```
//!
//! In a project of your own, `qubx` is the only dependency. A config names a strategy by what it is registered as, here
//! `strategy: rust:ema_cross`; strategies in Python run in this program, too.

#![forbid(unsafe_code)]

mod ema_cross;

use std::process::ExitCode;

use crate::ema_cross::EmaCross;

fn main() -> ExitCode {
    qubx::Program::new().strategy::<EmaCross>("ema_cross").main()
}
