//! A stand-in for a service: it says what was recorded of one, and keeps the commands that it is given.
//!
//! It has what a real one has, lock, socket and connection file, so the program finds it by itself. It runs in a thread of
//! its own, because a test that looks at a terminal blocks. A command does nothing until the test tells what came of it.

mod serve;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use jiff::Timestamp;
use qubx_home::{
    ConnectionFile, Home, ProcessId, QubxSection, RuntimeDir, SessionLock, boot_id, ensure_session_dir,
};
use qubx_protocol::{Event, Fact, Latest, Presence, SessionState, SessionStatus};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::recording::Recording;
use super::{Given, Place};

/// The name of the session.
pub(crate) const LIVE: &str = "market-maker";

/// A session without a service.
pub(crate) struct StandIn {
    shared: Arc<Shared>,
    cancel: CancellationToken,
    thread: Option<JoinHandle<()>>,
    connection_file: PathBuf,
    _runtime_dir: RuntimeDir,
    _lock: SessionLock,
}

/// What the connections and the test have in common.
struct Shared {
    told: Mutex<Told>,
    /// Says that there is something new in it.
    news: watch::Sender<()>,
}

/// All that was told and given.
struct Told {
    /// The state that every screen begins with.
    first: SessionState,
    /// What happened since.
    events: Vec<Event>,
    /// The state now.
    state: SessionState,
    latest: Latest,
    /// How often the newest values have changed.
    changes: usize,
    given: Vec<Given>,
    /// Whether every command is done at once.
    obeys: bool,
}

impl StandIn {
    /// Stands in for the session in mode live that was recorded.
    pub(crate) fn live(place: &Place) -> Self {
        Self::live_with(place, |_| {})
    }

    /// As [`StandIn::live`], with another status.
    pub(crate) fn live_with(place: &Place, change: impl Fn(&mut SessionStatus)) -> Self {
        let home = Home::at(place.home());
        home.create().unwrap();
        let session_dir = home.session("live", "default", LIVE);
        ensure_session_dir(&session_dir).unwrap();
        let lock = SessionLock::acquire(&session_dir.join("lock")).unwrap();
        let runtime_dir = home.create_runtime_dir(&session_dir).unwrap();
        let socket = runtime_dir.socket();
        let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        std::fs::set_permissions(&socket, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let qubx = QubxSection {
            name: LIVE.to_owned(),
            strategy_name: LIVE.to_owned(),
            mode: "live".to_owned(),
            runtime: "native".to_owned(),
            config: place.path("market_maker.yml"),
            session_dir,
            socket,
            service: ProcessId::own().unwrap(),
            boot_id: boot_id(),
            kernel_pid: 1,
            started_at: Timestamp::now(),
        };
        let file = ConnectionFile { jupyter: serde_json::Map::new(), qubx };
        let connection_file = file.publish(&home.kernels()).unwrap();

        let mut recording = Recording::live();
        recording.change_status(|status| {
            status.info.version = env!("CARGO_PKG_VERSION").to_owned();
            change(status);
        });
        let told = Mutex::new(Told::of(recording));
        let shared = Arc::new(Shared { told, news: watch::Sender::new(()) });
        let cancel = CancellationToken::new();
        let (of_thread, end) = (shared.clone(), cancel.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(serve::listen(listener, of_thread, end));
        });
        Self { shared, cancel, thread: Some(thread), connection_file, _runtime_dir: runtime_dir, _lock: lock }
    }

    /// Tells a fact, to everyone.
    pub(crate) fn tell(&self, fact: Fact) {
        self.shared.change(|told| told.add(fact));
    }

    /// Does every command at once from now on.
    pub(crate) fn obeys(&self) {
        self.shared.change(|told| told.obeys = true);
    }

    /// Returns the commands that came so far.
    pub(crate) fn given(&self) -> Vec<Given> {
        self.shared.told().given.clone()
    }

    /// Returns the session as it is now.
    pub(crate) fn state(&self) -> SessionState {
        self.shared.told().state.clone()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.cancel.cancel();
        if let Some(thread) = self.thread.take() {
            // One that has panicked has said so.
            let _ = thread.join();
        }
        let _ = std::fs::remove_file(&self.connection_file);
    }
}

impl Shared {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap()
    }

    fn change(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.told());
        self.news.send_replace(());
    }
}

impl Told {
    fn of(recording: Recording) -> Self {
        let Recording { first, events, latest } = recording;
        let mut state = first.clone();
        for event in &events {
            state.apply(event);
        }
        // Who is attached is known here, and was another one then.
        let latest = Latest { presence: Some(Vec::new()), ..latest };
        Self { first, events, state, latest, changes: 1, given: Vec::new(), obeys: false }
    }

    fn add(&mut self, fact: Fact) {
        let event = Event { seq: self.state.head.next(), time: Timestamp::now(), fact };
        self.state.apply(&event);
        self.events.push(event);
    }

    fn say(&mut self, latest: Latest) {
        self.latest.merge(latest);
        self.changes += 1;
    }

    fn present(&mut self, change: impl FnOnce(&mut Vec<Presence>)) {
        let mut presence = self.latest.presence.clone().unwrap_or_default();
        change(&mut presence);
        self.say(Latest { presence: Some(presence), ..Latest::default() });
    }

    /// Takes a command. The same one once more is nothing new.
    fn take(&mut self, given: Given) {
        if self.given.iter().any(|known| known.id == given.id) {
            return;
        }
        if self.obeys {
            given.facts(&self.state).into_iter().for_each(|fact| self.add(fact));
        }
        self.given.push(given);
    }
}
