//! The one loop that touches the terminal, the connection and the clock: messages in, effects out, and a drawing
//! when something changed.
//!
//! Typing never waits: keys are taken before news and drawn at once, and nothing here awaits an answer.

mod news;
mod pace;
mod picturing;

use std::collections::VecDeque;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use jiff::Timestamp;
use qubx_client::{ClientHandle, Update};
use tokio::sync::{Notify, mpsc};

use self::news::News;
use self::pace::Pace;
use self::picturing::Picturing;
use crate::app::App;
use crate::clipboard;
use crate::editor::{self, Editing};
use crate::layout::Size;
use crate::message::{Effect, Message, Now};
use crate::notify::{self, Call};
use crate::signals::{Asked, Signals};
use crate::terminal::{self, Taken, Terminal};
use crate::update::update;
use crate::{Exit, Left, ScreenOptions, TuiError};

/// Clock and ages go on this often.
const TICK: Duration = Duration::from_secs(1);
/// Keys that are there already are taken in one go, so that a text that comes key by key is not drawn letter by letter.
/// More than this many are seen on their way.
const MOST_KEYS: usize = 256;

pub(crate) async fn run(
    options: ScreenOptions,
    client: ClientHandle,
    updates: mpsc::Receiver<Update>,
) -> Result<Left, TuiError> {
    let mut signals = Signals::take()?;
    let mut terminal = Terminal::take(Taken {
        mouse: options.settings.mouse,
        pictures: options.graphics.keeps_pictures(options.settings.images),
    })?;
    let app = App::new(options, terminal.size()?, now());
    let mut screen = Screen { app, client, redraw: false, editing: None };
    let mut news = News::new(updates);
    let mut pace = Pace::new(Instant::now());
    let mut ticked_at = Instant::now();
    let mut is_guarded = false;
    let mut picturing = Picturing::default();

    loop {
        if pace.is_due(Instant::now()) {
            if std::mem::take(&mut screen.redraw) {
                terminal.clear()?;
            }
            terminal.draw(&mut screen.app)?;
            pace.drawn(Instant::now());
            picturing.follow(&screen.app);
            if !std::mem::replace(&mut is_guarded, true) {
                terminal.guard();
            }
        }
        let wake = [Some(ticked_at + TICK), pace.due(), screen.app.next_deadline()];
        let wake = wake.into_iter().flatten().min().unwrap_or(ticked_at + TICK);
        let exit = tokio::select! {
            biased;
            asked = signals.next() => match asked {
                Asked::End => Some(Exit::Terminated),
                Asked::Suspend => {
                    terminal.suspend(&mut signals, false).await?;
                    pace.at_once();
                    None
                }
                Asked::Continue => {
                    terminal.take_again()?;
                    pace.at_once();
                    None
                }
            },
            event = terminal.event() => match event {
                Ok(Some(event)) => {
                    pace.at_once();
                    screen.take_events(event, &mut terminal, &mut signals).await?
                }
                // The terminal is gone.
                Ok(None) => Some(Exit::Terminated),
                Err(error) => return Err(error.into()),
            },
            () = news.arrive() => {
                pace.soon();
                screen.take_news(&mut news, &mut pace)
            }
            made = picturing.made() => {
                pace.soon();
                screen.take(Message::Made(made))
            }
            () = tokio::time::sleep_until(wake.into()) => {
                if terminal.is_gone() {
                    return Ok(Left { exit: Exit::Terminated, seen: screen.app.seen() });
                }
                let due = screen.app.next_deadline().is_some_and(|deadline| deadline <= Instant::now());
                if due || ticked_at + TICK <= Instant::now() {
                    ticked_at = Instant::now();
                    pace.soon();
                }
                screen.take(Message::Tick)
            }
        };
        if let Some(exit) = exit {
            return Ok(Left { exit, seen: screen.app.seen() });
        }
        if let Some(text) = screen.editing.take() {
            let exit = screen.edit(&text, &mut terminal, &mut signals, &mut news, &mut pace).await?;
            pace.at_once();
            if let Some(exit) = exit {
                return Ok(Left { exit, seen: screen.app.seen() });
            }
        }
    }
}

