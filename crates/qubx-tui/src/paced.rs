//! A question that is asked again and again while somebody looks, and not too often. No I/O.

use std::time::{Duration, Instant};

use qubx_protocol::RequestId;

/// When something was asked last, and which answer is waited for.
#[derive(Debug, Default)]
pub(crate) struct Paced {
    asked_at: Option<Instant>,
    pending: Option<RequestId>,
}

impl Paced {
    /// Tells whether it was ever asked.
    pub(crate) fn was_asked(&self) -> bool {
        self.asked_at.is_some()
    }

    /// Tells whether it may be asked again.
    pub(crate) fn is_due(&self, now: Instant, every: Duration) -> bool {
        self.asked_at.is_none_or(|at| now.saturating_duration_since(at) >= every)
    }

    /// Notes that it is asked now.
    pub(crate) fn ask(&mut self, now: Instant) {
        self.asked_at = Some(now);
    }

    /// Notes the question's id.
    pub(crate) fn asked_as(&mut self, request: RequestId) {
        self.pending = Some(request);
    }

    /// Tells whether an answer is for what was asked last.
    pub(crate) fn is_for(&self, request: &RequestId) -> bool {
        self.pending.as_ref() == Some(request)
    }

    /// Notes that the answer is there.
    pub(crate) fn answered(&mut self) {
        self.pending = None;
    }
}
