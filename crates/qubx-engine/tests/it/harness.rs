//! A session that stores every intent, and a strategy that is a closure.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use qubx_engine::{
    At, Call, CallValue, Checkpoint, EngineConfig, EngineError, EngineEvent, EngineHandle, EngineOutput,
    ExchangeConfig, FeedConfig, Fees, Limits, MarketData, MarketEvent, OrderRequest, PaperConfig,
    RecordedFile, RecordedKind, Restore, Speed, StrategyBatch, StrategyInput, Touch, default_instrument,
    start,
};
use qubx_protocol::{Fill, InstrumentId, MarketView, Order, Side};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// No wait in a test takes longer, unless something is broken.
const PATIENCE: Duration = Duration::from_secs(180);

pub(crate) async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} takes too long"))
}

/// A running engine, with a session that stores intents and remembers facts.
pub(crate) struct Running {
    pub(crate) handle: EngineHandle,
    pub(crate) batches: mpsc::Receiver<StrategyBatch>,
    outputs: Outputs,
    channel: mpsc::WeakSender<EngineOutput>,
    finished: watch::Receiver<bool>,
    pub(crate) tracker: TaskTracker,
    cancel: CancellationToken,
}

/// Where a strategy is in its batch, and its way to the engine.
pub(crate) struct Seat {
    pub(crate) handle: EngineHandle,
    at: Cell<At>,
    end: Cell<u32>,
    pending: RefCell<VecDeque<StrategyInput>>,
}

impl Seat {
    pub(crate) async fn call(&self, call: Call) -> Result<CallValue, EngineError> {
        let reply = in_time("a call", self.handle.call(Some(self.at.get()), call)).await?;
        self.pending.borrow_mut().extend(reply.facts);
        self.end.set(reply.end.unwrap_or(self.end.get()));
        Ok(reply.value)
    }

    /// Lets all facts up to here be stored, and where the strategy is.
    pub(crate) async fn flush(&self) {
        in_time("flushing", self.handle.flush(Some(self.at.get()))).await.unwrap();
    }

    pub(crate) async fn place(&self, request: OrderRequest) -> Order {
        match self.call(Call::Place(request)).await.unwrap() {
            CallValue::Order(order) => *order,
            other => panic!("{other:?}"),
        }
    }
}

/// Works through a batch as a host of a strategy does.
pub(crate) async fn work(
    handle: &EngineHandle,
    batch: StrategyBatch,
    react: &mut impl AsyncFnMut(&Seat, StrategyInput),
) {
    assert!(work_while(handle, batch, react, |_| true).await.is_none());
}

/// Works through a batch while inputs are `wanted`. Returns what holds the batch when it stops at one that is not.
pub(crate) async fn work_while(
    handle: &EngineHandle,
    batch: StrategyBatch,
    react: &mut impl AsyncFnMut(&Seat, StrategyInput),
    mut wanted: impl FnMut(&StrategyInput) -> bool,
) -> Option<oneshot::Sender<u32>> {
    let StrategyBatch { number, inputs, done, .. } = batch;
    let at = Cell::new(At { batch: number, record: 0 });
    let end = Cell::new(inputs.len() as u32);
    let seat = Seat { handle: handle.clone(), at, end, pending: RefCell::default() };
    for (record, input) in (1..).zip(inputs) {
        if record > seat.end.get() {
            break;
        }
        if !wanted(&input) {
            return Some(done);
        }
        seat.at.set(At { batch: number, record });
        react(&seat, input).await;
        loop {
            let Some(fact) = seat.pending.borrow_mut().pop_front() else { break };
            react(&seat, fact).await;
        }
    }
    done.send(seat.at.get().record).unwrap();
    None
}

/// Returns the quote that an input is, whether it is to be reacted to or only seen.
pub(crate) fn quote_of(input: &StrategyInput) -> Option<(MarketEvent, Touch)> {
    match input {
        StrategyInput::Event(event) | StrategyInput::See(event) => match event.data {
            MarketData::Quote(touch) => Some((*event, touch)),
            _ => None,
        },
        _ => None,
    }
}

/// What a session stored at once.
pub(crate) type Stored = (Vec<EngineEvent>, Checkpoint);

