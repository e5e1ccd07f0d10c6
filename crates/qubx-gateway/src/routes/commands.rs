//! The protocol's own commands for scripts, one a request. The answer waits until the command is over, for ten seconds at most.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use qubx_client::{ANSWER_WITHIN, CommandOutcome, Options, Talk};
use qubx_protocol::{Command, CommandId, MAX_NAME};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::gateway::Gateway;
use crate::http::{ApiError, Identity, JsonBody};

/// How long an answer waits.
const OVER_WITHIN: Duration = Duration::from_secs(10);

/// A command. Sending one twice with the same id does what sending it once does.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CommandBody {
    id: CommandId,
    command: Command,
}

/// What came of a command.
#[derive(Serialize, ToSchema)]
pub(crate) struct CommandResult {
    /// The command's id.
    id: CommandId,
    /// `done`, `failed`, `refused` (nothing was done), or `started` (it goes on; send the same again to hear of its end).
    outcome: &'static str,
    /// What came of it, in words.
    text: String,
}

/// `POST /api/sessions/{session}/commands`
pub(crate) async fn command(
    State(gateway): State<Arc<Gateway>>,
    identity: Identity,
    Path(session): Path<String>,
    JsonBody(body): JsonBody<CommandBody>,
) -> Result<Response, ApiError> {
    let CommandBody { id, command } = body;
    if id.as_str().is_empty() || id.as_str().len() > MAX_NAME {
        return Err(ApiError::bad_request(format!("an id has 1 to {MAX_NAME} bytes")));
    }
    let found = gateway.session(&identity.entry, &session)?;
    let options = Options::question(&found, identity.author(), identity.role(), ANSWER_WITHIN);
    let mut talk = Talk::open(options).await?;
    let over = talk.over(id.clone(), command, OVER_WITHIN).await;
    talk.client.close().await;
    let (status, outcome, text) = match over? {
        CommandOutcome::Done(text) => (StatusCode::OK, "done", text),
        CommandOutcome::Failed(text) => (StatusCode::OK, "failed", text),
        CommandOutcome::Refused(text) => (StatusCode::CONFLICT, "refused", text),
        CommandOutcome::Started => (StatusCode::ACCEPTED, "started", "it is not over yet".to_owned()),
    };
    Ok((status, Json(CommandResult { id, outcome, text })).into_response())
}
