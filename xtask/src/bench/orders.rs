//! What a person and a cell order while Python hangs or prints without end, beside the same at rest.
//!
//! The screen that orders is shown all that the session tells, the flood too, and is one of those that a person has: its
//! times are from giving a command to having read that it is done, with the ledger's commit between. The strategy is not
//! asked: its calls run in turn with cells, so beside one that never ends it gives no orders.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use qubx_protocol::{CellNumber, Command, KernelState, OrderId};

use crate::bench::client::Client;
use crate::bench::report::{Row, Samples};
use crate::workbench::Workbench;

/// The session.
const SESSION: &str = "orders";
/// How often each is measured in a phase.
const TIMES: usize = 100;
/// How often each phase is measured, in turn with the others.
const ROUNDS: usize = 2;
/// How long it is quiet before each command, so that none waits for the one before.
const GAP: Duration = Duration::from_millis(30);
/// How long a new session has until every instrument has a quote, without which nothing can be ordered.
const QUOTED_IN: Duration = Duration::from_secs(2);
/// How long a cell that began has to be at what it is to do.
const AT_WORK_IN: Duration = Duration::from_millis(500);
/// How many times longer one in a hundred may take because Python hangs: what has no part in it is not changed by it,
/// and no two runs are alike.
const HANG_GOAL: f64 = 1.3;
/// The same because a cell prints without end.
const FLOOD_GOAL: f64 = 2.0;

/// What happens beside the commands.
#[derive(Clone, Copy, PartialEq)]
enum Beside {
    Nothing,
    Hang,
    Flood,
}

/// The times of one kind of phase.
#[derive(Default)]
struct Times {
    /// Pausing and resuming, in turn.
    verbs: Samples,
    /// Cancelling an order that rests.
    cancels: Samples,
    /// Giving an order, as the cell that gives it sees it; none in a hang.
    orders: Samples,
}

/// A session, its screen, and the files by which its cells and the bench tell each other something.
struct Bench {
    client: Client,
    /// Ends what happens beside the commands when it is written.
    enough: PathBuf,
    /// The times of a cell's orders, in seconds.
    times: PathBuf,
}

/// Measures the session at rest, beside a hang, and beside a flood, in turn.
///
/// # Errors
/// When a command is refused, or the cell beside it does not do what it is to do.
pub(crate) async fn measure(workbench: &Workbench) -> Result<Vec<Row>> {
    let session = workbench.start_session(SESSION)?;
    let client = Client::open(&session.file.qubx.socket).await?;
    let file = |name| workbench.home().join(name);
    let mut bench = Bench { client, enough: file("enough"), times: file("times.json") };
    bench.client.watch_for(QUOTED_IN).await?;
    let [mut rest, mut hang, mut flood] = [(); 3].map(|()| Times::default());
    for _ in 0..ROUNDS {
        bench.phase(Beside::Nothing, &mut rest).await?;
        bench.phase(Beside::Hang, &mut hang).await?;
        bench.phase(Beside::Flood, &mut flood).await?;
    }
    bench.client.close().await;
    workbench.stop_session(SESSION)?;
    let mut rows = compare("pause or resume", &rest.verbs, &hang.verbs, &flood.verbs);
    rows.extend(compare("cancel of an order", &rest.cancels, &hang.cancels, &flood.cancels));
    rows.extend([
        Row::times("order of a cell, to its answer: at rest", &rest.orders),
        Row::times("order of a cell, to its answer: it prints without end", &flood.orders),
        Row::tail_ratio("order of a cell, p99: printing / at rest", &flood.orders, &rest.orders)
            .at_most(FLOOD_GOAL),
    ]);
    Ok(rows)
}

/// Returns the rows of a command of a person.
fn compare(what: &str, rest: &Samples, hang: &Samples, flood: &Samples) -> Vec<Row> {
    vec![
        Row::times(&format!("{what}: at rest"), rest),
        Row::times(&format!("{what}: a cell holds the interpreter"), hang),
        Row::times(&format!("{what}: a cell prints without end"), flood),
        Row::tail_ratio(&format!("{what}, p99: hang / at rest"), hang, rest).at_most(HANG_GOAL),
        Row::tail_ratio(&format!("{what}, p99: printing / at rest"), flood, rest).at_most(FLOOD_GOAL),
    ]
}

