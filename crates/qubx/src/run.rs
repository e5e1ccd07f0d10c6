//! `qubx run`: starts a session and owns it, or opens a screen on one.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use qubx_client::{Link, Options, Update};
use qubx_home::{Found, lock_holder, read_connection_file};
use qubx_protocol::{Command, ErrorCode, Fact, VerbOutcome};
use qubx_session::Progress;
use qubx_tui::Exit;

use crate::arguments::RunArguments;
use crate::attach::finish;
use crate::failure::{Failure, Outcome};
use crate::identity::identity;
use crate::launch::{Launch, Service};
use crate::plain::render;
use crate::prepare::{Prepared, prepare};
use crate::screen;
use crate::talk::{self, ANSWER_WITHIN, Talk};

/// How long a service may take to end once it said that it does.
const ENDS_WITHIN: Duration = Duration::from_secs(30);

/// `qubx run CONFIG`
pub(crate) async fn run(arguments: RunArguments) -> Result<Outcome, Failure> {
    if let Some(file) = &arguments.connect {
        let found = Found { path: file.clone(), file: read_connection_file(file)?, alive: true, restarted_by: None };
        return connect(&arguments, &found).await;
    }
    if arguments.textual {
        screen::require_terminal()?;
    }
    let mut steps = Steps::new(!arguments.textual);
    let Prepared { launch, probe } = prepare(&arguments).await?;
    steps.done(&format!(
        "Python {}, ipykernel {}: {}",
        probe.python_version,
        probe.ipykernel_version,
        launch.python.display()
    ));
    if let Some(holder) = lock_holder(&launch.session_dir.join("lock"))? {
        let name = &launch.config.name;
        return Err(Failure::new(format!("session `{name}` is already running (process {})", holder.pid))
            .hint(format!("watch it with `qubx attach {name}`, or start another one with --name")));
    }
    let mut service = Service::start(&launch).await?;
    let Progress::Listening { socket } = service.step().await? else {
        return Err(Failure::new("the service does not say where it listens"));
    };
    steps.done("service started");
    let options = Options {
        socket,
        lock: Some(launch.session_dir.join("lock")),
        identity: identity(),
        owner: true,
        screen: true,
        latest: arguments.textual,
        role: qubx_protocol::Role::Admin,
        timeout: ANSWER_WITHIN,
    };
    if arguments.textual {
        let exit = screen::show(options, arguments.no_color).await?;
        return leave(exit, service, &launch).await;
    }
    let failed = wait_until_ready(&mut service, &mut steps).await?;
    let talk = Talk::open(options).await?;
    if arguments.detach {
        return detach(talk, &launch, failed).await;
    }
    if arguments.kernel_only {
        println!("{}", connection_file(&talk));
    }
    watch(talk, service, !arguments.kernel_only).await
}

/// Opens a screen on the session of a connection file, if it is the config's.
async fn connect(arguments: &RunArguments, found: &Found) -> Result<Outcome, Failure> {
    screen::require_terminal()?;
    let config = std::fs::canonicalize(&arguments.config)
        .map_err(Failure::because(format!("cannot read {}", arguments.config.display())))?;
    let other = &found.file.qubx.config;
    if std::fs::canonicalize(other).ok().as_ref() != Some(&config) {
        return Err(Failure::usage(format!(
            "{} is a session of {}, not of {}",
            found.path.display(),
            other.display(),
            config.display()
        )));
    }
    finish(&screen::show(talk::screen(found, true, ANSWER_WITHIN), arguments.no_color).await?)
}

/// Waits until the strategy runs, or has failed; then its error is returned.
async fn wait_until_ready(service: &mut Service, steps: &mut Steps) -> Result<Option<String>, Failure> {
    loop {
        match service.step().await? {
            Progress::KernelReady { .. } => steps.done("kernel up"),
            Progress::StrategyStarted => {
                steps.done("strategy started");
                return Ok(None);
            }
            Progress::StrategyFailed { error } => {
                steps.failed(&format!("strategy failed: {error}"));
                return Ok(Some(error));
            }
            Progress::Listening { .. } | Progress::Failed { .. } => {}
        }
    }
}

