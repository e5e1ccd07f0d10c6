//! A program that is all that qubx is, and has a strategy in Rust built into it.
//!
//! ```sh
//! cargo run -p rust-strategy -- run examples/rust-strategy/ema_cross.yml --paper --textual
//! ```
//!
//! In a project of your own, `qubx` is the only dependency. A config names a strategy by what it is registered as, here
//! `strategy: rust:ema_cross`; strategies in Python run in this program, too.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    qubx::Program::new().main()
}
