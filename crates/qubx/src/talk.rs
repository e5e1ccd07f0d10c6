//! A conversation of the command line with a session.

use std::time::Duration;

use qubx_client::{ClientHandle, Link, Mirror, Options, Update};
use qubx_home::Found;
use qubx_protocol::{Command, CommandId, ErrorCode, Fact, Role, SessionState, VerbOutcome, VerbProgress};
use tokio::sync::mpsc;

use crate::failure::Failure;
use crate::identity::identity;

/// How long a session may take to answer a command of the command line that names no other limit.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// A connection with a copy of the session's state.
pub(crate) struct Talk {
    pub(crate) client: ClientHandle,
    pub(crate) updates: mpsc::Receiver<Update>,
    pub(crate) mirror: Mirror,
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

impl Talk {
    /// Connects and waits for the session's state.
    pub(crate) async fn open(options: Options) -> Result<Self, Failure> {
        let timeout = options.timeout;
        let (client, updates) =
            qubx_client::start(options).await.map_err(Failure::because("the session does not answer"))?;
        let mut talk = Self { client, updates, mirror: Mirror::default() };
        let state = async {
            while talk.mirror.state.is_none() {
                talk.next().await?;
            }
            Ok::<(), Failure>(())
        };
        match tokio::time::timeout(timeout, state).await {
            Ok(result) => result.map(|()| talk),
            Err(_) => {
                Err(Failure::new(format!("the session did not answer within {} s", timeout.as_secs_f64())))
            }
        }
    }

    /// Waits for the next update and takes it into the mirror.
    pub(crate) async fn next(&mut self) -> Result<Update, Failure> {
        let update = self.updates.recv().await.ok_or_else(|| Failure::new("the connection has ended"))?;
        self.mirror.apply(&update);
        match &update {
            Update::Link(Link::Closed(error)) => {
                let message = match error.code {
                    ErrorCode::Ended => format!("the session has ended: {}", error.message),
                    _ => error.message.clone(),
                };
                let failure = Failure::new(message);
                Err(match &error.hint {
                    Some(hint) => failure.hint(hint.clone()),
                    None => failure,
                })
            }
            _ => Ok(update),
        }
    }

    /// Returns the session's state.
    pub(crate) fn state(&self) -> &SessionState {
        self.mirror.state.as_ref().expect("a talk is open only with a state")
    }

    /// Gives a command that is a verb and waits until it is done or has failed.
    pub(crate) async fn verb(&mut self, command: Command, within: Duration) -> Result<VerbProgress, Failure> {
        let name = command.verb();
        let id = self.client.command(command);
        match tokio::time::timeout(within, self.verb_end(&id)).await {
            Ok(result) => result,
            Err(_) => {
                Err(Failure::new(format!("{name} is not done after {} s; it goes on", within.as_secs_f64()))
                    .hint("qubx history shows when it is done"))
            }
        }
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