fn connection_file(talk: &Talk) -> &str {
    talk.state().status.as_ref().map_or("", |status| &status.info.connection_file)
}

/// Gives the session up, so that it stays.
async fn detach(mut talk: Talk, launch: &Launch, failed: Option<String>) -> Result<Outcome, Failure> {
    let verb = talk.verb(Command::Release, ANSWER_WITHIN).await?;
    if verb.outcome != VerbOutcome::Done {
        return Err(Failure::new(verb.text));
    }
    println!("{}", connection_file(&talk));
    talk.client.close().await;
    let name = &launch.config.name;
    eprintln!(
        "{name} runs by itself; watch it with `qubx attach {name}`, end it with `qubx kernel stop {name}`"
    );
    Ok(if failed.is_some() { Outcome::StrategyFailed } else { Outcome::Done })
}

/// Waits in the foreground until the session ends or a signal ends it; prints the session when it is wanted.
async fn watch(mut talk: Talk, mut service: Service, print: bool) -> Result<Outcome, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut stopping = false;
    if print {
        // What happened before this run is in `qubx history`.
        let events = talk.state().history.all();
        let began = events.iter().rposition(|event| matches!(event.fact, Fact::Started { .. })).unwrap_or(0);
        for event in &events[began..] {
            print_line(render(event, talk.state()));
        }
    }
    loop {
        tokio::select! {
            _ = interrupt.recv(), if !stopping => stopping = stop(&talk),
            _ = terminate.recv(), if !stopping => stopping = stop(&talk),
            update = talk.updates.recv() => {
                let Some(update) = update else { return Err(Failure::new("the connection has ended")) };
                if let (true, Update::Event(event)) = (print, &update) {
                    print_line(render(event, talk.state()));
                }
                talk.mirror.apply(&update);
                if let Update::Link(Link::Closed(error)) = update {
                    service.ended(ENDS_WITHIN).await?;
                    if error.code != ErrorCode::Ended {
                        return Err(Failure::new(error.message));
                    }
                    eprintln!("session ended: {}", error.message);
                    return Ok(Outcome::Done);
                }
            }
        }
    }
}

fn print_line(line: Option<String>) {
    use std::io::Write;
    if let Some(line) = line {
        // A reader that left does not end the strategy.
        let _ = writeln!(std::io::stdout().lock(), "{line}");
    }
}

fn stop(talk: &Talk) -> bool {
    eprintln!("stopping …");
    let _ = talk.client.command(Command::Stop { flatten: false, keep_orders: false });
    true
}

/// Ends the command after its screen was left.
async fn leave(exit: Exit, mut service: Service, launch: &Launch) -> Result<Outcome, Failure> {
    match exit {
        Exit::Stopped => {
            service.ended(ENDS_WITHIN).await?;
            Ok(Outcome::Done)
        }
        Exit::Ended(why) => {
            service.ended(ENDS_WITHIN).await?;
            eprintln!("{why}");
            Ok(Outcome::NotWell)
        }
        Exit::LeftRunning | Exit::Detached => {
            eprintln!("{} goes on; watch it with `qubx attach {0}`", launch.config.name);
            Ok(Outcome::Done)
        }
        // The pipe ends with this process: on paper and alone the service stops by itself.
        Exit::Terminated => Err(Failure::new("the screen was terminated")),
    }
}

/// The steps of the start, as lines on standard error.
struct Steps {
    shown: bool,
    began: Instant,
    colour: bool,
}

impl Steps {
    fn new(shown: bool) -> Self {
        let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { shown, began: Instant::now(), colour }
    }

    fn done(&mut self, step: &str) {
        self.line("✓", "32", step);
    }

    fn failed(&mut self, step: &str) {
        self.line("✗", "31", step);
    }

    fn line(&self, mark: &str, colour: &str, step: &str) {
        if !self.shown {
            return;
        }
        let seconds = self.began.elapsed().as_secs_f64();
        if self.colour {
            eprintln!("\x1b[{colour}m{mark}\x1b[0m {step} \x1b[2m{seconds:.1} s\x1b[0m");
        } else {
            eprintln!("{mark} {step} ({seconds:.1} s)");
        }
    }
}
