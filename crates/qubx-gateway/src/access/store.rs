//! The file of permissions, `$QUBX_HOME/access/tokens.json`, which the command line and every gateway read and write.
//!
//! Whoever changes it holds the lock beside it and replaces it whole, so it can be read at any time without a lock. It has no
//! secret in it, only hashes.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use qubx_home::{Home, HomeError, SessionLock, ensure_private_dir, replace_private_file};
use serde::{Deserialize, Serialize};

use super::entry::{Entry, Grant, Kind, LOGIN_LASTS};
use super::secret::{Secret, SecretHash};

/// The version of the file; one of a later version is not touched.
const VERSION: u32 = 1;
/// How long another process may hold the lock: it holds it for one write.
const LOCKED_WITHIN: Duration = Duration::from_secs(5);
/// How many permissions there may be: more of them are a program that goes wrong.
const MOST: usize = 1_000;

/// Why permissions cannot be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The folder or the file cannot be used.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not what was written.
    #[error(
        "{path} is no list of permissions: {reason}; if it is moved away, nobody has access until tokens are made anew"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody else holds the lock.
    #[error("{path} is held by process {pid} for more than {} s", LOCKED_WITHIN.as_secs())]
    Locked {
        /// The lock.
        path: PathBuf,
        /// Who holds it.
        pid: u32,
    },
    /// There are too many.
    #[error("there are {MOST} permissions already; revoke some: qubx tokens list")]
    Full,
}

#[derive(Serialize, Deserialize)]
struct Content {
    version: u32,
    entries: Vec<Entry>,
}

/// The permissions of this user's sessions.
#[derive(Clone, Debug)]
pub struct Access {
    folder: PathBuf,
}

impl Access {
    /// Returns those of a home; the folder is made when it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made, or is not this user's alone.
    pub fn open(home: &Home) -> Result<Self, AccessError> {
        let folder = home.root().join("access");
        ensure_private_dir(&folder)?;
        Ok(Self { folder })
    }

    /// Returns those of a home, or none when nobody has made any yet; nothing is made.
    ///
    /// # Errors
    /// When the folder is not this user's alone.
    pub(crate) fn find(home: &Home) -> Result<Option<Self>, AccessError> {
        let is_there = home.root().join("access").symlink_metadata().is_ok();
        is_there.then(|| Self::open(home)).transpose()
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.join("tokens.json")
    }

