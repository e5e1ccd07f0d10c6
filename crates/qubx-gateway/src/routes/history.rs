//! The entries of a session's history: the same objects as `qubx history --json` prints.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use qubx_export::CellEnds;
use qubx_session::read_history;
use serde::Deserialize;
use serde_json::Value;

use crate::gateway::Gateway;
use crate::http::{ApiError, Identity, QueryOf};

/// How many entries are given at most.
const MOST: usize = 10_000;

/// Which entries.
#[derive(Deserialize)]
pub(crate) struct Which {
    /// How many, counted from the end.
    #[serde(default = "usual")]
    limit: usize,
}

fn usual() -> usize {
    1_000
}

/// `GET /api/sessions/{session}/history?limit=N`
pub(crate) async fn history(
    State(gateway): State<Arc<Gateway>>,
    identity: Identity,
    Path(session): Path<String>,
    QueryOf(Which { limit }): QueryOf<Which>,
) -> Result<Json<Vec<Value>>, ApiError> {
    let (session_dir, _) = gateway.past_session(&identity.entry, &session)?;
    let read = move || {
        let ends = CellEnds::default();
        let events = read_history(&session_dir, limit.min(MOST), |fact| ends.is_entry(fact));
        events.map(|events| events.iter().map(|event| ends.object(event)).collect())
    };
    let entries = tokio::task::spawn_blocking(read).await.expect("reading does not panic");
    entries.map(Json).map_err(|error| {
        tracing::error!(%error, "a history cannot be read");
        let status = StatusCode::SERVICE_UNAVAILABLE;
        ApiError::new(status, "history", "the history cannot be read; the gateway's log says why")
    })
}
