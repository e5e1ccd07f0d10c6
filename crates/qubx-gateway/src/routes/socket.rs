//! The websocket of a tab.

use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::gateway::Gateway;
use crate::http::{ApiError, Identity};
use crate::relay::{LARGEST_MESSAGE, relay};

/// `GET /api/sessions/{session}/socket`
pub(crate) async fn open(
    State(gateway): State<Arc<Gateway>>,
    identity: Identity,
    Path(session): Path<String>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    let found = gateway.session(&identity.entry, &session)?;
    let place = gateway.places.take(&identity.entry).ok_or_else(|| {
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "full", "there is no place for another tab")
            .hint("close some of them")
    })?;
    let (served, tracker) = (gateway.clone(), gateway.tracker.clone());
    let upgrade = upgrade.max_message_size(LARGEST_MESSAGE).max_frame_size(LARGEST_MESSAGE);
    Ok(upgrade.on_upgrade(move |socket| {
        tracker.track_future(async move {
            relay(&served, &identity, &found, socket).await;
            drop(place);
        })
    }))
}
