//! Many screens or tabs at once that look at nothing but the time: raw sockets, read by one thread as soon as bytes come.
//!
//! They are no `qubx-client`s, because a hundred of those would decode every message on the cores that the service
//! needs, and their own delay would be measured. A message is cut out of the stream and searched for its stamp.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use qubx_protocol::{ClientMessage, Hello, PROTOCOL_VERSION, Role, encode_frame};
use rustix::event::{PollFd, PollFlags, poll};

use crate::bench::report::Samples;

/// What a line of the log begins with when the time at which it was written follows, in nanoseconds.
pub(crate) const STAMP: &str = "stamp ";
/// The bytes read from a screen in one go.
const CHUNK: usize = 256 << 10;
/// The bytes of a frame that say how long the rest is.
const HEADER: usize = 4;

/// The screens.
pub(crate) struct Watchers {
    screens: Vec<Watcher>,
    chunk: Vec<u8>,
}

struct Watcher {
    stream: Stream,
    bytes: Vec<u8>,
    /// The pieces of a message whose end has not come.
    pieces: Vec<u8>,
    cut: Cut,
}

/// Cuts the first frame off what has arrived; none until it is whole.
type Cut = fn(&[u8]) -> Option<Piece<'_>>;

/// A frame: a message, or a piece of one.
struct Piece<'a> {
    bytes: &'a [u8],
    is_last: bool,
    /// What follows it.
    rest: &'a [u8],
}

/// The way to a session.
pub(crate) enum Stream {
    /// To its service.
    Socket(UnixStream),
    /// To the gateway of the page.
    Web(TcpStream),
}

impl Stream {
    fn set_nonblocking(&self) -> io::Result<()> {
        match self {
            Stream::Socket(stream) => stream.set_nonblocking(true),
            Stream::Web(stream) => stream.set_nonblocking(true),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Socket(stream) => stream.read(bytes),
            Stream::Web(stream) => stream.read(bytes),
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Stream::Socket(stream) => stream.as_fd(),
            Stream::Web(stream) => stream.as_fd(),
        }
    }
}

impl Watchers {
    /// Returns no screens.
    pub(crate) fn none() -> Self {
        Self { screens: Vec::new(), chunk: vec![0; CHUNK] }
    }

    /// Attaches `count` screens at once and returns them with the times until each had its welcome.
    ///
    /// # Errors
    /// When the service refuses one, or does not welcome all `within` the time.
    pub(crate) fn attach(socket: &Path, count: usize, within: Duration) -> Result<(Self, Samples)> {
        Self::open(count, within, first_frame, || Ok(Stream::Socket(attach(socket)?)))
    }

    /// Opens `count` tabs of the page, each with `open`, and returns them with the times until each had its welcome.
    ///
    /// # Errors
    /// As [`Self::attach`].
    pub(crate) fn tabs(
        count: usize,
        within: Duration,
        mut open: impl FnMut() -> Result<TcpStream>,
    ) -> Result<(Self, Samples)> {
        Self::open(count, within, first_text, || Ok(Stream::Web(open()?)))
    }

    fn open(
        count: usize,
        within: Duration,
        cut: Cut,
        mut open: impl FnMut() -> Result<Stream>,
    ) -> Result<(Self, Samples)> {
        let began = Instant::now();
        let mut watchers = Self::none();
        for _ in 0..count {
            let stream = open()?;
            stream.set_nonblocking()?;
            watchers.screens.push(Watcher { stream, bytes: Vec::new(), pieces: Vec::new(), cut });
        }
        let mut times = Samples::default();
        let mut waiting = count;
        while waiting > 0 {
            watchers.turn(began + within, |_, frame, _| {
                if frame.starts_with(br#"{"welcome""#) {
                    times.push(began.elapsed());
                    waiting -= 1;
                }
                Ok(())
            })?;
        }
        Ok((watchers, times))
    }

    /// Reads until every screen has seen `stamps` lines with a stamp, and returns how old each was when it arrived.
    ///
    /// # Errors
    /// When a screen gets one twice or out of order, or not all `within` the time.
    pub(crate) fn watch(&mut self, stamps: usize, within: Duration) -> Result<Samples> {
        let deadline = Instant::now() + within;
        let mut last = vec![Duration::ZERO; self.screens.len()];
        let mut awaited = stamps * self.screens.len();
        let mut delays = Samples::default();
        while awaited > 0 {
            self.turn(deadline, |screen, frame, now| {
                let Some(stamp) = stamp_in(frame) else { return Ok(()) };
                ensure!(stamp > last[screen], "screen {screen} got a line twice or out of order");
                last[screen] = stamp;
                delays.push(now.saturating_sub(stamp));
                awaited -= 1;
                Ok(())
            })
            .with_context(|| format!("{awaited} lines are missing on {} screens", last.len()))?;
        }
        Ok(delays)
    }

