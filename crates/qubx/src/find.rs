//! Which session a NAME means.

use std::io::IsTerminal;
use std::path::PathBuf;

use qubx_client::{Glance, glances};
use qubx_home::{Found, Home, look_around, safe_component};
use qubx_protocol::Mode;
use qubx_tui::Choice;

use crate::died::{news, say_dead};
use crate::failure::Failure;
use crate::identity::identity;
use crate::out::say;
use crate::screen::no_color;

/// Said wherever a session is needed and none runs.
pub(crate) const NONE_RUNS: &str = "no session is running";
/// What to do about that.
pub(crate) const START_ONE: &str = "start one: qubx run config.yml --paper";

/// Returns the home, which no other user can have made or changed.
pub(crate) fn home() -> Result<Home, Failure> {
    let home = Home::locate().map_err(|error| Failure::usage(error.to_string()))?;
    home.check()?;
    Ok(home)
}

/// Returns the sessions of this user, oldest first, and says which were found dead just now.
pub(crate) fn sessions(home: &Home) -> Result<Vec<Found>, Failure> {
    let sessions = all(home)?;
    say_dead(&sessions, |_| false);
    Ok(sessions)
}

/// As [`sessions`], for who tells of the dead in its own way: nobody hears of them again. Says which files were put away
/// because they cannot be used.
pub(crate) fn all(home: &Home) -> Result<Vec<Found>, Failure> {
    let listing = look_around(home)?;
    for away in listing.quarantined {
        let (path, moved_to) = (away.path.display(), away.moved_to.display());
        say!("{path} cannot be used ({}); it is now {moved_to}", away.reason);
    }
    Ok(listing.sessions)
}

/// Finds the folder of a session that runs or has ended.
pub(crate) fn session_dir(name: &str) -> Result<PathBuf, Failure> {
    let home = home()?;
    let running = sessions(&home)?.into_iter().rev().find(|session| session.is_named(name));
    let session_dir = match running {
        Some(session) => session.file.qubx.session_dir,
        None => home.session("paper", "default", &safe_component(name)),
    };
    if session_dir.join("session.db").is_file() {
        return Ok(session_dir);
    }
    let failure = Failure::new(format!("there is no session `{name}`: {} is empty", session_dir.display()));
    Err(failure.hint("`ls $QUBX_HOME/sessions` shows those that ever ran, as MODE-ACCOUNT-NAME"))
}

/// Finds the running session that `name` means: its name, its connection file's stem, or that file's path.
pub(crate) fn find(name: &str) -> Result<Found, Failure> {
    let found = find_also_down(name)?;
    match found.restarted_by {
        None => Ok(found),
        Some(owner) => Err(Failure::new(format!(
            "session `{name}` has no service at the moment; its owner, process {}, is starting it again",
            owner.pid
        ))
        .hint("try it again in a moment")),
    }
}

/// As [`find`], and finds also a session without a service, which its owner is starting again.
pub(crate) fn find_also_down(name: &str) -> Result<Found, Failure> {
    let sessions = all(&home()?)?;
    let named = || sessions.iter().filter(|session| session.is_named(name));
    let alive: Vec<&Found> = named().filter(|session| session.alive).collect();
    let down = named().find(|session| session.restarted_by.is_some());
    let died = named().find(|session| session.is_dead() && alive.is_empty() && down.is_none());
    say_dead(&sessions, |dead| died.is_some_and(|died| died.path == dead.path));
    match (&alive[..], down, died) {
        ([one], ..) => Ok((*one).clone()),
        ([], Some(down), _) => Ok(down.clone()),
        ([], None, Some(died)) => Err(Failure::new(news(died, &sessions))),
        ([], None, None) => {
            let alive: Vec<&Found> = sessions.iter().filter(|session| session.alive).collect();
            let failure = Failure::new(format!("no session `{name}` is running"));
            Err(if alive.is_empty() { failure.hint(START_ONE) } else { failure.hint(running(alive)) })
        }
        _ => Err(Failure::usage(format!("several sessions are named `{name}`"))
            .hint(format!("name the connection file instead: {}", paths(alive)))),
    }
}

/// Finds the session that `name` means, or the only one that runs.
pub(crate) async fn find_or_only(name: Option<&str>) -> Result<Found, Failure> {
    if let Some(name) = name {
        return find(name);
    }
    let mut alive: Vec<Found> = sessions(&home()?)?.into_iter().filter(|session| session.alive).collect();
    match alive.len() {
        0 => Err(Failure::new(NONE_RUNS).hint(START_ONE)),
        1 => Ok(alive.remove(0)),
        _ if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() => choose(alive).await,
        _ => Err(Failure::usage("several sessions are running, so one must be named").hint(running(&alive))),
    }
}

/// Lets a person choose.
async fn choose(mut alive: Vec<Found>) -> Result<Found, Failure> {
    let choices: Vec<Choice> = glances(&alive, &identity()).await.into_iter().map(choice).collect();
    let picked = qubx_tui::pick(&choices, no_color()).await;
    match picked.map_err(Failure::because("cannot ask on this terminal which session is meant"))? {
        Some(place) => Ok(alive.swap_remove(place)),
        None => Err(Failure::new("no session was chosen")),
    }
}

fn choice(glance: Glance) -> Choice {
    Choice {
        name: glance.name,
        mode: if glance.mode == Mode::Live.to_string() { Mode::Live } else { Mode::Paper },
        status: glance.status.to_owned(),
        since: glance.started_at.strftime("%F %R UTC").to_string(),
        screens: glance.screens,
    }
}

fn running<'a>(alive: impl IntoIterator<Item = &'a Found>) -> String {
    let names: Vec<&str> = alive.into_iter().map(|session| session.file.qubx.name.as_str()).collect();
    format!("running: {}", names.join(", "))
}

fn paths<'a>(sessions: impl IntoIterator<Item = &'a Found>) -> String {
    sessions.into_iter().map(|session| session.path.display().to_string()).collect::<Vec<_>>().join(", ")
}
