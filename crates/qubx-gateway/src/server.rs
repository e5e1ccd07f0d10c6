//! The listener: connections, encryption, and limits on how long any of it may take.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

use crate::gateway::Gateway;
use crate::http::Peer;

/// How long the head of a request may take, and how long a connection may be idle.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// How long the handshake of an encrypted connection may take.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// How many connections there may be at once; another one waits. Sockets of tabs are among them.
const MOST_CONNECTIONS: usize = 4_096;
/// How large the head of a request may be, in bytes.
const LARGEST_HEAD: usize = 64 << 10;
/// How long the listener rests after it could not take a connection: there are no more open files, and some may close.
const REST: Duration = Duration::from_millis(50);

/// Takes connections until the gateway ends.
pub(crate) async fn accept(
    gateway: Arc<Gateway>,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let place = places.clone().acquire_owned().await.expect("nobody closes the semaphore");
        let taken = tokio::select! {
            taken = listener.accept() => taken,
            () = gateway.cancel.cancelled() => return,
        };
        let (stream, peer) = match taken {
            Ok(taken) => taken,
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be taken");
                tokio::time::sleep(REST).await;
                continue;
            }
        };
        if tls.is_none() && !gateway.takes_unencrypted(peer.ip().to_canonical()) {
            tracing::warn!(%peer, "a connection past the proxy is refused");
            continue;
        }
        let (router, tls, cancel) = (router.clone(), tls.clone(), gateway.cancel.clone());
        gateway.tracker.spawn(async move {
            cancel.run_until_cancelled(connection(stream, peer, tls, router)).await;
            drop(place);
        });
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, tls: Option<TlsAcceptor>, router: Router) {
    // Frames are small and wanted at once.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return serve(stream, peer, router).await };
    match tokio::time::timeout(HANDSHAKE_WITHIN, tls.accept(stream)).await {
        Ok(Ok(stream)) => serve(stream, peer, router).await,
        Ok(Err(error)) => tracing::debug!(%error, %peer, "no encrypted connection"),
        Err(_) => tracing::debug!(%peer, "the handshake took too long"),
    }
}

async fn serve(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    peer: SocketAddr,
    router: Router,
) {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer.ip().to_canonical()));
        router.clone().call(request)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, %peer, "a connection broke off");
    }
}
