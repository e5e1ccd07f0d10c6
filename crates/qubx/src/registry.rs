//! Stands in for the engine's registry until it is there.

use qubx_protocol::Parameter;

/// The strategies in Rust that are built into the program.
#[derive(Debug, Default)]
pub(crate) struct Registry;

impl Registry {
    pub(crate) fn is_empty(&self) -> bool {
        true
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        Vec::new()
    }

    pub(crate) fn parameters(&self, _name: &str) -> Option<Vec<Parameter>> {
        None
    }
}
