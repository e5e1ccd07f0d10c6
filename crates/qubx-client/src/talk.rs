//! A conversation with a session: one side's questions and verbs, each waited for with a limit.
//!
//! It is for whoever wants an answer (a command of the command line, a request over HTTP); a screen takes the updates as
//! they come.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use qubx_protocol::{
    CellNumber, CellStatus, Command, CommandId, ErrorCode, ErrorMessage, Event, Fact, Seq, SessionState,
    VerbOutcome, VerbProgress,
};
use tokio::sync::mpsc;

use crate::{ClientError, ClientHandle, Link, Mirror, Options, ServiceFate, Update};

/// How long a session may take to answer when nobody names another limit.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// A connection with a copy of the session's state.
pub struct Talk {
    /// The handle to speak through.
    pub client: ClientHandle,
    updates: mpsc::Receiver<Update>,
    /// What this side knows of the session.
    pub mirror: Mirror,
    /// The events of a snapshot that are still to be told.
    missed: VecDeque<Event>,
    /// The last event that was told, or was in the first snapshot.
    seen: Seq,
}

impl Talk {
    /// Connects and waits for the session's state.
    pub async fn open(options: Options) -> Result<Self, TalkError> {
        let timeout = options.timeout;
        let (client, updates) = crate::start(options).await.map_err(|error| TalkError {
            source: Some(error),
            ..TalkError::new(TalkErrorKind::Silent, "the session does not answer")
        })?;
        let mut talk =
            Self { client, updates, mirror: Mirror::default(), missed: VecDeque::new(), seen: Seq(0) };
        let state = async {
            while talk.mirror.state.is_none() {
                talk.next().await?;
            }
            Ok::<(), TalkError>(())
        };
        match tokio::time::timeout(timeout, state).await {
            Ok(result) => result.map(|()| talk),
            Err(_) if matches!(talk.mirror.link, Link::Lost { service: ServiceFate::Full, .. }) => {
                Err(TalkError::failed("the session has no place for another client now")
                    .hint("close some of its screens"))
            }
            Err(_) => {
                let seconds = timeout.as_secs_f64();
                Err(TalkError::new(
                    TalkErrorKind::Silent,
                    format!("the session did not answer within {seconds} s"),
                ))
            }
        }
    }

    /// Returns the next update without taking it into the mirror; none when the connection has ended. May be dropped
    /// half-way.
    ///
    /// A snapshot that comes later than the first is followed by the events in it that were missed, so that whoever
    /// waits for one need not look into the state as well.
    pub async fn receive(&mut self) -> Option<Update> {
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

    /// Waits for the next update and takes it into the mirror.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn next(&mut self) -> Result<Update, TalkError> {
        let update = self.receive().await.ok_or_else(|| TalkError::failed("the connection has ended"))?;
        self.mirror.apply(&update);
        match &update {
            Update::Link(Link::Closed(error)) => Err(TalkError::closed(error)),
            _ => Ok(update),
        }
    }

    /// Returns the session's state.
    pub fn state(&self) -> &SessionState {
        self.mirror.state.as_ref().expect("a talk is open only with a state")
    }

