//! How the sessions of this user are, asked of all of them at once: one that hangs keeps the others waiting no longer than
//! it may take itself.

use std::path::PathBuf;
use std::time::Duration;

use qubx_home::Found;
use qubx_protocol::{Author, Role};
use serde::Serialize;
use tokio::task::JoinSet;

use crate::{Options, Talk};

/// How long a session may take to tell how it is before a list goes on without its word.
const WITHIN: Duration = Duration::from_secs(1);

/// A session and how it is at this moment; as JSON the row of a list.
#[derive(Clone, Debug, Serialize)]
pub struct Glance {
    /// Its name as people write it.
    pub name: String,
    /// Its name as a part of a path.
    pub strategy_name: String,
    /// `paper` or `live`.
    pub mode: String,
    /// `native` or `qubx`.
    pub runtime: String,
    /// The word for how it is.
    pub status: &'static str,
    /// The service's process.
    pub pid: u32,
    /// Python's process.
    pub kernel_pid: u32,
    /// How Jupyter clients reach its kernel.
    pub connection_file: PathBuf,
    /// The folder that outlives runs.
    pub session_dir: PathBuf,
    /// When it was started, RFC 3339 UTC.
    pub started_at: jiff::Timestamp,
    /// How many screens are attached; none when it did not say.
    pub screens: Option<u64>,
    /// Why it did not say how it is.
    pub error: Option<String>,
}

impl Glance {
    /// Returns what is known of a session that was not asked.
    #[must_use]
    pub fn of(found: &Found) -> Self {
        let qubx = &found.file.qubx;
        Self {
            name: qubx.name.clone(),
            strategy_name: qubx.strategy_name.clone(),
            mode: qubx.mode.clone(),
            runtime: qubx.runtime.clone(),
            status: match (found.alive, found.restarted_by.is_some()) {
                (true, _) => "unknown",
                (false, true) => "starting",
                (false, false) => "dead",
            },
            pid: qubx.service.pid,
            kernel_pid: qubx.kernel_pid,
            connection_file: found.path.clone(),
            session_dir: qubx.session_dir.clone(),
            started_at: qubx.started_at,
            screens: None,
            error: None,
        }
    }

    async fn ask(&mut self, options: Options) {
        match Talk::open(options).await {
            Ok(mut talk) => {
                self.status = talk.state().status.as_ref().map_or("starting", |status| status.word());
                if talk.latest().await.is_ok() {
                    let screens = talk.mirror.latest.screens().unwrap_or(0);
                    self.screens = Some(screens as u64);
                }
                talk.client.close().await;
            }
            Err(error) => self.error = Some(error.message),
        }
    }
}

/// Returns how each of these sessions is, in their order, asked as `identity`.
pub async fn glances(sessions: &[Found], identity: &Author) -> Vec<Glance> {
    let mut asked = JoinSet::new();
    for (place, found) in sessions.iter().enumerate() {
        let mut glance = Glance::of(found);
        let options = Options::question(found, identity.clone(), Role::Viewer, WITHIN);
        let alive = found.alive;
        asked.spawn(async move {
            if alive {
                glance.ask(options).await;
            }
            (place, glance)
        });
    }
    let mut glances = asked.join_all().await;
    glances.sort_by_key(|(place, _)| *place);
    glances.into_iter().map(|(_, glance)| glance).collect()
}
