//! A conversation of the command line with a session.

use std::collections::VecDeque;
use std::time::Duration;

use qubx_client::{ClientHandle, Link, Mirror, Options, ServiceFate, Update};
use qubx_home::Found;
use qubx_protocol::{
    Command, CommandId, ErrorCode, ErrorMessage, Event, Fact, Role, Seq, SessionState, VerbOutcome,
    VerbProgress,
};
use tokio::sync::mpsc;

use crate::failure::Failure;
use crate::identity::identity;

/// How long a session may take to answer a command of the command line that names no other limit.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// A connection with a copy of the session's state.
pub(crate) struct Talk {
    pub(crate) client: ClientHandle,
    updates: mpsc::Receiver<Update>,
    pub(crate) mirror: Mirror,
    /// The events of a snapshot that are still to be told.
    missed: VecDeque<Event>,
    /// The last event that was told, or was in the first snapshot.
    seen: Seq,
}

/// Returns how to reach a session for a question that is over in a moment.
pub(crate) fn question(found: &Found, latest: bool, timeout: Duration) -> Options {
    Options { screen: false, ..screen(found, latest, timeout) }
}

/// Returns how to reach a session for somebody who watches or waits.
pub(crate) fn screen(found: &Found, latest: bool, timeout: Duration) -> Options {
    Options {
        socket: found.file.qubx.socket.clone(),
        lock: Some(found.file.qubx.session_dir.join("lock")),
        identity: identity(),
        owner: false,
        screen: true,
        latest,
        role: Role::Admin,
        timeout,
    }
}

/// Why there is no conversation.
#[derive(Debug)]
pub(crate) enum NoTalk {
    /// The service speaks another version of the protocol, as the failure says.
    OtherVersion(Failure),
    /// The service was there all the time and said nothing.
    Silent(Failure),
    /// Anything else.
    Failed(Failure),
}

impl From<NoTalk> for Failure {
    fn from(no_talk: NoTalk) -> Self {
        match no_talk {
            NoTalk::OtherVersion(failure) | NoTalk::Silent(failure) | NoTalk::Failed(failure) => failure,
        }
    }
}

impl From<Failure> for NoTalk {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Returns the failure that the end of a connection is for a command.
fn closed(error: &ErrorMessage) -> NoTalk {
    let message = match error.code {
        ErrorCode::Ended if !error.message.starts_with("the session has ended") => {
            format!("the session has ended: {}", error.message)
        }
        _ => error.message.clone(),
    };
    let failure = Failure::new(message);
    let failure = match &error.hint {
        Some(hint) => failure.hint(hint.clone()),
        None => failure,
    };
    match error.code {
        ErrorCode::Version => NoTalk::OtherVersion(failure),
        _ => NoTalk::Failed(failure),
    }
}

impl Talk {
    /// Connects and waits for the session's state.
    pub(crate) async fn open(options: Options) -> Result<Self, NoTalk> {
        let timeout = options.timeout;
        let (client, updates) = qubx_client::start(options)
            .await
            .map_err(|error| NoTalk::Silent(Failure::because("the session does not answer")(error)))?;
        let mut talk =
            Self { client, updates, mirror: Mirror::default(), missed: VecDeque::new(), seen: Seq(0) };
        let state = async {
            while talk.mirror.state.is_none() {
                talk.update().await?;
            }
            Ok::<(), NoTalk>(())
        };
        match tokio::time::timeout(timeout, state).await {
            Ok(result) => result.map(|()| talk),
            Err(_) if matches!(talk.mirror.link, Link::Lost { service: ServiceFate::Full, .. }) => {
                Err(Failure::new("the session has no place for another client now")
                    .hint("close some of its screens")
                    .into())
            }
            Err(_) => {
                let seconds = timeout.as_secs_f64();
                Err(NoTalk::Silent(Failure::new(format!("the session did not answer within {seconds} s"))))
            }
        }
    }