    /// Gives a command that is a verb and waits until it is done or has failed. While the ledger cannot be written nobody
    /// is told what came of it, so then this does not wait long.
    pub async fn verb(&mut self, command: Command, within: Duration) -> Result<VerbProgress, TalkError> {
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
            return Err(TalkError::failed(text).hint("qubx history shows it when there is room"));
        }
        tokio::time::timeout(within - soon, self.verb_end(&id)).await.unwrap_or_else(|_| {
            let text = format!("{name} is not done after {} s; it goes on", within.as_secs_f64());
            Err(TalkError::new(TalkErrorKind::NotOver, text).hint("qubx history shows when it is done"))
        })
    }

    /// As [`Self::verb`], and returns none when it is neither done nor has failed in time.
    pub async fn verb_in_time(
        &mut self,
        command: Command,
        within: Duration,
    ) -> Result<Option<VerbProgress>, TalkError> {
        let id = self.client.command(command);
        tokio::time::timeout(within, self.verb_end(&id)).await.ok().transpose()
    }

    async fn verb_end(&mut self, id: &CommandId) -> Result<VerbProgress, TalkError> {
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
                    return Err(TalkError::new(TalkErrorKind::Refused, refusal.message));
                }
                _ => {}
            }
        }
    }

    /// Gives a command under an id of the caller's and waits until it is over, be it a verb or a cell. One that was over
    /// before is not done again.
    ///
    /// # Errors
    /// When the connection ends.
    pub async fn over(
        &mut self,
        id: CommandId,
        command: Command,
        within: Duration,
    ) -> Result<CommandOutcome, TalkError> {
        let mut watch = Watch::new(id.clone());
        for event in self.state().history.all() {
            if let Some(outcome) = watch.take(&event.fact) {
                return Ok(outcome);
            }
        }
        self.client.command_as(id.clone(), command);
        let end = async {
            loop {
                match self.next().await? {
                    Update::Event(event) => {
                        if let Some(outcome) = watch.take(&event.fact) {
                            return Ok(outcome);
                        }
                    }
                    Update::Refused(refusal) if refusal.command == id => {
                        return Ok(CommandOutcome::Refused(refusal.message));
                    }
                    _ => {}
                }
            }
        };
        tokio::time::timeout(within, end).await.unwrap_or(Ok(CommandOutcome::Started))
    }

    /// Waits for the newest values, which follow the state at once.
    pub async fn latest(&mut self) -> Result<(), TalkError> {
        let latest = async {
            while self.mirror.latest.market.is_none() || self.mirror.latest.presence.is_none() {
                self.next().await?;
            }
            Ok(())
        };
        tokio::time::timeout(ANSWER_WITHIN, latest).await.unwrap_or_else(|_| {
            Err(TalkError::failed(format!("the engine did not answer within {} s", ANSWER_WITHIN.as_secs())))
        })
    }
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandOutcome {
    /// It is done, as the text says.
    Done(String),
    /// It was taken, and not or only partly done.
    Failed(String),
    /// It was not taken; nothing was done.
    Refused(String),
    /// It is not over yet.
    Started,
}

/// What tells that a command is over: its verb's end, or the end of its cell.
struct Watch {
    id: CommandId,
    cell: Option<CellNumber>,
}

impl Watch {
    fn new(id: CommandId) -> Self {
        Self { id, cell: None }
    }

    fn take(&mut self, fact: &Fact) -> Option<CommandOutcome> {
        match fact {
            Fact::Cell { cell, command: Some(command), .. } if *command == self.id => {
                self.cell = Some(*cell);
                None
            }
            Fact::InputEnded { command: Some(command), .. } if *command == self.id => {
                Some(CommandOutcome::Done("answered".to_owned()))
            }
            Fact::CellFinished { cell, status, duration_ms } if Some(*cell) == self.cell => {
                let after = format!("after {duration_ms} ms");
                Some(match status {
                    CellStatus::Ok => CommandOutcome::Done(format!("cell {cell} is done {after}")),
                    CellStatus::Error => CommandOutcome::Failed(format!("cell {cell} raised {after}")),
                    CellStatus::Interrupted => {
                        CommandOutcome::Failed(format!("cell {cell} was interrupted {after}"))
                    }
                    CellStatus::KernelDied => {
                        CommandOutcome::Failed(format!("Python ended in cell {cell} {after}"))
                    }
                })
            }
            Fact::Verb { verb, .. } if verb.command.as_ref() == Some(&self.id) => match verb.outcome {
                VerbOutcome::Started => None,
                VerbOutcome::Done => Some(CommandOutcome::Done(verb.text.clone())),
                VerbOutcome::Failed => Some(CommandOutcome::Failed(verb.text.clone())),
            },
            _ => None,
        }
    }
}

/// Why a conversation did not come about, or came to nothing.
#[derive(Debug)]
pub struct TalkError {
    /// What of it a program may decide by.
    pub kind: TalkErrorKind,
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    source: Option<ClientError>,
}

/// What of a failed conversation a program may decide by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TalkErrorKind {
    /// The service speaks another version of the protocol.
    OtherVersion,
    /// The service was there all the time and said nothing.
    Silent,
    /// The command was not taken; nothing was done.
    Refused,
    /// The command was taken, and is not over in time.
    NotOver,
    /// Anything else.
    Failed,
}

impl TalkError {
    fn new(kind: TalkErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, source: None }
    }

    fn failed(message: impl Into<String>) -> Self {
        Self::new(TalkErrorKind::Failed, message)
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Returns what the end of a connection is for whoever waits.
    fn closed(error: &ErrorMessage) -> Self {
        let message = match error.code {
            ErrorCode::Ended if !error.message.starts_with("the session has ended") => {
                format!("the session has ended: {}", error.message)
            }
            _ => error.message.clone(),
        };
        let kind = match error.code {
            ErrorCode::Version => TalkErrorKind::OtherVersion,
            _ => TalkErrorKind::Failed,
        };
        Self { hint: error.hint.clone(), ..Self::new(kind, message) }
    }
}

impl fmt::Display for TalkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for TalkError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source as &(dyn Error + 'static))
    }
}
