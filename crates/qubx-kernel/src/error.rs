//! What can go wrong with a kernel, as its owner sees it.

use std::path::PathBuf;

/// What can go wrong with a kernel.
#[derive(Debug, thiserror::Error)]
pub enum KernelError {
    /// A file or folder of the kernel could not be prepared.
    #[error("cannot prepare {path}: {source}")]
    Prepare {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder's path leaves no room for the sockets in it: the system takes 107 bytes.
    #[error("{path} is too long for a folder of sockets")]
    PathTooLong {
        /// The folder.
        path: PathBuf,
    },
    /// The interpreter could not be started.
    #[error("cannot start {python}: {source}")]
    Spawn {
        /// The interpreter.
        python: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The system gave no random bytes.
    #[error("no random bytes for the kernel's key: {0}")]
    Random(#[from] getrandom::Error),
    /// The kernel has ended.
    #[error("the Python kernel is not running")]
    Ended,
    /// The kernel did not answer in time.
    #[error("the Python kernel did not answer in time")]
    TimedOut,
    /// Too much waits for the kernel already; nothing was sent.
    #[error("the Python kernel does not keep up")]
    Busy,
    /// The kernel answered that it could not.
    #[error("{0}")]
    Failed(String),
}
