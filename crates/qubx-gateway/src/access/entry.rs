//! A permission: who may come in, as what, to which session, until when. No I/O.

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::Role;
use serde::{Deserialize, Serialize};

use super::secret::SecretHash;

/// How long a login lasts that is not used; one that is used is renewed.
pub(super) const LOGIN_LASTS: SignedDuration = SignedDuration::from_hours(24);
/// How long a login link may be used.
pub const LINK_LASTS: SignedDuration = SignedDuration::from_mins(10);
/// The longest name of a permission, in characters: it stands in every line that its holder writes.
const LONGEST_NAME: usize = 64;

/// What a permission is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Made on purpose, with a name; for people and for programs.
    Token,
    /// A link for somebody who may watch.
    Share,
    /// A login link, good for one login.
    Link,
    /// A browser that has logged in; its secret is the cookie.
    Login,
}

/// A permission as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Names it in lists and to revoke it.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// Whose it is: the author tag of what is done with it.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// The only session that it is for; none for all of this user's.
    #[serde(default)]
    pub session: Option<String>,
    /// The permission that it was made from, and ends with; for a login.
    #[serde(default)]
    pub parent: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; none when it is to be revoked.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// What is kept of its secret.
    pub(crate) hash: SecretHash,
}

impl Entry {
    /// Tells whether it still holds.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// Tells whether it holds for a session of this name.
    #[must_use]
    pub fn is_for(&self, session: &str) -> bool {
        self.session.as_deref().is_none_or(|only| only == session)
    }
}

/// A permission to be made.
#[derive(Clone, Debug)]
pub struct Grant {
    /// What it is.
    pub kind: Kind,
    /// Whose it is.
    pub name: String,
    /// What its holder may do.
    pub role: Role,
    /// The only session that it is for.
    pub session: Option<String>,
    /// How long it lasts; none for ever.
    pub lasts: Option<SignedDuration>,
}

impl Grant {
    /// Returns a login link for the user who runs the sessions.
    #[must_use]
    pub fn login_link(name: &str) -> Self {
        Self {
            kind: Kind::Link,
            name: name.to_owned(),
            role: Role::Admin,
            session: None,
            lasts: Some(LINK_LASTS),
        }
    }
}

/// Says what is wrong with a name; nothing when it may stand.
#[must_use]
pub fn wrong_name(name: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_wrong = name.is_empty() || name.chars().count() > LONGEST_NAME || !name.chars().all(is_plain);
    is_wrong.then(|| {
        format!("a name has 1 to {LONGEST_NAME} letters, digits, `-`, `_` and `.`; it stands before all that is done with it")
    })
}
