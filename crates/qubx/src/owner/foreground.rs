//! The owner in the foreground: it waits for the session's end or for a signal, prints the session when that is wanted,
//! and comes back to a service that was started again.
//!
//! A connection that ends proves nothing: only the service's own word and the supervisor tell that the session is over.
//! A stop that is not answered is followed by a signal, and that by giving up, so the owner can always be ended.

use std::path::PathBuf;
use std::time::Duration;

use qubx_client::{Link, Options, Talk, TalkError, Update};
use qubx_protocol::{Command, CommandId, ErrorCode};
use qubx_session::Progress;
use tokio::time::Instant;

use crate::failure::{Failure, Outcome};
use crate::out::say;
use crate::owner::backtest::Backtest;
use crate::owner::console::Console;
use crate::owner::parties::{Opening, left, next_update, opened, others_are_attached};
use crate::owner::printer::Printer;
use crate::owner::ready::FeedSteps;
use crate::owner::signals::{Asked, Signals};
use crate::owner::steps::Steps;
use crate::owner::supervise::{ENDS_WITHIN, News, Supervisor};

/// A session with its owner in the foreground.
pub(crate) struct Foreground {
    /// The connection; none while the service is down, and after it said that the session has ended.
    talk: Option<Talk>,
    /// The connection that is being opened, while the service is up and there is none.
    opening: Option<Opening>,
    /// How to reach the service.
    options: Options,
    supervisor: Supervisor,
    printer: Printer,
    /// The last steps of the start, until they are over.
    start: Option<(Steps, FeedSteps)>,
    stopping: Stopping,
    /// Why the session ended, and until when its service must be gone.
    ended: Option<(String, Instant)>,
}

/// How long a stop that the service was told of may take before it gets a signal: more than a patient one needs.
const STOPS_WITHIN: Duration = Duration::from_secs(10);
/// How long after a connection ended, or did not come about, it is tried again.
const TRIED_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// How far the end is that was asked for here.
enum Stopping {
    /// Nobody asked.
    No,
    /// The service was told. It gets a signal when it has not ended by then.
    Told { command: CommandId, until: Instant },
    /// It got the signal. It is given up when it has not ended by then.
    Signalled { until: Instant },
}

/// What woke the owner.
enum Event {
    Signal(Asked),
    News(Option<News>),
    Update(Option<Box<Update>>),
    Opened(Box<Result<Talk, TalkError>>),
    ConsoleLeft,
    TooLate,
}

impl Foreground {
    /// Begins to watch a session that is up; it connects as it does later to a service that was started again.
    pub(crate) fn new(options: Options, supervisor: Supervisor, printer: Printer) -> Self {
        let mut foreground = Self {
            talk: None,
            opening: None,
            options,
            supervisor,
            printer,
            start: None,
            stopping: Stopping::No,
            ended: None,
        };
        foreground.connect(Duration::ZERO);
        foreground
    }

    /// Shows the steps of the feed, the last ones of a start, beside what the session says.
    pub(crate) fn show_feed(&mut self, mut steps: Steps) {
        let feed = FeedSteps::begin(&mut steps, self.printer.backtest().is_some());
        self.start = Some((steps, feed));
    }

    /// Waits until the session has ended for good. A console is waited for too, and its end ends the session.
    pub(crate) async fn watch(
        mut self,
        mut signals: Signals,
        mut console: Option<Console>,
    ) -> Result<Outcome, Failure> {
        loop {
            match self.next(&mut signals, &mut console).await {
                // In a console the key is for the cell that runs there.
                Event::Signal(Asked::Interrupt) if console.is_some() => {}
                Event::Signal(_) => self.stop(),
                Event::ConsoleLeft => {
                    console = None;
                    if others_are_attached(&self.options).await {
                        say!("others are attached, so the session goes on; Ctrl+C here stops it");
                    } else {
                        self.stop();
                    }
                }
                Event::Update(update) => {
                    self.take_update(update.map(|update| *update)).await;
                    self.look_at_backtest();
                }
                Event::Opened(opened) => {
                    self.take_connection(*opened);
                    self.look_at_backtest();
                }
                Event::News(Some(news)) => self.take_news(news).await,
                Event::News(None) => return self.finish(console).await,
                Event::TooLate => self.lose_patience()?,
            }
        }
    }

