//! `qubx kernel stop`: ends one session, or all of them. The service is asked, and gets a signal only when that was in vain.

mod by_signal;

use std::time::Instant;

use qubx_client::TalkErrorKind;
use qubx_home::{Found, service_holder};
use qubx_protocol::{Command, VerbOutcome};

use self::by_signal::{end_by_signal, end_owner, is_true_within, owner_knows, service_is_gone};
use crate::arguments::StopArguments;
use crate::commands::verbs::confirm;
use crate::failure::{Failure, Outcome};
use crate::find::{NONE_RUNS, find_also_down, home, sessions};
use crate::out::outln;
use crate::talk::{Talk, question};

/// `qubx kernel stop NAME|--all`
pub(crate) async fn stop(arguments: StopArguments) -> Result<Outcome, Failure> {
    match &arguments.name {
        Some(name) => {
            let (outcome, line) = stop_one(name, &find_also_down(name)?, &arguments).await?;
            outln!("{line}");
            Ok(outcome)
        }
        None => stop_all(arguments).await,
    }
}

/// Stops one session after another; each one's result is a line, and one that cannot be stopped keeps no other.
async fn stop_all(arguments: StopArguments) -> Result<Outcome, Failure> {
    let all: Vec<Found> = sessions(&home()?)?.into_iter().filter(|session| !session.is_dead()).collect();
    if all.is_empty() {
        outln!("{NONE_RUNS}");
        return Ok(Outcome::Done);
    }
    let names: Vec<&str> = all.iter().map(|session| session.file.qubx.name.as_str()).collect();
    let effect = format!("ends {} sessions: {}", all.len(), names.join(", "));
    confirm("all", &effect, arguments.yes)?;
    let arguments = StopArguments { yes: true, ..arguments };
    let mut outcome = Outcome::Done;
    for session in &all {
        let name = &session.file.qubx.name;
        let (one, line) = stop_one(name, session, &arguments)
            .await
            .unwrap_or_else(|failure| (Outcome::NotWell, format!("{name} failed: {}", failure.message())));
        outln!("{line}");
        if one != Outcome::Done {
            outcome = Outcome::NotWell;
        }
    }
    Ok(outcome)
}

async fn stop_one(
    name: &str,
    found: &Found,
    arguments: &StopArguments,
) -> Result<(Outcome, String), Failure> {
    if let Some(owner) = found.restarted_by {
        return end_owner(name, found, owner, arguments).await;
    }
    match ask(name, found, arguments).await? {
        Asked::Stopped(outcome, line) => Ok((outcome, line)),
        Asked::InVain(why) => end_by_signal(name, found, &why, arguments).await,
    }
}

/// What became of a stop that the service was asked for.
enum Asked {
    Stopped(Outcome, String),
    /// It cannot be asked, or did not do it in time, as the text says.
    InVain(String),
}

/// Asks the service to stop, and waits until it has.
async fn ask(name: &str, found: &Found, arguments: &StopArguments) -> Result<Asked, Failure> {
    let mut talk = match Talk::open(question(found, false, arguments.timeout)).await {
        Ok(talk) => talk,
        Err(error) if matches!(error.kind, TalkErrorKind::OtherVersion | TalkErrorKind::Silent) => {
            return Ok(Asked::InVain(error.message));
        }
        Err(error) => return Err(error.into()),
    };
    let state = talk.state();
    let (orders, positions) = (state.orders.len(), state.open_positions().count());
    let (orders, positions) = (
        if arguments.keep_orders {
            format!("leaves {orders} orders")
        } else {
            format!("cancels {orders} orders")
        },
        if arguments.flatten {
            format!("closes {positions} positions")
        } else {
            format!("leaves {positions} positions")
        },
    );
    confirm(name, &format!("ends the session, {orders}, {positions}"), arguments.yes)?;
    let late = || Asked::InVain(format!("not stopped within {} s", arguments.timeout.as_secs_f64()));
    let deadline = Instant::now() + arguments.timeout;
    let command = Command::Stop { flatten: arguments.flatten, keep_orders: arguments.keep_orders };
    let Some(verb) = talk.verb_in_time(command, arguments.timeout).await? else { return Ok(late()) };
    talk.client.close().await;
    let left = deadline.saturating_duration_since(Instant::now());
    if !is_true_within(left, || service_is_gone(found)).await? {
        return Ok(late());
    }
    if let Some(next) = service_holder(&found.file.qubx.session_dir)? {
        return Err(Failure::new(format!(
            "{name} is not stopped: its service crashed meanwhile, and its owner has started it again (process {})",
            next.pid
        ))
        .hint(format!("stop it again: qubx kernel stop {name}")));
    }
    let outcome = if verb.outcome == VerbOutcome::Done { Outcome::Done } else { Outcome::NotWell };
    owner_knows(name, found).await?;
    Ok(Asked::Stopped(outcome, format!("{name} stopped: {}", verb.text)))
}
