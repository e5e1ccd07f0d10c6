//! The host of a strategy in Rust: a thread of its own that makes it and runs its callbacks, in order, one at a time.
//!
//! It does with batches, and with the answers to calls, what the runner of a strategy in Python does. A callback that
//! fails or panics is told, and the next one follows. It never touches the book: what the strategy sees is a copy.

mod guard;
mod news;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use qubx_protocol::{Action, Author, By, Command, CommandId, Instrument, Parameter};
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::guard::{guarded, note_panics};
pub use self::news::{Content, HostEvent};
use super::hosted::Hosted;
use super::kinds::complete;
use super::mirror::Mirror;
use super::times::{Callback, Times};
use super::{Context, Outcome, Prepared, Print};
use crate::{
    At, EngineError, EngineHandle, FAILURES_THAT_PAUSE, Interests, MarketData, StrategyBatch, StrategyInput,
};

/// How often the times of callbacks are told: often enough to look at.
const TELL_TIMES: Duration = Duration::from_millis(500);

/// Talks to the thread of a strategy.
#[derive(Clone, Debug)]
pub struct HostHandle {
    stop: CancellationToken,
    busy_since: Arc<AtomicI64>,
}

impl HostHandle {
    /// Ends the strategy after the batch on which it works. [`HostEvent::Stopped`] says when it did; one that hangs in a
    /// callback never does.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Returns since when it works on a batch, by the wall; none while it waits.
    #[must_use]
    pub fn busy_since(&self) -> Option<Timestamp> {
        match self.busy_since.load(Ordering::Relaxed) {
            IDLE => None,
            microseconds => Timestamp::from_microsecond(microseconds).ok(),
        }
    }
}

/// Stands for no moment.
const IDLE: i64 = i64::MIN;

/// Starts a strategy on a thread of its own. It attaches to the engine, and lets the feed run once it started.
///
/// `batches` is where the engine's news come, `instruments` are those of its config in their order. `events` is read by
/// the session; when it is full the strategy waits. Must be called within a runtime, which must go on as long as the
/// engine.
///
/// # Errors
/// The system gives no thread.
pub fn host(
    strategy: Prepared,
    instruments: Vec<Instrument>,
    engine: EngineHandle,
    batches: mpsc::Receiver<StrategyBatch>,
    events: mpsc::Sender<HostEvent>,
) -> std::io::Result<HostHandle> {
    let stop = CancellationToken::new();
    let busy_since = Arc::new(AtomicI64::new(IDLE));
    let handle = HostHandle { stop: stop.clone(), busy_since: Arc::clone(&busy_since) };
    let ctx = Context {
        engine,
        runtime: Handle::current(),
        events,
        mirror: Mirror::new(instruments),
        at: None,
        end: 0,
        pending: std::collections::VecDeque::new(),
        by: strategy_itself(),
        has_run: false,
    };
    let thread = std::thread::Builder::new().name("strategy".to_owned());
    thread.spawn(move || Start { prepared: strategy, ctx, batches, stop, busy_since }.run())?;
    Ok(handle)
}

fn strategy_itself() -> By {
    "strategy".into()
}

/// A strategy that is not made yet.
struct Start {
    prepared: Prepared,
    ctx: Context,
    batches: mpsc::Receiver<StrategyBatch>,
    stop: CancellationToken,
    busy_since: Arc<AtomicI64>,
}

impl Start {
    fn run(mut self) {
        note_panics();
        let interests = self.prepared.factory.interests();
        let Some(mut host) = self.start() else {
            self.start_feed(Interests::NONE);
            return;
        };
        self.start_feed(interests);
        host.run_pending(&mut self.ctx);
        host.tell_parameters(&mut self.ctx);
        self.ctx.tell(HostEvent::Started { interests });
        while let Some(batch) = self.next() {
            self.busy_since.store(Timestamp::now().as_microsecond(), Ordering::Relaxed);
            host.work(&mut self.ctx, batch);
            self.busy_since.store(IDLE, Ordering::Relaxed);
        }
        host.run(&mut self.ctx, Callback::Stop, |strategy, ctx| strategy.on_stop(ctx));
        host.tell_times(&mut self.ctx);
        host.tell_parameters(&mut self.ctx);
        // Without a reader the engine knows that nobody is to be told any more.
        drop(self.batches);
        self.ctx.tell(HostEvent::Stopped);
    }

