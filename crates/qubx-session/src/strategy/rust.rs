//! A strategy in Rust: its thread, and what Python is shown of the market beside it.
//!
//! The engine's news go to that thread. Python has the REPL alone, and its copy of the market is kept by the session: orders
//! and fills as they are stored, quotes a few times a second.

use std::time::{Duration, Instant};

use qubx_engine::{
    EngineEvent, EngineHandle, HostEvent, HostHandle, InstrumentIndex, MarketEvent, Prepared, StrategyBatch,
    StrategyInput, Touch, host,
};
use qubx_kernel::{Batch, KernelHandle};
use qubx_protocol::{Instrument, MarketView, OrderStatus};
use tokio::sync::mpsc;

use super::port::InstrumentPlaces;

/// How often Python is shown the newest quotes.
const SHOWN_EVERY: Duration = Duration::from_millis(100);

/// A strategy in Rust, and Python's copy of the market.
#[derive(Debug)]
pub(crate) struct RustStrategy {
    /// What the thread is started with; none once it is.
    waiting: Option<Waiting>,
    handle: Option<HostHandle>,
    places: InstrumentPlaces,
    /// The number of the last batch that Python was shown.
    shown: u64,
    /// When Python is shown quotes next; none while there is no Python.
    due: Option<Instant>,
}

#[derive(Debug)]
struct Waiting {
    strategy: Prepared,
    batches: mpsc::Receiver<StrategyBatch>,
    events: mpsc::Sender<HostEvent>,
}

impl RustStrategy {
    /// Returns a strategy whose thread does not run yet.
    pub(crate) fn new(
        strategy: Prepared,
        batches: mpsc::Receiver<StrategyBatch>,
        events: mpsc::Sender<HostEvent>,
        places: InstrumentPlaces,
    ) -> Self {
        let waiting = Some(Waiting { strategy, batches, events });
        Self { waiting, handle: None, places, shown: 0, due: None }
    }

    /// Starts its thread, if it does not run yet.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(crate) fn start(&mut self, instruments: &[Instrument], engine: &EngineHandle) -> std::io::Result<()> {
        let Some(Waiting { strategy, batches, events }) = self.waiting.take() else { return Ok(()) };
        self.handle = Some(host(strategy, instruments.to_vec(), engine.clone(), batches, events)?);
        Ok(())
    }

    /// Returns its thread, once it runs.
    pub(crate) fn handle(&self) -> Option<&HostHandle> {
        self.handle.as_ref()
    }

    /// Begins to show Python the market; it knows the book already.
    pub(crate) fn show(&mut self, now: Instant) {
        self.due = Some(now);
    }

    /// Python is gone.
    pub(crate) fn hide(&mut self) {
        self.due = None;
    }

    /// Returns when Python is shown quotes next.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Shows Python what became of orders and positions.
    pub(crate) fn show_events(&mut self, kernel: &KernelHandle, events: &[EngineEvent]) {
        if self.due.is_some() {
            self.send(kernel, events.iter().filter_map(input_of).collect());
        }
    }

    /// Shows Python the newest quotes, if it is time.
    pub(crate) fn show_quotes(&mut self, now: Instant, kernel: &KernelHandle, market: &MarketView) {
        if self.due.is_none_or(|due| now < due) {
            return;
        }
        self.due = Some(now + SHOWN_EVERY);
        let quotes = market.quotes.iter().filter_map(|quote| {
            let place = self.places.of(&quote.instrument)?;
            let event = MarketEvent::quote(InstrumentIndex(place), quote.time, Touch::from(quote));
            Some(StrategyInput::See(event))
        });
        let quotes = quotes.collect();
        self.send(kernel, quotes);
    }

    fn send(&mut self, kernel: &KernelHandle, inputs: Vec<StrategyInput>) {
        if inputs.is_empty() {
            return;
        }
        self.shown += 1;
        let mut news = Batch::new(self.shown);
        let now = jiff::Timestamp::UNIX_EPOCH;
        inputs.iter().for_each(|input| self.places.write(&mut news, now, input));
        if let Err(error) = kernel.send_batch(news) {
            // A Python that hangs reads nothing; it is shown the book anew when it is started again.
            tracing::debug!(%error, "Python misses some of the market");
        }
    }
}

fn input_of(event: &EngineEvent) -> Option<StrategyInput> {
    match event {
        EngineEvent::Order(order) if order.status != OrderStatus::Intended => {
            Some(StrategyInput::Order(Box::new(order.clone())))
        }
        EngineEvent::Fill { fill, position } => {
            Some(StrategyInput::Fill(Box::new((fill.clone(), position.clone()))))
        }
        EngineEvent::Funding { funding, position } => {
            Some(StrategyInput::Funding(Box::new((funding.clone(), position.clone()))))
        }
        _ => None,
    }
}