type Outputs = Arc<Mutex<Vec<Stored>>>;

impl Running {
    pub(crate) fn start(config: EngineConfig) -> Self {
        Self::start_with(config, |_| Ok(()))
    }

    /// Starts an engine whose session stores an intent, or not, as `store` says.
    pub(crate) fn start_with(
        config: EngineConfig,
        mut store: impl FnMut(&[EngineEvent]) -> Result<(), String> + Send + 'static,
    ) -> Self {
        let (outputs, mut taken) = mpsc::channel::<EngineOutput>(4);
        let channel = outputs.downgrade();
        let (strategy, batches) = mpsc::channel(1);
        let tracker = TaskTracker::new();
        let cancel = CancellationToken::new();
        let handle = start(config, outputs, strategy, &tracker, cancel.clone()).unwrap();
        let stored = Outputs::default();
        let (finish, finished) = watch::channel(false);
        let remembered = Arc::clone(&stored);
        tracker.spawn(async move {
            while let Some(output) = taken.recv().await {
                if let Some(committed) = output.committed {
                    committed.send(store(&output.events)).unwrap();
                }
                let is_last = output.events.contains(&EngineEvent::FeedFinished);
                remembered.lock().unwrap().push((output.events, output.checkpoint));
                if is_last {
                    finish.send_replace(true);
                }
            }
        });
        Self { handle, batches, outputs: stored, channel, finished, tracker, cancel }
    }

    pub(crate) fn facts(&self) -> Vec<EngineEvent> {
        self.outputs().into_iter().flat_map(|(events, _)| events).collect()
    }

    /// Returns what was stored at once, in sequence.
    pub(crate) fn outputs(&self) -> Vec<Stored> {
        self.outputs.lock().unwrap().clone()
    }

    pub(crate) fn fills(&self) -> Vec<Fill> {
        fills_of(&self.outputs())
    }

    pub(crate) async fn place(&self, symbol: &str, side: Side, quantity: &str, price: Option<&str>) -> Order {
        in_time("an order", self.handle.place(request(symbol, side, quantity, price))).await.unwrap()
    }

