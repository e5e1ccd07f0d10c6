//! A strategy in Rust: its thread, and what Python is shown of the market beside it.
//!
//! The engine's news go to that thread. Python has the REPL alone, and its copy of the market is kept by the session: the
//! book, then orders and fills as they are stored, quotes a few times a second.

use std::time::{Duration, Instant};

use qubx_engine::{
    EngineEvent, EngineHandle, EngineSnapshot, HostEvent, HostHandle, InstrumentIndex, MarketEvent, Prepared,
    StrategyBatch, StrategyInput, Touch, host,
};
use qubx_kernel::{Batch, KernelHandle};
use qubx_protocol::{Instrument, MarketView};
use tokio::sync::mpsc;

use super::port::InstrumentPlaces;
use super::shown::{Due, Shown};

/// How often its thread is looked at, at least: it may hang.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A strategy in Rust, and Python's copy of the market.
#[derive(Debug)]
pub(crate) struct RustStrategy {
    /// What the thread is started with; none once it is.
    waiting: Option<Waiting>,
    handle: Option<HostHandle>,
    places: InstrumentPlaces,
    /// What Python knows of the book.
    shown: Shown,
    /// When its thread is looked at next.
    look: Instant,
    /// The number of the last batch that Python was shown.
    batch: u64,
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
        Self { waiting, handle: None, places, shown: Shown::default(), look: Instant::now(), batch: 0 }
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

    /// Notes that the book is asked for, for Python, and returns the number of the question.
    pub(crate) fn ask_for_book(&mut self) -> u64 {
        self.shown.ask()
    }

    /// Gives Python the book, and what happened since it was asked for; a book that it does not wait for goes nowhere.
    pub(crate) fn show_book(
        &mut self,
        now: Instant,
        kernel: &KernelHandle,
        number: u64,
        book: &EngineSnapshot,
    ) {
        let Some(since) = self.shown.follow(number, now) else { return };
        if !kernel.has_room() {
            return self.shown.missed(now);
        }
        kernel.start_strategy(book.time, &book.positions, &book.open_orders());
        self.send(now, kernel, since);
    }

    /// Python is gone.
    pub(crate) fn hide(&mut self) {
        self.shown.leave();
    }

    /// Returns its thread, once it runs, to be looked at; the next look is due by time.
    pub(crate) fn look(&mut self, now: Instant) -> Option<&HostHandle> {
        self.look = now + LOOK_EVERY;
        self.handle.as_ref()
    }

    /// Returns when Python is shown something next, or the thread is looked at.
    pub(crate) fn due(&self) -> Option<Instant> {
        let look = self.handle.as_ref().map(|_| self.look);
        [self.shown.due(), look].into_iter().flatten().min()
    }

    /// Shows Python what became of orders and positions.
    pub(crate) fn show_events(
        &mut self,
        now: Instant,
        kernel: Option<&KernelHandle>,
        events: &[EngineEvent],
    ) {
        let inputs = self.shown.happened(events.iter().filter_map(StrategyInput::of).collect(), now);
        if let Some(kernel) = kernel {
            self.send(now, kernel, inputs);
        }
    }

    /// Shows Python the newest quotes, if it is time. Tells whether it is to be given the book anew: it missed something,
    /// and takes frames again.
    pub(crate) fn show_due(&mut self, now: Instant, kernel: &KernelHandle, market: &MarketView) -> bool {
        match self.shown.take_due(now) {
            None => false,
            Some(Due::Book) => kernel.has_room(),
            Some(Due::Quotes) => {
                let quotes = market.quotes.iter().filter_map(|quote| {
                    let place = self.places.of(&quote.instrument)?;
                    let event = MarketEvent::quote(InstrumentIndex(place), quote.time, Touch::from(quote));
                    Some(StrategyInput::See(event))
                });
                let quotes = quotes.collect();
                self.send(now, kernel, quotes);
                false
            }
        }
    }

    fn send(&mut self, now: Instant, kernel: &KernelHandle, inputs: Vec<StrategyInput>) {
        if inputs.is_empty() {
            return;
        }
        self.batch += 1;
        let mut news = Batch::new(self.batch);
        let epoch = jiff::Timestamp::UNIX_EPOCH;
        inputs.iter().for_each(|input| self.places.write(&mut news, epoch, input));
        if let Err(error) = kernel.send_batch(news) {
            // A Python that hangs reads nothing; without this batch the next ones would not fit to what it knows.
            tracing::debug!(%error, "Python misses some of the market");
            self.shown.missed(now);
        }
    }
}
