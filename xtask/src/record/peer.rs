//! A screen as the service sees one: it says hello, gives commands, and keeps every frame.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use qubx_protocol::{
    ClientMessage, Command, CommandId, FrameBuffer, Hello, MAX_FRAME, PROTOCOL_VERSION, Role, ServerMessage,
    encode_frame,
};

/// How long the service may be silent.
const SILENT_FOR: Duration = Duration::from_secs(60);
/// What is read at once.
const CHUNK_BYTES: usize = 64 << 10;

/// A connection and what came over it.
pub(super) struct Peer {
    stream: UnixStream,
    buffer: FrameBuffer,
    name: String,
    commands: usize,
    recorded: Vec<ServerMessage>,
}

impl Peer {
    /// Attaches as `name`, and waits for the welcome. `latest` is whether the newest values are wanted.
    ///
    /// # Errors
    /// When the service does not answer.
    pub(super) fn attach(socket: &Path, name: &str, latest: bool) -> Result<Self> {
        let stream = UnixStream::connect(socket).context("connecting to the session")?;
        stream.set_read_timeout(Some(SILENT_FOR))?;
        let name = name.to_owned();
        let buffer = FrameBuffer::new(MAX_FRAME);
        let mut peer = Self { stream, buffer, name, commands: 0, recorded: Vec::new() };
        peer.say(&ClientMessage::Hello(Hello {
            version: PROTOCOL_VERSION,
            log: None,
            after: None,
            identity: peer.name.as_str().into(),
            owner: false,
            screen: true,
            latest,
            role: Role::Admin,
        }))?;
        peer.until("a welcome", |message| matches!(message, ServerMessage::Welcome(_)).then_some(()))?;
        Ok(peer)
    }

    /// Gives a command and returns its id.
    ///
    /// # Errors
    /// When the connection is gone.
    pub(super) fn give(&mut self, command: Command) -> Result<CommandId> {
        self.commands += 1;
        let id = CommandId(format!("{}-{}-{}", self.name, self.recorded.len(), self.commands));
        self.say(&ClientMessage::Command { id: id.clone(), command })?;
        Ok(id)
    }

    /// Reads until `pick` finds something in a message.
    ///
    /// # Errors
    /// When the service is silent for too long, or has ended.
    pub(super) fn until<T>(
        &mut self,
        what: &str,
        mut pick: impl FnMut(&ServerMessage) -> Option<T>,
    ) -> Result<T> {
        loop {
            let message = self.next().with_context(|| format!("waiting for {what}"))?;
            let found = pick(&message);
            self.recorded.push(message);
            if let Some(found) = found {
                return Ok(found);
            }
        }
    }

    /// Leaves, and returns all that came, in order.
    pub(super) fn into_recorded(self) -> Vec<ServerMessage> {
        self.recorded
    }

    fn next(&mut self) -> Result<ServerMessage> {
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            if let Some(message) = self.buffer.next_message()? {
                return Ok(message);
            }
            let read = self.stream.read(&mut chunk).context("the service is silent")?;
            if read == 0 {
                bail!("the service has closed the connection");
            }
            self.buffer.bytes_mut().extend_from_slice(&chunk[..read]);
        }
    }

    fn say(&mut self, message: &ClientMessage) -> Result<()> {
        self.stream.write_all(&encode_frame(message)).context("speaking to the session")
    }
}