impl Bench {
    async fn phase(&mut self, beside: Beside, times: &mut Times) -> Result<()> {
        let resting = self.rest_orders().await?;
        let cell = self.begin(beside).await?;
        for order in resting {
            times.cancels.push(self.command(Command::CancelOrder { order }).await?);
        }
        for number in 0..TIMES {
            let verb = if number % 2 == 0 { Command::Pause } else { Command::Resume };
            times.verbs.push(self.command(verb).await?);
        }
        if let Some(cell) = cell {
            self.end(beside, cell).await?;
        }
        match beside {
            Beside::Nothing => self.order("time.sleep(0.03)", &mut times.orders).await,
            Beside::Flood => {
                let prints = "for line in range(1_000): print(f'{line:099}')";
                self.order(prints, &mut times.orders).await
            }
            Beside::Hang => Ok(()),
        }
    }

    /// Has a cell give orders that rest, and returns their ids.
    async fn rest_orders(&mut self) -> Result<Vec<OrderId>> {
        let code = format!("for _ in range({TIMES}): trade('SOLUSDT', 1, price=10)");
        self.client.execute(&code).await?;
        let state = self.client.state().context("a client that is connected has a state")?;
        let resting: Vec<OrderId> = state.orders.keys().cloned().collect();
        ensure!(resting.len() == TIMES, "{} orders rest instead of {TIMES}", resting.len());
        Ok(resting)
    }

    /// Begins what is to happen beside the commands.
    async fn begin(&mut self, beside: Beside) -> Result<Option<CellNumber>> {
        let enough = &self.enough;
        let code = match beside {
            Beside::Nothing => return Ok(None),
            // A call into C that keeps the interpreter to itself, here until somebody writes to the pipe.
            Beside::Hang => format!(
                "import ctypes, os\nos.mkfifo({enough:?})\n\
                 _ = ctypes.PyDLL(None).open({enough:?}.encode(), os.O_RDONLY)"
            ),
            Beside::Flood => format!(
                "from pathlib import Path\nwhile not Path({enough:?}).exists():\n    \
                 for line in range(1_000): print(f'{{line:099}}')"
            ),
        };
        // Python tells of a cell's begin when it gets to it, which it would not in a hang.
        let code = format!("print('at work', flush=True)\n{code}");
        let cell = self.client.begin(&code).await?;
        self.client.watch_for(AT_WORK_IN).await?;
        Ok(Some(cell))
    }

    /// Makes sure that it happened all the time, and waits for its end.
    async fn end(&mut self, beside: Beside, cell: CellNumber) -> Result<()> {
        ensure!(self.client.is_running(cell), "the cell ended before all was measured beside it");
        let kernel = self.client.state().and_then(|state| state.status.as_ref());
        let hangs = kernel.is_some_and(|status| status.kernel.state == KernelState::NotResponding);
        ensure!(hangs == (beside == Beside::Hang), "whether Python hangs is told wrongly");
        std::fs::write(&self.enough, "").context("ending what happens beside the commands")?;
        self.client.end(cell).await?;
        std::fs::remove_file(&self.enough).context("removing the file that ended it")
    }

    /// Gives a command after a while and returns how long it takes until it is done.
    async fn command(&mut self, command: Command) -> Result<Duration> {
        self.client.watch_for(GAP).await?;
        let began = Instant::now();
        self.client.command_to_its_end(command).await?;
        Ok(began.elapsed())
    }

    /// Has a cell give orders at market, each after something else.
    async fn order(&mut self, before_each: &str, samples: &mut Samples) -> Result<()> {
        let code = format!(
            "import json, time\nfrom pathlib import Path\ntimes = []\nfor number in range({TIMES}):\n    \
             {before_each}\n    began = time.perf_counter()\n    \
             order = trade('SOLUSDT', 1 if number % 2 else -1)\n    \
             times.append(time.perf_counter() - began)\n    assert order.status != 'rejected', order\n\
             Path({:?}).write_text(json.dumps(times))",
            self.times
        );
        self.client.execute(&code).await?;
        read(&self.times)?.into_iter().for_each(|time| samples.push(time));
        Ok(())
    }
}

/// Reads the times that a cell wrote.
fn read(path: &Path) -> Result<Vec<Duration>> {
    let text = std::fs::read_to_string(path).context("reading the times of a cell's orders")?;
    let seconds: Vec<f64> = serde_json::from_str(&text).context("reading the times of a cell's orders")?;
    ensure!(seconds.len() == TIMES, "a cell gave {} orders instead of {TIMES}", seconds.len());
    Ok(seconds.into_iter().map(Duration::from_secs_f64).collect())
}
