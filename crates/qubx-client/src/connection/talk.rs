//! One connection, from its hello to its end: it is read and written at the same time.
//!
//! The service reads nothing while it writes. Were this end like that too, both could wait for ever, each for the other
//! to read. So bytes for the service wait in a buffer beside the loop, which goes on reading and watches the silence. A
//! frame of which a part was written is written to its end, or the connection ends with it.

use std::time::Duration;

use qubx_protocol::{ClientMessage, FrameBuffer, Hello, MAX_FRAME, PROTOCOL_VERSION, encode_frame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::net::unix::OwnedReadHalf;
use tokio::time::{Instant, MissedTickBehavior};

use super::{Connection, Ending};
use crate::handle::Outgoing;

/// How often a connection that works is measured by a ping.
const PING_EVERY: Duration = Duration::from_secs(2);
/// How long no byte may arrive before a connection counts as lost: three pings without an answer.
const SILENCE: Duration = Duration::from_secs(6);
/// The bytes in the buffer that are enough to keep the socket busy. While so many wait, no command and no question is put
/// behind them: those wait where they are, and pings are left out. So the buffer holds this much, one frame, and a hello
/// at most.
const ENOUGH_UNSENT: usize = 64 << 10;

impl Connection {
    /// Talks over one connection until it ends.
    pub(super) async fn talk(&mut self, stream: UnixStream) -> Ending {
        let (mut reader, mut writer) = stream.into_split();
        let mut buffer = FrameBuffer::new(MAX_FRAME);
        let mut ping = tokio::time::interval(PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        let mut screen_is_gone = false;
        self.pinged = None;
        self.is_refused_a_place = false;
        // What the connection before did not take may begin in the middle of a frame.
        self.unsent.clear();
        self.say_hello();
        loop {
            self.say_commands();
            if screen_is_gone && self.unsent.is_empty() {
                return Ending::ScreenGone;
            }
            let has_room = self.has_room();
            tokio::select! {
                read = reader.read_buf(buffer.bytes_mut()) => {
                    if !matches!(read, Ok(1..)) {
                        return Ending::Lost;
                    }
                    heard = Instant::now();
                    if let Err(ending) = self.take_messages(&mut buffer).await {
                        return ending;
                    }
                }
                written = writer.write_buf(&mut self.unsent), if !self.unsent.is_empty() => {
                    if !matches!(written, Ok(1..)) {
                        // The service closed its end, and what it said before that has not been read yet.
                        return self.last_words(&mut reader, &mut buffer).await;
                    }
                }
                outgoing = self.outgoing.recv(), if has_room && !screen_is_gone => match outgoing {
                    Some(Outgoing::Command(id, command)) => self.unanswered.give(id, command),
                    Some(Outgoing::Request(request)) => self.say(&ClientMessage::Request(request)),
                    // What it gave before it went is still sent.
                    None => screen_is_gone = true,
                },
                _ = ping.tick() => {
                    if heard.elapsed() > SILENCE {
                        return Ending::Lost;
                    }
                    if has_room {
                        self.say_ping();
                    }
                }
            }
        }
    }

    /// Takes what a connection that takes nothing any more still brings.
    async fn last_words(&mut self, reader: &mut OwnedReadHalf, buffer: &mut FrameBuffer) -> Ending {
        while let Ok(Ok(1..)) = tokio::time::timeout(SILENCE, reader.read_buf(buffer.bytes_mut())).await {
            if let Err(ending) = self.take_messages(buffer).await {
                return ending;
            }
        }
        Ending::Lost
    }

    /// Begins or resumes, on a new connection or after a gap.
    pub(super) fn say_hello(&mut self) {
        self.welcomed = false;
        let hello = Hello {
            version: PROTOCOL_VERSION,
            log: self.log.clone(),
            after: self.log.is_some().then_some(self.head),
            identity: self.options.identity.clone(),
            owner: self.options.owner,
            screen: self.options.screen,
            latest: self.options.latest,
            role: self.options.role,
        };
        self.say(&ClientMessage::Hello(hello));
    }

    fn say_ping(&mut self) {
        let nonce = self.pinged.map_or(1, |(nonce, _)| nonce + 1);
        self.pinged = Some((nonce, Instant::now()));
        self.say(&ClientMessage::Ping { nonce });
    }

    /// Says the commands that were not said yet, while there is room. Before the welcome the service takes none.
    fn say_commands(&mut self) {
        while self.welcomed
            && self.has_room()
            && let Some((id, command)) = self.unanswered.next_unsent()
        {
            self.say(&ClientMessage::Command { id, command });
        }
    }

    fn has_room(&self) -> bool {
        self.unsent.len() < ENOUGH_UNSENT
    }

    fn say(&mut self, message: &ClientMessage) {
        self.unsent.extend_from_slice(&encode_frame(message));
    }
}
