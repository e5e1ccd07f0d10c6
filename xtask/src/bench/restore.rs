//! Going on with a large session after a kill, and with one whose simulation ran for long, beside the start of an empty
//! one.
//!
//! Every round ends with a kill of the service, so that the next restore has the same to do. What the round before did
//! is looked for in the restored state: a restore that forgets is no fast restore.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use qubx_home::Home;
use qubx_protocol::{Command, SessionState};
use rustix::process::{Pid, Signal, kill_process};

use crate::bench::client::Client;
use crate::bench::process::Process;
use crate::bench::report::{Row, Samples};
use crate::bench::start;
use crate::terminal;
use crate::workbench::Workbench;

/// The session that is restored.
const SESSION: &str = "restored";
/// Its events.
const ENTRIES: u64 = 1_000_000;
/// Its fills.
const FILLS: u64 = 100_000;
/// A small session whose simulation ran for long.
const AGED: &str = "aged";
/// For how many days.
const DAYS: u64 = 30;
/// How many quotes the simulation gave a day: three symbols, ten times a second each.
const QUOTES_A_DAY: u64 = 3 * 10 * 86_400;
/// The orders that rest in both; each round takes one away.
const RESTING: usize = 20;
/// The symbols that it traded.
const POSITIONS: usize = 3;
/// The rounds that count.
const ROUNDS: usize = 10;
/// The rounds before them: they compile Python's sources.
const WARM_UP: usize = 1;
/// How long it may take until a restored session is usable, in milliseconds.
const GOAL: f64 = 2_000.0;
/// How long killed processes may take to end.
const ENDS_WITHIN: Duration = Duration::from_secs(20);
/// How often that end is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// After how many events the writing of the sample is told.
const TOLD_EVERY: u64 = 250_000;
/// A strategy that does nothing.
const STRATEGY: &str = "from qubx_strategy import Strategy\n\n\nclass Idle(Strategy):\n    pass\n";
/// Its config: the exchange and the symbols of the sample.
const CONFIG: &str = "name: idle
strategy: idle.Idle
live:
  exchanges:
    SIM:
      connector: sim
      base_currency: USDT
      capital: 100000
      universe: [BTCUSDT, ETHUSDT, SOLUSDT]
      params: { seed: 7, quotes_per_second: 10 }
";

/// The times of one kind of start, each from the start of the process.
#[derive(Default)]
struct Times {
    listens: Samples,
    state: Samples,
    order: Samples,
    cell: Samples,
    /// When both were done.
    usable: Samples,
    /// The most that a service held, in megabytes.
    peak: f64,
}

/// Writes the sessions, then measures each kind of start, one after the other in turn.
///
/// # Errors
/// When a start fails, or what is restored is not what was there.
pub(crate) async fn measure(workbench: &Workbench) -> Result<Vec<Row>> {
    let wrote = write_samples(workbench.home())?;
    let config = write_config(workbench.home())?;
    let mut counted = [(); 3].map(|()| Times::default());
    for number in 0..WARM_UP + ROUNDS {
        let mut not_counted = [(); 3].map(|()| Times::default());
        let [restored, aged, empty] = if number < WARM_UP { &mut not_counted } else { &mut counted };
        round(workbench, &config, &[SESSION, "--restore"], (RESTING - number, POSITIONS), restored).await?;
        round(workbench, &config, &[AGED, "--restore"], (RESTING - number, 0), aged).await?;
        round(workbench, &config, &[&format!("empty-{number}")], (0, 0), empty).await?;
    }
    let [restored, aged, empty] = counted;
    let usable = Row::ratio("usable: restored / empty", &restored.usable, &empty.usable);
    let mut rows = vec![Row::time("writing 1,000,000 entries with 100,000 fills", wrote)];
    rows.extend(restored.rows("restore of 1,000,000 entries", Some(GOAL)));
    let what = format!("restore after {DAYS} days of simulation");
    rows.extend(aged.rows(&what, Some(GOAL)));
    rows.extend(empty.rows("an empty session", None));
    rows.push(usable);
    Ok(rows)
}

