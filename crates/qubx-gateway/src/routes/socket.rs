//! The websocket of a tab.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::gateway::Gateway;
use crate::http::{ApiError, Identity, Upgrade};
use crate::relay::{LARGEST_MESSAGE, relay};

/// `GET /api/sessions/{session}/socket`
pub(crate) async fn open(
    State(gateway): State<Arc<Gateway>>,
    identity: Identity,
    Path(session): Path<String>,
    upgrade: Upgrade,
) -> Result<Response, ApiError> {
    let found = gateway.session(&identity.entry, &session)?;
    let place = gateway.places.take(&identity.entry).ok_or_else(|| {
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "full", "there is no place for another tab")
            .hint("close some of them")
    })?;
    let (served, tracker) = (gateway.clone(), gateway.tracker.clone());
    let (answer, socket) = upgrade.accept(LARGEST_MESSAGE);
    tracker.spawn(async move {
        if let Some(socket) = socket.await {
            relay(&served, &identity, &found, socket).await;
        }
        drop(place);
    });
    Ok(answer)
}
