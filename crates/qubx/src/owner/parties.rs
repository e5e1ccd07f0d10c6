//! What the owner waits for beside its service: its connection, its console, and whoever else is attached. What is not there
//! is waited for without end.

use std::future::Future;
use std::pin::Pin;

use qubx_client::{Options, Talk, TalkError, Update};

use crate::owner::console::Console;

/// A connection on its way.
pub(super) type Opening = Pin<Box<dyn Future<Output = Result<Talk, TalkError>> + Send>>;

/// Tells whether somebody else has a screen on the session; no when that cannot be told.
pub(super) async fn others_are_attached(options: &Options) -> bool {
    let question = Options { owner: false, screen: false, latest: true, ..options.clone() };
    let Ok(mut talk) = Talk::open(question).await else { return false };
    let known = talk.latest().await.is_ok();
    let others = talk.mirror.latest.presence.iter().flatten().any(|screen| !screen.owner);
    talk.client.close().await;
    known && others
}

pub(super) async fn next_update(talk: &mut Option<Talk>) -> Option<Update> {
    match talk {
        Some(talk) => talk.receive().await,
        None => std::future::pending().await,
    }
}

pub(super) async fn opened(opening: &mut Option<Opening>) -> Result<Talk, TalkError> {
    match opening {
        Some(opening) => opening.await,
        None => std::future::pending().await,
    }
}

pub(super) async fn left(console: &mut Option<Console>) {
    match console {
        Some(console) => console.left().await,
        None => std::future::pending().await,
    }
}