/// Writes the sessions that are restored and returns how long the large one took.
fn write_samples(home: &Path) -> Result<Duration> {
    let home = Home::at(home.to_owned());
    home.create()?;
    println!("writing a session of {ENTRIES} entries with {FILLS} fills");
    let began = Instant::now();
    let mut told = 0;
    qubx_session::sample(&home.session("paper", "default", SESSION), ENTRIES, FILLS, ENTRIES, |written| {
        if written / TOLD_EVERY > told {
            told = written / TOLD_EVERY;
            println!("  {written} entries after {:.1} s", began.elapsed().as_secs_f64());
        }
    })
    .context("writing the session to restore")?;
    let wrote = began.elapsed();
    qubx_session::sample(&home.session("paper", "default", AGED), 0, 0, DAYS * QUOTES_A_DAY, |_| {})
        .context("writing the session whose simulation ran for long")?;
    Ok(wrote)
}

/// Writes the idle strategy and its config, and returns the config's path.
fn write_config(home: &Path) -> Result<PathBuf> {
    let folder = home.join("configs");
    std::fs::create_dir(&folder).context("making a folder for the config")?;
    std::fs::write(folder.join("idle.py"), STRATEGY).context("writing the strategy")?;
    let config = folder.join("idle.yml");
    std::fs::write(&config, CONFIG).context("writing the config")?;
    Ok(config)
}

/// Starts a session, measures, and kills it. The state must have `expected` orders and positions.
async fn round(
    workbench: &Workbench,
    config: &Path,
    name_and_options: &[&str],
    expected: (usize, usize),
    times: &mut Times,
) -> Result<()> {
    let began = Instant::now();
    let mut command = workbench.qubx(["run"]);
    command.arg(config).arg("--python").arg(workbench.python());
    command.args(["--paper", "--detach", "--name"]).args(name_and_options);
    let mut run = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("running qubx run")?;
    let socket = start::socket(workbench.home()).await?;
    times.listens.push(began.elapsed());
    let mut client = Client::open(&socket).await?;
    times.state.push(began.elapsed());
    let state = client.state().context("a client that is connected has a state")?;
    let found = (state.orders.len(), state.positions.len());
    ensure!(found == expected, "the state has {found:?} orders and positions instead of {expected:?}");
    let cancel = cancel_one(state);
    client.command_to_its_end(cancel).await?;
    times.order.push(began.elapsed());
    client.execute("1").await?;
    times.cell.push(began.elapsed());
    // The later of the two: they were given one after the other.
    times.usable.push(began.elapsed());
    terminal::wait_for_end(&mut run)?;
    let service = kill(&client)?;
    times.peak = times.peak.max(service);
    client.close().await;
    // The next round looks for the only socket.
    let folder = socket.parent().context("a socket is in a folder")?;
    std::fs::remove_dir_all(folder).with_context(|| format!("removing {}", folder.display()))
}

/// Returns the command that cancels the first order; where there is none, all of them.
fn cancel_one(state: &SessionState) -> Command {
    match state.orders.keys().next() {
        Some(order) => Command::CancelOrder { order: order.clone() },
        None => Command::CancelOrders { instrument: None },
    }
}

/// Kills the service, waits until it and its Python have ended, and returns the most memory that the service held.
fn kill(client: &Client) -> Result<f64> {
    let status = client.state().and_then(|state| state.status.as_ref()).context("a session has a status")?;
    let (service, python) = (status.info.pid, status.kernel.pid.context("Python has answered")?);
    let peak = Process(service).most()?;
    let pid = i32::try_from(service).ok().and_then(Pid::from_raw).context("the service has a number")?;
    kill_process(pid, Signal::KILL).context("killing the service")?;
    let deadline = Instant::now() + ENDS_WITHIN;
    while ![service, python].into_iter().all(|process| Process(process).has_ended()) {
        ensure!(Instant::now() < deadline, "the service and its Python live after a kill");
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(peak)
}

impl Times {
    fn rows(&self, what: &str, goal: Option<f64>) -> Vec<Row> {
        let row = |name: &str, samples| Row::times(&format!("{what}: {name}"), samples);
        let usable = row("usable", &self.usable);
        vec![
            row("qubx run to its socket", &self.listens),
            row("to the complete state", &self.state),
            row("to a verb that is done", &self.order),
            row("to the answer of a cell", &self.cell),
            goal.into_iter().fold(usable, Row::at_most),
            Row::megabytes(&format!("{what}: service, peak"), self.peak),
        ]
    }
}
