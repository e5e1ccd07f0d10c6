//! The one loop that touches the terminal, the connection and the clock: messages in, effects out, and a drawing
//! when something changed.
//!
//! Typing never waits: keys are taken before news, and nothing here awaits an answer.

use std::collections::VecDeque;
use std::io::Write;
use std::time::{Duration, Instant};

use crossterm::event::{Event, EventStream};
use futures_util::StreamExt;
use jiff::Timestamp;
use qubx_client::{ClientHandle, Update};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::app::App;
use crate::clipboard;
use crate::layout::Size;
use crate::message::{Effect, Message, Now};
use crate::notify::{self, Call};
use crate::terminal::Terminal;
use crate::update::update;
use crate::{Exit, Left, ScreenOptions, TuiError};

/// Time between two drawings: about thirty a second, which is as much as an eye follows.
const FRAME: Duration = Duration::from_millis(33);
/// Clock and ages go on this often.
const TICK: Duration = Duration::from_secs(1);
/// News taken in one go, so that a flood of it neither delays a key nor asks for a drawing each.
const MOST_NEWS: usize = 256;

pub(crate) async fn run(
    options: ScreenOptions,
    client: ClientHandle,
    mut updates: mpsc::Receiver<Update>,
) -> Result<Left, TuiError> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut terminal = Terminal::take()?;
    let mut keys = EventStream::new();
    let mut screen =
        Screen { app: App::new(options, terminal.size()?, now()), client, changed: true, redraw: false };
    let mut connection_over = false;
    let mut drawn_at: Option<Instant> = None;
    let mut ticked_at = Instant::now();
    let mut news = Vec::with_capacity(MOST_NEWS);

    loop {
        let due = drawn_at.map_or_else(Instant::now, |at| at + FRAME);
        if screen.changed && due <= Instant::now() {
            if std::mem::take(&mut screen.redraw) {
                terminal.clear()?;
            }
            terminal.draw(&screen.app)?;
            screen.changed = false;
            drawn_at = Some(Instant::now());
        }
        let wake = [Some(ticked_at + TICK), screen.changed.then_some(due), screen.app.next_deadline()];
        let wake = wake.into_iter().flatten().min().unwrap_or(due);
        let exit = tokio::select! {
            biased;
            _ = terminate.recv() => Some(Exit::Terminated),
            _ = hang_up.recv() => Some(Exit::Terminated),
            event = keys.next() => match event {
                Some(Ok(event)) => message(event).and_then(|message| screen.take(message)),
                // The terminal is gone.
                Some(Err(_)) | None => Some(Exit::Terminated),
            },
            count = updates.recv_many(&mut news, MOST_NEWS), if !connection_over => {
                connection_over = count == 0;
                // The first things that there are to see do not wait for their frame.
                let first_values = screen.app.mirror.latest_at.is_none();
                let shows_first = |update: &Update| match update {
                    Update::Snapshot(_) => true,
                    Update::Latest(_) => first_values,
                    _ => false,
                };
                if news.iter().any(shows_first) {
                    drawn_at = None;
                }
                let over = connection_over.then_some(Message::ConnectionOver);
                news.drain(..).map(Message::Update).chain(over).find_map(|message| screen.take(message))
            }
            () = tokio::time::sleep_until(wake.into()) => {
                if ticked_at + TICK <= Instant::now() {
                    ticked_at = Instant::now();
                    screen.changed = true;
                }
                screen.tick()
            }
        };
        if let Some(exit) = exit {
            return Ok(Left { exit, seen: screen.app.seen() });
        }
    }
}

/// The state with what its effects need.
struct Screen {
    app: App,
    client: ClientHandle,
    changed: bool,
    redraw: bool,
}

impl Screen {
    /// Takes a message in and runs its effects, and those of the messages that they bring.
    fn take(&mut self, message: Message) -> Option<Exit> {
        self.changed = true;
        let mut messages = VecDeque::from([message]);
        while let Some(message) = messages.pop_front() {
            for effect in update(&mut self.app, message, now()) {
                match effect {
                    Effect::Send(command, purpose) => {
                        messages.push_back(Message::Sent(self.client.command(command), purpose));
                    }
                    Effect::Ask(kind, question) => {
                        messages.push_back(Message::Asked(self.client.request(kind), question));
                    }
                    Effect::Reconnect => self.client.reconnect_now(),
                    Effect::Leave(exit) => return Some(exit),
                    Effect::Redraw => self.redraw = true,
                    Effect::Copy(text) => clipboard::copy(text),
                    // A terminal that is gone is noticed by the next drawing.
                    Effect::Notify(call) => drop(notify(&call)),
                }
            }
        }
        None
    }

    /// Lets time pass; only a deadline that is met, or the clock, asks for a drawing.
    fn tick(&mut self) -> Option<Exit> {
        let due = self.app.next_deadline().is_some_and(|deadline| deadline <= Instant::now());
        let changed = self.changed || due;
        let exit = self.take(Message::Tick);
        self.changed = changed;
        exit
    }
}

fn message(event: Event) -> Option<Message> {
    match event {
        Event::Key(event) => Some(Message::Key(event)),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::Resize(columns, rows) => Some(Message::Resize(Size { columns, rows })),
        Event::FocusGained => Some(Message::Focus(true)),
        Event::FocusLost => Some(Message::Focus(false)),
        Event::Mouse(_) => None,
    }
}

/// Calls somebody who looks elsewhere.
fn notify(call: &Call) -> std::io::Result<()> {
    let sequence = notify::sequence(call, |name| std::env::var(name).ok());
    let mut terminal = std::io::stdout();
    terminal.write_all(sequence.as_bytes())?;
    terminal.flush()
}

fn now() -> Now {
    Now { instant: Instant::now(), wall: Timestamp::now() }
}
