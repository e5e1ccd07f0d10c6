//! The page itself: files that were built into this program, the same for everyone, with nothing of a session in them.

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_FRAME_OPTIONS};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rust_embed::RustEmbed;

use super::no_route;
use crate::http::ApiError;

/// What `npm run build` made in `web/`; nothing when it was not run.
#[derive(RustEmbed)]
#[folder = "../../web/dist/"]
#[allow_missing = true]
struct Built;

/// Tells whether there is a page in this program.
#[must_use]
pub fn has_page() -> bool {
    Built::get(INDEX).is_some()
}

/// The page's document.
const INDEX: &str = "index.html";
/// The document for scripted output of cells.
const FRAME: &str = "frame.html";
/// What stands in the document where the nonce of its styles belongs.
const NONCE: &str = "__STYLE_NONCE__";

/// What a build without a page shows.
const NO_PAGE: &str = include_str!("no_page.html");

/// `GET /`
pub(crate) async fn index() -> Response {
    let Some(file) = Built::get(INDEX) else {
        return ([(CONTENT_TYPE, HTML)], NO_PAGE).into_response();
    };
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    let nonce = STANDARD_NO_PAD.encode(bytes);
    let page = String::from_utf8_lossy(&file.data).replace(NONCE, &nonce);
    ([(CONTENT_TYPE, HTML), (CONTENT_SECURITY_POLICY, &page_policy(&nonce))], page).into_response()
}

const HTML: &str = "text/html; charset=utf-8";

/// Returns what the page may load: its own files and nothing else.
fn page_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self' 'nonce-{nonce}'; \
         style-src-attr 'unsafe-inline'; font-src 'self'; manifest-src 'self'; worker-src 'self'; \
         img-src 'self' data: blob:; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    )
}

/// What scripted output may do in its frame: run, draw, and nothing that leaves it. It has no origin, so it reads neither
/// the page nor its cookies.
const FRAME_POLICY: &str = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; \
                            style-src 'unsafe-inline'; img-src data: blob:; font-src data:; frame-ancestors 'self'";

/// `GET /{path}`: a file of the page. Only names that were built in exist; nothing is read from a disk.
pub(crate) async fn file(Path(path): Path<String>) -> Result<Response, ApiError> {
    let file = if path == INDEX { None } else { Built::get(&path) }.ok_or_else(no_route)?;
    let media_type = media_type(&path);
    let mut response = (
        [(CONTENT_TYPE, media_type), (CACHE_CONTROL, cache_control(&path))],
        axum::body::Bytes::from(file.data.into_owned()),
    )
        .into_response();
    if path == FRAME {
        let headers = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(FRAME_POLICY));
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    }
    // A page that somebody made public is nothing for search engines.
    response
        .headers_mut()
        .insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
    Ok(response)
}

/// Files below `assets/` have a hash of their content in their names, so they never change.
fn cache_control(path: &str) -> &'static str {
    if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" }
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => HTML,
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