/// The state with what its effects need.
struct Screen {
    app: App,
    client: ClientHandle,
    redraw: bool,
    /// The text that the user's editor is wanted for.
    editing: Option<String>,
}

impl Screen {
    /// Takes a message in and runs its effects, and those of the messages that they bring.
    fn take(&mut self, message: Message) -> Option<Exit> {
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
                    Effect::Edit(text) => self.editing = Some(text),
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

    /// Lends the terminal to the user's editor and takes its text in. News are taken in meanwhile, so none is lost and the
    /// service does not have to end the connection; a way out that they bring is taken when the editor has ended.
    async fn edit(
        &mut self,
        text: &str,
        terminal: &mut Terminal,
        signals: &mut Signals,
        news: &mut News,
        pace: &mut Pace,
    ) -> io::Result<Option<Exit>> {
        let Some(command) = editor::find() else {
            let why = "no editor: $VISUAL and $EDITOR are not set, and there is neither vi nor nano";
            return Ok(self.take(Message::Edited(Err(why.to_owned()))));
        };
        let mut exit = None;
        let ending = Notify::new();
        let editing = async {
            let mut editing = Editing::start(&command, text)?;
            let status = loop {
                tokio::select! {
                    biased;
                    () = ending.notified() => {
                        editing.end().await;
                        return Ok(None);
                    }
                    status = editing.ended() => break status,
                    () = news.arrive() => exit = exit.take().or(self.take_news(news, pace)),
                }
            };
            editing.text(status).map(Some)
        };
        let result = terminal.lend(signals, &ending, editing).await?;
        let Some(result) = result.transpose() else { return Ok(Some(Exit::Terminated)) };
        Ok(exit.or(self.take(Message::Edited(result))))
    }

    /// Takes in what comes from the terminal: `event`, and what is there already behind it.
    async fn take_events(
        &mut self,
        event: Event,
        terminal: &mut Terminal,
        signals: &mut Signals,
    ) -> io::Result<Option<Exit>> {
        let mut next = Some(event);
        for _ in 0..MOST_KEYS {
            let Some(event) = next else { break };
            if suspends(&event) {
                if terminal::can_be_continued() {
                    terminal.suspend(signals, true).await?;
                } else {
                    self.app.hint("no shell is here that would bring the screen back");
                }
                return Ok(None);
            }
            // Between two sizes there may have been a third, and whatever that made of the screen stands there now.
            self.redraw |= matches!(event, Event::Resize(..));
            if let Some(exit) = message(event).and_then(|message| self.take(message)) {
                return Ok(Some(exit));
            }
            next = terminal.event_now();
        }
        Ok(None)
    }

    /// Takes as much news in as a key can wait for.
    fn take_news(&mut self, news: &mut News, pace: &mut Pace) -> Option<Exit> {
        let turn = Instant::now();
        while let Some(update) = news.next(turn) {
            // The first things that there are to see do not wait for their frame.
            let shows_first = match update {
                Update::Snapshot(_) => true,
                Update::Latest(_) => self.app.mirror.latest_at.is_none(),
                _ => false,
            };
            if shows_first {
                pace.at_once();
            }
            if let Some(exit) = self.take(Message::Update(update)) {
                return Some(exit);
            }
        }
        if news.are_over() { self.take(Message::ConnectionOver) } else { None }
    }
}

fn message(event: Event) -> Option<Message> {
    match event {
        Event::Key(event) => Some(Message::Key(event)),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::Resize(columns, rows) => Some(Message::Resize(Size { columns, rows })),
        Event::FocusGained => Some(Message::Focus(true)),
        Event::FocusLost => Some(Message::Focus(false)),
        Event::Mouse(event) => Some(Message::Mouse(event)),
    }
}

/// Tells whether this is the key that suspends programs, which a terminal that gives every key leaves to us.
fn suspends(event: &Event) -> bool {
    let Event::Key(KeyEvent { code, modifiers, kind, .. }) = event else { return false };
    *code == KeyCode::Char('z') && *modifiers == KeyModifiers::CONTROL && *kind == KeyEventKind::Press
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
