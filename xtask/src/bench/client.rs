//! A client as any screen is one: connected by `qubx-client`, with a copy of the session's state.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use qubx_client::{ClientHandle, Link, Mirror, Options, Update};
use qubx_protocol::{CellNumber, CellStatus, Command, Fact};
use tokio::sync::mpsc;

/// How long anything here may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A connection and what it knows.
pub(crate) struct Client {
    handle: ClientHandle,
    updates: mpsc::Receiver<Update>,
    mirror: Mirror,
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

    /// Runs a cell and returns the time from sending it to hearing that it has finished.
    ///
    /// # Errors
    /// When it fails or does not finish in time.
    pub(crate) async fn execute(&mut self, code: &str) -> Result<Duration> {
        let sent = Instant::now();
        let id = self.handle.command(Command::Execute { code: code.to_owned() });
        let mut own: Option<CellNumber> = None;
        loop {
            match self.next().await? {
                Update::Event(event) => match event.fact {
                    Fact::Cell { cell, command: Some(command), .. } if command == id => own = Some(cell),
                    Fact::CellFinished { cell, status, .. } if own == Some(cell) => {
                        let took = sent.elapsed();
                        ensure!(status == CellStatus::Ok, "the cell `{code}` ended with {status:?}");
                        return Ok(took);
                    }
                    _ => {}
                },
                Update::Refused(refusal) if refusal.command == id => bail!("refused: {}", refusal.message),
                _ => {}
            }
        }
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