    /// Makes the strategy and lets it begin with the book; none when it fails.
    fn start(&mut self) -> Option<Host> {
        let Prepared { factory, parameters, .. } = self.prepared.clone();
        let actions = factory.actions();
        let made = guarded(|| {
            let mut strategy = factory.make(parameters)?;
            let parameters = strategy.parameters()?;
            Ok((strategy, parameters))
        });
        let (strategy, parameters) = self.or_failed("new", made)?;
        let constructed = HostEvent::Constructed { parameters: parameters.clone(), actions: actions.clone() };
        self.ctx.tell(constructed);
        let book = self.ctx.runtime.block_on(self.ctx.engine.attach_strategy());
        let book = self.or_failed("on_start", book.map_err(|error| error.to_string()))?;
        self.ctx.mirror.begin(book);
        let now = Instant::now();
        let mut host = Host {
            strategy,
            actions,
            parameters,
            times: Times::default(),
            times_told: now,
            before: now,
            in_a_row: 0,
        };
        let started = guarded(|| host.strategy.on_start(&mut self.ctx));
        host.times.note(Callback::Start, now.elapsed());
        self.or_failed("on_start", started)?;
        Some(host)
    }

    fn or_failed<T>(&mut self, stage: &'static str, result: Result<T, String>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.ctx.tell(HostEvent::Failed { stage, error });
                None
            }
        }
    }

    fn start_feed(&self, interests: Interests) {
        let started = self.ctx.runtime.block_on(self.ctx.engine.start_feed(interests));
        if let Err(error @ EngineError::Stopped) = started {
            tracing::debug!(%error, "the feed does not start");
        }
    }

    /// Waits for the next batch; none when the strategy is to end.
    fn next(&mut self) -> Option<StrategyBatch> {
        let Self { stop, batches, ctx, .. } = self;
        ctx.runtime.block_on(async {
            tokio::select! {
                biased;
                () = stop.cancelled() => None,
                batch = batches.recv() => batch,
            }
        })
    }
}

/// A strategy that runs.
struct Host {
    strategy: Box<dyn Hosted>,
    actions: Vec<Action>,
    /// As they were told last.
    parameters: Vec<Parameter>,
    times: Times,
    times_told: Instant,
    /// When the callback before ended, or the batch began.
    before: Instant,
    in_a_row: u32,
}

impl Host {
    /// Works through a batch, as far as it counts.
    fn work(&mut self, ctx: &mut Context, batch: StrategyBatch) {
        // What was meant for a strategy before is in the book with which this one began.
        if batch.is_stale() {
            return;
        }
        let StrategyBatch { number, time, inputs, done } = batch;
        ctx.mirror.see_time(time);
        ctx.end = u32::try_from(inputs.len()).unwrap_or(u32::MAX);
        self.before = Instant::now();
        let mut reached = 0;
        for input in inputs {
            if reached >= ctx.end {
                break;
            }
            reached += 1;
            ctx.at = Some(At { batch: number, record: reached });
            if let StrategyInput::Event(event) = &input {
                ctx.mirror.market(event);
                let instrument = event.instrument;
                match event.data {
                    MarketData::Quote(touch) => self.run(ctx, Callback::Quote, |strategy, ctx| {
                        strategy.on_quote(ctx, instrument, &touch)
                    }),
                    MarketData::Trade { price, size, side } => {
                        let trade = Print { price, size, side };
                        self.run(ctx, Callback::Trade, |strategy, ctx| {
                            strategy.on_trade(ctx, instrument, &trade)
                        });
                    }
                    MarketData::Bar { .. } | MarketData::FundingRate(_) => {}
                }
            } else {
                ctx.mirror.see(&input);
                self.react(ctx, input);
            }
            self.run_pending(ctx);
        }
        ctx.at = None;
        // The engine forgets a batch when another strategy attaches.
        let _ = done.send(reached);
        if self.times_told.elapsed() >= TELL_TIMES {
            self.tell_times(ctx);
            self.tell_parameters(ctx);
        }
    }

