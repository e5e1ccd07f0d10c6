//! A thousand browser tabs on one session: what each costs, how late events arrive, what the engine notices of it, and that a
//! hundred which hardly read change nothing for the others.
//!
//! The tabs are raw sockets read by one thread (see `watchers`), so they take part of the two cores too. Ten stamped lines a
//! second are written, and the example's quotes, orders and fills come on top.

use std::io::Read;
use std::net::TcpStream;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::bench::attach::fill;
use crate::bench::client::Client;
use crate::bench::gateway::Gateway;
use crate::bench::process::Process;
use crate::bench::report::{Row, Samples};
use crate::bench::watchers::{STAMP, Watchers};
use crate::workbench::Workbench;

/// The session.
const SESSION: &str = "tabs";
/// The tabs.
const TABS: usize = 1_000;
/// Those of them that read one byte a second in the last phase.
const SLOW: usize = 100;
/// How often one tab is opened alone.
const TIMES: usize = 200;
/// The stamped lines of one phase.
const LINES: usize = 300;
/// One line in so many is followed by an order of the strategy's.
const LINES_PER_ORDER: usize = 3;
/// How long a phase may take, and how long all tabs may take to be welcomed.
const WITHIN: Duration = Duration::from_secs(120);
/// The time between two bytes that a slow tab reads.
const PAUSE: Duration = Duration::from_secs(1);

/// How far the thread of the tabs comes behind, as nice(2) counts it.
const BEHIND: i32 = 5;

/// How late one line in a hundred may be, in milliseconds.
const DELAY_GOAL: f64 = 100.0;
/// How long a tab's first snapshot may take in one of a hundred cases, in milliseconds.
const SNAPSHOT_GOAL: f64 = 50.0;
/// What the gateway may hold for a tab, in megabytes.
const MEMORY_GOAL: f64 = 0.3;
/// How many times longer the engine and the ledger may take for an order because of the tabs.
const ENGINE_GOAL: f64 = 1.1;
/// How many times later one line in a hundred may arrive because of the slow tabs.
const SLOW_GOAL: f64 = 1.3;

/// A session, its page, who writes lines, and who sees the orders.
struct Bench {
    gateway: Gateway,
    session: String,
    service: Process,
    writer: Client,
    person: Client,
}

/// What one phase showed.
struct Phase {
    delays: Samples,
    /// From the engine's decision for an order until it is sent.
    sent: Samples,
    /// The parts of one core that service and gateway used.
    loads: [f64; 2],
}

/// Measures opening a tab, and the session without tabs, with a thousand, and with a hundred slow ones among them.
///
/// # Errors
/// When a tab loses a line.
pub(crate) async fn measure(workbench: &Workbench) -> Result<Vec<Row>> {
    raise_limit();
    let session = workbench.start_session(SESSION)?;
    let socket: &Path = &session.file.qubx.socket;
    fill(socket).await?;
    let (writer, person) = (Client::open(socket).await?, Client::open(socket).await?);
    let gateway = Gateway::start(workbench)?;
    let service = Process(session.file.qubx.service.pid);
    let mut bench = Bench { gateway, session: session.file.qubx.name.clone(), service, writer, person };
    let rows = bench.measure().await?;
    bench.writer.close().await;
    bench.person.close().await;
    drop(bench.gateway);
    workbench.stop_session(SESSION)?;
    Ok(rows)
}

