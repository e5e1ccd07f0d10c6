//! A request that becomes a websocket (RFC 6455, section 4.2), with errors in the one shape.

use axum::extract::FromRequestParts;
use axum::http::header::{
    CONNECTION, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::error::ApiError;

/// A websocket to a tab.
pub(crate) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// What a socket keeps of what it reads or writes, in bytes.
const BUFFER: usize = 4 << 10;

/// A request for a websocket.
pub(crate) struct Upgrade {
    accept: String,
    upgrade: OnUpgrade,
}

impl<S: Send + Sync> FromRequestParts<S> for Upgrade {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let has = |name: HeaderName, wanted: &str| {
            let values = parts.headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
            values.flat_map(|value| value.split(',')).any(|word| word.trim().eq_ignore_ascii_case(wanted))
        };
        let asks = parts.method == Method::GET && has(CONNECTION, "upgrade") && has(UPGRADE, "websocket");
        if !asks || !has(SEC_WEBSOCKET_VERSION, "13") {
            return Err(no_websocket("this address is for websockets of version 13"));
        }
        let Some(key) = parts.headers.get(SEC_WEBSOCKET_KEY) else {
            return Err(no_websocket("the header Sec-WebSocket-Key is missing"));
        };
        let accept = derive_accept_key(key.as_bytes());
        let upgrade = parts.extensions.remove::<OnUpgrade>();
        let upgrade = upgrade.ok_or_else(|| no_websocket("this connection cannot become a websocket"))?;
        Ok(Self { accept, upgrade })
    }
}

fn no_websocket(why: &str) -> ApiError {
    ApiError::new(StatusCode::UPGRADE_REQUIRED, "no_websocket", why)
}

impl Upgrade {
    /// Returns the answer to the request, and the socket that there is once the answer is sent; none when the tab is gone
    /// by then. A message of the tab has at most `largest` bytes.
    pub(crate) fn accept(self, largest: usize) -> (Response, impl Future<Output = Option<Socket>> + Send) {
        let Self { accept, upgrade } = self;
        let headers = [
            (CONNECTION, HeaderValue::from_static("upgrade")),
            (UPGRADE, HeaderValue::from_static("websocket")),
            (SEC_WEBSOCKET_ACCEPT, HeaderValue::try_from(accept).expect("base64 is a header's value")),
        ];
        let socket = async move {
            let config = WebSocketConfig::default()
                .read_buffer_size(BUFFER)
                .write_buffer_size(BUFFER)
                .max_message_size(Some(largest))
                .max_frame_size(Some(largest));
            let upgraded = TokioIo::new(upgrade.await.ok()?);
            Some(WebSocketStream::from_raw_socket(upgraded, Role::Server, Some(config)).await)
        };
        ((StatusCode::SWITCHING_PROTOCOLS, headers).into_response(), socket)
    }
}
