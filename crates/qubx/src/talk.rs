//! How the command line reaches a session.

use std::time::Duration;

use qubx_client::Options;
use qubx_home::Found;
use qubx_protocol::Role;

pub(crate) use qubx_client::{ANSWER_WITHIN, Talk};

use crate::identity::identity;

/// Returns how to reach a session for a question that is over in a moment.
pub(crate) fn question(found: &Found, latest: bool, timeout: Duration) -> Options {
    Options { latest, ..Options::question(found, identity(), Role::Admin, timeout) }
}

/// Returns how to reach a session for somebody who watches or waits.
pub(crate) fn screen(found: &Found, latest: bool, timeout: Duration) -> Options {
    Options { latest, ..Options::screen(found, identity(), Role::Admin, timeout) }
}