    async fn next(&mut self, signals: &mut Signals, console: &mut Option<Console>) -> Event {
        let deadline = self.deadline();
        tokio::select! {
            asked = signals.next() => Event::Signal(asked),
            news = self.supervisor.news.recv() => Event::News(news),
            update = next_update(&mut self.talk) => Event::Update(update.map(Box::new)),
            opened = opened(&mut self.opening) => Event::Opened(Box::new(opened)),
            () = left(console) => Event::ConsoleLeft,
            () = tokio::time::sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                Event::TooLate
            }
        }
    }

    /// Until when something must have happened: once the session has ended, the end of its service.
    fn deadline(&self) -> Option<Instant> {
        let asked_for = match self.stopping {
            Stopping::No => None,
            Stopping::Told { until, .. } | Stopping::Signalled { until } => Some(until),
        };
        self.ended.as_ref().map(|(_, until)| *until).or(asked_for)
    }

    /// A replay that is run for its results ends the session when it is over.
    fn look_at_backtest(&mut self) {
        let (Some(talk), Some(backtest)) = (&self.talk, self.printer.backtest()) else { return };
        backtest.look(talk.state(), &talk.mirror.latest, std::time::Instant::now());
        if backtest.is_over() && matches!(self.stopping, Stopping::No) {
            self.stop();
        }
    }

    /// Asks for the end: the first time in words, if there is somebody to speak to, and then by a signal.
    fn stop(&mut self) {
        self.start = None;
        match (&self.stopping, &self.talk) {
            (Stopping::No, Some(talk)) => {
                if !self.printer.backtest().is_some_and(|backtest| backtest.is_over()) {
                    say!("stopping …");
                }
                self.supervisor.finish();
                let command = talk.client.command(Command::Stop { flatten: false, keep_orders: false });
                self.stopping = Stopping::Told { command, until: Instant::now() + STOPS_WITHIN };
            }
            (Stopping::No, None) => self.terminate("stopping …"),
            (Stopping::Told { .. }, _) => self.terminate("stopping by a signal …"),
            (Stopping::Signalled { .. }, _) => {}
        }
    }

    fn terminate(&mut self, why: &str) {
        say!("{why}");
        self.supervisor.terminate();
        self.stopping = Stopping::Signalled { until: Instant::now() + ENDS_WITHIN };
    }

    /// What was waited for has not happened in time.
    fn lose_patience(&mut self) -> Result<(), Failure> {
        let seconds = ENDS_WITHIN.as_secs();
        match (&self.ended, &self.stopping) {
            (Some(_), _) => {
                Err(Failure::new(format!("the session has ended, but its service has not after {seconds} s")))
            }
            (None, Stopping::Told { .. }) => {
                self.terminate(&format!(
                    "not stopped after {} s; stopping by a signal …",
                    STOPS_WITHIN.as_secs()
                ));
                Ok(())
            }
            (None, _) => Err(Failure::new(format!(
                "the service was told to end by a signal, and has not after {seconds} s; it is left as it is"
            ))
            .hint("`qubx kernel list` shows whether it is still there")),
        }
    }

    async fn take_update(&mut self, update: Option<Update>) {
        let Some(talk) = &mut self.talk else { return };
        if let Some(Update::Event(event)) = &update {
            self.printer.event(event, talk.state());
        }
        match update {
            Some(Update::Link(Link::Closed(error))) if error.code == ErrorCode::Ended => {
                // If the service crashed instead, the supervisor says so.
                self.ended = Some((error.message, Instant::now() + ENDS_WITHIN));
                self.hang_up().await;
            }
            Some(Update::Link(Link::Closed(error))) => self.lose_connection(&error.message).await,
            None => self.lose_connection("the connection has ended").await,
            Some(update) => {
                talk.mirror.apply(&update);
                if let (Update::Refused(refusal), Stopping::Told { command, .. }) = (&update, &self.stopping)
                    && refusal.command == *command
                {
                    let why = format!("not stopped: {}; stopping by a signal …", refusal.message);
                    self.terminate(&why);
                }
            }
        }
    }

    /// The service does not speak with this owner any more, but nobody said that the session is over.
    async fn lose_connection(&mut self, why: &str) {
        say!("{why}; the session goes on, and the connection is tried again");
        self.hang_up().await;
        self.connect(TRIED_AGAIN_AFTER);
    }

    async fn take_news(&mut self, news: News) {
        if matches!(news, News::Crashed { .. }) {
            self.start = None;
        }
        if let Some(crash) = news.of_crash() {
            say!("{crash}");
        }
        match news {
            News::Crashed { .. } => {
                self.ended = None;
                if let Some(backtest) = self.printer.backtest() {
                    backtest.service_crashed();
                }
                self.hang_up().await;
            }
            News::Step(Progress::Listening { socket }) => self.come_back(socket).await,
            News::Step(Progress::KernelReady { connection_file }) => {
                say!("kernel up: {connection_file}");
            }
            News::Step(Progress::StrategyStarted) => say!("strategy started"),
            News::Step(Progress::StrategyFailed { error }) => say!("strategy failed: {error}"),
            News::Step(
                step @ (Progress::FeedConnected | Progress::WarmUp { .. } | Progress::WarmedUp { .. }),
            ) => {
                if let Some((steps, feed)) = &mut self.start
                    && feed.take(steps, &step)
                {
                    self.start = None;
                }
            }
            News::Step(Progress::Ended { why }) => self.ended = Some((why, Instant::now() + ENDS_WITHIN)),
            News::Step(Progress::Failed { .. }) => {}
        }
    }

    /// Connects to the service that was started again.
    async fn come_back(&mut self, socket: PathBuf) {
        say!("the service runs again");
        self.hang_up().await;
        self.options.socket = socket;
        self.connect(Duration::ZERO);
    }

    /// Opens a connection after a while. It is tried until it stands, the service crashes or the session ends.
    fn connect(&mut self, after: Duration) {
        let options = self.options.clone();
        self.opening = Some(Box::pin(async move {
            tokio::time::sleep(after).await;
            Talk::open(options).await
        }));
    }

    /// Takes the connection that was opened, and prints what happened meanwhile.
    fn take_connection(&mut self, opened: Result<Talk, TalkError>) {
        self.opening = None;
        match opened {
            Ok(talk) => {
                self.printer.missed(talk.state());
                self.talk = Some(talk);
            }
            // It may be busy, or has crashed again at once; then the supervisor says so.
            Err(no_talk) => {
                say!("{}", Failure::from(no_talk));
                self.connect(TRIED_AGAIN_AFTER);
            }
        }
    }

    async fn hang_up(&mut self) {
        self.opening = None;
        if let Some(talk) = self.talk.take() {
            talk.client.close().await;
        }
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
        let backtest = self.printer.into_backtest();
        if let Some((why, _)) = self.ended
            && !backtest.as_ref().is_some_and(Backtest::is_over)
        {
            say!("session ended: {why}");
        }
        backtest.map_or(Ok(Outcome::Done), Backtest::outcome)
    }
}

/// How long what the service said before it ended may take to arrive.
const LAST_WORDS_WITHIN: Duration = Duration::from_secs(2);
