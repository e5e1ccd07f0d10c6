//! `qubx`: the command line. It wires the crates together, and it alone turns errors into text and exit codes.

#![forbid(unsafe_code)]

mod arguments;
mod attach;
mod cells;
mod config;
mod failure;
mod find;
mod history;
mod identity;
mod kernels;
mod launch;
mod plain;
mod prepare;
mod run;
mod screen;
mod service;
mod status;
mod talk;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Command, KernelCommand};
use crate::failure::{Failure, Outcome};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no errors: clap knows which stream and which code they take.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match dispatch(arguments.command) {
        Ok(outcome) => outcome.into(),
        Err(failure) => {
            eprintln!("{failure}");
            failure.exit_code()
        }
    }
}

fn dispatch(command: Command) -> Result<Outcome, Failure> {
    // Two workers: a screen needs no more, and the service has one for SQLite to block.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Failure::because("cannot start the asynchronous runtime"))?;
    let outcome = runtime.block_on(async {
        match command {
            Command::Run(arguments) => run::run(*arguments).await,
            Command::Attach(arguments) => attach::attach(arguments).await,
            Command::Kernel(KernelCommand::List { json }) => kernels::list(json).await,
            Command::Kernel(KernelCommand::Stop(arguments)) => kernels::stop(arguments).await,
            Command::Exec(arguments) => cells::exec(arguments).await,
            Command::History(arguments) => history::history(arguments),
            Command::Status { name, json } => status::status(name.as_deref(), json).await,
            Command::Resume(arguments) => verbs::resume(arguments).await,
            Command::CancelOrders(arguments) => verbs::cancel_orders(arguments).await,
            Command::Close { symbol, verb } => verbs::close(verb, symbol).await,
            Command::Flatten(arguments) => verbs::flatten(arguments).await,
            Command::Service => service::service().await,
        }
    });
    // A thread that waits for a key or for the owner's pipe must not hold the process.
    runtime.shutdown_background();
    outcome
}
