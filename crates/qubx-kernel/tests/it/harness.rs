//! A kernel in a folder of its own, and waiting with a limit.

use std::path::{Path, PathBuf};
use std::time::Duration;

use qubx_kernel::{
    Batch, BestPrices, CellRef, ChildLimits, KernelConfig, KernelEvent, KernelHandle, StrategyEvent,
    StrategySource,
};
use qubx_protocol::{CellNumber, CellStatus, Instrument, InstrumentId, OutputContent};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The longest wait for anything; a loaded machine takes a few seconds to start a kernel.
const LIMIT: Duration = Duration::from_secs(60);

/// Returns the Python to test with; none when the test has nothing to run.
pub(crate) fn python() -> Option<PathBuf> {
    let python = std::env::var_os("QUBX_TEST_PYTHON")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python"), PathBuf::from);
    let lacks = format!("no Python with ipykernel at {}", python.display());
    has("python", python.exists(), &lacks).then_some(python)
}

/// Tells whether there is what a need names; if not, the test is skipped and says what lacks, unless `QUBX_REQUIRE`, a
/// list with commas, has its name.
pub(crate) fn has(need: &str, has: bool, lacks: &str) -> bool {
    if !has {
        let required = std::env::var("QUBX_REQUIRE").unwrap_or_default();
        assert!(!required.split(',').any(|part| part == need), "{need} is required: {lacks}");
        println!("skipped: {lacks}");
    }
    has
}

pub(crate) fn source(folder: &Path, name: &str) -> StrategySource {
    let (module, class) = name.rsplit_once('.').unwrap();
    StrategySource {
        module: module.into(),
        class: class.into(),
        folder: folder.to_owned(),
        parameters: serde_json::Map::new(),
    }
}

/// What the kernels of the tests may trade.
const SYMBOLS: [&str; 2] = ["BTCUSDT", "ETHUSDT"];

/// A strategy that does nothing.
pub(crate) const IDLE: &str = "from qubx_strategy import Strategy\n\nclass S(Strategy):\n    pass\n";

/// How a kernel ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: String,
    pub(crate) traceback: String,
}

pub(crate) struct Kernel {
    pub(crate) handle: KernelHandle,
    pub(crate) folder: TempDir,
    pub(crate) connection: qubx_kernel::ConnectionInfo,
    pub(crate) versions: (String, String),
    events: mpsc::Receiver<KernelEvent>,
    tracker: TaskTracker,
    cancel: CancellationToken,
    last_cell: u64,
}

impl Kernel {
    /// Starts a kernel for the strategy `S` in `code` and waits until it is ready; none without a Python.
    pub(crate) async fn start(code: &str) -> Option<Self> {
        Self::start_in(tempfile::tempdir().unwrap(), code).await
    }

    /// Starts a kernel in a folder that may have had one.
    pub(crate) async fn start_in(folder: TempDir, code: &str) -> Option<Self> {
        Self::start_limited(folder, code, ChildLimits::default()).await
    }

    pub(crate) async fn start_limited(folder: TempDir, code: &str, limits: ChildLimits) -> Option<Self> {
        let python = python()?;
        std::fs::write(folder.path().join("tested.py"), code).unwrap();
        let (handle, cancel, mut events, tracker) = launch(python, folder.path(), limits);
        let event = tokio::time::timeout(LIMIT, events.recv()).await.unwrap().unwrap();
        let KernelEvent::Ready { pid, connection, python_version, ipykernel_version } = event else {
            panic!("{event:?}")
        };
        assert_eq!(pid, handle.pid());
        let versions = (python_version, ipykernel_version);
        Some(Self { handle, folder, connection, versions, events, tracker, cancel, last_cell: 0 })
    }

    pub(crate) async fn next(&mut self) -> KernelEvent {
        tokio::time::timeout(LIMIT, self.events.recv()).await.expect("an event in time").expect("an event")
    }

    /// Returns the first thing that `pick` finds in the events to come.
    pub(crate) async fn until<T>(&mut self, mut pick: impl FnMut(&KernelEvent) -> Option<T>) -> T {
        loop {
            let event = self.next().await;
            if let Some(found) = pick(&event) {
                return found;
            }
        }
    }

    /// Returns the next event of the strategy.
    pub(crate) async fn strategy(&mut self) -> StrategyEvent {
        self.until(|event| match event {
            KernelEvent::Strategy(event) => Some(event.clone()),
            _ => None,
        })
        .await
    }

    pub(crate) fn submit(&mut self, code: &str) -> CellRef {
        self.last_cell += 1;
        let cell = CellNumber(self.last_cell);
        self.handle.execute(cell, code);
        CellRef::Session(cell)
    }

    /// Waits until a cell prints `text`.
    pub(crate) async fn printed(&mut self, text: &str) {
        self.until(|event| match event {
            KernelEvent::Output { content: OutputContent::Stream { text: printed, .. }, .. } => {
                printed.contains(text).then_some(())
            }
            _ => None,
        })
        .await;
    }

