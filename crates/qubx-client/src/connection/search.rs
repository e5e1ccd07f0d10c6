//! Finding a lost service again: how often it is tried, and when it is given up.
//!
//! A service that is gone without having said so has crashed. While its owner is there, it is started again at the same
//! place: the task waits for that, and then resumes like after any other loss.

use std::path::Path;
use std::time::Duration;

use qubx_protocol::{ErrorCode, ErrorMessage};
use tokio::net::UnixStream;
use tokio::time::Instant;

use super::{Connection, Ending};
use crate::handle::Outgoing;
use crate::{Link, ServiceFate, Update};

/// The pause before the first new attempt. It doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause while the service is gone: asking the lock costs nothing, and it may be back any moment.
const LONGEST_PAUSE_GONE: Duration = Duration::from_secs(1);

/// A loss that no welcome has ended yet. It goes on over connections that are taken and not welcomed.
pub(super) struct Loss {
    since: Instant,
    attempts: u32,
    retry_at: Instant,
    /// How long the attempt after the next one waits for it.
    pause: Duration,
}

impl Loss {
    /// Begins now, with an attempt at once.
    fn begin() -> Self {
        let now = Instant::now();
        Self { since: now, attempts: 0, retry_at: now, pause: FIRST_PAUSE }
    }

    /// Puts the next attempt off, and the one after it for longer.
    fn postpone(&mut self, longest: Duration) {
        self.retry_at = Instant::now() + self.pause.min(longest);
        self.pause = (self.pause * 2).min(longest);
    }

    fn link(&self, service: ServiceFate) -> Link {
        let (since, retry_at) = (self.since.into_std(), self.retry_at.into_std());
        Link::Lost { since, attempt: self.attempts, retry_at, service }
    }
}

impl Connection {
    /// Tries until the service takes a connection, or is gone for good.
    ///
    /// A service that stands still, ends, or is full takes connections and does not welcome: only its welcome ends the
    /// loss, so it is asked no more often than one that takes none. The pauses count from one attempt to the next:
    /// after a long silence the next one is made at once.
    pub(super) async fn find_again(&mut self) -> Result<UnixStream, Ending> {
        let mut loss = self.loss.take().unwrap_or_else(|| {
            let mut loss = Loss::begin();
            if !self.welcomed {
                // The first connection of all was the first attempt.
                loss.postpone(LONGEST_PAUSE);
            }
            loss
        });
        loop {
            self.wait_or_keep_commands(loss.retry_at).await?;
            let service = self.fate();
            self.check_hope(service)?;
            loss.attempts += 1;
            loss.postpone(if service == ServiceFate::Ended { LONGEST_PAUSE_GONE } else { LONGEST_PAUSE });
            self.hand_on(Update::Link(loss.link(service))).await?;
            if let Ok(stream) = UnixStream::connect(&self.options.socket).await {
                self.loss = Some(loss);
                return Ok(stream);
            }
        }
    }

    /// Tells that a service which is gone does not come back: nobody is there who would start it again. A session that
    /// was stopping is no exception: a service that crashes before that is done is started again, and goes on.
    fn check_hope(&self, service: ServiceFate) -> Result<(), Ending> {
        if service != ServiceFate::Ended || self.has_owner() {
            return Ok(());
        }
        let (message, hint) = if self.stopping {
            ("the session has ended".to_owned(), None)
        } else {
            let hint = "qubx run CONFIG --restore goes on with its positions and orders";
            ("the service has ended without a word".to_owned(), Some(hint.to_owned()))
        };
        Err(Ending::Closed(ErrorMessage { code: ErrorCode::Ended, message, hint }))
    }

    /// Tells whether the command that started the session is there: it starts the service again, or gives up and ends.
    fn has_owner(&self) -> bool {
        let session_dir = self.options.lock.as_deref().and_then(Path::parent);
        session_dir.is_some_and(|dir| qubx_home::owner_holder(dir).is_ok_and(|owner| owner.is_some()))
    }

    /// Waits for the next attempt; commands given meanwhile are kept for it, and questions are forgotten.
    async fn wait_or_keep_commands(&mut self, until: Instant) -> Result<(), Ending> {
        let wait = tokio::time::sleep_until(until);
        tokio::pin!(wait);
        loop {
            tokio::select! {
                () = &mut wait => return Ok(()),
                () = self.reconnect.notified() => return Ok(()),
                outgoing = self.outgoing.recv() => match outgoing {
                    Some(Outgoing::Command(id, command)) => self.unanswered.give(id, command),
                    Some(Outgoing::Request(_)) => {}
                    None => return Err(Ending::ScreenGone),
                },
            }
        }
    }

    fn fate(&self) -> ServiceFate {
        match self.options.lock.as_deref().map(qubx_home::lock_holder) {
            _ if self.is_refused_a_place => ServiceFate::Full,
            Some(Ok(Some(_))) => ServiceFate::Lives,
            Some(Ok(None)) => ServiceFate::Ended,
            Some(Err(_)) | None => ServiceFate::Unknown,
        }
    }
}
