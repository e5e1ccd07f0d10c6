//! A session that is killed again and again, with all that it acknowledged, to be held against what is left of it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use qubx_client::Link;
use qubx_protocol::{CommandId, Event, Fact, Seq, VerbOutcome};
use rustix::process::Signal;

use super::{Given, cell_of, check_cells, verify};
use crate::harness::{
    Chance, Place, Running, STEPS, Screen, check_book, config, kill_service, send_signal, service_of,
    wait_for, written,
};

const RUN: [&str; 3] = ["run", "steps.yml", "--paper"];
/// A kill of a session at work comes within so long after work was given out.
const AT_WORK: Duration = Duration::from_millis(300);

/// A session, what it was given, and what it acknowledged.
pub(super) struct Killed {
    pub(super) place: Place,
    pub(super) chance: Chance,
    pub(super) given: Given,
    done: PathBuf,
    /// Every event that a screen was sent, but text that may be removed later.
    acknowledged: Vec<Event>,
    /// Every verb that a screen gave, whether it was answered or not.
    pub(super) verbs: BTreeSet<CommandId>,
}

impl Killed {
    pub(super) fn new(more: &str) -> Option<Self> {
        let place = Place::new()?;
        place.write("steps.py", STEPS);
        place.write("steps.yml", &(config("steps", "steps.Steps") + more));
        let done = place.write("done", "");
        let (acknowledged, verbs) = (Vec::new(), BTreeSet::new());
        Some(Self { place, chance: Chance::new(), given: Given::default(), done, acknowledged, verbs })
    }

    /// Starts the session under an owner and waits until its strategy has started.
    pub(super) async fn run(&self, more: &[&str]) -> Running {
        let mut owner = self.place.spawn(&[&RUN, more].concat());
        owner.says("strategy started").await;
        owner
    }

    pub(super) async fn attach(&self) -> Screen {
        Screen::attach(&self.place, "steps", "op1").await
    }

    /// Gives work, and lets a moment pass in which some of it is done.
    pub(super) async fn work(&mut self, screen: &Screen) {
        self.given.work(screen, &self.done, &mut self.chance);
        self.verbs.extend(self.given.verbs.drain(..));
        self.chance.moment(AT_WORK).await;
    }

    /// Takes in what a screen was told up to the loss of its service, and lets it go.
    pub(super) async fn lost(&mut self, mut screen: Screen) {
        screen
            .until("the loss of the service", |screen| {
                matches!(screen.mirror.link, Link::Lost { .. } | Link::Closed(_)).then_some(())
            })
            .await;
        self.left_by(screen).await;
    }

    /// Takes in what a screen was told, and lets it go.
    pub(super) async fn left_by(&mut self, screen: Screen) {
        let is_kept = |event: &&Event| !matches!(event.fact, Fact::Output { .. } | Fact::Log { .. });
        self.acknowledged.extend(screen.events.iter().filter(is_kept).cloned());
        screen.close().await;
    }

    /// Kills a session at work, and waits until nothing of it runs.
    pub(super) async fn is_killed(&mut self, owner: Running) {
        let screen = self.attach().await;
        self.work(&screen).await;
        owner.signal(Signal::KILL);
        kill_service(&self.place, "steps").await;
        owner.end().await;
        self.lost(screen).await;
        self.is_empty().await;
    }

    /// Waits until nothing of it runs, and has the files of the dead removed.
    pub(super) async fn is_empty(&self) {
        self.place.is_empty().await;
        self.place.qubx(&["kernel", "list"]).await.code(0);
    }

