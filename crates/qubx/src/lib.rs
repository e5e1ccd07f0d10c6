//! The program as a library: the command line, the wiring of the crates, and what a strategy in Rust is written with.
//!
//! A program of your own registers its strategies and is otherwise all that `qubx` is; a config names one of them by
//! `strategy: rust:ema_cross`:
//!
//! ```no_run
//! use qubx::strategy::Strategy;
//! # struct EmaCross(());
//! # impl Strategy for EmaCross {
//! #     type Parameters = ();
//! #     fn new((): ()) -> Self {
//! #         Self(())
//! #     }
//! #     fn parameters(&mut self) -> &mut () {
//! #         &mut self.0
//! #     }
//! # }
//!
//! fn main() -> std::process::ExitCode {
//!     qubx::Program::new().strategy::<EmaCross>("ema_cross").main()
//! }
//! ```
//!
//! The service behind a session is this same program, started once more. This crate alone turns errors into text and exit
//! codes.

#![forbid(unsafe_code)]

mod advice;
mod arguments;
mod commands;
mod config;
mod died;
mod failure;
mod find;
mod gateway;
mod identity;
mod json;
mod out;
mod owner;
mod plain;
mod program;
mod results;
mod screen;
mod seen;
mod service;
mod shell;
pub mod strategy;
mod talk;
mod unbuilt;

pub use serde;
pub use serde_json;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};
use qubx_engine::{Registry, Strategy};

use crate::arguments::{Arguments, Command};
use crate::failure::{Failure, Outcome};

/// A program that runs sessions, with the strategies in Rust that are built into it.
#[derive(Debug, Default)]
pub struct Program {
    registry: Registry,
}

impl Program {
    /// Returns a program without strategies in Rust: it runs those that are written in Python.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a strategy under the name by which a config names it: `strategy: rust:NAME`. Names are of letters, digits, `_`
    /// and `-`; a later strategy takes the place of one of the same name.
    #[must_use]
    pub fn strategy<S: Strategy>(self, name: impl Into<String>) -> Self {
        Self { registry: self.registry.with::<S>(name) }
    }

    /// Does what the command line asks for, and returns the exit code.
    #[must_use]
    pub fn main(self) -> ExitCode {
        if qubx_tui::was_a_guard() {
            return ExitCode::SUCCESS;
        }
        if !self.registry.is_empty() {
            advice::name_program();
        }
        let arguments = match Arguments::try_parse() {
            Ok(arguments) => arguments,
            Err(error) => {
                if let Some(failure) = unbuilt::refusal(&error, words()) {
                    out::say!("{failure}");
                    return failure.exit_code();
                }
                // Help and version are no errors: clap knows which stream and which code they take.
                let _ = error.print();
                return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
            }
        };
        match dispatch(arguments.command, &self.registry) {
            // Whatever was done, what is missing on standard output was asked for too.
            Ok(Outcome::Done) if out::has_failed() => Outcome::NotWell.into(),
            Ok(outcome) => outcome.into(),
            Err(failure) => {
                out::say!("{failure}");
                failure.exit_code()
            }
        }
    }
}

/// Returns the commands and options, for what makes pages of the manual of them.
#[doc(hidden)]
#[must_use]
pub fn command_line() -> clap::Command {
    Arguments::command()
}

/// Returns what was typed.
fn words() -> impl Iterator<Item = String> {
    std::env::args_os().map(|word| word.to_string_lossy().into_owned())
}

/// How far the page's process comes behind its session's, as nice(2) counts it: no strategy waits for tabs.
const PAGE_BEHIND: i32 = 5;

fn dispatch(command: Command, registry: &Registry) -> Result<Outcome, Failure> {
    if matches!(command, Command::Gateway) {
        // The threads that are started below inherit it. Where it is refused the page is served as well.
        let _ = rustix::process::nice(PAGE_BEHIND);
    }
    // Two workers: a screen needs no more, and the service has one for SQLite to block.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Failure::because("cannot start the asynchronous runtime"))?;
    let outcome = runtime.block_on(commands::run(command, registry));
    // A thread that waits for a key or for the owner's pipe must not hold the process.
    runtime.shutdown_background();
    outcome
}
