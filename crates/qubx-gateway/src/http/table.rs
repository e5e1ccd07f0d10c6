//! The table of routes. It is the only way to add one, and asks for each whom it is for and what it is; tests read it to hold
//! every route against every kind of visitor, and the description for programs is made of it.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware;
use axum::routing::{MethodFilter, on};
use utoipa::ToSchema;
use utoipa::openapi::{RefOr, Schema};

use super::guard::{Guard, guard};
use super::policy::{Effect, Policy};
use crate::gateway::Gateway;

/// A route as the table tells of it.
#[derive(Clone, Debug)]
pub struct Row {
    /// The method.
    pub method: Method,
    /// The path, with `{…}` for what differs.
    pub path: &'static str,
    /// Whom it is for.
    pub policy: Policy,
    /// What it does.
    pub effect: Effect,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// What its body holds.
    pub(crate) takes: Option<Described>,
    /// What it answers, if that is an object of ours.
    pub(crate) answers: Option<Described>,
}

/// A type with a description.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Described {
    pub(crate) name: fn() -> Cow<'static, str>,
    pub(crate) schema: fn() -> RefOr<Schema>,
    /// Adds the descriptions of what it is made of.
    pub(crate) parts: fn(&mut Vec<(String, RefOr<Schema>)>),
}

impl Described {
    fn of<T: ToSchema>() -> Option<Self> {
        Some(Self { name: T::name, schema: T::schema, parts: T::schemas })
    }
}

impl Row {
    /// Returns a plain route.
    pub(crate) fn new(method: Method, path: &'static str, policy: Policy, about: &'static str) -> Self {
        let effect = Effect::of(&method);
        Self { method, path, policy, effect, about, takes: None, answers: None }
    }

    /// Returns a route that becomes a websocket.
    pub(crate) fn socket(path: &'static str, policy: Policy, about: &'static str) -> Self {
        Self { effect: Effect::Opens, ..Self::new(Method::GET, path, policy, about) }
    }

    /// Says what its body holds.
    pub(crate) fn takes<T: ToSchema>(self) -> Self {
        Self { takes: Described::of::<T>(), ..self }
    }

    /// Says what it answers.
    pub(crate) fn answers<T: ToSchema>(self) -> Self {
        Self { answers: Described::of::<T>(), ..self }
    }
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

    /// Adds a route, with the check that its row asks for.
    pub(crate) fn route<H, T>(mut self, row: Row, handler: H) -> Self
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

    /// Returns what serves the routes, and notes what they are.
    pub(crate) fn finish(self) -> Router {
        let Self { gateway, router, rows } = self;
        gateway.routes.set(rows).expect("the routes of a gateway are made once");
        router.with_state(gateway)
    }
}
