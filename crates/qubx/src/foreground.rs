//! The owner in the foreground: it waits for the session's end or for a signal, prints the session when that is wanted,
//! and comes back to a service that was started again.

use std::time::Duration;

use qubx_client::{Link, Options, Update};
use qubx_protocol::{Command, Fact, Seq};
use qubx_session::Progress;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::Instant;

use crate::console::Console;
use crate::failure::{Failure, Outcome};
use crate::out::say;
use crate::plain::render;
use crate::run::ENDS_WITHIN;
use crate::supervise::{News, Supervisor};
use crate::talk::Talk;

/// What the owner's standard output shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    /// The session, line by line.
    Session,
    /// Nothing.
    Nothing,
}

/// A session with its owner in the foreground.
pub(crate) struct Foreground {
    /// The connection; none while the service is down, and after it said that the session has ended.
    talk: Option<Talk>,
    /// How to reach the service.
    options: Options,
    supervisor: Supervisor,
    shows: Shows,
    /// The last event that was printed.
    printed: Seq,
    /// Whether the end was asked for here.
    stopping: bool,
    /// Why the session ended, and until when its service must be gone.
    ended: Option<(String, Instant)>,
}

/// What woke the owner.
enum Event {
    Signal,
    News(Option<News>),
    Update(Option<Box<Update>>),
    ConsoleLeft,
    TooLate,
}

impl Foreground {
    pub(crate) fn new(talk: Talk, options: Options, supervisor: Supervisor, shows: Shows) -> Self {
        let talk = Some(talk);
        Self { talk, options, supervisor, shows, printed: Seq(0), stopping: false, ended: None }
    }

