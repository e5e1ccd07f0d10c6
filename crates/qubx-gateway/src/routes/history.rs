//! The entries of a session's history: the same objects as `qubx history --json` prints.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use qubx_export::{entry_object, is_entry};
use qubx_protocol::Fact;
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
        // The end of a cell is no entry of its own; it is told with the cell.
        let ends = std::cell::RefCell::new(HashMap::new());
        let events = read_history(&session_dir, limit.min(MOST), |fact| {
            if let Fact::CellFinished { cell, status, duration_ms } = fact {
                ends.borrow_mut().insert(*cell, (*status, *duration_ms));
            }
            is_entry(fact)
        });
        events.map(|events| events.iter().map(|event| entry_object(event, &ends.borrow())).collect())
    };
    let entries = tokio::task::spawn_blocking(read).await.expect("reading does not panic");
    entries.map(Json).map_err(|error| {
        tracing::error!(%error, "a history cannot be read");
        let status = StatusCode::SERVICE_UNAVAILABLE;
        ApiError::new(status, "history", "the history cannot be read; the gateway's log says why")
    })
}
