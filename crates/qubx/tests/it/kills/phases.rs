//! The service is killed while it starts, goes on, stops, makes its log smaller, or starts Python again: each time at
//! random moments within that phase, and each time the next one goes on with everything that was acknowledged.

use std::time::{Duration, Instant};

use qubx_protocol::{Command, Event, Fact, KernelState, StrategyState, VerbOutcome};
use rustix::process::Signal;

use super::back;
use super::killed::{Killed, appears};
use crate::harness::{kill_service, send_signal, service_of, wait_for, written};

/// How often each phase is cut off: an owner waits longer before each start.
const ROUNDS: u64 = 2;

#[tokio::test]
async fn a_service_that_is_killed_while_it_starts_leaves_a_session_that_starts_and_goes_on() {
    let Some(mut killed) = Killed::new("") else { return };
    let folder = killed.place.session_dir("steps");
    // The very first start makes the files.
    for _ in 0..2 * ROUNDS {
        let _ = std::fs::remove_dir_all(&folder);
        for more in [&[][..], &["--restore"]] {
            killed.is_killed_at_its_start(more, Duration::from_millis(60)).await;
            if folder.join("session.db").exists() {
                killed.is_whole().await;
            }
        }
    }
    // Then there is a life that has ended, and one that is to go on.
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let owner = killed.run(&[]).await;
        let longest = began.elapsed();
        killed.is_killed(owner).await;
        for more in [&["--restore"][..], &["--restore"], &[], &["--restore"]] {
            killed.is_killed_at_its_start(more, longest).await;
            killed.is_whole().await;
        }
    }
    let owner = killed.run(&["--restore"]).await;
    killed.goes_on_and_ends(owner).await;
}

#[tokio::test]
async fn an_owner_starts_a_service_again_that_is_killed_while_it_goes_on_with_what_the_one_before_left() {
    let Some(mut killed) = Killed::new("") else { return };
    let owner = killed.run(&[]).await;
    let mut screen = killed.attach().await;
    killed.work(&screen).await;
    let mut old = kill_service(&killed.place, "steps").await;
    for _ in 0..2 {
        old = appears(&killed.place, old).await;
        killed.chance.moment(Duration::from_millis(700)).await;
        send_signal(old, Signal::KILL);
    }
    appears(&killed.place, old).await;
    // It may have seen none of those between.
    let third = old;
    let is_later = |pid: u32| Some(pid) == service_of(&killed.place, "steps") && pid != third;
    screen
        .until("the service after the next", |screen| {
            let status = screen.state().status.as_ref()?;
            (is_later(status.info.pid) && status.strategy.state == StrategyState::Running).then_some(())
        })
        .await;
    killed.left_by(screen).await;
    killed.goes_on_and_ends(owner).await;
}

/// Keeps Python, which is asked to end after a stop is done, until it is killed.
const ENDS_SLOWLY: &str = "import atexit, time; atexit.register(time.sleep, 60)";

