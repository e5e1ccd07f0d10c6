//! The commands, a file each.

mod access;
mod action;
mod attach;
mod completions;
mod doctor;
mod exec;
mod export;
mod history;
mod init;
mod kernels;
mod logs;
mod restart;
mod run;
mod set;
mod setup;
mod status;
mod stop;
mod validate;
mod verbs;
mod verify;
mod web;

use qubx_engine::Registry;

use crate::arguments::{Command, KernelCommand};
use crate::failure::{Failure, Outcome};
use crate::{gateway, service};

/// Does what a command line asks of a program with these strategies.
pub(crate) async fn run(command: Command, registry: &Registry) -> Result<Outcome, Failure> {
    match command {
        Command::Run(arguments) => run::run(*arguments, registry).await,
        Command::Attach(arguments) => attach::attach(arguments).await,
        Command::Kernel(KernelCommand::List { json, watch: false }) => kernels::list(json).await,
        Command::Kernel(KernelCommand::List { json, watch: true }) => kernels::watch(json).await,
        Command::Kernel(KernelCommand::Stop(arguments)) => stop::stop(arguments).await,
        Command::Kernel(KernelCommand::Restart(arguments)) => restart::restart(arguments).await,
        Command::Kernel(KernelCommand::Logs(arguments)) => logs::logs(arguments).await,
        Command::Exec(arguments) => exec::exec(arguments).await,
        Command::History(arguments) => history::history(arguments),
        Command::Export(arguments) => export::export(&arguments),
        Command::Status { name, json } => status::status(name.as_deref(), json).await,
        Command::Pause(arguments) => verbs::pause(arguments).await,
        Command::Resume(arguments) => verbs::resume(arguments).await,
        Command::CancelOrders(arguments) => verbs::cancel_orders(arguments).await,
        Command::Close { symbol, verb } => verbs::close(verb, symbol).await,
        Command::Flatten(arguments) => verbs::flatten(arguments).await,
        Command::Action(arguments) => action::action(arguments).await,
        Command::Set { verb, change } => set::set(verb, change.as_deref()).await,
        Command::Validate(arguments) => validate::validate(*arguments, registry).await,
        Command::Verify(arguments) => verify::verify(arguments).await,
        Command::Setup(arguments) => setup::setup(arguments).await,
        Command::Init(arguments) => init::init(arguments).await,
        Command::Doctor { json } => doctor::doctor(json).await,
        Command::Completions { shell } => completions::completions(shell),
        Command::Web(arguments) => web::web(&arguments).await,
        Command::Login => access::login(),
        Command::Tokens(command) => access::tokens(command),
        Command::Share(arguments) => access::share(&arguments),
        Command::Gateway => gateway::gateway().await,
        Command::Service => service::service(registry).await,
    }
}