    /// Runs the callbacks of what calls caused, also of what those cause in turn.
    fn run_pending(&mut self, ctx: &mut Context) {
        while let Some(fact) = ctx.pending.pop_front() {
            self.react(ctx, fact);
        }
    }

    /// Runs the callback of a piece of news that is seen already.
    fn react(&mut self, ctx: &mut Context, input: StrategyInput) {
        match input {
            StrategyInput::Bar(bar, _) => {
                let Some(instrument) = ctx.mirror.place(&bar.instrument) else { return };
                self.run(ctx, Callback::Bar, |strategy, ctx| strategy.on_bar(ctx, instrument, &bar));
            }
            StrategyInput::Order(order) => {
                self.run(ctx, Callback::Order, |strategy, ctx| strategy.on_order(ctx, &order));
            }
            StrategyInput::Fill(fill) => {
                self.run(ctx, Callback::Fill, |strategy, ctx| strategy.on_fill(ctx, &fill.0));
            }
            StrategyInput::Timer { name, .. } => {
                self.run(ctx, Callback::Timer, |strategy, ctx| strategy.on_timer(ctx, &name));
            }
            StrategyInput::Command { id, author, command } => self.obey(ctx, id, author, *command),
            StrategyInput::Event(_) | StrategyInput::See(_) | StrategyInput::Funding(_) => {}
        }
    }

    /// Runs a callback, and tells when it failed.
    fn run(
        &mut self,
        ctx: &mut Context,
        callback: Callback,
        body: impl FnOnce(&mut dyn Hosted, &mut Context) -> Outcome,
    ) {
        ctx.has_run = true;
        let ended = guarded(|| body(&mut *self.strategy, ctx));
        let now = Instant::now();
        let before = std::mem::replace(&mut self.before, now);
        if !ctx.has_run {
            return;
        }
        self.times.note(callback, now - before);
        match ended {
            Ok(()) => self.in_a_row = 0,
            Err(error) => {
                self.in_a_row += 1;
                let (callback, in_a_row) = (callback.name(), self.in_a_row);
                let time = ctx.time();
                ctx.tell(HostEvent::CallbackError { callback, error, in_a_row, time });
                if in_a_row.is_multiple_of(FAILURES_THAT_PAUSE) {
                    ctx.pause_on_failures();
                }
            }
        }
    }

    /// Does what a command asks for, and answers it.
    fn obey(&mut self, ctx: &mut Context, id: CommandId, author: Author, command: Command) {
        ctx.by = By { author, cause: Some(id.clone()) };
        let done = match command {
            Command::SetParameter { name, value } => guarded(|| self.strategy.set_parameter(&name, value)),
            Command::Action { name, arguments } => self.act(ctx, &name, arguments),
            other => Err(format!("{} is not for the strategy", other.verb())),
        };
        ctx.by = strategy_itself();
        self.tell_parameters(ctx);
        ctx.tell(HostEvent::CommandDone(id, done));
        self.before = Instant::now();
    }

    fn act(
        &mut self,
        ctx: &mut Context,
        name: &str,
        given: serde_json::Map<String, Value>,
    ) -> Result<String, String> {
        let action = self.actions.iter().find(|action| action.name == name);
        let action = action.ok_or_else(|| format!("the strategy has no action `{name}`"))?;
        let arguments = complete(action, given)?;
        guarded(|| self.strategy.act(ctx, name, &arguments))
    }

    /// Tells the parameters when they changed, also by the strategy itself.
    fn tell_parameters(&mut self, ctx: &mut Context) {
        let Ok(parameters) = guarded(|| self.strategy.parameters()) else { return };
        if parameters != self.parameters {
            self.parameters.clone_from(&parameters);
            ctx.tell(HostEvent::Parameters(parameters));
        }
    }

    fn tell_times(&mut self, ctx: &mut Context) {
        self.times_told = Instant::now();
        ctx.tell(HostEvent::Callbacks(self.times.list()));
    }
}
