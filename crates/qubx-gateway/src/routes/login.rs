//! Logging in and out. A secret is sent once, in the body of a request, and comes back as a cookie that no script can read.

use std::sync::{Arc, PoisonError};

use axum::Json;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use qubx_protocol::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Entry, Kind, Secret};
use crate::gateway::Gateway;
use crate::http::{ApiError, Caller, Identity, JsonBody, may_try, note_failure};
use crate::options::Front;

/// What somebody logs in with.
#[derive(Deserialize, ToSchema)]
pub(crate) struct LoginBody {
    /// A token, or what a login link has behind `#t=`.
    token: String,
}

/// Who somebody is here.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    name: String,
    role: Role,
    session: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    version: &'static str,
}

impl From<Entry> for Me {
    fn from(entry: Entry) -> Self {
        let Entry { name, role, session, expires_at, .. } = entry;
        Self { name, role, session, expires_at, version: env!("CARGO_PKG_VERSION") }
    }
}

/// `POST /api/login`
pub(crate) async fn login(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    JsonBody(body): JsonBody<LoginBody>,
) -> Result<Response, ApiError> {
    may_try(&gateway, caller.address)?;
    let access = gateway.live.access().clone();
    let made = tokio::task::spawn_blocking(move || access.login(body.token.trim()))
        .await
        .expect("logging in does not panic")?;
    let Some((entry, secret)) = made else {
        note_failure(&gateway, caller.address);
        let message = "this link or token is not valid any more";
        return Err(ApiError::new(StatusCode::UNAUTHORIZED, "no_access", message)
            .hint("a login link is good for one login within ten minutes; `qubx login` prints another"));
    };
    gateway.attempts.lock().unwrap_or_else(PoisonError::into_inner).succeeded(caller.address);
    gateway.live.refresh();
    tracing::info!(name = entry.name, role = %entry.role, address = %caller.address, "logged in");
    let cookie = cookie(&gateway, &caller.front, &entry, &secret);
    Ok(([(SET_COOKIE, cookie)], Json(Me::from(entry))).into_response())
}

/// `GET /api/me`. A login that is used is renewed.
pub(crate) async fn me(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    identity: Identity,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let is_old = |end: Timestamp| end.duration_since(Timestamp::now()) < RENEWED_BELOW;
    let entry = identity.entry;
    if entry.kind != Kind::Login || !entry.expires_at.is_some_and(is_old) {
        return Ok(Json(Me::from(entry)).into_response());
    }
    let (access, id) = (gateway.live.access().clone(), entry.id.clone());
    let renewed =
        tokio::task::spawn_blocking(move || access.renew(&id)).await.expect("renewing does not panic")?;
    gateway.live.refresh();
    let renewed = renewed.unwrap_or(entry);
    let secret = crate::http::cookie(&headers, &gateway.cookie_name(&caller.front)).unwrap_or_default();
    let cookie = cookie_text(&gateway, &caller.front, secret, lasts(&renewed));
    Ok(([(SET_COOKIE, cookie)], Json(Me::from(renewed))).into_response())
}

/// A login that ends sooner than this is renewed when it is used.
const RENEWED_BELOW: SignedDuration = SignedDuration::from_hours(12);

/// `POST /api/logout`
pub(crate) async fn logout(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    identity: Identity,
) -> Result<Response, ApiError> {
    if identity.entry.kind == Kind::Login {
        let access = gateway.live.access().clone();
        tokio::task::spawn_blocking(move || access.revoke(&identity.entry.id))
            .await
            .expect("revoking does not panic")?;
        gateway.live.refresh();
    }
    let cookie = cookie_text(&gateway, &caller.front, "", 0);
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response())
}

fn cookie(gateway: &Gateway, front: &Front, entry: &Entry, secret: &Secret) -> HeaderValue {
    cookie_text(gateway, front, secret.reveal(), lasts(entry))
}

/// Returns for how many seconds a browser keeps the cookie.
fn lasts(entry: &Entry) -> i64 {
    entry.expires_at.map_or(0, |end| end.duration_since(Timestamp::now()).as_secs().max(0))
}

fn cookie_text(gateway: &Gateway, front: &Front, secret: &str, seconds: i64) -> HeaderValue {
    let name = gateway.cookie_name(front);
    let secure = if front.secure { "; Secure" } else { "" };
    let text = format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    let mut value = HeaderValue::try_from(text).expect("names and secrets are plain letters");
    value.set_sensitive(true);
    value
}
