//! A session's history as files: the notebook, the tables, the log. They are made while they are sent, so a long history needs
//! little memory here.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use qubx_export::{Notebook, Table, Tables};
use qubx_home::safe_component;
use qubx_protocol::Event;
use qubx_session::HistoryPages;
use tokio::sync::mpsc;

use super::no_route;
use crate::gateway::Gateway;
use crate::http::{ApiError, Identity};

/// The name of the notebook in paths.
const NOTEBOOK: &str = "notebook.ipynb";
/// How many pieces wait for a slow reader; then the history is not read on.
const PIECES: usize = 4;

/// `GET /api/sessions/{session}/export/{file}`
pub(crate) async fn download(
    State(gateway): State<Arc<Gateway>>,
    identity: Identity,
    Path((session, file)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let (session_dir, name) = gateway.past_session(&identity.entry, &session)?;
    let file_stem = safe_component(&name);
    let (what, media_type, file_name) = if file == NOTEBOOK {
        (
            What::Notebook(Box::new(Notebook::new(name))),
            "application/x-ipynb+json",
            format!("{file_stem}.ipynb"),
        )
    } else {
        let table = Table::ALL.into_iter().find(|table| table.file_name() == file).ok_or_else(no_route)?;
        let is_text = file.ends_with(".txt");
        let media_type = if is_text { "text/plain; charset=utf-8" } else { "text/csv; charset=utf-8" };
        (What::Table(table, Tables::default()), media_type, format!("{file_stem}-{file}"))
    };
    let (sender, receiver) = mpsc::channel(PIECES);
    // A piece that cannot be made breaks the download off, so that half a file is not taken for a whole one.
    gateway.tracker.spawn_blocking(move || {
        if let Err(error) = send(what, &session_dir, &sender) {
            tracing::warn!(%error, "a download broke off");
            let _ = sender.blocking_send(Err(error));
        }
    });
    let disposition = format!("attachment; filename=\"{file_name}\"");
    Ok((
        [(CONTENT_TYPE, media_type), (CONTENT_DISPOSITION, &*disposition)],
        Body::from_stream(stream_of(receiver)),
    )
        .into_response())
}

/// Returns the pieces as they come. What compresses asks once more after the end.
fn stream_of(receiver: mpsc::Receiver<Piece>) -> impl Stream<Item = Piece> {
    stream::unfold(receiver, |mut receiver| async { receiver.recv().await.map(|piece| (piece, receiver)) })
        .fuse()
}

/// What is made of the events.
enum What {
    Notebook(Box<Notebook>),
    Table(Table, Tables),
}

impl What {
    fn begin(&mut self) -> String {
        match self {
            What::Notebook(notebook) => notebook.begin(),
            What::Table(table, _) => table.head(),
        }
    }

    fn take(&mut self, event: &Event) -> String {
        match self {
            What::Notebook(notebook) => notebook.take(event),
            What::Table(wanted, tables) => tables
                .take(event)
                .into_iter()
                .filter(|(table, _)| table == wanted)
                .map(|(_, row)| row)
                .collect(),
        }
    }

    fn finish(self) -> String {
        match self {
            What::Notebook(notebook) => notebook.finish(),
            What::Table(..) => String::new(),
        }
    }
}

type Piece = Result<Bytes, std::io::Error>;

fn send(mut what: What, session_dir: &std::path::Path, pieces: &mpsc::Sender<Piece>) -> std::io::Result<()> {
    let give = |text: String| text.is_empty() || pieces.blocking_send(Ok(text.into())).is_ok();
    let mut history = HistoryPages::open(session_dir).map_err(std::io::Error::other)?;
    let head = history.head().map_err(std::io::Error::other)?;
    if !give(what.begin()) {
        return Ok(());
    }
    loop {
        let page = history.next_page(head).map_err(std::io::Error::other)?;
        if page.is_empty() {
            break;
        }
        let text: String = page.iter().map(|event| what.take(event)).collect();
        if !give(text) {
            return Ok(());
        }
    }
    give(what.finish());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_end_of_a_download_may_be_asked_for_again() {
        let (sender, receiver) = mpsc::channel(1);
        sender.send(Ok(Bytes::from_static(b"x"))).await.unwrap();
        drop(sender);
        let mut pieces = std::pin::pin!(stream_of(receiver));
        assert!(pieces.next().await.is_some());
        assert!(pieces.next().await.is_none() && pieces.next().await.is_none());
    }
}
