//! How the sessions of this user are, asked of all of them at once: one that hangs keeps the others waiting no longer than
//! it may take itself.

use std::time::Duration;

use qubx_home::Found;
use tokio::task::JoinSet;

use crate::failure::Failure;
use crate::plain::state_word;
use crate::talk::{Talk, question};

/// How long a session may take to tell how it is before a list goes on without its word.
const WITHIN: Duration = Duration::from_secs(1);

/// How a session is at this moment.
pub(crate) struct Glance {
    /// The word for it.
    pub(crate) status: &'static str,
    /// How many screens are attached; none when it did not say.
    pub(crate) screens: Option<u64>,
    /// Why it did not say how it is.
    pub(crate) error: Option<String>,
}

/// Returns how each of these sessions is, in their order.
pub(crate) async fn glances(sessions: &[Found]) -> Vec<Glance> {
    let mut asked = JoinSet::new();
    for (place, found) in sessions.iter().cloned().enumerate() {
        asked.spawn(async move { (place, glance(&found).await) });
    }
    let mut glances = asked.join_all().await;
    glances.sort_by_key(|(place, _)| *place);
    glances.into_iter().map(|(_, glance)| glance).collect()
}

async fn glance(found: &Found) -> Glance {
    let status = if found.restarted_by.is_some() { "starting" } else { "dead" };
    let mut glance = Glance { status, screens: None, error: None };
    if !found.alive {
        return glance;
    }
    glance.status = "unknown";
    match Talk::open(question(found, true, WITHIN)).await {
        Ok(mut talk) => {
            glance.status = talk.state().status.as_ref().map_or("starting", state_word);
            if talk.latest().await.is_ok() {
                let screens = talk.mirror.latest.presence.as_ref().map_or(0, Vec::len);
                glance.screens = Some(screens as u64);
            }
            talk.client.close().await;
        }
        Err(no_talk) => glance.error = Some(Failure::from(no_talk).message().to_owned()),
    }
    glance
}
