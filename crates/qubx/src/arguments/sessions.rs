//! What is done with sessions that run, or have run.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use crate::arguments::values::{Since, seconds, since};

#[derive(Debug, Args)]
pub(crate) struct AttachArguments {
    /// The session; may be left out when only one runs
    pub(crate) name: Option<String>,
    /// Watches only: nothing can be run, traded or stopped from here
    #[arg(long)]
    pub(crate) read_only: bool,
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
    /// Lists the sessions that run; one that died is told once, here or by another command, and its files are removed
    List {
        /// Prints JSON
        #[arg(long)]
        json: bool,
        /// Lists them again and again, until Ctrl+C; with --json an array a line
        #[arg(long)]
        watch: bool,
    },
    /// Ends the Python process and starts another one; orders and positions stay
    Restart(RestartArguments),
    /// Prints the session's log: what the strategy, the engine and the kernel wrote, and the strategy's errors
    Logs(LogsArguments),
    /// Ends a session: its strategy is stopped, open orders are cancelled, positions stay
    Stop(StopArguments),
}

#[derive(Debug, Args)]
pub(crate) struct StopArguments {
    /// The session
    #[arg(required_unless_present = "all")]
    pub(crate) name: Option<String>,
    /// All sessions of this user
    #[arg(long, conflicts_with = "name")]
    pub(crate) all: bool,
    /// Closes all positions first
    #[arg(long)]
    pub(crate) flatten: bool,
    /// Leaves open orders as they are
    #[arg(long, conflicts_with = "flatten")]
    pub(crate) keep_orders: bool,
    /// Does not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// How long stopping may take; then the service gets a signal: SIGTERM, and after 10 s SIGKILL
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct RestartArguments {
    /// The session
    pub(crate) name: String,
    /// Does not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// How long Python may take to be ready again
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct LogsArguments {
    /// The session; one that has ended may be named too
    pub(crate) name: String,
    /// Goes on printing until the session ends or Ctrl+C
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// Leaves out what is less grave
    #[arg(long, value_enum, default_value_t = Level::Info)]
    pub(crate) level: Level,
    /// Leaves out what is older: a time (RFC 3339), or how long ago: 30s, 10m, 2h, 1d
    #[arg(long, value_name = "T", value_parser = since)]
    pub(crate) since: Option<Since>,
    /// Leaves out what this regular expression does not match
    #[arg(long, value_name = "RE")]
    pub(crate) grep: Option<regex::Regex>,
    /// Prints one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

/// How grave a line of a log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Level {
    /// Everything
    Debug,
    /// For those who watch
    Info,
    /// Something to look at
    Warning,
    /// Something is wrong
    Error,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The session; one that has ended may be named too
    pub(crate) name: String,
    /// Prints JSON
    #[arg(long)]
    pub(crate) json: bool,
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
pub(crate) struct ExportArguments {
    /// The session; one that has ended may be named too
    pub(crate) name: String,
    /// Writes a Jupyter notebook with all cells, their outputs, and what happened between them; `-` is standard output
    #[arg(long, value_name = "FILE", required_unless_present = "csv")]
    pub(crate) ipynb: Option<PathBuf>,
    /// Writes orders.csv, fills.csv, positions.csv, funding.csv and log.txt into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) csv: Option<PathBuf>,
    /// Replaces files that are there
    #[arg(long)]
    pub(crate) force: bool,
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

#[derive(Debug, Args)]
pub(crate) struct ActionArguments {
    #[command(flatten)]
    pub(crate) verb: VerbArguments,
    /// What the strategy is to do
    pub(crate) action: Option<String>,
    /// What the action takes, for example `share=0.5`; may be given several times
    #[arg(long = "param", value_name = "KEY=VALUE", requires = "action")]
    pub(crate) given: Vec<String>,
}
