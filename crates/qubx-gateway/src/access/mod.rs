//! Who may come in: permissions, their secrets, and how often one may try.

mod attempts;
mod entry;
mod live;
mod secret;
mod store;

pub(crate) use attempts::Attempts;
pub use entry::{Entry, Grant, Kind, LINK_LASTS, wrong_name};
pub(crate) use live::LiveAccess;
pub use secret::Secret;
pub use store::{Access, AccessError};
