//! Permissions: who has one, making one, taking one away. A secret is shown once, when it is made.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use qubx_protocol::Role;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{AccessError, Entry, Grant, Kind, Secret, wrong_name};
use crate::gateway::Gateway;
use crate::http::{ApiError, Caller, Identity, JsonBody};
use crate::link::{login_link, qr_svg};

/// The longest that a permission with an end lasts: ten years.
const LONGEST: i64 = 10 * 366 * 24 * 3_600;

/// A permission in the list.
#[derive(Serialize, ToSchema)]
pub(crate) struct Listed {
    id: String,
    kind: Kind,
    name: String,
    role: Role,
    session: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

impl From<Entry> for Listed {
    fn from(entry: Entry) -> Self {
        let Entry { id, kind, name, role, session, created_at, expires_at, .. } = entry;
        Self { id, kind, name, role, session, created_at, expires_at }
    }
}

/// A permission to be made.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Wanted {
    name: String,
    role: Role,
    #[serde(default)]
    ttl_seconds: Option<i64>,
    #[serde(default)]
    session: Option<String>,
}

/// A permission that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct Made {
    id: String,
    /// Shown this once.
    token: String,
    /// A link that logs in with it.
    link: String,
    /// The link as a picture to be scanned.
    qr_svg: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// How long a share link lasts.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Share {
    ttl_seconds: i64,
}

/// `GET /api/tokens`
pub(crate) async fn list(State(gateway): State<Arc<Gateway>>) -> Result<Json<Vec<Listed>>, ApiError> {
    let entries = blocking(&gateway, |access| access.entries()).await?;
    Ok(Json(entries.into_iter().filter(|entry| entry.kind != Kind::Link).map(Listed::from).collect()))
}

/// `POST /api/tokens`
pub(crate) async fn make(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    identity: Identity,
    JsonBody(wanted): JsonBody<Wanted>,
) -> Result<Json<Made>, ApiError> {
    if let Some(wrong) = wrong_name(&wanted.name) {
        return Err(ApiError::bad_request(wrong));
    }
    let Wanted { name, role, ttl_seconds, session } = wanted;
    // Nobody gives more than they have.
    let session = identity.entry.session.clone().or(session);
    // An id is of one start of a session. A permission is for the session's name, and holds at the next start as well.
    let session = session
        .map(|given| gateway.session(&identity.entry, &given).map_or(given, |found| found.file.qubx.name));
    let grant = Grant { kind: Kind::Token, name, role, session, lasts: ttl_seconds.map(lasts).transpose()? };
    grant_it(&gateway, &caller, &identity, grant).await
}

/// `POST /api/sessions/{session}/share`
pub(crate) async fn share(
    State(gateway): State<Arc<Gateway>>,
    caller: Caller,
    identity: Identity,
    Path(session): Path<String>,
    JsonBody(Share { ttl_seconds }): JsonBody<Share>,
) -> Result<Json<Made>, ApiError> {
    let found = gateway.session(&identity.entry, &session)?;
    let grant = Grant {
        kind: Kind::Share,
        name: "guest".to_owned(),
        role: Role::Viewer,
        session: Some(found.file.qubx.name),
        lasts: Some(lasts(ttl_seconds)?),
    };
    grant_it(&gateway, &caller, &identity, grant).await
}

/// `DELETE /api/tokens/{id}`
pub(crate) async fn revoke(
    State(gateway): State<Arc<Gateway>>,
    identity: Identity,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let revoked = blocking(&gateway, move |access| access.revoke(&id)).await?;
    gateway.live.refresh();
    for entry in &revoked {
        tracing::info!(name = entry.name, id = entry.id, by = %identity.author(), "revoked");
    }
    if revoked.is_empty() {
        return Err(ApiError::new(StatusCode::NOT_FOUND, "no_token", "there is no such permission"));
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn grant_it(
    gateway: &Arc<Gateway>,
    caller: &Caller,
    identity: &Identity,
    grant: Grant,
) -> Result<Json<Made>, ApiError> {
    let (entry, secret): (Entry, Secret) = blocking(gateway, |access| access.grant(grant)).await?;
    gateway.live.refresh();
    tracing::info!(name = entry.name, role = %entry.role, id = entry.id, by = %identity.author(), "a permission was made");
    let link = login_link(&caller.front.origin, &secret);
    let qr_svg = qr_svg(&link);
    Ok(Json(Made {
        id: entry.id,
        token: secret.reveal().to_owned(),
        link,
        qr_svg,
        expires_at: entry.expires_at,
    }))
}

fn lasts(seconds: i64) -> Result<SignedDuration, ApiError> {
    if !(1..=LONGEST).contains(&seconds) {
        return Err(ApiError::bad_request(format!("ttl_seconds is {seconds}, and must be 1 to {LONGEST}")));
    }
    Ok(SignedDuration::from_secs(seconds))
}

async fn blocking<T: Send + 'static>(
    gateway: &Gateway,
    work: impl FnOnce(&crate::access::Access) -> Result<T, AccessError> + Send + 'static,
) -> Result<T, ApiError> {
    let access = gateway.live.access().clone();
    let done = tokio::task::spawn_blocking(move || work(&access))
        .await
        .expect("changing permissions does not panic");
    Ok(done?)
}
