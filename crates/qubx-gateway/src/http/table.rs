//! The table of routes. It is the only way to add one, and asks for each whom it is for; tests read it to hold every route
//! against every kind of visitor.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware;
use axum::routing::{MethodFilter, on};

use super::guard::{Guard, guard};
use super::policy::{Effect, Policy};
use crate::gateway::Gateway;

/// A route as the table tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The method.
    pub method: Method,
    /// The path, with `{…}` for what differs.
    pub path: &'static str,
    /// Whom it is for.
    pub policy: Policy,
    /// What it does.
    pub effect: Effect,
}

/// The routes so far.
pub(crate) struct Table {
    gateway: Arc<Gateway>,
    router: Router<Arc<Gateway>>,
    rows: Vec<Row>,
}

impl Table {
    pub(crate) fn new(gateway: Arc<Gateway>) -> Self {
        Self { gateway, router: Router::new(), rows: Vec::new() }
    }

    /// Adds a plain route.
    pub(crate) fn route<H, T>(self, method: Method, path: &'static str, policy: Policy, handler: H) -> Self
    where
        H: Handler<T, Arc<Gateway>>,
        T: 'static,
    {
        let effect = Effect::of(&method);
        self.add(Row { method, path, policy, effect }, handler)
    }

    /// Adds a route that becomes a websocket.
    pub(crate) fn socket<H, T>(self, path: &'static str, policy: Policy, handler: H) -> Self
    where
        H: Handler<T, Arc<Gateway>>,
        T: 'static,
    {
        self.add(Row { method: Method::GET, path, policy, effect: Effect::Opens }, handler)
    }

    fn add<H, T>(mut self, row: Row, handler: H) -> Self
    where
        H: Handler<T, Arc<Gateway>>,
        T: 'static,
    {
        let Row { policy, effect, .. } = row;
        let filter = MethodFilter::try_from(row.method.clone()).expect("a method of HTTP/1.1");
        let state = Guard { gateway: self.gateway.clone(), policy, effect };
        let handler = on(filter, handler).layer(middleware::from_fn_with_state(state, guard));
        self.router = self.router.route(row.path, handler);
        self.rows.push(row);
        self
    }

    /// Returns what serves the routes, and what they are.
    pub(crate) fn finish(self) -> (Router, Vec<Row>) {
        (self.router.with_state(self.gateway), self.rows)
    }
}
