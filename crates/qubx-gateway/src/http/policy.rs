//! What a request must be to be let in: a pure decision over its headers, the same for every route. No I/O.
//!
//! The order is fixed: host, origin, intent, identity, role. Whoever fails at one learns nothing of the rest.

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, Method, StatusCode};
use qubx_protocol::Role;

use crate::options::Front;

/// Who may use a route. Every route has one; there is no other way to add a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Anyone: the page itself, and what tells whether it is there. Nothing of a session is in it.
    Public,
    /// Whoever has at least this role.
    Needs(Role),
}

/// What a route does, as far as a foreign page could abuse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It only reads.
    Reads,
    /// It changes something.
    Changes,
    /// It opens a socket, over which anything can be asked.
    Opens,
}

impl Effect {
    /// Returns the effect of a plain request.
    pub(crate) fn of(method: &Method) -> Self {
        if *method == Method::GET || *method == Method::HEAD { Effect::Reads } else { Effect::Changes }
    }
}

/// What a request says of who sends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential<'a> {
    /// Nothing.
    None,
    /// A token in the header `Authorization`.
    Bearer(&'a str),
    /// The cookie of a login.
    Cookie(&'a str),
}

/// The header that a page of another origin cannot set without being asked first.
pub(crate) const INTENT: &str = "x-qubx";
/// What browsers say of the page that a request comes from.
const FETCH_SITE: &str = "sec-fetch-site";

/// Why a request is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Denied {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
}

const fn denied(status: StatusCode, code: &'static str, message: &'static str) -> Denied {
    Denied { status, code, message }
}

/// Not one of our addresses: what follows a name that somebody had point here.
pub(crate) const WRONG_HOST: Denied =
    denied(StatusCode::MISDIRECTED_REQUEST, "wrong_host", "this page is not served under that name");
const WRONG_ORIGIN: Denied =
    denied(StatusCode::FORBIDDEN, "wrong_origin", "requests from other pages are refused");
const NO_INTENT: Denied = denied(
    StatusCode::FORBIDDEN,
    "no_intent",
    "a request that changes something carries the header x-qubx: 1",
);
const NOT_JSON: Denied = denied(
    StatusCode::UNSUPPORTED_MEDIA_TYPE,
    "not_json",
    "the body must be JSON, and say so in content-type",
);
/// Nobody that is known.
pub(crate) const NO_ACCESS: Denied =
    denied(StatusCode::UNAUTHORIZED, "no_access", "access ended, or there was none; ask for a new link");
/// Known, and not allowed to.
pub(crate) const NOT_ALLOWED: Denied =
    denied(StatusCode::FORBIDDEN, "not_allowed", "your role does not allow this");

/// Returns the address that a request is for.
pub(crate) fn front<'a>(fronts: &'a [Front], headers: &HeaderMap) -> Result<&'a Front, Denied> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()).filter(|_| hosts.next().is_none());
    host.and_then(|host| fronts.iter().find(|front| front.is_host(host))).ok_or(WRONG_HOST)
}

/// Decides whether a request may go on to be asked who sends it.
pub(crate) fn intent(
    front: &Front,
    policy: Policy,
    effect: Effect,
    headers: &HeaderMap,
) -> Result<(), Denied> {
    let bearer = headers.contains_key(AUTHORIZATION);
    let is_program = bearer && !headers.contains_key(COOKIE);
    match headers.get(ORIGIN) {
        Some(origin) if origin.as_bytes() != front.origin.as_bytes() => return Err(WRONG_ORIGIN),
        Some(_) => {}
        None if effect == Effect::Reads || is_program => {}
        None => return Err(WRONG_ORIGIN),
    }
    // The page itself may be reached by a link from anywhere.
    if policy != Policy::Public || effect != Effect::Reads {
        let site = headers.get(FETCH_SITE).map(|site| site.as_bytes());
        if site.is_some_and(|site| site != b"same-origin" && site != b"none") {
            return Err(WRONG_ORIGIN);
        }
    }
    if effect != Effect::Changes {
        return Ok(());
    }
    if !is_program && headers.get(INTENT).is_none_or(|value| value != "1") {
        return Err(NO_INTENT);
    }
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let has_body = headers.get("content-length").is_some_and(|length| length != "0")
        || headers.contains_key("transfer-encoding");
    if has_body && !media_type.eq_ignore_ascii_case("application/json") {
        return Err(NOT_JSON);
    }
    Ok(())
}

/// Returns what a request says of who sends it. A token that is given counts, whatever cookie there is beside it.
pub(crate) fn credential<'a>(headers: &'a HeaderMap, cookie_name: &str) -> Credential<'a> {
    if let Some(authorization) = headers.get(AUTHORIZATION) {
        let token = authorization.to_str().ok().and_then(|text| text.strip_prefix("Bearer "));
        return Credential::Bearer(token.unwrap_or_default().trim());
    }
    cookie(headers, cookie_name).map_or(Credential::None, Credential::Cookie)
}

/// Returns the value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
    let mut pairs =
        cookies.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(given, _)| *given == name).map(|(_, value)| value)
}
