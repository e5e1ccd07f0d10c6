//! The limit of open files: every client takes one, and the usual limit of 1,024 is less than a service can serve.
//!
//! Only the service's own limit is raised. Python gets the one back that the service was started with.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises this process's limit to the most that the system allows it, and returns what it was; none when there was none.
pub(crate) fn raise_limit() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
    {
        // There are fewer places for screens then.
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
    current
}