    /// Waits for the end of a cell; returns its events and how it ended.
    pub(crate) async fn finish(&mut self, cell: &CellRef) -> (Vec<KernelEvent>, CellStatus) {
        let mut events = Vec::new();
        loop {
            match self.next().await {
                KernelEvent::CellFinished { cell: finished, status } if finished == *cell => {
                    return (events, status);
                }
                event => events.push(event),
            }
        }
    }

    /// Runs a cell; returns the text that it printed and showed, and how it ended.
    pub(crate) async fn run(&mut self, code: &str) -> (String, CellStatus) {
        let cell = self.submit(code);
        let (events, status) = self.finish(&cell).await;
        (text_of(&events, &cell), status)
    }

    /// Gives the strategy a batch of quotes at bid, bid + 1.
    pub(crate) fn quotes(&self, batch: u64, quotes: &[(&str, u32)]) {
        let mut news = Batch::new(batch);
        quotes.iter().for_each(|(symbol, bid)| quote(&mut news, symbol, *bid));
        self.handle.send_batch(news).unwrap();
    }

    /// Waits for the end of the child.
    pub(crate) async fn died(&mut self) -> Ended {
        self.until(|event| match event {
            KernelEvent::Died { status, traceback, .. } => {
                Some(Ended { status: status.clone(), traceback: traceback.clone() })
            }
            _ => None,
        })
        .await
    }

    /// Ends the kernel the way its owner does, waits for every task, and returns its folder.
    pub(crate) async fn end(mut self) -> TempDir {
        let handle = self.handle.clone();
        let (ended, ()) = tokio::join!(self.died(), handle.shutdown(Duration::from_secs(20)));
        assert_eq!(ended.status, "exit code 0", "a kernel that its owner ends goes by itself: {ended:?}");
        assert_eq!(ended.traceback, "");
        self.tracker.close();
        tokio::time::timeout(LIMIT, self.tracker.wait()).await.expect("every task ends");
        self.folder
    }

    /// Drops everything at once, as a service that fails.
    pub(crate) async fn cancel(self) {
        self.cancel.cancel();
        self.tracker.close();
        tokio::time::timeout(LIMIT, self.tracker.wait()).await.expect("every task ends");
    }
}

/// Starts a kernel and does not wait for it.
pub(crate) fn launch(
    python: PathBuf,
    folder: &Path,
    limits: ChildLimits,
) -> (KernelHandle, CancellationToken, mpsc::Receiver<KernelEvent>, TaskTracker) {
    let config = KernelConfig {
        python,
        runtime_dir: folder.to_owned(),
        folder: folder.to_owned(),
        source: Some(source(folder, "tested.S")),
        instruments: SYMBOLS.map(instrument).to_vec(),
        output_log: folder.join("output.log"),
        limits,
        environment: Vec::new(),
    };
    let (send, events) = mpsc::channel(64);
    let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
    let handle = qubx_kernel::start(config, send, &tracker, cancel.clone()).unwrap();
    (handle, cancel, events, tracker)
}

/// Returns what a cell printed and showed as text.
pub(crate) fn text_of(events: &[KernelEvent], wanted: &CellRef) -> String {
    let mut text = String::new();
    for event in events {
        match event {
            KernelEvent::Output { cell, content } if cell == wanted => match content {
                OutputContent::Stream { text: printed, .. } => text.push_str(printed),
                OutputContent::Data { data, .. } => {
                    text.push_str(data["text/plain"].as_str().unwrap_or_default());
                }
                OutputContent::Clear { .. } | OutputContent::Omitted { .. } | OutputContent::Lost { .. } => {}
            },
            KernelEvent::Error { cell, ename, evalue, .. } if cell == wanted => {
                text.push_str(&format!("{ename}: {evalue}"));
            }
            _ => {}
        }
    }
    text
}

/// The time of all news.
pub(crate) fn time() -> jiff::Timestamp {
    "2026-01-01T00:00:01.5Z".parse().unwrap()
}

/// Adds a quote at bid, bid + 1.
pub(crate) fn quote(batch: &mut Batch, symbol: &str, bid: u32) {
    let place = SYMBOLS.iter().position(|known| *known == symbol).unwrap();
    let prices = BestPrices {
        bid: rust_decimal::Decimal::from(bid).into(),
        ask: rust_decimal::Decimal::from(bid + 1).into(),
        bid_size: "1.5".parse().unwrap(),
        ask_size: "2".parse().unwrap(),
    };
    batch.quote(place as u32, time(), &prices, false);
}

fn instrument(symbol: &str) -> Instrument {
    Instrument {
        id: InstrumentId::new("SIM", symbol),
        tick_size: "0.1".parse().unwrap(),
        lot_size: "0.001".parse().unwrap(),
        min_notional: "5".parse().unwrap(),
        currency: "USDT".into(),
        multiplier: "1".parse().unwrap(),
        kind: qubx_protocol::InstrumentKind::Perpetual,
        maintenance_rate: "0.005".parse().unwrap(),
    }
}

/// Waits until a cell has made a file.
pub(crate) async fn wait_for_file(path: &Path) {
    let deadline = tokio::time::Instant::now() + LIMIT;
    while !path.exists() {
        assert!(tokio::time::Instant::now() < deadline, "{} is not made in time", path.display());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
