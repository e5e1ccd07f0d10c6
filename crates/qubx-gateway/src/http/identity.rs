//! Who sends a request, once it is known.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use qubx_protocol::{Author, Role};

use super::policy::{Denied, NO_ACCESS};
use crate::access::Entry;
use crate::options::Front;

/// The address at the other end of the connection, before any proxy's word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Where a request comes from and for which of our addresses it is.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The client's address; behind a proxy what the proxy says.
    pub(crate) address: IpAddr,
    /// The address that was asked.
    pub(crate) front: Front,
}

/// Who sends a request. Handlers of routes that need a role get it; it cannot be made up elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) entry: Entry,
    pub(crate) address: IpAddr,
}

impl Identity {
    /// Returns the author tag of what is done: the permission's name and the client's address.
    pub(crate) fn author(&self) -> Author {
        Author(format!("{}@{}", self.entry.name, self.address))
    }

    pub(crate) fn role(&self) -> Role {
        self.entry.role
    }
}

impl<S: Sync> FromRequestParts<S> for Identity {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Denied> {
        parts.extensions.get::<Identity>().cloned().ok_or(NO_ACCESS)
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Denied> {
        parts.extensions.get::<Caller>().cloned().ok_or(super::policy::WRONG_HOST)
    }
}
