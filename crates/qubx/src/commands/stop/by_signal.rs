//! Ending a session by signals: one whose service does not do what it is asked, and one whose service is down.
//!
//! Only a process that is proven by the session's locks gets a signal. The owner is told before its service is killed, so
//! that it does not take that for a crash and start the next one.

use std::time::{Duration, Instant};

use qubx_home::{Found, Holder, ProvenProcess, owner_holder, service_holder};

use crate::arguments::StopArguments;
use crate::commands::verbs::confirm;
use crate::failure::{Failure, Outcome};
use crate::find::{home, sessions};

/// How long a service may take to end after SIGTERM: three seconds for `on_stop`, two for Python, and as many again on a
/// machine that is busy.
const TERMINATES_WITHIN: Duration = Duration::from_secs(10);
/// How long the system may take to end a process after SIGKILL: one that waits for a disk ends after that.
const KILLED_WITHIN: Duration = Duration::from_secs(5);
/// How long an owner may take to end after its service: it reads the service's last words and cleans up.
const OWNER_ENDS_WITHIN: Duration = Duration::from_secs(5);
/// How often it is looked whether a process has ended.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Ends a service that was asked in vain.
pub(super) async fn end_by_signal(
    name: &str,
    found: &Found,
    why: &str,
    arguments: &StopArguments,
) -> Result<(Outcome, String), Failure> {
    let pid = found.file.qubx.service.pid;
    if arguments.flatten || arguments.keep_orders {
        return Err(Failure::new(format!(
            "{why}; a signal ends it only as it ends by itself: orders are cancelled, positions stay"
        ))
        .hint("leave --flatten and --keep-orders out, or use the version of qubx that started it"));
    }
    if service_is_gone(found)? {
        clean_up()?;
        return Err(Failure::new(format!("{why}; its process {pid} has ended meanwhile, without a word")));
    }
    let effect = format!(
        "{why}; ends its process {pid} by SIGTERM, and by SIGKILL if it has not ended after {} s",
        TERMINATES_WITHIN.as_secs()
    );
    confirm(name, &effect, arguments.yes)?;
    let session_dir = &found.file.qubx.session_dir;
    let Some(service) = ProvenProcess::service(found.file.qubx.service, session_dir)? else {
        return Err(Failure::new(format!(
            "process {pid} is not proven to be the service of {name}, so it gets no signal"
        )));
    };
    service.terminate().map_err(Failure::because(format!("cannot end process {pid}")))?;
    if is_true_within(TERMINATES_WITHIN, || service_is_gone(found)).await? {
        owner_knows(name, found).await?;
        return Ok((
            Outcome::Done,
            format!("{name} stopped: {why}, so its process {pid} was ended by SIGTERM"),
        ));
    }
    if let Some(owner) = ProvenProcess::owner(session_dir)? {
        owner.terminate().map_err(Failure::because(format!("cannot end process {}", owner.pid())))?;
    }
    service.kill().map_err(Failure::because(format!("cannot kill process {pid}")))?;
    if !is_true_within(KILLED_WITHIN, || service_is_gone(found)).await? {
        return Err(Failure::new(format!("{name} is not stopped: its process {pid} is there after SIGKILL"))
            .hint("the system ends it when what it waits for, a disk for example, answers"));
    }
    owner_knows(name, found).await?;
    clean_up()?;
    Ok((
        Outcome::NotWell,
        format!(
            "{name} ended: {why}, so its process {pid} was ended by SIGKILL; orders and positions are as they were, and \
             `qubx run CONFIG --restore` goes on with them"
        ),
    ))
}

/// Ends the owner of a session whose service has crashed, so that it starts no other one.
pub(super) async fn end_owner(
    name: &str,
    found: &Found,
    owner: Holder,
    arguments: &StopArguments,
) -> Result<(Outcome, String), Failure> {
    let session_dir = &found.file.qubx.session_dir;
    let pid = owner.pid;
    if arguments.flatten {
        return Err(Failure::new(format!(
            "{name} has no service at the moment, so nothing can be closed; its owner, process {pid}, is starting it \
             again"
        ))
        .hint("try it again in a moment, or leave --flatten out"));
    }
    let effect = format!(
        "its service has crashed; ends its owner, process {pid}, which would start it again, and leaves orders and \
         positions as they are"
    );
    confirm(name, &effect, arguments.yes)?;
    let is_back = || Ok::<_, Failure>(service_holder(session_dir)?.is_some());
    let again = || {
        Err(Failure::new(format!("{name} has a service again, which was not stopped"))
            .hint(format!("stop it: qubx kernel stop {name}")))
    };
    if is_back()? {
        return again();
    }
    if let Some(owner) = ProvenProcess::owner(session_dir)? {
        let refused = || Failure::because(format!("cannot end process {pid}"));
        owner.terminate().map_err(refused())?;
        let is_gone = || Ok(owner_holder(session_dir)?.is_none());
        if !is_true_within(arguments.timeout, is_gone).await? {
            owner.kill().map_err(refused())?;
            is_true_within(KILLED_WITHIN, is_gone).await?;
        }
    }
    if let Some(owner) = owner_holder(session_dir)? {
        return Err(Failure::new(format!(
            "{name} is not stopped: its owner, process {}, is there",
            owner.pid
        )));
    }
    if is_back()? {
        return again();
    }
    clean_up()?;
    Ok((
        Outcome::Done,
        format!(
            "{name} stopped: its service had crashed, and its owner, process {pid}, does not start it again; orders and \
             positions are as they were, and `qubx run CONFIG --restore` goes on with them"
        ),
    ))
}

/// Waits until it is so; returns whether it was in time.
pub(super) async fn is_true_within(
    limit: Duration,
    mut is_so: impl FnMut() -> Result<bool, Failure>,
) -> Result<bool, Failure> {
    let deadline = Instant::now() + limit;
    while !is_so()? {
        if Instant::now() >= deadline {
            return Ok(false);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(true)
}

/// Tells whether the lock is free, which a service gives up last, and its process has ended.
pub(super) fn service_is_gone(found: &Found) -> Result<bool, Failure> {
    let (service, session_dir) = (found.file.qubx.service, &found.file.qubx.session_dir);
    let holds = service_holder(session_dir)?.is_some_and(|holder| holder.pid == service.pid);
    Ok(!holds && !service.is_alive())
}

/// Waits until the owner of a service that is gone knows it, so that the name is free.
pub(super) async fn owner_knows(name: &str, found: &Found) -> Result<(), Failure> {
    let session_dir = &found.file.qubx.session_dir;
    if is_true_within(OWNER_ENDS_WITHIN, || Ok(owner_holder(session_dir)?.is_none())).await? {
        return Ok(());
    }
    let pid = owner_holder(session_dir)?.map_or(0, |owner| owner.pid);
    Err(Failure::new(format!("{name} has stopped, but its owner, process {pid}, is still there"))
        .hint("it may be stopped itself, by Ctrl+Z for example"))
}

/// Removes what the killed left.
fn clean_up() -> Result<(), Failure> {
    sessions(&home()?).map(drop)
}