    /// Waits for the next update and takes it into the mirror.
    pub(crate) async fn next(&mut self) -> Result<Update, Failure> {
        Ok(self.update().await?)
    }

    /// Returns the next update without taking it into the mirror; none when the connection has ended. May be dropped
    /// half-way.
    ///
    /// A snapshot that comes later than the first is followed by the events in it that were missed, so that whoever
    /// waits for one need not look into the state as well.
    pub(crate) async fn receive(&mut self) -> Option<Update> {
        let update = match self.missed.pop_front() {
            Some(event) => Update::Event(event),
            None => self.updates.recv().await?,
        };
        match &update {
            Update::Event(event) => self.seen = self.seen.max(event.seq),
            Update::Snapshot(state) if self.mirror.state.is_some() => {
                let missed = state.history.all().into_iter().filter(|event| event.seq > self.seen);
                self.missed.extend(missed.cloned());
            }
            Update::Snapshot(state) => self.seen = state.head,
            _ => {}
        }
        Some(update)
    }

    async fn update(&mut self) -> Result<Update, NoTalk> {
        let update = self.receive().await.ok_or_else(|| Failure::new("the connection has ended"))?;
        self.mirror.apply(&update);
        match &update {
            Update::Link(Link::Closed(error)) => Err(closed(error)),
            _ => Ok(update),
        }
    }

    /// Returns the session's state.
    pub(crate) fn state(&self) -> &SessionState {
        self.mirror.state.as_ref().expect("a talk is open only with a state")
    }

    /// Gives a command that is a verb and waits until it is done or has failed. While the ledger cannot be written nobody
    /// is told what came of it, so then this does not wait long.
    pub(crate) async fn verb(&mut self, command: Command, within: Duration) -> Result<VerbProgress, Failure> {
        let name = command.verb();
        let id = self.client.command(command);
        let soon = within.min(ANSWER_WITHIN);
        if let Ok(ended) = tokio::time::timeout(soon, self.verb_end(&id)).await {
            return ended;
        }
        let mut alarms = self.mirror.latest.alarms.iter().flatten();
        if let Some(alarm) = alarms.find(|alarm| alarm.stops_orders) {
            let text =
                format!("{name} was taken, and what came of it cannot be written down: {}", alarm.text);
            return Err(Failure::new(text).hint("qubx history shows it when there is room"));
        }
        tokio::time::timeout(within - soon, self.verb_end(&id)).await.unwrap_or_else(|_| {
            Err(Failure::new(format!("{name} is not done after {} s; it goes on", within.as_secs_f64()))
                .hint("qubx history shows when it is done"))
        })
    }

    /// As [`Self::verb`], and returns none when it is neither done nor has failed in time.
    pub(crate) async fn verb_in_time(
        &mut self,
        command: Command,
        within: Duration,
    ) -> Result<Option<VerbProgress>, Failure> {
        let id = self.client.command(command);
        tokio::time::timeout(within, self.verb_end(&id)).await.ok().transpose()
    }

    async fn verb_end(&mut self, id: &CommandId) -> Result<VerbProgress, Failure> {
        loop {
            match self.next().await? {
                Update::Event(event) => {
                    if let Fact::Verb { verb, .. } = event.fact
                        && verb.command.as_ref() == Some(id)
                        && verb.outcome != VerbOutcome::Started
                    {
                        return Ok(verb);
                    }
                }
                Update::Refused(refusal) if refusal.command == *id => {
                    return Err(Failure::new(refusal.message));
                }
                _ => {}
            }
        }
    }

    /// Waits for the newest values, which follow the state at once.
    pub(crate) async fn latest(&mut self) -> Result<(), Failure> {
        let latest = async {
            while self.mirror.latest.market.is_none() || self.mirror.latest.presence.is_none() {
                self.next().await?;
            }
            Ok(())
        };
        tokio::time::timeout(ANSWER_WITHIN, latest).await.unwrap_or_else(|_| {
            Err(Failure::new(format!("the engine did not answer within {} s", ANSWER_WITHIN.as_secs())))
        })
    }
}
