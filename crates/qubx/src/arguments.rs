//! What can be typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

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
    /// Lists and stops sessions
    #[command(subcommand)]
    Kernel(KernelCommand),
    /// Runs Python in the shared kernel and prints what it prints
    Exec(ExecArguments),
    /// Prints a session's entries, oldest first
    History(HistoryArguments),
    /// Shows positions, orders, account, kernel and strategy; exits with 0 when all is well
    Status {
        /// The session; may be left out when only one runs
        name: Option<String>,
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
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
    /// The process behind a session; started by `run`
    #[command(hide = true)]
    Service,
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The config, a YAML file
    pub(crate) config: PathBuf,
    /// Simulates the orders
    #[arg(short, long)]
    pub(crate) paper: bool,
    /// Opens the terminal screen
    #[arg(short, long, visible_alias = "tui", group = "face")]
    pub(crate) textual: bool,
    /// Prints the connection file and waits
    #[arg(long, group = "face")]
    pub(crate) kernel_only: bool,
    /// Returns when the session is ready, and leaves it running
    #[arg(long, group = "face")]
    pub(crate) detach: bool,
    /// Opens the screen on the session of this connection file instead of starting one
    #[arg(long, alias = "textual-connect", value_name = "FILE", conflicts_with_all = ["detach", "kernel_only"])]
    pub(crate) connect: Option<PathBuf>,
    /// The session's name, instead of the config's
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Merges this config over the first one; may be given several times
    #[arg(long = "override", value_name = "FILE")]
    pub(crate) overrides: Vec<PathBuf>,
    /// Sets one value of the config, for example `parameters.fast=10`; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) sets: Vec<String>,
    /// The Python that runs the strategy
    #[arg(long, value_name = "PATH")]
    pub(crate) python: Option<PathBuf>,
    /// Leaves colours out
    #[arg(long)]
    pub(crate) no_color: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AttachArguments {
    /// The session; may be left out when only one runs
    pub(crate) name: Option<String>,
    /// Prints the session line by line and reads cells from standard input
    #[arg(long)]
    pub(crate) plain: bool,
    /// How long connecting may take
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub(crate) timeout: Duration,
    /// Leaves colours out
    #[arg(long)]
    pub(crate) no_color: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KernelCommand {
    /// Lists the sessions that run; one that died is shown once, and its files are removed
    List {
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Ends a session: its strategy is stopped, open orders are cancelled, positions stay
    Stop(StopArguments),
}

#[derive(Debug, Args)]
pub(crate) struct StopArguments {
    /// The session
    pub(crate) name: String,
    /// Closes all positions first
    #[arg(long)]
    pub(crate) flatten: bool,
    /// Leaves open orders as they are
    #[arg(long, conflicts_with = "flatten")]
    pub(crate) keep_orders: bool,
    /// Does not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// How long stopping may take
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct ExecArguments {
    /// The session
    pub(crate) name: String,
    /// The source; `-` reads it from standard input
    pub(crate) code: String,
}

#[derive(Debug, Args)]
pub(crate) struct HistoryArguments {
    /// The session; one that has ended may be named too
    pub(crate) name: String,
    /// How many entries, counted from the end
    #[arg(long, default_value = "1000")]
    pub(crate) limit: usize,
    /// Prints one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VerbArguments {
    /// The session
    pub(crate) name: String,
    /// Does not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Prints JSON
    #[arg(long)]
    pub(crate) json: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it must be a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
