//! What every request has in common: who may send it, how it is refused, and the table of routes.

mod error;
mod guard;
mod identity;
mod input;
mod policy;
mod table;
mod websocket;

pub(crate) use error::{ApiError, NO_SESSION};
pub(crate) use guard::{admit, may_try, note_failure};
pub(crate) use identity::{Caller, Identity, Peer};
pub(crate) use input::{JsonBody, QueryOf};
pub(crate) use policy::cookie;
pub use policy::{Effect, Policy};
pub use table::Row;
pub(crate) use table::{Described, Table};
pub(crate) use websocket::{Socket, Upgrade};
