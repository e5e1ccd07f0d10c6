//! What can be typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};
use qubx_protocol::Role;

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

/// A config, and what the command line changes in it.
#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    /// The config, a YAML file
    pub(crate) config: PathBuf,
    /// Merges this config over the first one; may be given several times
    #[arg(long = "override", value_name = "FILE")]
    pub(crate) overrides: Vec<PathBuf>,
    /// Sets one value of the config, for example `parameters.fast=10`; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) sets: Vec<String>,
    /// The session's name, instead of the config's
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The Python that runs the strategy
    #[arg(long, value_name = "PATH")]
    pub(crate) python: Option<PathBuf>,
    /// Simulates the orders
    #[arg(short, long)]
    pub(crate) paper: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateArguments {
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
    /// Prints JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) config: ConfigArguments,
    /// Goes on with the positions, the orders, the strategy's saved state and the place in a replay of the last run
    #[arg(short, long)]
    pub(crate) restore: bool,
    /// Opens the terminal screen
    #[arg(short, long, visible_alias = "tui", group = "face")]
    pub(crate) textual: bool,
    /// Opens `jupyter console` on the kernel; when it is left, the session is stopped
    #[arg(short, long, group = "face")]
    pub(crate) jupyter: bool,
    /// Prints the connection file and waits
    #[arg(long, group = "face")]
    pub(crate) kernel_only: bool,
    /// Returns when the session is ready, and leaves it running
    #[arg(long, group = "face")]
    pub(crate) detach: bool,
    /// Serves the page of the session; with --textual too, only the page
    #[arg(long, visible_alias = "web", conflicts_with_all = ["detach", "kernel_only", "jupyter", "json"])]
    pub(crate) textual_web: bool,
    #[command(flatten)]
    pub(crate) page: PageArguments,
    /// Opens the screen on the session of this connection file instead of starting one
    #[arg(long, alias = "textual-connect", value_name = "FILE", conflicts_with_all = ["detach", "kernel_only", "jupyter", "restore"])]
    pub(crate) connect: Option<PathBuf>,
    /// Prints the results of a replay at `speed: max` as JSON, and nothing else
    #[arg(long)]
    pub(crate) json: bool,
    /// Leaves colours out
    #[arg(long)]
    pub(crate) no_color: bool,
}

