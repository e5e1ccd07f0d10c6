//! A client as any screen is one: connected by `qubx-client`, with a copy of the session's state.

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use qubx_client::{ClientHandle, Link, Mirror, Options, Update};
use qubx_protocol::{
    CellNumber, CellStatus, Command, CommandId, Fact, HistoryKind, OrderStatus, OutputContent, SessionState,
    VerbOutcome,
};
use tokio::sync::mpsc;

use crate::bench::report::Samples;

/// How long anything here may take.
const LIMIT: Duration = Duration::from_secs(120);

/// A connection and what it knows.
pub(crate) struct Client {
    handle: ClientHandle,
    updates: mpsc::Receiver<Update>,
    mirror: Mirror,
}

/// What a screen saw of a cell.
pub(crate) struct Ran {
    /// From sending it to hearing that it has finished.
    pub(crate) took: Duration,
    /// What it showed, in order.
    pub(crate) outputs: Vec<OutputContent>,
    /// How often the connection was lost meanwhile: this client read too slowly.
    pub(crate) cut_offs: usize,
}

/// A cell as far as it was seen.
struct Watched {
    command: CommandId,
    cell: Option<CellNumber>,
    outputs: Vec<OutputContent>,
    status: Option<CellStatus>,
}

impl Watched {
    fn see(&mut self, fact: &Fact) {
        match fact {
            Fact::Cell { cell, command: Some(command), .. } if *command == self.command => {
                self.cell = Some(*cell);
            }
            Fact::Output { cell: Some(cell), content } if self.cell == Some(*cell) => {
                self.outputs.push(content.clone());
            }
            Fact::CellFinished { cell, status, .. } if self.cell == Some(*cell) => {
                self.status = Some(*status)
            }
            _ => {}
        }
    }
}

impl Client {
    /// Connects and waits until the session's state is there.
    ///
    /// # Errors
    /// When the session does not answer in time.
    pub(crate) async fn open(socket: &Path) -> Result<Self> {
        let options = Options {
            socket: socket.to_owned(),
            lock: None,
            identity: "bench".into(),
            owner: false,
            screen: false,
            latest: false,
            role: qubx_protocol::Role::Admin,
            timeout: LIMIT,
        };
        let (handle, updates) = qubx_client::start(options).await?;
        let mut client = Self { handle, updates, mirror: Mirror::default() };
        while client.mirror.state.is_none() {
            client.next().await?;
        }
        Ok(client)
    }

    /// Returns the session's state as far as it was told.
    pub(crate) fn state(&self) -> Option<&SessionState> {
        self.mirror.state.as_ref()
    }

    /// Gives a verb and waits until it is done.
    ///
    /// # Errors
    /// When it is refused, fails, or is not done in time.
    pub(crate) async fn command_to_its_end(&mut self, command: Command) -> Result<()> {
        let verb = command.verb();
        let id = self.handle.command(command);
        loop {
            match self.next().await? {
                Update::Event(event) => match &event.fact {
                    Fact::Verb { verb: progress, .. } if progress.command.as_ref() == Some(&id) => {
                        match progress.outcome {
                            VerbOutcome::Started => {}
                            VerbOutcome::Done => return Ok(()),
                            VerbOutcome::Failed => bail!("`{verb}` failed: {}", progress.text),
                        }
                    }
                    _ => {}
                },
                Update::Refused(refusal) if refusal.command == id => {
                    bail!("`{verb}` is refused: {}", refusal.message);
                }
                _ => {}
            }
        }
    }

    /// Watches until so many orders are sent, and returns for each the time from the engine's decision until then, which goes
    /// through the ledger.
    ///
    /// # Errors
    /// When one is rejected, or the session is silent for too long.
    pub(crate) async fn watch_orders(&mut self, count: usize) -> Result<Samples> {
        let (mut sent, mut times) = (HashSet::new(), Samples::default());
        while sent.len() < count {
            let Update::Event(event) = self.next().await? else { continue };
            let Fact::Order { order, .. } = event.fact else { continue };
            ensure!(order.status != OrderStatus::Rejected, "rejected: {:?}", order.reason);
            if order.status != OrderStatus::Intended && sent.insert(order.id) {
                let at = order.changed_at.context("the order has not changed since")?;
                times.push(at.duration_since(order.created_at).try_into()?);
            }
        }
        Ok(times)
    }

