//! Which sessions live, and cleaning up after those that died.
//!
//! A connection file proves nothing: the locks of the session that it names do. Whatever it says, nothing is removed
//! but the file itself and a folder that this home makes for sockets, and nobody is signalled but processes that carry the
//! name of that folder, which its Python left behind.

use std::path::{Path, PathBuf};

use crate::connection_file::{Content, look_at, session_of_draft};
use crate::quarantine::{QUARANTINE, Quarantined, put_away};
use crate::runtime_dir::is_abandoned;
use crate::{ConnectionFile, Holder, Home, HomeError, ProcessId, owner_holder, service_holder};

/// A connection file of ours, and whether its service lives.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where the file is, or was.
    pub path: PathBuf,
    /// What it says.
    pub file: ConnectionFile,
    /// Whether the service lives.
    pub alive: bool,
    /// The owner that is starting a service again which crashed; none when the service lives, and when it is dead: then
    /// its files are removed already.
    pub restarted_by: Option<Holder>,
}

impl Found {
    /// Tells whether `name` means this session: the session's name, the file's stem, or its path.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        let qubx = &self.file.qubx;
        let stem = self.path.file_stem().and_then(|stem| stem.to_str());
        qubx.name == name
            || qubx.strategy_name == name
            || stem == Some(name)
            || same_file(&self.path, Path::new(name))
    }

    /// Tells whether the service is gone and nobody starts it again.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        !self.alive && self.restarted_by.is_none()
    }
}

fn same_file(path: &Path, other: &Path) -> bool {
    path == other
        || std::fs::canonicalize(other)
            .is_ok_and(|other| std::fs::canonicalize(path).is_ok_and(|path| path == other))
}

/// What lies in the folder of connection files.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The sessions of this user, oldest first. A dead one is told this once.
    pub sessions: Vec<Found>,
    /// Files of ours that could not be used and were put away just now.
    pub quarantined: Vec<Quarantined>,
}

/// Returns the sessions of this user, oldest first, and removes the files and sockets of those that died. A dead session
/// is returned this once, unless it died before it had a connection file. Files that are not ours are passed over.
///
/// # Errors
/// When the folder of connection files cannot be read. There being none is no error.
pub fn list_sessions(home: &Home) -> Result<Vec<Found>, HomeError> {
    Ok(look_around(home)?.sessions)
}

/// As [`list_sessions`], and tells which files were put away because they cannot be used.
///
/// # Errors
/// When the folder of connection files cannot be read. There being none is no error.
pub fn look_around(home: &Home) -> Result<Listing, HomeError> {
    let kernels = home.kernels();
    let Some(paths) = paths_in(&kernels)? else {
        home.remove_abandoned_runtime_dirs();
        return Ok(Listing::default());
    };
    let mut listing = Listing::default();
    remove_abandoned_drafts(home, &paths);
    for path in paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "json"))
    {
        match judge(home, &path) {
            Judgement::Session(found) => listing.sessions.push(*found),
            Judgement::Broken(reason) => listing.quarantined.extend(put_away(&kernels, &path, reason)),
            Judgement::NotOurs => {}
        }
    }
    listing.sessions.sort_by_key(|found| found.file.qubx.started_at);
    drop_the_outdated(&mut listing.sessions);
    for dead in listing.sessions.iter().filter(|found| found.is_dead()) {
        clean_up(home, dead, &listing.sessions);
    }
    // Of a service that died before it had a connection file.
    home.remove_abandoned_runtime_dirs();
    Ok(listing)
}

/// What lies in the folder of connection files, found out by looking alone.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// The sessions of this user, oldest first; the files of those that are dead are still there.
    pub sessions: Vec<Found>,
    /// Files of ours that cannot be used, and why. The next command that lists sessions puts them away.
    pub broken: Vec<(PathBuf, String)>,
    /// Files that were put away earlier.
    pub put_away: Vec<PathBuf>,
}

/// As [`look_around`], and changes nothing: who died is told to the next command that lists sessions, too.
///
/// # Errors
/// When the folder of connection files cannot be read. There being none is no error.
pub fn survey(home: &Home) -> Result<Survey, HomeError> {
    let mut survey = Survey::default();
    let kernels = home.kernels();
    for path in paths_in(&kernels)?.unwrap_or_default() {
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        match judge(home, &path) {
            Judgement::Session(found) => survey.sessions.push(*found),
            Judgement::Broken(reason) => survey.broken.push((path, reason)),
            Judgement::NotOurs => {}
        }
    }
    survey.sessions.sort_by_key(|found| found.file.qubx.started_at);
    drop_the_outdated(&mut survey.sessions);
    survey.put_away = paths_in(&kernels.join(QUARANTINE))?.unwrap_or_default();
    survey.put_away.sort();
    Ok(survey)
}