    /// Waits until all facts up to now are stored.
    pub(crate) async fn flush(&self) {
        in_time("flushing", self.handle.flush(None)).await.unwrap();
        in_time("storing", async {
            while self.channel.upgrade().is_some_and(|channel| channel.capacity() < channel.max_capacity()) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// Waits until the market looks as wanted.
    pub(crate) async fn until(&self, what: &str, wanted: impl FnMut(&Arc<MarketView>) -> bool) -> MarketView {
        let mut market = self.handle.market();
        let view = in_time(what, market.wait_for(wanted)).await.unwrap();
        MarketView::clone(&view)
    }

    pub(crate) async fn until_finished(&mut self) {
        in_time("the end of the replay", self.finished.wait_for(|finished| *finished)).await.unwrap();
    }

    /// Returns what the strategy is told next; none when the replay is at its end.
    pub(crate) async fn next_batch(&mut self) -> Option<StrategyBatch> {
        let Self { batches, finished, .. } = self;
        in_time("a batch", async {
            tokio::select! {
                batch = batches.recv() => batch,
                result = finished.wait_for(|finished| *finished) => {
                    drop(result.unwrap());
                    None
                }
            }
        })
        .await
    }

    /// Runs a strategy until the replay is at its end.
    pub(crate) async fn run_strategy(&mut self, mut react: impl AsyncFnMut(&Seat, StrategyInput)) {
        while let Some(batch) = self.next_batch().await {
            work(&self.handle, batch, &mut react).await;
        }
    }

    /// Stops the engine and returns all that it stored.
    pub(crate) async fn stop(self) -> Vec<Stored> {
        self.cancel.cancel();
        self.tracker.close();
        in_time("stopping", self.tracker.wait()).await;
        assert!(self.handle.snapshot().await.is_err());
        self.outputs()
    }
}

pub(crate) fn fills_of(outputs: &[Stored]) -> Vec<Fill> {
    let fill = |event: &EngineEvent| match event {
        EngineEvent::Fill { fill, .. } => Some(fill.clone()),
        _ => None,
    };
    outputs.iter().flat_map(|(events, _)| events).filter_map(fill).collect()
}

/// Returns the config with which a session goes on whose store holds just these outputs.
pub(crate) fn going_on(config: &EngineConfig, outputs: &[Stored]) -> EngineConfig {
    let mut config = config.clone();
    let mut restore = config.restore.take().unwrap_or_default();
    for (events, checkpoint) in outputs {
        for event in events {
            remember(&mut restore, &mut config.next_order, event);
        }
        restore.checkpoint = Some(checkpoint.clone());
    }
    config.restore = Some(restore);
    config
}

/// Does with an event what a ledger does.
fn remember(restore: &mut Restore, next_order: &mut u64, event: &EngineEvent) {
    match event {
        EngineEvent::Order(order) => {
            let place = restore.orders.iter().position(|known| known.id == order.id);
            match place {
                Some(place) if order.status.is_open() => restore.orders[place] = order.clone(),
                Some(place) => drop(restore.orders.remove(place)),
                None => {
                    *next_order += 1;
                    restore.orders.extend(order.status.is_open().then(|| order.clone()));
                }
            }
        }
        EngineEvent::Fill { position, .. } | EngineEvent::Funding { position, .. } => {
            restore.positions.retain(|known| known.instrument != position.instrument);
            restore.positions.push(position.clone());
        }
        EngineEvent::Paused { .. }
        | EngineEvent::Log { .. }
        | EngineEvent::FeedFinished
        | EngineEvent::Results(_) => {}
    }
}

pub(crate) fn request(symbol: &str, side: Side, quantity: &str, price: Option<&str>) -> OrderRequest {
    OrderRequest::new(
        id(symbol),
        side,
        quantity.parse().unwrap(),
        price.map(|price| price.parse().unwrap()),
        "tester".into(),
    )
}

pub(crate) fn id(symbol: &str) -> InstrumentId {
    InstrumentId::new("X", symbol)
}

pub(crate) fn config(symbols: &[&str], feed: FeedConfig) -> EngineConfig {
    EngineConfig {
        exchanges: vec![ExchangeConfig {
            name: "X".to_owned(),
            currency: "USDT".to_owned(),
            capital: "100000".parse().unwrap(),
            leverage: 3.into(),
            fees: Fees { maker_bps: 2.into(), taker_bps: 5.into() },
            instruments: symbols.iter().map(|symbol| default_instrument("X", symbol, "USDT")).collect(),
            paper: PaperConfig::default(),
            funding: None,
            feed,
        }],
        limits: Limits::default(),
        stale_after: Duration::from_secs(10),
        order_prefix: "q".to_owned(),
        next_order: 1,
        restore: None,
    }
}

pub(crate) fn sim() -> EngineConfig {
    let feed = FeedConfig::Sim {
        seed: 7,
        quotes_per_second: 50.try_into().unwrap(),
        clock_offset: jiff::SignedDuration::ZERO,
    };
    config(&["BTCUSDT", "ETHUSDT"], feed)
}

/// Returns the config of a replay of one file.
pub(crate) fn replay(speed: &str, file: &Path) -> EngineConfig {
    replay_all(speed, &[("BTCUSDT", file.to_owned())])
}

pub(crate) fn replay_all(speed: &str, files: &[(&str, PathBuf)]) -> EngineConfig {
    let symbols: Vec<_> = files.iter().map(|(symbol, _)| *symbol).collect();
    let speed: Speed = speed.parse().unwrap();
    let files = files
        .iter()
        .map(|(symbol, path)| RecordedFile {
            instrument: id(symbol),
            kind: RecordedKind::Quotes,
            path: path.clone(),
        })
        .collect();
    config(&symbols, FeedConfig::Replay { speed, files })
}

/// Writes a file of quotes in a folder that lives as long as what is returned.
pub(crate) fn file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

/// Returns quotes of two minutes, one a second, that swing by 40 around 1000.
pub(crate) fn swinging_quotes() -> String {
    let mut text = "timestamp,bid_price,bid_amount,ask_price,ask_amount\n".to_owned();
    for second in 0..120_i64 {
        let bid = 1_000 + ((second * 7) % 81 - 40).abs();
        text.push_str(&format!("{},{bid}.0,1,{bid}.5,1\n", 1_767_225_600 + second));
    }
    text
}
