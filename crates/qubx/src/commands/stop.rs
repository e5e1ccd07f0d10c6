//! `qubx kernel stop`: ends one session, or all of them.

use std::time::{Duration, Instant};

use qubx_home::{Found, ProvenService, owner_holder, service_holder};
use qubx_protocol::{Command, VerbOutcome};

use crate::arguments::StopArguments;
use crate::commands::verbs::confirm;
use crate::failure::{Failure, Outcome};
use crate::find::{NONE_RUNS, find, home, sessions};
use crate::out::outln;
use crate::talk::{ANSWER_WITHIN, NoTalk, Talk, question};

/// `qubx kernel stop NAME|--all`
pub(crate) async fn stop(arguments: StopArguments) -> Result<Outcome, Failure> {
    match &arguments.name {
        Some(name) => {
            let (outcome, line) = stop_one(name, &find(name)?, &arguments).await?;
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
        return Err(Failure::new(format!(
            "it has no service at the moment; its owner, process {}, is starting it again",
            owner.pid
        )));
    }
    let deadline = Instant::now() + arguments.timeout;
    let limit = ANSWER_WITHIN.min(arguments.timeout);
    let mut talk = match Talk::open(question(found, false, limit)).await {
        Ok(talk) => talk,
        Err(NoTalk::OtherVersion(failure)) => return terminate(name, found, &failure, arguments).await,
        Err(NoTalk::Failed(failure)) => return Err(failure),
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
    let command = Command::Stop { flatten: arguments.flatten, keep_orders: arguments.keep_orders };
    let verb = talk.verb(command, arguments.timeout).await?;
    talk.client.close().await;
    wait_until_gone(name, found, deadline).await?;
    let outcome = if verb.outcome == VerbOutcome::Done { Outcome::Done } else { Outcome::NotWell };
    Ok((outcome, format!("{name} stopped: {}", verb.text)))
}

/// Ends a service with which this version cannot speak, by a signal to the process that is proven to be it.
async fn terminate(
    name: &str,
    found: &Found,
    why: &Failure,
    arguments: &StopArguments,
) -> Result<(Outcome, String), Failure> {
    let pid = found.file.qubx.service.pid;
    if arguments.flatten || arguments.keep_orders {
        return Err(Failure::new(format!(
            "{}; so it can be ended only as it ends by itself: orders are cancelled, positions stay",
            why.message()
        ))
        .hint("leave --flatten and --keep-orders out, or use the version of qubx that started it"));
    }
    let effect = format!("{}; ends its process {pid} by SIGTERM", why.message());
    confirm(name, &effect, arguments.yes)?;
    let deadline = Instant::now() + arguments.timeout;
    let service = ProvenService::of(found.file.qubx.service, &found.file.qubx.session_dir)?;
    let Some(service) = service else {
        return Err(Failure::new(format!(
            "process {pid} is not proven to be the service of {name}, so it gets no signal"
        )));
    };
    service.terminate().map_err(Failure::because(format!("cannot end process {pid}")))?;
    wait_until_gone(name, found, deadline).await?;
    Ok((Outcome::Done, format!("{name} stopped: its process {pid} was ended by SIGTERM")))
}

/// Waits until the lock is free, which a service gives up last, its process has ended, and its owner knows it.
async fn wait_until_gone(name: &str, found: &Found, deadline: Instant) -> Result<(), Failure> {
    let (service, session_dir) = (found.file.qubx.service, &found.file.qubx.session_dir);
    loop {
        let holds = service_holder(session_dir)?.is_some_and(|holder| holder.pid == service.pid);
        if !holds && !service.is_alive() && owner_holder(session_dir)?.is_none() {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(Failure::new(format!(
                "{name} was told to stop, but its process {} is still there",
                service.pid
            ))
            .hint(format!("its log: {}", session_dir.join("service.log").display())));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