    /// Starts a session whose service is killed at some moment, at most `longest` after its first sign of life.
    pub(super) async fn is_killed_at_its_start(&mut self, more: &[&str], longest: Duration) {
        let mut owner = self.place.spawn(&[&RUN, more].concat());
        let service = appears(&self.place, 0).await;
        self.chance.moment(longest).await;
        send_signal(service, Signal::KILL);
        let (error, child) = (owner.stderr.clone(), &mut owner.child);
        let ended = wait_for("the owner's end, or that it starts another one", async || {
            let is_again = std::fs::read_to_string(&error).unwrap().contains("it is started again in");
            child.try_wait().unwrap().map(Some).or_else(|| is_again.then_some(None))
        })
        .await;
        match ended {
            Some(status) => assert_eq!(status.code(), Some(1), "a start that fails is told: {}", owner.err()),
            // It had been up by then.
            None => owner.signal(Signal::KILL),
        }
        owner.end().await;
        self.is_empty().await;
    }

    /// Asserts that the files are whole, that everything acknowledged is in them, and that nothing was done twice.
    pub(super) async fn is_whole(&self) {
        verify(&self.place).await;
        let events = written(&self.place, "steps");
        let of = |seq: Seq| events.binary_search_by_key(&seq, |event| event.seq).ok().map(|at| &events[at]);
        for seen in &self.acknowledged {
            assert_eq!(of(seen.seq), Some(seen), "what was acknowledged is written down");
        }
        let done = std::fs::read_to_string(&self.done).unwrap();
        let names: BTreeSet<&str> = done.lines().collect();
        assert_eq!(names.len(), done.lines().count(), "a cell ran twice: {done}");
        for verb in &self.verbs {
            let ends =
                events.iter().filter(|event| outcome_of(&event.fact, verb).is_some_and(is_end)).count();
            assert!(ends <= 1, "a verb ends once, and not {ends} times");
        }
        let is_new_life = |event: &&Event| matches!(event.fact, Fact::Started { restored: false, .. });
        let lives = events.iter().enumerate().filter(|(_, event)| is_new_life(event)).map(|(at, _)| at);
        let lives: Vec<usize> = lives.chain([events.len()]).collect();
        for life in lives.windows(2) {
            let life = &events[life[0]..life[1]];
            if life.iter().any(|event| matches!(event.fact, Fact::Fill { .. })) {
                check_book(life);
            }
        }
    }

    /// Asserts that a session which is up has all that was acknowledged, ends it, and checks every cell.
    pub(super) async fn goes_on_and_ends(mut self, owner: Running) {
        let mut screen = self.attach().await;
        let (ran, _) = screen.run("'goes', 'on'").await;
        assert_eq!(ran, "('goes', 'on')");
        self.left_by(screen).await;
        self.is_whole().await;
        let status = self.place.qubx(&["status", "steps", "--json"]).await;
        assert_eq!(status.json()["name"], "steps");
        self.place.stop("steps").await;
        owner.end().await.code(0);
        self.is_whole().await;
        let events = written(&self.place, "steps");
        let taken = |id: &CommandId| self.acknowledged.iter().any(|event| cell_of(&event.fact, id).is_some());
        self.given.cells.retain(|(id, _)| taken(id));
        assert!(!self.given.cells.is_empty(), "some cells were acknowledged");
        check_cells(&events, &self.given, &self.done);
        for id in &self.verbs {
            let outcomes: Vec<_> = events.iter().filter_map(|event| outcome_of(&event.fact, id)).collect();
            let is_ended = outcomes.last().is_none_or(|outcome| is_end(*outcome));
            assert!(is_ended, "a verb that was taken is answered: {outcomes:?}");
        }
        self.place.finish().await;
    }
}

fn outcome_of(fact: &Fact, id: &CommandId) -> Option<VerbOutcome> {
    match fact {
        Fact::Verb { verb, .. } if verb.command.as_ref() == Some(id) => Some(verb.outcome),
        _ => None,
    }
}

fn is_end(outcome: VerbOutcome) -> bool {
    outcome != VerbOutcome::Started
}

/// Waits for the service that comes after `old`.
pub(super) async fn appears(place: &Place, old: u32) -> u32 {
    wait_for("a service", async || service_of(place, "steps").filter(|service| *service != old)).await
}