    /// Waits for bytes and hands on each whole message: the screen, the message, the time since 1970 when it was read.
    ///
    /// # Errors
    /// When the time is over, the service ends a connection, or `take` fails.
    pub(crate) fn turn(
        &mut self,
        deadline: Instant,
        mut take: impl FnMut(usize, &[u8], Duration) -> Result<()>,
    ) -> Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        ensure!(!left.is_zero(), "the time is over");
        let mut polled: Vec<PollFd<'_>> =
            self.screens.iter().map(|screen| PollFd::new(&screen.stream, PollFlags::IN)).collect();
        poll(&mut polled, Some(&left.try_into()?))?;
        let ready: Vec<usize> =
            (0..polled.len()).filter(|number| !polled[*number].revents().is_empty()).collect();
        drop(polled);
        for number in ready {
            let screen = &mut self.screens[number];
            let count = screen.stream.read(&mut self.chunk).context("reading as a screen")?;
            ensure!(count > 0, "the service has cut screen {number} off");
            let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
            screen.bytes.extend_from_slice(&self.chunk[..count]);
            let mut rest = &screen.bytes[..];
            while let Some(piece) = (screen.cut)(rest) {
                rest = piece.rest;
                if !piece.is_last || !screen.pieces.is_empty() {
                    screen.pieces.extend_from_slice(piece.bytes);
                }
                if !piece.is_last {
                    continue;
                }
                let pieces = std::mem::take(&mut screen.pieces);
                let message = if pieces.is_empty() { piece.bytes } else { &pieces };
                if message.starts_with(br#"{"error""#) {
                    bail!("the service says {}", String::from_utf8_lossy(message));
                }
                take(number, message, now)?;
            }
            let taken = screen.bytes.len() - rest.len();
            screen.bytes.drain(..taken);
        }
        Ok(())
    }
}

/// Connects and says hello as a screen does.
///
/// # Errors
/// When the service takes no connection.
pub(crate) fn attach(socket: &Path) -> Result<UnixStream> {
    let mut stream =
        UnixStream::connect(socket).with_context(|| format!("connecting to {}", socket.display()))?;
    stream.write_all(&encode_frame(&hello()))?;
    Ok(stream)
}

/// Returns the hello of a screen.
pub(crate) fn hello() -> ClientMessage {
    ClientMessage::Hello(Hello {
        version: PROTOCOL_VERSION,
        log: None,
        after: None,
        identity: "watcher".into(),
        owner: false,
        screen: true,
        latest: true,
        role: Role::Viewer,
    })
}

/// Cuts off a frame of the session's protocol, which is a message.
fn first_frame(bytes: &[u8]) -> Option<Piece<'_>> {
    let length = u32::from_be_bytes(*bytes.first_chunk::<HEADER>()?) as usize;
    let (bytes, rest) = bytes[HEADER..].split_at_checked(length)?;
    Some(Piece { bytes, is_last: true, rest })
}

/// Cuts off a frame of a websocket. A server does not mask. <https://www.rfc-editor.org/rfc/rfc6455#section-5.2>
fn first_text(bytes: &[u8]) -> Option<Piece<'_>> {
    let is_last = bytes.first()? & 0x80 != 0;
    let length = usize::from(bytes.get(1)? & 0x7f);
    let (head, length) = match length {
        126 => (4, usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?)).ok()?),
        short => (2, short),
    };
    let (bytes, rest) = bytes[head..].split_at_checked(length)?;
    Some(Piece { bytes, is_last, rest })
}

/// Returns the stamp of a line of the log, as time since 1970.
fn stamp_in(frame: &[u8]) -> Option<Duration> {
    if !frame.starts_with(br#"{"event""#) {
        return None;
    }
    let text = std::str::from_utf8(frame).ok()?;
    let (_, after) = text.split_once(STAMP)?;
    let digits = after.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok().map(Duration::from_nanos)
}