/// Returns what is in a folder; none when there is no such folder.
fn paths_in(folder: &Path) -> Result<Option<Vec<PathBuf>>, HomeError> {
    match std::fs::read_dir(folder) {
        Ok(entries) => Ok(Some(entries.filter_map(Result::ok).map(|entry| entry.path()).collect())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(HomeError::io("list", folder)(error)),
    }
}

/// Removes the drafts of services that were killed while they wrote one. A service that begins right now writes a later
/// one than was found.
fn remove_abandoned_drafts(home: &Home, found: &[PathBuf]) {
    for path in found {
        let session = session_of_draft(path).map(|name| home.sessions().join(name));
        if session.is_some_and(|session| is_abandoned(&session)) {
            // Another command may be cleaning up at the same time.
            let _ = std::fs::remove_file(path);
        }
    }
}

enum Judgement {
    Session(Box<Found>),
    Broken(String),
    NotOurs,
}

fn judge(home: &Home, path: &Path) -> Judgement {
    // What is a link, a pipe, a folder, another user's, or gone meanwhile, is not ours.
    let Ok(content) = look_at(path) else { return Judgement::NotOurs };
    let file = match content {
        Content::Ours(file) => *file,
        Content::Broken(reason) => return Judgement::Broken(reason),
        Content::Foreign(_) => return Judgement::NotOurs,
    };
    let session_dir = &file.qubx.session_dir;
    if !is_session_dir(home, session_dir) {
        let place = home.sessions();
        return Judgement::Broken(format!(
            "its session_dir {} is not a folder in {}",
            session_dir.display(),
            place.display()
        ));
    }
    let service = match service_holder(session_dir) {
        Ok(holder) => holder,
        Err(HomeError::Unsafe { path, reason }) => {
            return Judgement::Broken(format!("{}: {reason}", path.display()));
        }
        // What cannot be proven dead is left alone.
        Err(_) => Some(Holder { pid: 0 }),
    };
    let alive = service.is_some_and(|holder| proves(holder, file.qubx.service));
    // An owner that cannot be asked about is as good as none: it was asked for by nobody but a crash.
    let restarted_by = if alive { None } else { owner_holder(session_dir).ok().flatten() };
    Judgement::Session(Box::new(Found { path: path.to_owned(), file, alive, restarted_by }))
}

/// Tells whether the lock's holder is the very process that wrote the file. An older file of the same session is dead
/// even while a newer service holds the lock, and so is one whose number was given to another process.
fn proves(holder: Holder, service: ProcessId) -> bool {
    let is_same = ProcessId::of(holder.pid).is_none_or(|process| process == service);
    holder.pid == 0 || (holder.pid == service.pid && is_same)
}

/// Tells whether a folder stands where this home puts sessions, by whatever way it is reached.
fn is_session_dir(home: &Home, dir: &Path) -> bool {
    let Some(parent) = dir.parent() else { return false };
    let has_name = matches!(dir.components().next_back(), Some(std::path::Component::Normal(_)));
    has_name && (parent == home.sessions() || same_file(parent, &home.sessions()))
}

/// A service that was started again has a file of its own: what the one before wrote is dead, although it has an owner.
fn drop_the_outdated(sessions: &mut [Found]) {
    let living: Vec<PathBuf> = sessions
        .iter()
        .filter(|found| found.alive)
        .map(|found| found.file.qubx.session_dir.clone())
        .collect();
    for found in sessions.iter_mut().filter(|found| !found.alive) {
        if living.contains(&found.file.qubx.session_dir) {
            found.restarted_by = None;
        }
    }
}

fn clean_up(home: &Home, dead: &Found, all: &[Found]) {
    // Each may be gone already: another command may be cleaning up at the same time.
    let _ = std::fs::remove_file(&dead.path);
    let qubx = &dead.file.qubx;
    let is_used = all.iter().any(|found| !found.is_dead() && found.file.qubx.socket == qubx.socket);
    // A service that was started again has the folder of the one before, and it may not have a file yet.
    let is_known = all.iter().any(|found| found.alive && found.file.qubx.session_dir == qubx.session_dir);
    if let Some(runtime_dir) = qubx.socket.parent()
        && !is_used
        && (is_known || is_abandoned(&qubx.session_dir))
    {
        home.remove_runtime_dir(runtime_dir);
    }
}
