//! How a command ends: exit codes and error text.

use std::fmt;
use std::process::ExitCode;

use qubx_client::TalkError;
use qubx_home::HomeError;
use qubx_tui::printable_message;

use crate::advice::advice;

/// A command that did what it was asked, or as much as it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Done: 0.
    Done,
    /// What was asked for did not come about, and the output says so: 1.
    NotWell,
    /// The session is up, its strategy is not: 3.
    StrategyFailed,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => ExitCode::SUCCESS,
            Outcome::NotWell => ExitCode::from(1),
            Outcome::StrategyFailed => ExitCode::from(3),
        }
    }
}

/// A command that failed: what, why, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: String,
    causes: Vec<String>,
    hint: Option<String>,
}

impl Failure {
    /// Something went wrong: exit code 1.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into(), causes: Vec::new(), hint: None }
    }

    /// The command line or the config is wrong: exit code 2.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, ..Self::new(message) }
    }

    /// Returns what turns an error into the cause of a failure.
    pub(crate) fn because<E: std::error::Error>(message: impl Into<String>) -> impl FnOnce(E) -> Self {
        let message = message.into();
        move |error| {
            let causes = chain(&error);
            Self { causes, ..Self::new(message) }
        }
    }

    /// Another process of ours did not do what it was started for: exit code 2, as it is what it was told.
    pub(crate) fn refused(message: String, causes: Vec<String>, hint: Option<String>) -> Self {
        Self { code: 2, message, causes, hint }
    }

    /// Says what to do about it.
    #[must_use]
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Returns what went wrong, without cause and hint.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Returns the exit code.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

/// Returns what an error says, and what lies behind it.
pub(crate) fn chain(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect()
}

impl From<HomeError> for Failure {
    fn from(error: HomeError) -> Self {
        let mut chain = chain(&error).into_iter();
        let message = chain.next().unwrap_or_default();
        Self { causes: chain.collect(), ..Self::new(message) }
    }
}

impl From<TalkError> for Failure {
    fn from(error: TalkError) -> Self {
        let causes = chain(&error).split_off(1);
        Self { causes, hint: error.hint, ..Self::new(error.message) }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A program's last output and a strategy's traceback may be in it.
        write!(f, "error: {}", printable_message(&self.message))?;
        for cause in &self.causes {
            write!(f, "\n  cause: {}", printable_message(cause))?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\n  hint: {}", printable_message(&advice(hint))),
            None => Ok(()),
        }
    }
}
