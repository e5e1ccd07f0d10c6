//! The tasks of this repository, run as `cargo xtask …`: what continuous integration does, anyone can do.
//!
//! Owns the Python environments that tests and demo need, and the order of the steps. It holds no rule of its own:
//! those of the architecture are in `tests.rs`, those of the style in rustfmt's, clippy's and Python's configs.

#![forbid(unsafe_code)]

mod bench;
mod check;
mod demo;
mod man;
mod page;
mod picture;
mod python;
mod record;
mod repository;
mod step;
mod terminal;
mod test;
#[cfg(test)]
mod tests;
mod workbench;

use std::path::PathBuf;
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
        /// Shows it in the browser instead.
        #[arg(long)]
        web: bool,
        /// Further arguments of `qubx run`, after `--`.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Builds the page, which is then built into qubx. Needs Node.
    Page,
    /// Runs all tests: Rust's and Python's, with the newest ipykernel and with the oldest line supported.
    Test,
    /// Checks format, lints, documentation, types and the architecture.
    Check,
    /// Measures speed and memory beside plain Jupyter, on the release build. Takes some minutes.
    Bench {
        /// What to measure; everything when nothing is named.
        #[arg(value_enum)]
        names: Vec<bench::Name>,
        /// Writes the measures to this file too.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
    },
    /// Takes docs/screen.svg and docs/gallery from the running program.
    Picture,
    /// Records what a service says to a screen, as of a session in mode live: what tests know such a session from.
    Record {
        /// Where the frames go.
        file: PathBuf,
    },
    /// Writes a page of the manual for each command of qubx.
    Man {
        /// The folder; `target/man` when none is named.
        folder: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Demo { web, arguments } => demo::run(web, &arguments),
        Task::Page => page::build(),
        Task::Test => test::run(),
        Task::Check => check::run(),
        Task::Bench { names, json } => bench::run(&names, json.as_deref()),
        Task::Picture => picture::run(),
        Task::Record { file } => record::run(&file),
        Task::Man { folder } => man::run(folder.as_deref()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
