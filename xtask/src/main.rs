//! The tasks of this repository, run as `cargo xtask …`: what continuous integration does, anyone can do.
//!
//! Owns the Python environments that tests and demo need, and the order of the steps. It holds no rule of its own:
//! those of the architecture are in `tests.rs`, those of the style in rustfmt's, clippy's and Python's configs.

#![forbid(unsafe_code)]

mod check;
mod demo;
mod python;
mod repository;
mod step;
mod test;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The tasks of this repository.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds qubx and runs the example strategy on a simulated market, in this terminal.
    Demo {
        /// Further arguments of `qubx run`, after `--`.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Runs all tests: Rust's and Python's, with the newest ipykernel and with the oldest line supported.
    Test,
    /// Checks format, lints, documentation, types and the architecture.
    Check,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Demo { arguments } => demo::run(&arguments),
        Task::Test => test::run(),
        Task::Check => check::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
