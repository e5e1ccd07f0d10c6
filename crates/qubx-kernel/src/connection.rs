//! The connection file: where the child's sockets are and the key that signs messages.
//!
//! The service writes it, the child binds what it says. A file that is there already is used again, so that a
//! restarted kernel is found by the guests of the one before.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::KernelError;

/// The longest path of a unix socket.
const LONGEST_SOCKET_PATH: usize = 107;
/// The longest name in the folder: `bridge.sock`, with its slash.
const LONGEST_NAME: usize = 12;

/// The fields of a standard Jupyter connection file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionInfo {
    /// `ipc`.
    pub transport: String,
    /// The beginning of each socket's path; a dash and the port follow.
    pub ip: String,
    /// Requests.
    pub shell_port: u16,
    /// Output.
    pub iopub_port: u16,
    /// Answers to `input()`.
    pub stdin_port: u16,
    /// Requests that do not wait for a running cell.
    pub control_port: u16,
    /// Echo.
    pub hb_port: u16,
    /// Signs every message.
    pub key: String,
    /// `hmac-sha256`.
    pub signature_scheme: String,
    /// What clients show as the kind of kernel.
    pub kernel_name: String,
}

impl ConnectionInfo {
    /// Returns the address of a port.
    #[must_use]
    pub fn endpoint(&self, port: u16) -> String {
        format!("{}://{}-{port}", self.transport, self.ip)
    }

    /// Returns what the folder's file says, and writes one with a new key when there is none.
    pub(crate) fn open(folder: &Path) -> Result<Self, KernelError> {
        if folder.as_os_str().len() + LONGEST_NAME > LONGEST_SOCKET_PATH {
            return Err(KernelError::PathTooLong { path: folder.to_owned() });
        }
        let path = folder.join("kernel.json");
        let prepare = |source| KernelError::Prepare { path: path.clone(), source };
        match std::fs::read(&path) {
            Ok(bytes) => return serde_json::from_slice(&bytes).map_err(|error| prepare(error.into())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(prepare(error)),
        }
        let Some(ip) = folder.join("k").to_str().map(str::to_owned) else {
            return Err(prepare(std::io::Error::other("the path is not Unicode")));
        };
        let connection = Self {
            transport: "ipc".into(),
            ip,
            shell_port: 1,
            iopub_port: 2,
            stdin_port: 3,
            control_port: 4,
            hb_port: 5,
            key: random_hex()?,
            signature_scheme: "hmac-sha256".into(),
            kernel_name: "python3".into(),
        };
        let text = serde_json::to_vec_pretty(&connection).map_err(|error| prepare(error.into()))?;
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| file.write_all(&text))
            .map_err(prepare)?;
        Ok(connection)
    }
}

/// Returns 256 random bits.
pub(crate) fn random_hex() -> Result<String, KernelError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(hex(&bytes))
}

/// Returns bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
