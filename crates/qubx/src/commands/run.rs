//! `qubx run`: starts a session and owns it, or opens a screen on one.
//!
//! A replay at `speed: max` that nobody looks at is a backtest: it ends with its results.

use std::io::IsTerminal;

use qubx_client::Options;
use qubx_engine::Registry;
use qubx_home::{Found, read_connection_file, service_holder};
use qubx_protocol::{Command, VerbOutcome};
use qubx_tui::Exit;

use crate::advice::advice;
use crate::arguments::RunArguments;
use crate::commands::attach::finish;
use crate::commands::web;
use crate::failure::{Failure, Outcome};
use crate::find::home;
use crate::identity::identity;
use crate::out::{outln, say};
use crate::owner::backtest::{Backtest, is_at_full_speed};
use crate::owner::console;
use crate::owner::foreground::Foreground;
use crate::owner::page::Page;
use crate::owner::prepare::{Prepared, prepare};
use crate::owner::printer::{Audience, Printer};
use crate::owner::ready::{Ready, wait_until_quoted, wait_until_ready};
use crate::owner::signals::Signals;
use crate::owner::steps::Steps;
use crate::owner::supervise::{ENDS_WITHIN, Supervisor};
use crate::screen;
use crate::talk::{self, ANSWER_WITHIN, Talk};

/// `qubx run CONFIG`
pub(crate) async fn run(arguments: RunArguments, registry: &Registry) -> Result<Outcome, Failure> {
    let is_looked_at = arguments.textual
        || arguments.textual_web
        || arguments.detach
        || arguments.jupyter
        || arguments.kernel_only
        || arguments.connect.is_some();
    if arguments.json && is_looked_at {
        return Err(json_refused("with a screen, a console or --detach the session goes on after it"));
    }
    if let Some(file) = &arguments.connect {
        let found =
            Found { path: file.clone(), file: read_connection_file(file)?, alive: true, restarted_by: None };
        return connect(&arguments, &found).await;
    }
    // With both there is only the page.
    let is_screen = arguments.textual && !arguments.textual_web;
    if is_screen {
        screen::require_terminal(screen::INSTEAD_OF_A_RUN)?;
    }
    let mut steps = Steps::new(!is_screen);
    steps.begin("looking for Python and at the strategy");
    let prepared = prepare(&arguments.config, registry).await?;
    if !arguments.config.paper {
        return Err(Failure::usage("this version trades on paper only: there is no live exchange in it yet")
            .hint("add --paper"));
    }
    let is_backtest = !is_looked_at && is_at_full_speed(&prepared.config);
    if arguments.json && !is_backtest {
        return Err(json_refused("this config is none")
            .hint("`--set live.exchanges.NAME.params.speed=max` makes a replay one"));
    }
    let console = if arguments.jupyter { Some(console::prepare(&prepared.python).await?) } else { None };
    steps.done(&python_line(&prepared));
    steps.done(&format!("strategy {} found", prepared.config.strategy));
    refuse_running(&prepared)?;
    // A screen takes the signals itself.
    let signals = if is_screen { None } else { Some(Signals::take()?) };
    let page = if arguments.textual_web {
        steps.begin("starting the page");
        let page = Page::start(&home()?, &arguments.page, Some(prepared.config.name.clone())).await?;
        steps.done("page is up");
        Some(page)
    } else {
        None
    };
    steps.begin("starting the service");
    let launch = prepared.launch(&arguments.config, arguments.restore);
    let name = launch.config.name.clone();
    let session_dir = launch.session_dir.clone();
    let (mut supervisor, socket) = Supervisor::start(launch).await?;
    steps.done("service started");
    steps.begin("starting the Python kernel");
    let options = Options {
        socket,
        lock: Some(session_dir.join("lock")),
        identity: identity(),
        owner: true,
        screen: true,
        latest: is_screen || is_backtest,
        role: qubx_protocol::Role::Admin,
        timeout: ANSWER_WITHIN,
    };
    let Some(mut signals) = signals else {
        let exit = screen::show(options, arguments.no_color).await?;
        return leave(exit, supervisor, &name).await;
    };
    let Some(mut ready) = wait_until_ready(&mut supervisor, &mut signals, &mut steps).await else {
        return stopped_before_it_was_ready(supervisor).await;
    };
    // A console has the terminal for itself.
    if arguments.detach || arguments.jupyter {
        match wait_until_quoted(ready, &mut supervisor, &mut signals, &mut steps).await {
            Some(quoted) => ready = quoted,
            None => return stopped_before_it_was_ready(supervisor).await,
        }
    }
    if arguments.detach {
        loop {
            let no_talk = match Talk::open(options.clone()).await {
                Ok(talk) => return detach(talk, supervisor, &name, ready).await,
                Err(no_talk) => no_talk,
            };
            // If it has just crashed, it will be ready again.
            let again = wait_until_ready(&mut supervisor, &mut signals, &mut steps);
            match tokio::time::timeout(ANSWER_WITHIN, again).await {
                Ok(Some(again)) => ready = again,
                Ok(None) => return stopped_before_it_was_ready(supervisor).await,
                Err(_) => return Err(no_talk.into()),
            }
        }
    }
    let audience = if is_backtest {
        let is_terminal = std::io::stderr().is_terminal();
        Audience::Backtest(Box::new(Backtest::new(&name, &session_dir, arguments.json, is_terminal)))
    } else if arguments.kernel_only || arguments.jupyter || arguments.textual_web {
        Audience::Nobody
    } else {
        Audience::Watcher
    };
    if arguments.kernel_only {
        outln!("{}", ready.connection_file);
    }
    if let Some(page) = &page {
        page.print_link(std::io::stderr().is_terminal())?;
        say!("      Ctrl+C stops the strategy and the page");
    }
    let console = console.map(|console| console.open(&ready.connection_file)).transpose()?;
    let mut foreground = Foreground::new(options, supervisor, Printer::new(audience));
    if !arguments.jupyter && ready.failed.is_none() {
        foreground.show_feed(steps);
    }
    let outcome = foreground.watch(signals, console).await;
    // Tabs have heard by now that the session ended.
    if let Some(page) = page {
        page.end().await;
    }
    outcome
}