    /// Runs a cell and returns the time from sending it to hearing that it has finished.
    ///
    /// # Errors
    /// When it fails or does not finish in time.
    pub(crate) async fn execute(&mut self, code: &str) -> Result<Duration> {
        Ok(self.run(code).await?.took)
    }

    /// Runs a cell and returns what a screen sees of it.
    ///
    /// # Errors
    /// When it fails or does not finish in time.
    pub(crate) async fn run(&mut self, code: &str) -> Result<Ran> {
        let name: String = code.chars().take(60).collect();
        tokio::time::timeout(LIMIT, self.run_to_its_end(code))
            .await
            .with_context(|| format!("the cell `{name}` has not finished after {} s", LIMIT.as_secs()))?
            .with_context(|| format!("running `{name}`"))
    }

    async fn run_to_its_end(&mut self, code: &str) -> Result<Ran> {
        let sent = Instant::now();
        let id = self.handle.command(Command::Execute { code: code.to_owned() });
        let mut watched = Watched { command: id.clone(), cell: None, outputs: Vec::new(), status: None };
        let mut cut_offs = 0;
        loop {
            match self.next().await? {
                Update::Event(event) => watched.see(&event.fact),
                Update::Snapshot(state) => {
                    // Too much was missed to get it event by event; the state has the newest cell whole.
                    watched.outputs.clear();
                    state.history.of(HistoryKind::Session).for_each(|event| watched.see(&event.fact));
                }
                Update::Link(Link::Lost { attempt: 1, .. }) => cut_offs += 1,
                Update::Refused(refusal) if refusal.command == id => bail!("refused: {}", refusal.message),
                _ => {}
            }
            if let Some(status) = watched.status {
                let took = sent.elapsed();
                ensure!(status == CellStatus::Ok, "it ended with {status:?}");
                return Ok(Ran { took, outputs: watched.outputs, cut_offs });
            }
        }
    }

    /// Sends a cell and returns its number when it has begun to run.
    ///
    /// # Errors
    /// When it does not begin in time.
    pub(crate) async fn begin(&mut self, code: &str) -> Result<CellNumber> {
        let id = self.handle.command(Command::Execute { code: code.to_owned() });
        let mut watched = Watched { command: id, cell: None, outputs: Vec::new(), status: None };
        loop {
            if let Update::Event(event) = self.next().await? {
                watched.see(&event.fact);
                if let Fact::CellStarted { cell, .. } = event.fact
                    && watched.cell == Some(cell)
                {
                    return Ok(cell);
                }
            }
        }
    }

    /// Tells whether a cell runs or waits, by what was read so far.
    pub(crate) fn is_running(&self, cell: CellNumber) -> bool {
        self.state().is_some_and(|state| state.queue.iter().chain(&state.running).any(|one| one.cell == cell))
    }

    /// Waits until a cell has ended.
    ///
    /// # Errors
    /// When the session is silent for too long.
    pub(crate) async fn end(&mut self, cell: CellNumber) -> Result<()> {
        while self.is_running(cell) {
            self.next().await?;
        }
        Ok(())
    }

    /// Reads what comes, for this long.
    ///
    /// # Errors
    /// When the connection ends.
    pub(crate) async fn watch_for(&mut self, time: Duration) -> Result<()> {
        let end = tokio::time::Instant::now() + time;
        while let Ok(update) = tokio::time::timeout_at(end, self.next()).await {
            update?;
        }
        Ok(())
    }

    /// Asks for the end of the session and waits until the connection says so.
    ///
    /// # Errors
    /// When it does not end in time.
    pub(crate) async fn stop_session(mut self) -> Result<()> {
        // The end of the connection is the answer.
        let _ = self.handle.command(Command::Stop { flatten: false, keep_orders: false });
        while !matches!(self.next().await?, Update::Link(Link::Closed(_))) {}
        self.close().await;
        Ok(())
    }

    /// Leaves.
    pub(crate) async fn close(self) {
        self.handle.close().await;
    }

    async fn next(&mut self) -> Result<Update> {
        let update =
            tokio::time::timeout(LIMIT, self.updates.recv()).await.context("the session is silent")?;
        let update = update.context("the connection has ended")?;
        self.mirror.apply(&update);
        Ok(update)
    }
}
