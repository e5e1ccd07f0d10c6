//! The folders, connection files and locks under `$QUBX_HOME`.
//!
//! Owns where things live, their modes, and what proves that a session lives: the lock on its `lock` file, never a
//! file's presence and never a bare pid. It never touches a file that is not ours.

#![forbid(unsafe_code)]

mod connection_file;
mod folders;
mod lock;
mod private;
mod process;
mod python_group;
mod quarantine;
mod runtime_dir;
mod session_dir;
mod sessions;

pub use connection_file::{ConnectionFile, QubxSection, connection_files_of, read_connection_file};
pub use folders::{Home, safe_component};
pub use lock::{Holder, OwnerLock, SessionLock, lock_holder, owner_holder, service_holder};
pub use private::{create_private_file, ensure_private_dir, replace_private_file, write_private_file};
pub use process::{ProcessId, ProvenProcess, boot_id};
pub use python_group::{RUNTIME_DIR_VARIABLE, end_python_group, note_python};
pub use quarantine::Quarantined;
pub use runtime_dir::RuntimeDir;
pub use session_dir::ensure_session_dir;
pub use sessions::{Found, Listing, Survey, list_sessions, look_around, survey};

use std::path::PathBuf;

/// Something under `$QUBX_HOME` that is not as it must be.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// There is no home folder to put things in.
    #[error(
        "neither QUBX_HOME nor HOME is set, so there is no place for sessions; set QUBX_HOME to a folder"
    )]
    NoHome,
    /// The home is relative, and would be another one in every folder.
    #[error("{variable} is `{path}`, and must be an absolute path")]
    RelativeHome {
        /// `QUBX_HOME` or `HOME`.
        variable: &'static str,
        /// What it says.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot {action} {path}")]
    Io {
        /// What we were trying to do.
        action: &'static str,
        /// With what.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A folder that others could write to or swap.
    #[error("{path} cannot be used: {reason}")]
    Unsafe {
        /// The folder.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// A socket's path that the system cannot hold.
    #[error(
        "the socket path {path} has {length} bytes, and a unix socket may have {limit}; \
         set XDG_RUNTIME_DIR or QUBX_HOME to a folder with a shorter path"
    )]
    PathTooLong {
        /// The path.
        path: PathBuf,
        /// Its length.
        length: usize,
        /// The longest allowed.
        limit: usize,
    },
    /// A connection file that is not one.
    #[error("{path} is not a qubx connection file: {reason}")]
    BadConnectionFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Another service holds the session.
    #[error("the session is already running (process {pid})")]
    Locked {
        /// The service.
        pid: u32,
    },
    /// Another command owns the session and starts its service.
    #[error("the session has an owner already (process {pid})")]
    Owned {
        /// The owner.
        pid: u32,
    },
}

impl HomeError {
    fn io(action: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}
