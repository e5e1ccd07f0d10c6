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

impl Connection {
    /// Tries until the service is there again, or is gone for good. A service that stands still takes the
    /// connection and says nothing, so only its welcome ends the loss.
    pub(super) async fn find_again(&mut self) -> Result<UnixStream, Ending> {
        let since = *self.lost_since.get_or_insert_with(Instant::now);
        let mut pause = FIRST_PAUSE;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let service = self.fate();
            self.check_hope(service)?;
            let retry_at = (Instant::now() + pause).into_std();
            let lost = Link::Lost { since: since.into_std(), attempt, retry_at, service };
            self.hand_on(Update::Link(lost)).await?;
            if attempt == 1 && !self.welcomed {
                // It takes connections and does not talk: a service that ends, say. Ask it no more often than one that
                // takes none.
                self.wait_or_keep_commands(pause).await?;
            }
            if let Ok(stream) = UnixStream::connect(&self.options.socket).await {
                return Ok(stream);
            }
            self.wait_or_keep_commands(pause).await?;
            let longest = if service == ServiceFate::Ended { LONGEST_PAUSE_GONE } else { LONGEST_PAUSE };
            pause = (pause * 2).min(longest);
        }
    }

    /// Tells that a service which is gone does not come back: its session said that it ends, or nobody is there who
    /// would start it again.
    fn check_hope(&self, service: ServiceFate) -> Result<(), Ending> {
        if service != ServiceFate::Ended || (!self.stopping && self.has_owner()) {
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
    async fn wait_or_keep_commands(&mut self, pause: Duration) -> Result<(), Ending> {
        let wait = tokio::time::sleep(pause);
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
            Some(Ok(Some(_))) => ServiceFate::Lives,
            Some(Ok(None)) => ServiceFate::Ended,
            Some(Err(_)) | None => ServiceFate::Unknown,
        }
    }
}
