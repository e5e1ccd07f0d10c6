//! `qubx`: the command line. It wires the crates together, and it alone turns errors into text and exit codes.

#![forbid(unsafe_code)]

mod arguments;
mod attach;
mod cells;
mod config;
mod console;
mod failure;
mod find;
mod foreground;
mod history;
mod identity;
mod kernels;
mod launch;
mod logs;
mod out;
mod own_log;
mod plain;
mod prepare;
mod restart;
mod run;
mod screen;
mod service;
mod setup;
mod status;
mod steps;
mod stop;
mod supervise;
mod talk;
mod validate;
mod verbs;
mod verify;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

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
        // Whatever was done, what is missing on standard output was asked for too.
        Ok(Outcome::Done) if out::has_failed() => Outcome::NotWell.into(),
        Ok(outcome) => outcome.into(),
        Err(failure) => {
            out::say!("{failure}");
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
            Command::Kernel(KernelCommand::List { json, watch: false }) => kernels::list(json).await,
            Command::Kernel(KernelCommand::List { json, watch: true }) => kernels::watch(json).await,
            Command::Kernel(KernelCommand::Stop(arguments)) => stop::stop(arguments).await,
            Command::Kernel(KernelCommand::Restart(arguments)) => restart::restart(arguments).await,
            Command::Kernel(KernelCommand::Logs(arguments)) => logs::logs(arguments).await,
            Command::Exec(arguments) => cells::exec(arguments).await,
            Command::History(arguments) => history::history(arguments),
            Command::Status { name, json } => status::status(name.as_deref(), json).await,
            Command::Pause(arguments) => verbs::pause(arguments).await,
            Command::Resume(arguments) => verbs::resume(arguments).await,
            Command::CancelOrders(arguments) => verbs::cancel_orders(arguments).await,
            Command::Close { symbol, verb } => verbs::close(verb, symbol).await,
            Command::Flatten(arguments) => verbs::flatten(arguments).await,
            Command::Validate(arguments) => validate::validate(*arguments).await,
            Command::Verify(arguments) => verify::verify(arguments).await,
            Command::Setup(arguments) => setup::setup(arguments).await,
            Command::Completions { shell } => completions(shell),
            Command::Service => service::service().await,
        }
    });
    // A thread that waits for a key or for the owner's pipe must not hold the process.
    runtime.shutdown_background();
    outcome
}

/// `qubx completions SHELL`
fn completions(shell: clap_complete::Shell) -> Result<Outcome, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "qubx", &mut script);
    std::io::Write::write_all(&mut std::io::stdout().lock(), &script)?;
    Ok(Outcome::Done)
}
