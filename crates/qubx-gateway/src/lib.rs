//! The page for browsers and the interface for scripts: HTTP and websockets on one side, the sessions' sockets on the other.
//!
//! It keeps nothing that cannot be rebuilt: its crash touches no strategy, and tabs resume with the next one. Every request
//! passes one check, and no route can be added without saying whom it is for. It tells a session who a tab is, and can only
//! lower what it may do.

#![forbid(unsafe_code)]

mod access;
mod gateway;
mod http;
mod link;
mod metrics;
mod notice;
mod options;
mod places;
mod relay;
mod routes;
mod server;
mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use qubx_home::Home;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use access::{Access, AccessError, Entry, Grant, Kind, LINK_LASTS, Secret, wrong_name};
pub use http::{Effect, Policy, Row};
pub use link::{login_link, qr_text};
pub use notice::{Notice, gateways, gateways_in};
pub use options::{DEFAULT_PORT, Exposure, Front, Refused};
pub use routes::has_page;
pub use tls::TlsError;

use crate::access::LiveAccess;
use crate::gateway::Gateway;

/// What a gateway is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Options {
    /// The home whose sessions it serves.
    pub home: PathBuf,
    /// The only session that it serves; none for all.
    pub only: Option<String>,
    /// How the page is reached.
    pub exposure: Exposure,
}

/// Why a gateway does not serve.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// It may not listen like that.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The permissions cannot be read.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The address is taken, or is none of this machine's.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A gateway that listens.
pub struct Listening {
    /// The address that links to it begin with.
    pub origin: String,
    /// The port that it listens on.
    pub port: u16,
    exposure: Exposure,
    gateway: Arc<Gateway>,
    router: axum::Router,
    listener: TcpListener,
    tls: Option<tokio_rustls::TlsAcceptor>,
}

/// How long what is on its way may take to end with the gateway.
const ENDS_WITHIN: Duration = Duration::from_secs(3);

impl Listening {
    /// Serves until `cancel`.
    ///
    /// # Errors
    /// When it cannot note where it is.
    pub async fn serve(self, cancel: CancellationToken) -> Result<(), GatewayError> {
        let Self { origin, port, exposure, gateway, router, listener, tls } = self;
        let exposure = Exposure { port, ..exposure };
        let _posted = notice::post(gateway.live.access(), &origin, gateway.only.as_deref(), exposure)?;
        let watched = gateway.clone();
        gateway.tracker.spawn(async move { watched.live.watch(watched.cancel.clone()).await });
        let ended = gateway.cancel.clone();
        tokio::select! {
            () = server::accept(gateway.clone(), listener, tls, router) => {}
            () = cancel.cancelled() => {}
        }
        ended.cancel();
        gateway.tracker.close();
        // Tabs are told to come back; whoever does not listen is left.
        let _ = tokio::time::timeout(ENDS_WITHIN, gateway.tracker.wait()).await;
        Ok(())
    }

    /// Returns the table of routes, for tests that hold each against every kind of visitor.
    #[must_use]
    pub fn routes(&self) -> &[Row] {
        self.gateway.rows()
    }
}

/// Says why a gateway may not listen like that, or with what it encrypts. Nothing is made, so that who is refused leaves
/// nothing behind.
///
/// # Errors
/// When what others could reach is not protected, or permissions or certificate cannot be read.
pub fn check(home: &Home, exposure: &Exposure) -> Result<Option<tokio_rustls::TlsAcceptor>, GatewayError> {
    let is_token = |entry: &Entry| matches!(entry.kind, Kind::Token | Kind::Share);
    let entries = Access::find(home)?.map_or(Ok(Vec::new()), |access| access.entries())?;
    exposure.check(entries.iter().any(is_token))?;
    Ok(exposure.tls.as_ref().map(|(certificates, key)| tls::acceptor(certificates, key)).transpose()?)
}

/// Opens the listener, if it may be opened like that.
///
/// # Errors
/// When what others could reach is not protected, the address is taken, or permissions or certificate cannot be read.
pub async fn listen(options: Options) -> Result<Listening, GatewayError> {
    let Options { home, only, exposure } = options;
    let home = Home::at(home);
    let tls = check(&home, &exposure)?;
    let access = Access::open(&home)?;
    let address = SocketAddr::new(exposure.address, exposure.port);
    let taken = |source| GatewayError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(taken)?;
    let listening = listener.local_addr().map_err(taken)?;
    let live = LiveAccess::start(access)?;
    let gateway = Arc::new(Gateway::new(home, only, &exposure, listening, live));
    let fronts = &gateway.fronts;
    // People are sent to the name that was given for them, if there is one.
    let front = if exposure.public_urls.is_empty() { fronts.first() } else { fronts.last() };
    let origin = front.expect("a gateway has an address").origin.clone();
    let router = routes::router(&gateway);
    Ok(Listening { origin, port: listening.port(), exposure, gateway, router, listener, tls })
}