    /// Returns the folder, in which each gateway also notes where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the permissions that hold, in the order in which they were made.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn entries(&self) -> Result<Vec<Entry>, AccessError> {
        let path = self.file();
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(AccessError::Io { path, source }),
        };
        let damaged = |reason: String| AccessError::Damaged { path: path.clone(), reason };
        let content: Content = serde_json::from_slice(&text).map_err(|error| damaged(error.to_string()))?;
        if content.version > VERSION {
            return Err(damaged(format!(
                "it is of version {}, and this program knows {VERSION}",
                content.version
            )));
        }
        let now = Timestamp::now();
        Ok(content.entries.into_iter().filter(|entry| entry.is_valid(now)).collect())
    }

    /// Makes a permission and returns it with its secret, which nobody can look up again.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn grant(&self, grant: Grant) -> Result<(Entry, Secret), AccessError> {
        self.change(|entries| {
            let made = make(grant, None, Timestamp::now());
            entries.push(made.0.clone());
            made
        })
    }

    /// Revokes a permission and what was made from it; tells whether there was one of this id or name.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn revoke(&self, id_or_name: &str) -> Result<Vec<Entry>, AccessError> {
        self.change(|entries| {
            let is_meant = |entry: &Entry| {
                entry.id == id_or_name || (entry.name == id_or_name && entry.kind != Kind::Link)
            };
            let mut gone: Vec<String> =
                entries.iter().filter(|entry| is_meant(entry)).map(|entry| entry.id.clone()).collect();
            let children = |gone: &[String]| -> Vec<String> {
                let is_child =
                    |entry: &&Entry| entry.parent.as_ref().is_some_and(|parent| gone.contains(parent));
                entries.iter().filter(is_child).map(|entry| entry.id.clone()).collect()
            };
            gone.extend(children(&gone));
            let (revoked, kept) = entries.drain(..).partition(|entry| gone.contains(&entry.id));
            *entries = kept;
            revoked
        })
    }

    /// Takes a secret in exchange for a login; none when it is worth nothing. A login link is used up by it.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn login(&self, secret: &str) -> Result<Option<(Entry, Secret)>, AccessError> {
        let hash = SecretHash::of(secret);
        self.change(|entries| {
            let now = Timestamp::now();
            let place = entries.iter().position(|entry| entry.kind != Kind::Login && entry.hash.is(&hash))?;
            let from = entries[place].clone();
            let parent = (from.kind != Kind::Link).then(|| from.id.clone());
            let grant = Grant {
                kind: Kind::Login,
                name: from.name,
                role: from.role,
                session: from.session,
                lasts: Some(LOGIN_LASTS),
            };
            let (mut entry, secret) = make(grant, parent, now);
            if from.kind == Kind::Link {
                entries.remove(place);
            } else {
                entry.expires_at = entry.expires_at.min_of(from.expires_at);
            }
            entries.push(entry.clone());
            Some((entry, secret))
        })
    }

    /// Has a login last a full time again, as far as what it was made from lasts.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub fn renew(&self, login: &str) -> Result<Option<Entry>, AccessError> {
        self.change(|entries| {
            let place = entries.iter().position(|entry| entry.id == login && entry.kind == Kind::Login)?;
            let parent = entries[place].parent.clone();
            let end = entries
                .iter()
                .find(|entry| Some(&entry.id) == parent.as_ref())
                .and_then(|entry| entry.expires_at);
            entries[place].expires_at = Some(Timestamp::now() + LOGIN_LASTS).min_of(end);
            Some(entries[place].clone())
        })
    }

    /// Changes the list while nobody else does.
    fn change<T>(&self, change: impl FnOnce(&mut Vec<Entry>) -> T) -> Result<T, AccessError> {
        let _lock = self.lock()?;
        let mut entries = self.entries()?;
        let before = entries.len();
        let result = change(&mut entries);
        if entries.len() > MOST && entries.len() > before {
            return Err(AccessError::Full);
        }
        let content = Content { version: VERSION, entries };
        let text = serde_json::to_vec_pretty(&content).expect("permissions have string keys");
        replace_private_file(&self.file(), &text)?;
        Ok(result)
    }

    fn lock(&self) -> Result<SessionLock, AccessError> {
        let path = self.folder.join("lock");
        let deadline = Instant::now() + LOCKED_WITHIN;
        loop {
            match SessionLock::acquire(&path) {
                Ok(lock) => return Ok(lock),
                Err(HomeError::Locked { .. }) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(2));
                }
                Err(HomeError::Locked { pid }) => return Err(AccessError::Locked { path, pid }),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn make(grant: Grant, parent: Option<String>, now: Timestamp) -> (Entry, Secret) {
    let Grant { kind, name, role, session, lasts } = grant;
    let secret = Secret::random();
    let mut id = [0; 4];
    getrandom::fill(&mut id).expect("the system gives random bytes");
    let entry = Entry {
        id: format!("{:08x}", u32::from_be_bytes(id)),
        kind,
        name,
        role,
        session,
        parent,
        created_at: now,
        expires_at: lasts.map(|lasts| now + lasts),
        hash: secret.hash(),
    };
    (entry, secret)
}

/// The earlier of two ends, where none is never.
trait Earlier {
    fn min_of(self, other: Self) -> Self;
}

impl Earlier for Option<Timestamp> {
    fn min_of(self, other: Self) -> Self {
        match (self, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use qubx_protocol::Role;

    use super::*;

    fn access() -> (tempfile::TempDir, Access) {
        let folder = tempfile::tempdir().unwrap();
        let access = Access::open(&Home::at(folder.path().to_owned())).unwrap();
        (folder, access)
    }

    fn token(name: &str, lasts: Option<SignedDuration>) -> Grant {
        Grant { kind: Kind::Token, name: name.to_owned(), role: Role::Trader, session: None, lasts }
    }

    #[test]
    fn a_login_link_is_good_for_one_login() {
        let (_folder, access) = access();
        let (_, link) = access.grant(Grant::login_link("op")).unwrap();
        let (login, cookie) = access.login(link.reveal()).unwrap().expect("it is good once");
        assert_eq!((login.name.as_str(), login.role, login.kind), ("op", Role::Admin, Kind::Login));
        assert!(access.login(link.reveal()).unwrap().is_none(), "and not twice");
        assert!(access.login(cookie.reveal()).unwrap().is_none(), "a cookie makes no other login");
        assert!(access.login("").unwrap().is_none());
    }

    #[test]
    fn what_was_made_from_a_token_ends_with_it() {
        let (_folder, access) = access();
        let hour = SignedDuration::from_hours(1);
        let (token_entry, secret) = access.grant(token("bot", Some(hour))).unwrap();
        let (login, _) = access.login(secret.reveal()).unwrap().unwrap();
        assert_eq!(login.expires_at, token_entry.expires_at, "no login outlasts its token");
        assert_eq!(access.renew(&login.id).unwrap().unwrap().expires_at, token_entry.expires_at);
        let revoked = access.revoke("bot").unwrap();
        assert_eq!(revoked.len(), 2);
        assert!(access.entries().unwrap().is_empty());
        assert!(access.login(secret.reveal()).unwrap().is_none());
    }

    #[test]
    fn what_has_expired_is_worth_nothing() {
        let (_folder, access) = access();
        let (_, secret) = access.grant(token("late", Some(SignedDuration::ZERO))).unwrap();
        assert!(access.entries().unwrap().is_empty());
        assert!(access.login(secret.reveal()).unwrap().is_none());
    }

    #[test]
    fn no_secret_is_on_the_disk_and_nobody_else_can_read_what_is() {
        use std::os::unix::fs::MetadataExt;
        let (folder, access) = access();
        let (_, link) = access.grant(Grant::login_link("op")).unwrap();
        let (_, cookie) = access.login(link.reveal()).unwrap().unwrap();
        let (_, secret) = access.grant(token("bot", None)).unwrap();
        for entry in std::fs::read_dir(folder.path().join("access")).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o077, 0, "{}", path.display());
            let text = std::fs::read_to_string(path).unwrap();
            for secret in [&link, &cookie, &secret] {
                assert!(!text.contains(&secret.reveal()[3..]));
            }
        }
    }

    #[test]
    fn many_at_once_lose_nothing() {
        let (_folder, access) = access();
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let access = &access;
                scope.spawn(move || {
                    for number in 0..10 {
                        access.grant(token(&format!("t{thread}-{number}"), None)).unwrap();
                    }
                });
            }
        });
        assert_eq!(access.entries().unwrap().len(), 80);
    }

    #[test]
    fn a_damaged_file_is_named_and_left_as_it_is() {
        let (_folder, access) = access();
        std::fs::write(access.file(), "{\"version\": 1, \"entries\": [").unwrap();
        let error = access.grant(token("x", None)).err().unwrap().to_string();
        assert!(error.contains("tokens.json") && error.contains("line 1"), "{error}");
        assert!(std::fs::read_to_string(access.file()).unwrap().ends_with('['));
        std::fs::write(access.file(), "{\"version\": 9, \"entries\": []}").unwrap();
        assert!(access.entries().unwrap_err().to_string().contains("version 9"));
    }
}
