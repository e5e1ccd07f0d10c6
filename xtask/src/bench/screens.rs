//! A hundred screens on one session: what each costs, how late events arrive, and that one which hardly reads changes
//! nothing for the others.
//!
//! The screens are raw sockets read by one thread (see `watchers`); the session writes ten stamped lines a second into
//! its log, and quotes, orders and fills of the example strategy come on top. The delay is from Python's own clock
//! reading, before the line leaves Python, to the moment when the screen has read the bytes.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};

use crate::bench::client::Client;
use crate::bench::flood::MEMORY_GOAL;
use crate::bench::process::Process;
use crate::bench::report::{Row, Samples};
use crate::bench::slow_screen::SlowScreen;
use crate::bench::watchers::{STAMP, Watchers};
use crate::workbench::Workbench;

/// The session.
const SESSION: &str = "screens";
/// The screens.
const SCREENS: usize = 100;
/// The stamped lines of one phase.
const LINES: usize = 150;
/// How often each phase is measured, in turn with the others.
const ROUNDS: usize = 2;
/// How long the lines of one phase may take, and how long all screens may take to be welcomed.
const WITHIN: Duration = Duration::from_secs(60);
/// How many times later one line in a hundred may arrive because of a screen that hardly reads.
const GOAL: f64 = 1.3;
/// Prints about 5 MB, of which the log keeps head and tail.
const PRINT: &str = "for line in range(50_000): print(f'{line:099}')";
/// How often that is printed at most while the slow screen is expected to be cut off.
const PRINTS: usize = 20;
/// How long after a print the service may take to end a connection.
const CUT_OFF_WITHIN: Duration = Duration::from_secs(2);
/// How often that is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A session and a client that runs its cells.
struct Bench {
    client: Client,
    service: Process,
    socket: PathBuf,
}

/// What one phase used.
struct Phase {
    /// The part of one core that the service used.
    load: f64,
    delays: Samples,
}

/// Measures the session alone, with the screens, and with the slow one beside them.
///
/// # Errors
/// When a screen loses a line or the slow screen is neither served nor cut off.
pub(crate) async fn measure(workbench: &Workbench) -> Result<Vec<Row>> {
    let session = workbench.start_session(SESSION)?;
    let socket = session.file.qubx.socket.clone();
    let client = Client::open(&socket).await?;
    let mut bench = Bench { client, service: Process(session.file.qubx.service.pid), socket };
    let mut rows = bench.with_screens().await?;
    rows.extend(bench.until_the_slow_one_is_cut_off().await?);
    rows.extend(bench.rush()?);
    bench.client.close().await;
    workbench.stop_session(SESSION)?;
    Ok(rows)
}

impl Bench {
    async fn with_screens(&mut self) -> Result<Vec<Row>> {
        let alone = self.phase(&mut Watchers::none()).await?;
        let memory_alone = self.service.resident()?;
        let (mut watchers, _) = Watchers::attach(&self.socket, SCREENS, WITHIN)?;
        let [mut quiet, mut beside] = [(); 2].map(|()| Samples::default());
        let mut load = 0.0;
        for _ in 0..ROUNDS {
            let phase = self.phase(&mut watchers).await?;
            load += phase.load / ROUNDS as f64;
            quiet.extend(phase.delays);
            let slow = SlowScreen::attach(&self.socket)?;
            beside.extend(self.phase(&mut watchers).await?.delays);
            drop(slow);
        }
        let memory = self.service.resident()?;
        let screens = SCREENS as f64;
        let a_second = |load: f64| Duration::from_secs_f64(load.max(0.0));
        Ok(vec![
            Row::time("service without screens: computes, a second", a_second(alone.load)),
            Row::time("service with 100 screens: computes, a second", a_second(load)),
            Row::time(
                "each of 100 screens: service computes for it, a second",
                a_second((load - alone.load) / screens),
            ),
            Row::megabytes("service without screens: resident", memory_alone),
            Row::megabytes("service with 100 screens: resident", memory),
            Row::megabytes("each of 100 screens: service holds for it", (memory - memory_alone) / screens),
            Row::times("log line to each of 100 screens, 10 lines a second", &quiet),
            Row::times("the same beside a screen that reads one byte a second", &beside),
            Row::tail_ratio("p99 of the lines: beside it / without it", &beside, &quiet).at_most(GOAL),
        ])
    }

    /// Writes the lines while the screens watch.
    async fn phase(&mut self, watchers: &mut Watchers) -> Result<Phase> {
        let code = format!(
            "import time\nfor _ in range({LINES}):\n    ctx.log(f'{STAMP}{{time.time_ns()}}')\n    time.sleep(0.1)"
        );
        let (began, computed) = (Instant::now(), self.service.computed()?);
        let mut watching = std::mem::replace(watchers, Watchers::none());
        let watching = std::thread::spawn(move || {
            let delays = watching.watch(LINES, WITHIN);
            (watching, delays)
        });
        self.client.execute(&code).await?;
        let (watched, delays) =
            watching.join().map_err(|_| anyhow!("the thread of the screens has panicked"))?;
        *watchers = watched;
        let load = (self.service.computed()? - computed).as_secs_f64() / began.elapsed().as_secs_f64();
        Ok(Phase { load, delays: delays? })
    }

    /// Prints until the service gives a screen up that hardly reads, and measures what it held for it.
    async fn until_the_slow_one_is_cut_off(&mut self) -> Result<[Row; 2]> {
        let slow = SlowScreen::attach(&self.socket)?;
        let peak = self.service.watch_peak();
        let mut prints = 0;
        while !cut_off_soon(&slow).await? {
            ensure!(
                prints < PRINTS,
                "a screen that hardly reads is not cut off after {PRINTS} cells of 5 MB"
            );
            self.client.execute(PRINT).await?;
            prints += 1;
        }
        Ok([
            Row::number("cells of 5 MB until the slow screen is cut off", prints, PRINTS),
            peak.row("service with the slow screen until then")?.at_most(MEMORY_GOAL),
        ])
    }

    /// Attaches all screens at once to a history that is as large as it gets.
    fn rush(&self) -> Result<[Row; 2]> {
        let peak = self.service.watch_peak();
        let (_, times) = Watchers::attach(&self.socket, SCREENS, WITHIN)?;
        Ok([
            Row::times("100 screens attach at once, full history: to its welcome", &times),
            peak.row("service while 100 screens attach at once")?.at_most(MEMORY_GOAL),
        ])
    }
}

/// Tells whether the service ends the connection in a short time.
async fn cut_off_soon(slow: &SlowScreen) -> Result<bool> {
    let deadline = Instant::now() + CUT_OFF_WITHIN;
    while Instant::now() < deadline {
        if slow.is_cut_off()? {
            return Ok(true);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(false)
}