/// How the page is reached.
#[derive(Debug, Args)]
pub(crate) struct PageArguments {
    /// The address that the page listens on; others than this machine's own need encryption and a token
    #[arg(long, visible_alias = "textual-host", value_name = "ADDR", default_value = "127.0.0.1")]
    pub(crate) host: String,
    /// The port that the page listens on; 0 takes any that is free
    #[arg(long, visible_alias = "textual-port", value_name = "N", default_value_t = qubx_gateway::DEFAULT_PORT)]
    pub(crate) port: u16,
    /// The certificate chain for encryption, a PEM file
    #[arg(long, value_name = "FILE", requires = "tls_key", conflicts_with = "behind_proxy")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key, a PEM file
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// The addresses of the reverse proxy that encrypts, as 127.0.0.1/32 or 10.0.0.0/8, with commas between
    #[arg(long, value_name = "CIDR", value_delimiter = ',', value_parser = network)]
    pub(crate) behind_proxy: Vec<IpNet>,
    /// The address at which people reach the page, as `https://qubx.example.org`; may be given several times
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokensCommand {
    /// Makes a token and prints it, this once
    New {
        /// Whose it is; it stands before all that is done with it
        name: String,
        /// What its holder may do
        #[arg(long, value_enum, default_value_t = TokenRole::Viewer)]
        role: TokenRole,
        /// How long it lasts, as 8h or 30d; without, until it is revoked
        #[arg(long, value_name = "T", value_parser = span)]
        ttl: Option<SignedDuration>,
        /// The only session that it is for
        #[arg(long, value_name = "NAME")]
        session: Option<String>,
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Lists tokens, share links and the browsers that are logged in
    List {
        /// Prints JSON
        #[arg(long)]
        json: bool,
    },
    /// Ends a token, a share link or a login, and what was opened with it, at once
    Revoke {
        /// Its ID, or its name: all of that name
        token: String,
    },
}

/// What the holder of a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TokenRole {
    /// Watches
    Viewer,
    /// Gives the verbs that trade, within the limits
    Trader,
    /// Everything: runs Python, changes parameters, makes tokens, stops sessions
    Admin,
}

impl From<TokenRole> for Role {
    fn from(role: TokenRole) -> Self {
        match role {
            TokenRole::Viewer => Role::Viewer,
            TokenRole::Trader => Role::Trader,
            TokenRole::Admin => Role::Admin,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ShareArguments {
    /// The session
    pub(crate) name: String,
    /// The link lets watch only. It always does; who may do more gets a token
    #[arg(long)]
    pub(crate) read_only: bool,
    /// How long the link lasts, as 8h or 2d
    #[arg(long, value_name = "T", default_value = "8h", value_parser = span)]
    pub(crate) ttl: SignedDuration,
}

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

/// The time from which a log is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// From this time on.
    Time(Timestamp),
    /// From so long ago on.
    Ago(Duration),
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
pub(crate) struct SetupArguments {
    /// The Python to make the environment with
    #[arg(long, value_name = "PATH")]
    pub(crate) python: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// The strategy's name, instead of its folder's; with --systemd the session's, instead of the config's
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The folder to write to, which is made when it is not there; default: the current one
    #[arg(long, value_name = "PATH", conflicts_with = "systemd")]
    pub(crate) dir: Option<PathBuf>,
    /// Prints a unit of systemd for this user that runs CONFIG
    #[arg(long)]
    pub(crate) systemd: bool,
    /// The config that the unit runs; default: the only one in the current folder
    #[arg(requires = "systemd")]
    pub(crate) config: Option<PathBuf>,
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

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "it must be a number of seconds".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

fn network(text: &str) -> Result<IpNet, String> {
    let one = text.parse::<std::net::IpAddr>().map(IpNet::from);
    one.or_else(|_| text.parse())
        .map_err(|_| "write an address or a network, as 127.0.0.1 or 10.0.0.0/8".to_owned())
}

fn span(text: &str) -> Result<SignedDuration, String> {
    let span = ago(text).and_then(|span| SignedDuration::try_from(span).ok()).filter(|span| !span.is_zero());
    span.ok_or_else(|| "write how long as 30m, 8h or 30d".to_owned())
}

fn since(text: &str) -> Result<Since, String> {
    if let Ok(time) = text.parse() {
        return Ok(Since::Time(time));
    }
    let message = "write a time as 2026-01-31T09:30:00Z, or how long ago as 30s, 10m, 2h or 1d";
    ago(text).map(Since::Ago).ok_or_else(|| message.to_owned())
}

/// Reads a whole number of seconds, minutes, hours or days.
fn ago(text: &str) -> Option<Duration> {
    let unit = |unit| match unit {
        's' => Some(1),
        'm' => Some(60),
        'h' => Some(3_600),
        'd' => Some(86_400),
        _ => None,
    };
    let seconds = unit(text.chars().next_back()?)?;
    let number: u64 = text[..text.len() - 1].parse().ok()?;
    number.checked_mul(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn times_are_read_as_they_are_or_as_how_long_ago() {
        let ago = |seconds| Ok(Since::Ago(Duration::from_secs(seconds)));
        for (text, expected) in [("30s", ago(30)), ("10m", ago(600)), ("2h", ago(7_200)), ("1d", ago(86_400))]
        {
            assert_eq!(since(text), expected);
        }
        let time = "2026-01-31T09:30:00Z";
        assert_eq!(since(time), Ok(Since::Time(time.parse().unwrap())));
        for wrong in ["", "m", "10", "10x", "-1m", "1.5h", "yesterday", "99999999999999999999d", "10µ"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }
}
