//! All routes, each with whom it is for.

mod commands;
mod downloads;
mod health;
mod history;
mod login;
mod page;
mod sessions;
mod socket;
mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::http::Method;
use axum::middleware;
use qubx_protocol::Role;
use tower_http::compression::CompressionLayer;

use crate::gateway::Gateway;
use crate::http::{ApiError, Policy, Row, Table, admit};

const VIEWER: Policy = Policy::Needs(Role::Viewer);
const TRADER: Policy = Policy::Needs(Role::Trader);
const ADMIN: Policy = Policy::Needs(Role::Admin);

/// Returns what serves requests, and the table of its routes.
pub(crate) fn router(gateway: &Arc<Gateway>) -> (Router, Vec<Row>) {
    let table = Table::new(gateway.clone())
        .route(Method::GET, "/", Policy::Public, page::index)
        .route(Method::GET, "/{*path}", Policy::Public, page::file)
        .route(Method::GET, "/health", Policy::Public, health::health)
        .route(Method::GET, "/ready", Policy::Public, health::ready)
        .route(Method::GET, "/metrics", VIEWER, health::metrics)
        .route(Method::POST, "/api/login", Policy::Public, login::login)
        .route(Method::POST, "/api/logout", VIEWER, login::logout)
        .route(Method::GET, "/api/me", VIEWER, login::me)
        .route(Method::GET, "/api/tokens", ADMIN, tokens::list)
        .route(Method::POST, "/api/tokens", ADMIN, tokens::make)
        .route(Method::DELETE, "/api/tokens/{id}", ADMIN, tokens::revoke)
        .route(Method::GET, "/api/sessions", VIEWER, sessions::list)
        .route(Method::GET, "/api/sessions/{session}", VIEWER, sessions::status)
        .route(Method::GET, "/api/sessions/{session}/history", VIEWER, history::history)
        .route(Method::POST, "/api/sessions/{session}/commands", TRADER, commands::command)
        .route(Method::POST, "/api/sessions/{session}/share", ADMIN, tokens::share)
        .route(Method::GET, "/api/sessions/{session}/export/{file}", VIEWER, downloads::download)
        .socket("/api/sessions/{session}/socket", VIEWER, socket::open);
    let (router, rows) = table.finish();
    let router = router
        .fallback(|| async { no_route() })
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(gateway.clone(), admit));
    (router, rows)
}

fn no_route() -> ApiError {
    ApiError::new(axum::http::StatusCode::NOT_FOUND, "no_route", "there is nothing at this path")
}
