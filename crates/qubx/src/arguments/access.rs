//! Who may come in.

use clap::{Args, Subcommand, ValueEnum};
use jiff::SignedDuration;
use qubx_protocol::Role;

use crate::arguments::values::span;

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
