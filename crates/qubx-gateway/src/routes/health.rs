//! For those who watch the gateway: whether it lives, whether it can serve, and what Prometheus collects.

use std::fmt::Write;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use qubx_client::glances;
use serde_json::{Value, json};

use crate::gateway::Gateway;
use crate::http::{ApiError, Identity};
use crate::metrics::head;

/// `GET /health`: it answers.
pub(crate) async fn health() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// `GET /ready`: it can read what it needs to serve.
pub(crate) async fn ready(State(gateway): State<Arc<Gateway>>) -> Response {
    let is_ready = qubx_home::survey(&gateway.home).is_ok() && gateway.live.access().entries().is_ok();
    let (status, word) =
        if is_ready { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready") };
    (status, Json(json!({"status": word}))).into_response()
}

/// `GET /metrics`
pub(crate) async fn metrics(
    State(gateway): State<Arc<Gateway>>,
    identity: Identity,
) -> Result<impl IntoResponse, ApiError> {
    let sessions = gateway.sessions(&identity.entry)?;
    let mut text = gateway.metrics.text();
    let glances = glances(&sessions, &identity.author()).await;
    head(&mut text, "qubx_session_up", "gauge", "Whether a session runs, its strategy and its Python too.");
    for glance in &glances {
        let labels = labels(&glance.name, &glance.mode);
        let _ = writeln!(text, "qubx_session_up{labels} {}", u8::from(glance.status == "running"));
    }
    head(&mut text, "qubx_session_screens", "gauge", "Attached screens.");
    for glance in &glances {
        if let Some(screens) = glance.screens {
            let _ = writeln!(text, "qubx_session_screens{} {screens}", labels(&glance.name, &glance.mode));
        }
    }
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}

fn labels(name: &str, mode: &str) -> String {
    let escaped = name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("{{session=\"{escaped}\",mode=\"{mode}\"}}")
}
