//! What a request is answered that cannot be served: one shape everywhere, with what went wrong and what to do.

use std::time::Duration;

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use qubx_client::{TalkError, TalkErrorKind};
use serde::Serialize;

use super::policy::Denied;
use crate::access::AccessError;

/// A request that is refused or cannot be served.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    hint: Option<String>,
    /// After how many seconds it may be tried again.
    retry_after: Option<u64>,
}

/// The code of an answer about a session that is not there.
pub(crate) const NO_SESSION: &str = "no_session";

/// The body of such an answer.
#[derive(Serialize)]
struct Body {
    error: Problem,
}

#[derive(Serialize)]
struct Problem {
    /// For programs.
    code: &'static str,
    /// For people.
    message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), hint: None, retry_after: None }
    }

    /// The request itself is wrong.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// Tells whether it says that there is no such session.
    pub(crate) fn is_no_session(&self) -> bool {
        self.code == NO_SESSION
    }

    /// The address tried too often.
    pub(crate) fn too_many(wait: Duration) -> Self {
        let seconds = wait.as_secs() + 1;
        let message = format!("too many attempts; try again in {seconds} s");
        Self { retry_after: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many", message) }
    }

    #[must_use]
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self { status, code, message, hint, retry_after } = self;
        let mut response = (status, Json(Body { error: Problem { code, message, hint } })).into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> Self {
        Self::new(denied.status, denied.code, denied.message)
    }
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        ApiError::from(self).into_response()
    }
}

impl From<TalkError> for ApiError {
    fn from(error: TalkError) -> Self {
        let (status, code) = match error.kind {
            TalkErrorKind::Silent => (StatusCode::GATEWAY_TIMEOUT, "silent"),
            TalkErrorKind::OtherVersion => (StatusCode::BAD_GATEWAY, "other_version"),
            TalkErrorKind::Refused => (StatusCode::CONFLICT, "refused"),
            TalkErrorKind::NotOver => (StatusCode::ACCEPTED, "not_over"),
            TalkErrorKind::Failed => (StatusCode::BAD_GATEWAY, "failed"),
        };
        Self { hint: error.hint, ..Self::new(status, code, error.message) }
    }
}

impl From<AccessError> for ApiError {
    fn from(error: AccessError) -> Self {
        // Paths of this machine are for its log, not for whoever asks.
        tracing::error!(%error, "the permissions cannot be used");
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new(status, "access", "the list of permissions cannot be used; the gateway's log says why")
    }
}
