//! The connection file that others find the session by. It goes when the session ends.

use std::path::PathBuf;

use qubx_home::{ConnectionFile, HomeError, QubxSection};
use qubx_kernel::ConnectionInfo;

/// The session's connection file: not there yet, or published.
#[derive(Debug)]
pub(crate) struct Publication {
    kernels: PathBuf,
    section: QubxSection,
    published: Option<PathBuf>,
}

impl Publication {
    /// Prepares a file in `kernels`; `section.kernel_pid` is filled in later.
    pub(crate) fn new(kernels: PathBuf, section: QubxSection) -> Self {
        Self { kernels, section, published: None }
    }

    /// Publishes the file for a kernel that answers, and returns where.
    pub(crate) fn publish(
        &mut self,
        connection: &ConnectionInfo,
        kernel_pid: u32,
    ) -> Result<PathBuf, HomeError> {
        let jupyter = match serde_json::to_value(connection) {
            Ok(serde_json::Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        self.section.kernel_pid = kernel_pid;
        let path = ConnectionFile { jupyter, qubx: self.section.clone() }.publish(&self.kernels)?;
        self.published = Some(path.clone());
        Ok(path)
    }
}

impl Drop for Publication {
    fn drop(&mut self) {
        if let Some(path) = &self.published {
            // Gone already is as good.
            let _ = std::fs::remove_file(path);
        }
    }
}
