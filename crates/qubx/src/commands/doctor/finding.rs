//! What a check finds. No I/O.

use serde::Serialize;

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    /// What was looked at; a check may find several things.
    pub(super) check: &'static str,
    pub(super) status: Status,
    /// How it is.
    pub(super) text: String,
    /// What to do about it.
    pub(super) hint: Option<String>,
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// As it should be.
    Ok,
    /// Sessions run, and something may be better.
    Warning,
    /// Sessions do not run, or not safely.
    Error,
}

impl Status {
    /// Returns the sign that stands before it.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::Ok => "✓",
            Self::Warning => "!",
            Self::Error => "✗",
        }
    }

    /// Returns the sign's colour, as SGR numbers them.
    pub(super) fn colour(self) -> &'static str {
        match self {
            Self::Ok => "32",
            Self::Warning => "33",
            Self::Error => "31",
        }
    }
}

impl Finding {
    pub(super) fn ok(check: &'static str, text: impl Into<String>) -> Self {
        Self { check, status: Status::Ok, text: text.into(), hint: None }
    }

    pub(super) fn warning(check: &'static str, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { check, status: Status::Warning, text: text.into(), hint: Some(hint.into()) }
    }

    pub(super) fn error(check: &'static str, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { check, status: Status::Error, text: text.into(), hint: Some(hint.into()) }
    }
}
