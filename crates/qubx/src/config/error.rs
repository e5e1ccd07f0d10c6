//! What is wrong in a config, where, and what to do.

use std::fmt;

use super::origin::{Origin, printable};

/// One thing that is wrong in a config.
///
/// `Display` gives one to four lines: the place and the message, the source line with a caret, the hint.
#[derive(Clone, Debug)]
pub(crate) struct ConfigError {
    origin: Origin,
    message: String,
    hint: Option<String>,
}

impl ConfigError {
    pub(super) fn new(origin: &Origin, message: impl Into<String>) -> Self {
        Self { origin: origin.clone(), message: message.into(), hint: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(super) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns place and message in one line, without source line and hint.
    #[must_use]
    pub(crate) fn summary(&self) -> String {
        let message: String = self.message.chars().map(printable).collect();
        format!("{}: {message}", self.origin)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary())?;
        if let Some(excerpt) = self.origin.excerpt() {
            write!(f, "\n{excerpt}")?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {}", hint.chars().map(printable).collect::<String>()),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}