#[tokio::test]
async fn a_stop_that_was_done_is_not_undone_by_a_kill_and_one_that_was_not_is_told() {
    let Some(mut killed) = Killed::new("") else { return };
    let mut owner = killed.run(&[]).await;
    for more in [Some("--flatten"), Some("--keep-orders"), None] {
        let mut screen = killed.attach().await;
        screen.run(ENDS_SLOWLY).await;
        killed.work(&screen).await;
        if more == Some("--flatten") {
            // The strategy cannot be stopped meanwhile, so the stop is not done when the kill comes.
            let held = killed.place.path("held");
            let call = format!("import ctypes; open({held:?}, 'w').close(); ctypes.PyDLL(None).sleep(60)");
            screen.submit(&call).await;
            wait_for("the call", async || held.exists().then_some(())).await;
        }
        let old = service_of(&killed.place, "steps").unwrap();
        let words = ["kernel", "stop", "steps", "--yes"].into_iter().chain(more);
        let stop = killed.place.spawn(&words.collect::<Vec<_>>());
        let outcome = if more.is_some() { VerbOutcome::Started } else { VerbOutcome::Done };
        let seen = screen.events.len();
        screen
            .until("the stop", |screen| {
                let mut outcomes =
                    screen.events[seen..].iter().filter_map(|event| outcome_of_a_stop(&event.fact));
                outcomes.any(|one| one == outcome).then_some(())
            })
            .await;
        if more.is_some() {
            killed.chance.moment(Duration::from_millis(400)).await;
        }
        assert_eq!(service_of(&killed.place, "steps"), Some(old), "it takes its time to end");
        send_signal(old, Signal::KILL);
        let stopped = stop.end().await;
        // It may have missed the word that it is done, and says what it knows.
        if stopped.code == Some(0) || stopped.stderr.contains("the session has ended") {
            assert_ne!(more, Some("--flatten"), "it was not done: {stopped:?}");
            let ended = owner.end().await.code(0);
            assert!(ended.stderr.contains("session ended: stopped by op@cli"), "{ended:?}");
            killed.lost(screen).await;
            killed.is_empty().await;
            killed.is_whole().await;
            let events = written(&killed.place, "steps");
            let last = events.iter().rev().find_map(|event| outcome_of_a_stop(&event.fact));
            assert_eq!(last, Some(VerbOutcome::Done), "what is said to be stopped was stopped");
            owner = killed.run(&["--restore"]).await;
        } else {
            assert!(more.is_some(), "it was done: {stopped:?}");
            stopped.code(1).says(&["steps is not stopped", "crashed meanwhile", "kernel stop steps"]);
            back(&mut screen, old).await;
            killed.left_by(screen).await;
        }
    }
    killed.goes_on_and_ends(owner).await;
}

fn outcome_of_a_stop(fact: &Fact) -> Option<VerbOutcome> {
    match fact {
        Fact::Verb { verb, .. } if verb.verb == "stop" => Some(verb.outcome),
        _ => None,
    }
}

#[tokio::test]
async fn a_service_that_is_killed_while_its_log_is_made_smaller_loses_no_fact() {
    let Some(mut killed) = Killed::new("session: { history: { log_mb: 1 } }\n") else { return };
    let owner = killed.run(&[]).await;
    let mut screen = killed.attach().await;
    for _ in 0..ROUNDS {
        let began = screen.events.len();
        screen.submit("import time\nfor n in range(10 ** 6): ctx.log('x' * 5_000); time.sleep(0.001)").await;
        screen
            .until("a log that is made smaller", |screen| {
                let is_said = |event: &Event| {
                    matches!(&event.fact, Fact::Log { text, .. } if text.contains("its oldest output and log lines are removed"))
                };
                screen.events[began..].iter().any(is_said).then_some(())
            })
            .await;
        killed.work(&screen).await;
        let old = kill_service(&killed.place, "steps").await;
        back(&mut screen, old).await;
        killed.is_whole().await;
    }
    killed.left_by(screen).await;
    killed.goes_on_and_ends(owner).await;
}

#[tokio::test]
async fn a_service_that_is_killed_while_python_is_started_again_goes_on_with_python() {
    let Some(mut killed) = Killed::new("") else { return };
    let owner = killed.run(&[]).await;
    let mut screen = killed.attach().await;
    for round in 0..ROUNDS {
        let python = screen.kernel(KernelState::Ready).await.pid.unwrap();
        killed.work(&screen).await;
        if round == 1 {
            send_signal(python, Signal::KILL);
        } else {
            killed.verbs.insert(screen.client.command(Command::RestartKernel));
        }
        screen
            .until("the end of Python", |screen| {
                let kernel = &screen.state().status.as_ref()?.kernel;
                (kernel.pid != Some(python) || kernel.state != KernelState::Ready).then_some(())
            })
            .await;
        // After a crash Python is started again in a second.
        killed.chance.moment(Duration::from_millis(if round == 1 { 2_000 } else { 800 })).await;
        let old = kill_service(&killed.place, "steps").await;
        back(&mut screen, old).await;
        killed.is_whole().await;
    }
    killed.left_by(screen).await;
    killed.goes_on_and_ends(owner).await;
}