fn json_refused(why: &str) -> Failure {
    Failure::usage(format!("--json prints the results of a replay at `speed: max`; {why}"))
}

async fn stopped_before_it_was_ready(supervisor: Supervisor) -> Result<Outcome, Failure> {
    supervisor.ended(ENDS_WITHIN).await?;
    Err(Failure::new("the session was stopped before it was ready"))
}

/// Opens a screen on the session of a connection file, if it is the config's.
async fn connect(arguments: &RunArguments, found: &Found) -> Result<Outcome, Failure> {
    if !arguments.textual_web {
        screen::require_terminal(screen::INSTEAD_OF_A_SCREEN)?;
    }
    let named = &arguments.config.config;
    let config =
        std::fs::canonicalize(named).map_err(Failure::because(format!("cannot read {}", named.display())))?;
    let other = &found.file.qubx.config;
    if std::fs::canonicalize(other).ok().as_ref() != Some(&config) {
        return Err(Failure::usage(format!(
            "{} is a session of {}, not of {}",
            found.path.display(),
            other.display(),
            config.display()
        )));
    }
    if arguments.textual_web {
        return web::serve(&arguments.page, Some(found.file.qubx.name.clone())).await;
    }
    finish(&screen::show(talk::screen(found, true, ANSWER_WITHIN), arguments.no_color).await?)
}

/// Returns which Python runs the strategy, in a line.
fn python_line(prepared: &Prepared) -> String {
    let Prepared { probe, python, .. } = prepared;
    format!("Python {}, ipykernel {}: {}", probe.python_version, probe.ipykernel_version, python.display())
}

/// Refuses a session that runs already, before anything of it is touched. What starts meanwhile is refused later.
fn refuse_running(prepared: &Prepared) -> Result<(), Failure> {
    match service_holder(&prepared.session_dir())? {
        Some(service) => {
            let name = &prepared.config.name;
            Err(Failure::new(format!("session `{name}` is already running (process {})", service.pid))
                .hint(format!("watch it with `qubx attach {name}`, or start another one with --name")))
        }
        None => Ok(()),
    }
}

/// Gives the session up, so that it stays.
async fn detach(
    mut talk: Talk,
    supervisor: Supervisor,
    name: &str,
    ready: Ready,
) -> Result<Outcome, Failure> {
    let verb = talk.verb(Command::Release, ANSWER_WITHIN).await?;
    if verb.outcome != VerbOutcome::Done {
        return Err(Failure::new(verb.text));
    }
    outln!("{}", ready.connection_file);
    talk.client.close().await;
    supervisor.release().await;
    let next = format!("watch it with `qubx attach {name}`, end it with `qubx kernel stop {name}`");
    say!("{name} runs by itself; {}", advice(&next));
    Ok(if ready.failed.is_some() { Outcome::StrategyFailed } else { Outcome::Done })
}

/// Ends the command after its screen was left.
async fn leave(exit: Exit, supervisor: Supervisor, name: &str) -> Result<Outcome, Failure> {
    match exit {
        Exit::Stopped => {
            supervisor.finish();
            supervisor.ended(ENDS_WITHIN).await?;
            Ok(Outcome::Done)
        }
        Exit::Ended(why) => {
            supervisor.ended(ENDS_WITHIN).await?;
            say!("{why}");
            Ok(Outcome::NotWell)
        }
        Exit::LeftRunning | Exit::Detached => {
            supervisor.release().await;
            say!("{name} goes on; {}", advice(&format!("watch it with `qubx attach {name}`")));
            Ok(Outcome::Done)
        }
        // The pipe ends with this process: on paper and alone the service stops by itself.
        Exit::Terminated => Err(Failure::new("the screen was terminated")),
    }
}
