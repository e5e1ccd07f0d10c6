//! Facts on their way to the session.
//!
//! Not in lockstep each group of facts goes out at once, and an order is sent when its intent is stored. In lockstep the
//! exchange is simulated here and nothing has to be stored before: facts gather, and go out in order and in groups. When
//! nobody takes them, the engine waits.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Task, Told};
use crate::feed::Feed;
use crate::output::stamp;
use crate::{EngineEvent, EngineOutput};

/// How long facts may gather in lockstep.
const GATHER: Duration = Duration::from_millis(100);

impl<F: Feed> Task<F> {
    /// Tells facts to the session and to the strategy, and shows what they changed.
    pub(super) async fn tell(&mut self, events: Vec<EngineEvent>) {
        if events.is_empty() {
            return;
        }
        if let Some(lockstep) = &mut self.lockstep {
            lockstep.took(self.floor.clock(), events);
            self.facts_wait();
            self.view.changed();
        } else {
            self.queue.events(&events);
            self.output(events, None).await;
            self.publish();
        }
    }

    /// Sends the orders that were just decided, once they are stored; or rejects them if they cannot be.
    pub(super) async fn commit(&mut self, decided: Vec<EngineEvent>) {
        if self.floor.desk.intended().is_empty() {
            return self.tell(decided).await;
        }
        if self.lockstep.is_some() {
            self.tell(decided).await;
            let time = self.now();
            let sent = self.floor.desk.send(time);
            return self.tell(sent).await;
        }
        let (committed, answer) = oneshot::channel();
        self.queue.events(&decided);
        self.output(decided, Some(committed)).await;
        let stored = tokio::select! {
            biased;
            stored = answer => stored.unwrap_or_else(|_| Err("the session did not store it".to_owned())),
            () = self.cancel.cancelled() => Err("the engine is stopping".to_owned()),
        };
        // Whatever held that up held up the feed as well.
        self.look_if_quotes_are_due().await;
        let time = self.now();
        let events = match stored {
            Ok(()) => self.floor.desk.send(time),
            Err(reason) => self.floor.desk.refuse(time, &reason),
        };
        self.tell(events).await;
    }

    /// Notes since when facts wait.
    pub(super) fn facts_wait(&mut self) {
        if self.unsent_since.is_none() && self.lockstep.as_ref().is_some_and(|lockstep| lockstep.unsent().0) {
            self.unsent_since = Some(Instant::now());
        }
    }

    /// Returns when the facts that wait must go out; none when none wait.
    pub(super) fn flush_is_due(&self) -> Option<Instant> {
        Some(self.unsent_since? + GATHER)
    }

    /// Hands on the facts that wait.
    pub(super) async fn flush(&mut self) {
        self.unsent_since = None;
        let events = self.lockstep.as_mut().map(|lockstep| lockstep.take_unsent()).unwrap_or_default();
        if !events.is_empty() {
            self.output(events, None).await;
            self.publish();
        }
    }

    pub(super) async fn output(
        &mut self,
        mut events: Vec<EngineEvent>,
        committed: Option<oneshot::Sender<Result<(), String>>>,
    ) {
        if self.lockstep.is_none() {
            let now = self.now();
            stamp(now, &mut events);
        }
        self.floor.told(&events);
        let is_paused = self.floor.desk.state().is_paused();
        self.paused.send_if_modified(|paused| std::mem::replace(paused, is_paused) != is_paused);
        let output = EngineOutput { events, committed, checkpoint: self.checkpoint() };
        tokio::select! {
            biased;
            room = self.outputs.reserve(), if !self.is_cut_off => match room {
                Ok(room) => {
                    room.send(output);
                    self.told = Told::now(self.floor.place());
                }
                Err(_) => tracing::warn!(?output, "nobody takes facts any more"),
            },
            () = self.cancel.cancelled() => {
                tracing::warn!(?output, "stopped before facts were taken");
                self.is_cut_off = true;
            }
        }
    }
}
