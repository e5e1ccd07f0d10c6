//! What can be typed.

mod access;
mod run;
mod sessions;
mod values;

use clap::{Parser, Subcommand};

pub(crate) use self::access::{ShareArguments, TokenRole, TokensCommand};
pub(crate) use self::run::{
    ConfigArguments, InitArguments, PageArguments, RunArguments, SetupArguments, ValidateArguments,
};
pub(crate) use self::sessions::{
    ActionArguments, AttachArguments, ExecArguments, ExportArguments, HistoryArguments, KernelCommand, Level,
    LogsArguments, RestartArguments, StopArguments, VerbArguments, VerifyArguments,
};
pub(crate) use self::values::Since;

/// Runs a trading strategy as one persistent, shared, supervised kernel.
///
/// Exit codes: 0 done, 1 failed, 2 usage or config, 3 the session is up but its strategy is not.
#[derive(Debug, Parser)]
#[command(name = "qubx", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Starts a session with a strategy in it
    Run(Box<RunArguments>),
    /// Opens a screen on a running session; leaving it changes nothing
    Attach(AttachArguments),
    /// Lists, stops and restarts sessions, and shows their logs
    #[command(subcommand)]
    Kernel(KernelCommand),
    /// Runs Python in the shared kernel and prints what it prints
    Exec(ExecArguments),
    /// Prints a session's entries, oldest first
    History(HistoryArguments),
    /// Writes a session's history as a notebook, or as tables for spreadsheets with the text of its log
    Export(ExportArguments),
    /// Shows positions, orders, account, kernel and strategy; exits with 0 when all is well
    Status {
        /// The session; may be left out when only one runs
        name: Option<String>,
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Refuses new entries and cancels those that rest; exits go on
    Pause(VerbArguments),
    /// Ends a pause: new entries are allowed again
    Resume(VerbArguments),
    /// Cancels all open orders
    CancelOrders(VerbArguments),
    /// Closes one position at market
    Close {
        #[command(flatten)]
        verb: VerbArguments,
        /// The symbol, or EXCHANGE:SYMBOL
        symbol: String,
    },
    /// Pauses, cancels all orders and closes all positions at market
    Flatten(VerbArguments),
    /// Has the strategy do something that it offers; without ACTION lists what it offers
    Action(ActionArguments),
    /// Changes a parameter of the strategy; without PARAMETER=VALUE lists its parameters
    Set {
        #[command(flatten)]
        verb: VerbArguments,
        /// The parameter and its new value, for example `fast=10`
        #[arg(value_name = "PARAMETER=VALUE")]
        change: Option<String>,
    },
    /// Checks everything that `run` checks, and says what would run; starts and creates nothing
    Validate(Box<ValidateArguments>),
    /// Checks that a session's files are what was written; exits with 1 when they are not
    Verify(VerifyArguments),
    /// Makes a Python environment for sessions, `$QUBX_HOME/venv`; running it again repairs or updates it
    Setup(SetupArguments),
    /// Writes a strategy that runs, its config and its test; with --systemd prints a unit that runs a config instead
    Init(InitArguments),
    /// Checks this machine as a whole and changes nothing; exits with 0 when nothing is wrong
    Doctor {
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Prints the completions for a shell, for example for bash: `qubx completions bash > FILE`
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Serves the page for all sessions of this user; when it ends, they go on
    Web(PageArguments),
    /// Prints another link that logs in to the page that is served, good once and for ten minutes
    Login,
    /// Makes, lists and revokes tokens: who else may use the page and its interface for scripts
    #[command(subcommand)]
    Tokens(TokensCommand),
    /// Prints a link with which anyone may watch a session
    Share(ShareArguments),
    /// The process that serves the page; started by `run` and `web`
    #[command(hide = true)]
    Gateway,
    /// The process behind a session; started by `run`
    #[command(hide = true)]
    Service,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