    /// Waits until the session has ended for good. A console is waited for too, and its end ends the session.
    pub(crate) async fn watch(mut self, mut console: Option<Console>) -> Result<Outcome, Failure> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        // What happened before this run is in `qubx history`.
        self.print_from_the_last_start();
        loop {
            match self.next(&mut interrupt, &mut terminate, &mut console).await {
                // In a console the key is for the cell that runs there.
                Event::Signal => self.stop(),
                Event::ConsoleLeft => {
                    console = None;
                    self.stop();
                }
                Event::Update(update) => self.take_update(update.map(|update| *update)).await,
                Event::News(Some(news)) => self.take_news(news).await?,
                Event::News(None) => return self.finish(console).await,
                Event::TooLate => {
                    return Err(Failure::new(format!(
                        "the session has ended, but its service has not after {} s",
                        ENDS_WITHIN.as_secs()
                    )));
                }
            }
        }
    }

    async fn next(
        &mut self,
        interrupt: &mut Signal,
        terminate: &mut Signal,
        console: &mut Option<Console>,
    ) -> Event {
        let deadline = self.ended.as_ref().map(|(_, deadline)| *deadline);
        let has_console = console.is_some();
        tokio::select! {
            _ = interrupt.recv(), if !self.stopping && !has_console => Event::Signal,
            _ = terminate.recv(), if !self.stopping => Event::Signal,
            news = self.supervisor.news.recv() => Event::News(news),
            update = next_update(&mut self.talk) => Event::Update(update.map(Box::new)),
            () = left(console) => Event::ConsoleLeft,
            () = tokio::time::sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                Event::TooLate
            }
        }
    }

    fn stop(&mut self) {
        if self.stopping {
            return;
        }
        say!("stopping …");
        self.stopping = true;
        self.supervisor.finish();
        match &self.talk {
            Some(talk) => {
                let _ = talk.client.command(Command::Stop { flatten: false, keep_orders: false });
            }
            None => self.supervisor.terminate(),
        }
    }

    async fn take_update(&mut self, update: Option<Update>) {
        let Some(talk) = &mut self.talk else { return };
        if let (Shows::Session, Some(Update::Event(event))) = (self.shows, &update) {
            print_line(render(event, talk.state()));
            self.printed = event.seq;
        }
        let why = match &update {
            Some(Update::Link(Link::Closed(error))) => error.message.clone(),
            Some(update) => return talk.mirror.apply(update),
            None => "the connection has ended".to_owned(),
        };
        // If the service crashed instead, the supervisor says so.
        self.ended = Some((why, Instant::now() + ENDS_WITHIN));
        self.hang_up().await;
    }

    async fn take_news(&mut self, news: News) -> Result<(), Failure> {
        match news {
            News::Crashed { how, after, crashes } => {
                say!(
                    "{how}; it is started again in {} s (crash {crashes} within ten minutes)",
                    after.as_secs()
                );
                self.ended = None;
                self.hang_up().await;
            }
            News::Step(Progress::Listening { socket }) => self.come_back(socket).await?,
            News::Step(Progress::KernelReady { connection_file }) => {
                say!("kernel up: {connection_file}");
            }
            News::Step(Progress::StrategyStarted) => say!("strategy started"),
            News::Step(Progress::StrategyFailed { error }) => say!("strategy failed: {error}"),
            News::Step(Progress::Failed { .. }) => {}
        }
        Ok(())
    }

    /// Connects to the service that was started again, and prints what happened meanwhile.
    async fn come_back(&mut self, socket: std::path::PathBuf) -> Result<(), Failure> {
        say!("the service runs again");
        self.hang_up().await;
        self.options.socket = socket;
        match Talk::open(self.options.clone()).await {
            Ok(talk) => self.talk = Some(talk),
            // It crashed again at once, say; the supervisor knows.
            Err(failure) => {
                say!("{}", Failure::from(failure));
                return Ok(());
            }
        }
        self.print_after(self.printed);
        Ok(())
    }

    async fn hang_up(&mut self) {
        if let Some(talk) = self.talk.take() {
            talk.client.close().await;
        }
    }

    fn print_from_the_last_start(&mut self) {
        let mut events = self.talk.iter().flat_map(|talk| talk.state().history.all());
        let started = events.rfind(|event| matches!(event.fact, Fact::Started { .. }));
        let before = started.map_or(0, |event| event.seq.0.saturating_sub(1));
        self.print_after(Seq(before));
    }

    fn print_after(&mut self, after: Seq) {
        let Some(talk) = &self.talk else { return };
        if self.shows == Shows::Session {
            for event in talk.state().history.all().into_iter().filter(|event| event.seq > after) {
                print_line(render(event, talk.state()));
            }
        }
        self.printed = talk.state().head;
    }

    /// Takes what the service said before it ended and that was not read yet.
    async fn hear_last_words(&mut self) {
        let listen = async {
            while self.talk.is_some() {
                let update = next_update(&mut self.talk).await;
                self.take_update(update).await;
            }
        };
        let _ = tokio::time::timeout(LAST_WORDS_WITHIN, listen).await;
        self.hang_up().await;
    }

    /// Says how the session ended.
    async fn finish(mut self, console: Option<Console>) -> Result<Outcome, Failure> {
        self.hear_last_words().await;
        if let Some(console) = console {
            console.end().await;
        }
        self.supervisor.ended(ENDS_WITHIN).await?;
        if let Some((why, _)) = self.ended {
            say!("session ended: {why}");
        }
        Ok(Outcome::Done)
    }
}

/// How long what the service said before it ended may take to arrive.
const LAST_WORDS_WITHIN: Duration = Duration::from_secs(2);

async fn next_update(talk: &mut Option<Talk>) -> Option<Update> {
    match talk {
        Some(talk) => talk.receive().await,
        None => std::future::pending().await,
    }
}

async fn left(console: &mut Option<Console>) {
    match console {
        Some(console) => console.left().await,
        None => std::future::pending().await,
    }
}

fn print_line(line: Option<String>) {
    use std::io::Write;
    if let Some(line) = line {
        // A reader that left does not end the strategy.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}
