//! Which sessions there are, and how each is: the same objects as the command line prints with `--json`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use qubx_client::{ANSWER_WITHIN, Glance, Options, Talk, glances};
use qubx_export::status_object;
use serde::Serialize;
use serde_json::Value;

use crate::gateway::{Gateway, id};
use crate::http::{ApiError, Identity};

/// A session in the list.
#[derive(Serialize)]
pub(crate) struct Listed {
    /// Names it in paths; no other session has the same.
    id: String,
    #[serde(flatten)]
    glance: Glance,
}

/// `GET /api/sessions`
pub(crate) async fn list(
    State(gateway): State<Arc<Gateway>>,
    identity: Identity,
) -> Result<Json<Vec<Listed>>, ApiError> {
    let sessions = gateway.sessions(&identity.entry)?;
    let glances = glances(&sessions, &identity.author()).await;
    Ok(Json(sessions.iter().zip(glances).map(|(found, glance)| Listed { id: id(found), glance }).collect()))
}

/// `GET /api/sessions/{session}`
pub(crate) async fn status(
    State(gateway): State<Arc<Gateway>>,
    identity: Identity,
    Path(session): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let found = gateway.session(&identity.entry, &session)?;
    let options = Options::question(&found, identity.author(), identity.role(), ANSWER_WITHIN);
    let mut talk = Talk::open(options).await?;
    talk.latest().await?;
    talk.client.close().await;
    Ok(Json(status_object(talk.state(), &talk.mirror.latest)))
}
