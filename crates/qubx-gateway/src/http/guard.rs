//! The one check that every request passes: `admit` before any route is looked for, `guard` before its handler.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::ApiError;
use super::identity::{Caller, Identity, Peer};
use super::policy::{Credential, Effect, NO_ACCESS, NOT_ALLOWED, Policy, credential, front, intent};
use crate::access::Kind;
use crate::gateway::Gateway;

/// The largest body of a request, in bytes.
const LARGEST_BODY: usize = 4 << 20;
/// How long a body may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// What the check of a route needs to know.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) policy: Policy,
    pub(crate) effect: Effect,
}

/// The outermost check: for whom the request is, and what every answer carries.
pub(crate) async fn admit(State(gateway): State<Arc<Gateway>>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0);
    let address = client(&gateway, peer, request.headers());
    let (response, secure) = match front(&gateway.fronts, request.headers()) {
        Ok(front) => {
            let (front, secure) = (front.clone(), front.secure);
            request.extensions_mut().insert(Caller { address, front });
            (next.run(request).await, secure)
        }
        Err(denied) => (denied.into_response(), false),
    };
    gateway.metrics.answered(response.status());
    with_headers(response, secure)
}

/// Returns the client's address: the last one that no trusted proxy of ours has.
fn client(gateway: &Gateway, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    if !gateway.is_proxy(peer) {
        return peer;
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let addresses: Vec<IpAddr> = forwarded
        .flat_map(|value| value.split(','))
        .map_while(|address| address.trim().parse().ok())
        .collect();
    addresses.into_iter().rev().find(|address| !gateway.is_proxy(*address)).unwrap_or(peer)
}

/// The policy of everything that has no stricter or other one of its own.
const CONTENT_POLICY: &str =
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

fn with_headers(mut response: Response, secure: bool) -> Response {
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if secure {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    response
}

/// The check of a route: nothing reaches its handler that its policy does not allow.
pub(crate) async fn guard(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    let Some(caller) = request.extensions().get::<Caller>().cloned() else {
        return super::policy::WRONG_HOST.into_response();
    };
    if let Err(denied) = intent(&caller.front, guard.policy, guard.effect, request.headers()) {
        return denied.into_response();
    }
    if let Policy::Needs(role) = guard.policy {
        let identity = match identify(&guard.gateway, &caller, request.headers()) {
            Ok(identity) => identity,
            Err(refusal) => return refusal.into_response(),
        };
        if identity.role() < role {
            return NOT_ALLOWED.into_response();
        }
        request.extensions_mut().insert(identity);
    }
    if guard.effect == Effect::Changes {
        request = match with_whole_body(request).await {
            Ok(request) => request,
            Err(error) => return error.into_response(),
        };
    }
    next.run(request).await
}

/// Returns who sends a request.
fn identify(gateway: &Gateway, caller: &Caller, headers: &HeaderMap) -> Result<Identity, ApiError> {
    let entry = match credential(headers, &gateway.cookie_name(&caller.front)) {
        Credential::None => None,
        Credential::Cookie(secret) => find(gateway, secret, &[Kind::Login]),
        Credential::Bearer(secret) => {
            may_try(gateway, caller.address)?;
            let found = find(gateway, secret, &[Kind::Token, Kind::Share]);
            if found.is_none() {
                note_failure(gateway, caller.address);
            }
            found
        }
    };
    let entry = entry.ok_or(NO_ACCESS)?;
    Ok(Identity { entry, address: caller.address })
}

/// Finds a permission, also one that was made a moment ago.
fn find(gateway: &Gateway, secret: &str, kinds: &[Kind]) -> Option<crate::access::Entry> {
    gateway.live.find(secret, kinds).or_else(|| {
        gateway.live.refresh();
        gateway.live.find(secret, kinds)
    })
}

/// Refuses an address that tried too often.
pub(crate) fn may_try(gateway: &Gateway, address: IpAddr) -> Result<(), ApiError> {
    let attempts = gateway.attempts.lock().unwrap_or_else(PoisonError::into_inner);
    attempts.wait(address, Instant::now()).map_or(Ok(()), |wait| Err(ApiError::too_many(wait)))
}

/// Notes that a secret was worth nothing.
pub(crate) fn note_failure(gateway: &Gateway, address: IpAddr) {
    tracing::warn!(%address, "somebody without access tried to get in");
    gateway.attempts.lock().unwrap_or_else(PoisonError::into_inner).failed(address, Instant::now());
}

/// Waits for the body, which may be neither too large nor too slow.
async fn with_whole_body(request: Request) -> Result<Request, ApiError> {
    let (parts, body) = request.into_parts();
    let too_large = || {
        let message = format!("the body is larger than {LARGEST_BODY} bytes, or broke off");
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    };
    // One that says so is not waited for.
    let length =
        parts.headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > LARGEST_BODY as u64) {
        return Err(too_large());
    }
    match tokio::time::timeout(BODY_WITHIN, axum::body::to_bytes(body, LARGEST_BODY)).await {
        Ok(bytes) => Ok(Request::from_parts(parts, Body::from(bytes.map_err(|_| too_large())?))),
        Err(_) => {
            let message = format!("the body did not arrive within {} s", BODY_WITHIN.as_secs());
            Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "too_slow", message))
        }
    }
}