impl Bench {
    async fn measure(&mut self) -> Result<Vec<Row>> {
        let mut snapshots = Samples::default();
        for _ in 0..TIMES {
            let (tab, times) = self.open(1)?;
            snapshots.extend(times);
            drop(tab);
        }
        let alone = self.phase(&mut Watchers::none()).await?;
        let before = self.gateway.process.resident()?;
        let (mut tabs, rush) = self.open(TABS)?;
        let held = self.gateway.process.resident()? - before;
        let with = self.phase(&mut tabs).await?;
        drop(tabs);
        let (mut tabs, _) = self.open(TABS - SLOW)?;
        let slow = SlowTabs::open(SLOW, || self.gateway.tab(&self.session))?;
        let beside = self.phase(&mut tabs).await?;
        drop(slow);
        let [service, gateway] = with.loads;
        Ok(vec![
            Row::times("a tab on 1,000 entries: socket opened to snapshot", &snapshots)
                .p99_at_most(SNAPSHOT_GOAL),
            Row::times("1,000 tabs open at once: to its snapshot", &rush),
            Row::megabytes("each of 1,000 tabs: gateway holds for it", held / TABS as f64)
                .at_most(MEMORY_GOAL),
            Row::percent("1,000 tabs: service, of one core", service * 100.0),
            Row::percent("1,000 tabs: gateway, of one core", gateway * 100.0),
            Row::times("log line to each of 1,000 tabs, 10 lines a second", &with.delays)
                .p99_at_most(DELAY_GOAL),
            Row::times("the same to 900 beside 100 that read one byte a second", &beside.delays)
                .p99_at_most(DELAY_GOAL),
            Row::tail_ratio("p99 of the lines: beside them / without them", &beside.delays, &with.delays)
                .at_most(SLOW_GOAL),
            Row::times("order, decided to sent: without tabs", &alone.sent),
            Row::times("order, decided to sent: with 1,000 tabs", &with.sent),
            Row::ratio("the same: with tabs / without", &with.sent, &alone.sent).at_most(ENGINE_GOAL),
        ])
    }

    fn open(&self, count: usize) -> Result<(Watchers, Samples)> {
        Watchers::tabs(count, WITHIN, || self.gateway.tab(&self.session))
    }

    /// Writes the lines and lets the strategy order while the tabs watch.
    async fn phase(&mut self, tabs: &mut Watchers) -> Result<Phase> {
        // Orders come between the lines, when a strategy's would: not in the wake of what was just told to everybody.
        let code = format!(
            "import time\n\
             for number in range({LINES}):\n    \
                 ctx.log(f'{STAMP}{{time.time_ns()}}')\n    \
                 time.sleep(0.05)\n    \
                 if number % {LINES_PER_ORDER} == 0:\n        \
                     ctx.trade('BTCUSDT', -0.001 if number % 2 else 0.001)\n    \
                 time.sleep(0.05)"
        );
        let processes = [self.service, self.gateway.process];
        let (began, computed) = (Instant::now(), [processes[0].computed()?, processes[1].computed()?]);
        let mut watching = std::mem::replace(tabs, Watchers::none());
        let watching = std::thread::spawn(move || {
            // Tabs are elsewhere: what they take of these cores must not come before the session.
            let _ = rustix::process::nice(BEHIND);
            let delays = watching.watch(LINES, WITHIN);
            (watching, delays)
        });
        let orders = self.person.watch_orders(LINES / LINES_PER_ORDER);
        let (wrote, sent) = tokio::join!(self.writer.execute(&code), orders);
        wrote?;
        let (watched, delays) =
            watching.join().map_err(|_| anyhow!("the thread of the tabs has panicked"))?;
        *tabs = watched;
        let seconds = began.elapsed().as_secs_f64();
        let mut loads = [0.0; 2];
        for ((load, process), computed) in loads.iter_mut().zip(processes).zip(computed) {
            *load = (process.computed()? - computed).as_secs_f64() / seconds;
        }
        Ok(Phase { delays: delays?, sent: sent?, loads })
    }
}

/// Tabs that read one byte a second each. They close when this is dropped.
struct SlowTabs {
    end: Option<mpsc::Sender<()>>,
    reader: Option<std::thread::JoinHandle<()>>,
}

impl SlowTabs {
    fn open(count: usize, mut open: impl FnMut() -> Result<TcpStream>) -> Result<Self> {
        let mut tabs = Vec::new();
        for _ in 0..count {
            let tab = open()?;
            tab.set_nonblocking(true)?;
            tabs.push(tab);
        }
        let (end, ended) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            while ended.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                for tab in &mut tabs {
                    // Silence and the end alike are nothing to such a tab.
                    let _ = tab.read(&mut [0]);
                }
            }
        });
        Ok(Self { end: Some(end), reader: Some(reader) })
    }
}

impl Drop for SlowTabs {
    fn drop(&mut self) {
        self.end = None;
        if let Some(reader) = self.reader.take() {
            // It has nothing to tell.
            let _ = reader.join();
        }
    }
}

/// Lets this process have as many open files as the system allows.
fn raise_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}
