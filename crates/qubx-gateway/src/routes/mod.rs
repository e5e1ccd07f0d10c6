//! All routes, each with whom it is for.

mod commands;
mod downloads;
mod health;
mod history;
mod login;
mod openapi;
mod page;
mod sessions;
mod socket;
mod tokens;

pub use page::has_page;

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

/// Returns what serves requests, and notes the table of its routes.
pub(crate) fn router(gateway: &Arc<Gateway>) -> Router {
    let get = |path, policy, about| Row::new(Method::GET, path, policy, about);
    let post = |path, policy, about| Row::new(Method::POST, path, policy, about);
    let table = Table::new(gateway.clone())
        .route(get("/", Policy::Public, "The page"), page::index)
        .route(get("/{*path}", Policy::Public, "A file of the page"), page::file)
        .route(get("/health", Policy::Public, "It answers"), health::health)
        .route(get("/ready", Policy::Public, "It can serve"), health::ready)
        .route(get("/metrics", VIEWER, "What Prometheus collects"), health::metrics)
        .route(get("/api/openapi.json", VIEWER, "This description"), openapi::openapi)
        .route(
            post("/api/login", Policy::Public, "Exchanges a token or a login link for a cookie")
                .takes::<login::LoginBody>()
                .answers::<login::Me>(),
            login::login,
        )
        .route(post("/api/logout", VIEWER, "Ends this login"), login::logout)
        .route(get("/api/me", VIEWER, "Who one is here").answers::<login::Me>(), login::me)
        .route(
            get("/api/tokens", ADMIN, "The permissions that hold").answers::<Vec<tokens::Listed>>(),
            tokens::list,
        )
        .route(
            post("/api/tokens", ADMIN, "Makes a token").takes::<tokens::Wanted>().answers::<tokens::Made>(),
            tokens::make,
        )
        .route(
            Row::new(Method::DELETE, "/api/tokens/{id}", ADMIN, "Revokes a permission, and what was made from it"),
            tokens::revoke,
        )
        .route(
            get("/api/sessions", VIEWER, "The sessions, as `qubx kernel list --json` prints them, each with its id"),
            sessions::list,
        )
        .route(
            get("/api/sessions/{session}", VIEWER, "How a session is, as `qubx status --json` prints it"),
            sessions::status,
        )
        .route(
            get("/api/sessions/{session}/history", VIEWER, "Its entries, as `qubx history --json` prints them"),
            history::history,
        )
        .route(
            post("/api/sessions/{session}/commands", TRADER, "Gives a command and waits until it is over")
                .takes::<commands::CommandBody>()
                .answers::<commands::CommandResult>(),
            commands::command,
        )
        .route(
            post("/api/sessions/{session}/share", ADMIN, "Makes a link with which anyone may watch")
                .takes::<tokens::Share>()
                .answers::<tokens::Made>(),
            tokens::share,
        )
        .route(
            get(
                "/api/sessions/{session}/export/{file}",
                VIEWER,
                "Its history as a file: notebook.ipynb, orders.csv, fills.csv, positions.csv, funding.csv or log.txt",
            ),
            downloads::download,
        )
        .route(
            Row::socket("/api/sessions/{session}/socket", VIEWER, "The session protocol, a frame a text message"),
            socket::open,
        );
    table
        .finish()
        .fallback(|| async { no_route() })
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(gateway.clone(), admit))
}

fn no_route() -> ApiError {
    ApiError::new(axum::http::StatusCode::NOT_FOUND, "no_route", "there is nothing at this path")
}
