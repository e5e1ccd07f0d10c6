//! What a session is run with, and what gets a machine ready for it.

use std::path::PathBuf;

use clap::Args;
use ipnet::IpNet;

use crate::arguments::values::network;

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
