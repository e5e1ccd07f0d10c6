//! The connection file that others find the session by. It goes when the session ends.

use std::path::PathBuf;

use qubx_home::{ConnectionFile, HomeError, QubxSection, connection_files_of};
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

    /// Takes the place of the file that a service of the same session left when it died, so that its path stays.
    pub(crate) fn take_over(&mut self) {
        self.published = connection_files_of(&self.kernels, &self.section.session_dir).pop();
    }

    /// Tells whether there is a file.
    pub(crate) fn is_there(&self) -> bool {
        self.published.is_some()
    }

    /// Publishes the file for a kernel that answers, in the place of the one before, and returns where.
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
        let file = ConnectionFile { jupyter, qubx: self.section.clone() };
        let path = match &self.published {
            Some(path) => file.replace(path).map(|()| path.clone())?,
            None => file.publish(&self.kernels)?,
        };
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
