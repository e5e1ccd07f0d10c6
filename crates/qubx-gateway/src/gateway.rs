//! What all requests share. Nothing in it is lost when the gateway dies: sessions, permissions and history are elsewhere.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

use ipnet::IpNet;
use qubx_home::{Found, Home, safe_component, survey};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::{Attempts, Entry, LiveAccess};
use crate::http::{ApiError, NO_SESSION, Row};
use crate::metrics::Metrics;
use crate::options::{Exposure, Front};
use crate::places::Places;

/// The state of a gateway.
pub(crate) struct Gateway {
    pub(crate) home: Home,
    /// The only session that it serves; none for all of this user's.
    pub(crate) only: Option<String>,
    /// The port that it listens on.
    pub(crate) port: u16,
    /// The addresses at which it answers.
    pub(crate) fronts: Vec<Front>,
    /// The proxies that are believed.
    pub(crate) proxies: Vec<IpNet>,
    pub(crate) live: LiveAccess,
    pub(crate) attempts: Mutex<Attempts>,
    pub(crate) metrics: Metrics,
    /// Places for sockets.
    pub(crate) places: Places,
    /// The table of routes, once they are made.
    pub(crate) routes: OnceLock<Vec<Row>>,
    /// Cancelled when the gateway ends.
    pub(crate) cancel: CancellationToken,
    pub(crate) tracker: TaskTracker,
}

impl Gateway {
    pub(crate) fn new(
        home: Home,
        only: Option<String>,
        exposure: &Exposure,
        listening: SocketAddr,
        live: LiveAccess,
    ) -> Self {
        Self {
            home,
            only,
            port: listening.port(),
            fronts: exposure.fronts(listening),
            proxies: exposure.proxies.clone(),
            live,
            attempts: Mutex::default(),
            metrics: Metrics::default(),
            places: Places::default(),
            routes: OnceLock::new(),
            cancel: CancellationToken::new(),
            tracker: TaskTracker::new(),
        }
    }

    /// Returns the name of the cookie. Cookies know no ports, so without encryption each port has its own name; with it, the
    /// prefix has browsers refuse what another host would put there.
    pub(crate) fn cookie_name(&self, front: &Front) -> String {
        if front.secure { "__Host-qubx".to_owned() } else { format!("qubx-{}", self.port) }
    }

    /// Tells whether a connection that is not encrypted here may come from this address: from this machine, or from a proxy,
    /// which has encrypted the way to it.
    pub(crate) fn takes_unencrypted(&self, peer: IpAddr) -> bool {
        peer.is_loopback() || self.is_proxy(peer)
    }

    /// Tells whether an address is one of the proxies that are believed.
    pub(crate) fn is_proxy(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|proxies| proxies.contains(&address))
    }

    /// Returns the table of routes; it is empty before they are made.
    pub(crate) fn rows(&self) -> &[Row] {
        self.routes.get().map_or(&[], Vec::as_slice)
    }

    /// Returns the sessions that a permission is for, oldest first.
    pub(crate) fn sessions(&self, entry: &Entry) -> Result<Vec<Found>, ApiError> {
        let survey = survey(&self.home).map_err(|error| {
            tracing::error!(%error, "the sessions cannot be listed");
            let status = axum::http::StatusCode::SERVICE_UNAVAILABLE;
            ApiError::new(status, "home", "the sessions cannot be listed; the gateway's log says why")
        })?;
        let is_served = |found: &Found| {
            let name = &found.file.qubx.name;
            entry.is_for(name) && self.only.as_ref().is_none_or(|only| only == name)
        };
        Ok(survey.sessions.into_iter().filter(is_served).collect())
    }

    /// Finds the session that a path means: its id, or its name when no other one has it.
    pub(crate) fn session(&self, entry: &Entry, name: &str) -> Result<Found, ApiError> {
        let sessions = self.sessions(entry)?;
        if let Some(found) = sessions.iter().find(|found| id(found) == name) {
            return Ok(found.clone());
        }
        let mut named: Vec<&Found> = sessions.iter().filter(|found| found.file.qubx.name == name).collect();
        if named.iter().any(|found| !found.is_dead()) {
            named.retain(|found| !found.is_dead());
        }
        match named[..] {
            [one] => Ok(one.clone()),
            [] => Err(no_session()),
            [..] => {
                let ids: Vec<String> = named.into_iter().map(id).collect();
                let status = axum::http::StatusCode::CONFLICT;
                Err(ApiError::new(status, "ambiguous", "several sessions have this name")
                    .hint(format!("name one of {}", ids.join(", "))))
            }
        }
    }
}

impl Gateway {
    /// Finds the folder of a session that runs or has ended, and its name as people write it: its history is there still.
    pub(crate) fn past_session(&self, entry: &Entry, name: &str) -> Result<(PathBuf, String), ApiError> {
        match self.session(entry, name) {
            Ok(found) => return Ok((found.file.qubx.session_dir, found.file.qubx.name)),
            Err(error) if error.is_no_session() => {}
            Err(error) => return Err(error),
        }
        // Names become one component of a path, so none leads out of the folder of sessions.
        let component = safe_component(without_time(name));
        let is_allowed =
            |only: &Option<String>| only.as_ref().is_none_or(|only| safe_component(only) == component);
        let folder = self.home.session("paper", "default", &component);
        if is_allowed(&entry.session) && is_allowed(&self.only) && folder.join("session.db").is_file() {
            return Ok((folder, component));
        }
        Err(no_session())
    }
}

/// Returns the name in an id: what stands before the time at which the session was started.
fn without_time(id: &str) -> &str {
    let is_time =
        |part: &str| part.len() == 15 && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let mut ends = id.match_indices('_').filter(|(at, _)| id.get(at + 1..at + 16).is_some_and(is_time));
    ends.next_back().map_or(id, |(at, _)| &id[..at])
}

/// What a path that means no session is answered: the same whether there is none or it is not for this permission.
pub(crate) fn no_session() -> ApiError {
    ApiError::new(axum::http::StatusCode::NOT_FOUND, NO_SESSION, "no session of this name is running")
}

/// Returns a session's id: its connection file's stem, which no other session has.
pub(crate) fn id(found: &Found) -> String {
    found.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_comes_past_the_proxy() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().to_owned());
        let exposure = Exposure { proxies: vec!["10.0.0.0/8".parse().unwrap()], ..Exposure::local(0) };
        let live = LiveAccess::start(crate::access::Access::open(&home).unwrap()).unwrap();
        let gateway = Gateway::new(home, None, &exposure, ([0, 0, 0, 0], 8000).into(), live);
        for (peer, expected) in [
            ("127.0.0.1", true),
            ("::1", true),
            ("10.1.2.3", true),
            ("192.168.1.5", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(gateway.takes_unencrypted(peer.parse().unwrap()), expected, "{peer}");
        }
    }

    #[test]
    fn the_name_in_an_id_stands_before_the_time() {
        for (id, expected) in [
            ("ema-cross_20260101_000000", "ema-cross"),
            ("ema-cross_20260101_000000_2", "ema-cross"),
            ("a_b_20260101_000000", "a_b"),
            ("ema-cross", "ema-cross"),
            ("x_2026", "x_2026"),
            ("", ""),
        ] {
            assert_eq!(without_time(id), expected, "{id}");
        }
    }
}
