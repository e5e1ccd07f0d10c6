//! The batch of news that the strategy in Python works on.
//!
//! It is closed while there is no strategy, or one that has not got its book yet: news wait then.

use std::collections::HashMap;

use jiff::Timestamp;
use qubx_engine::{MarketData, MarketEvent, StrategyBatch, StrategyInput};
use qubx_kernel::{Batch, BestPrices, Facts, KernelHandle};
use qubx_protocol::{Instrument, InstrumentId};
use tokio::sync::oneshot;

/// The place of each instrument among those that Python knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct InstrumentPlaces(HashMap<InstrumentId, u32>);

impl InstrumentPlaces {
    pub(crate) fn new(instruments: &[Instrument]) -> Self {
        Self(instruments.iter().zip(0..).map(|(instrument, place)| (instrument.id.clone(), place)).collect())
    }
}

/// The batch that the strategy works on, or that waits for it.
#[derive(Debug, Default)]
pub(crate) struct Port {
    is_open: bool,
    waiting: Option<StrategyBatch>,
    in_flight: Option<(u64, oneshot::Sender<u32>)>,
    places: InstrumentPlaces,
}

impl Port {
    /// Returns a port for a strategy that trades these.
    pub(crate) fn new(places: InstrumentPlaces) -> Self {
        Self { places, ..Self::default() }
    }

    /// Takes news for the strategy, and tells whether it got them now. The engine sends the next ones when it says that it
    /// is done.
    pub(crate) fn send(&mut self, kernel: Option<&KernelHandle>, batch: StrategyBatch) -> bool {
        match kernel {
            Some(kernel) if self.is_open => self.hand_on(kernel, batch),
            _ => {
                self.waiting = Some(batch);
                false
            }
        }
    }

    /// Lets news through, as the strategy has its book. Tells whether some waited.
    pub(crate) fn open(&mut self, kernel: &KernelHandle) -> bool {
        self.is_open = true;
        self.waiting.take().is_some_and(|batch| self.hand_on(kernel, batch))
    }

    /// Holds news back. A batch under way stays under way, so that a replay in lockstep waits.
    pub(crate) fn close(&mut self) {
        self.is_open = false;
    }

    fn hand_on(&mut self, kernel: &KernelHandle, batch: StrategyBatch) -> bool {
        // What was meant for the strategy before is in the book that this one began with.
        if batch.is_stale() {
            return false;
        }
        let mut news = Batch::new(batch.number);
        batch.inputs.iter().for_each(|input| self.places.write(&mut news, batch.time, input));
        match kernel.send_batch(news) {
            Ok(()) => {
                self.in_flight = Some((batch.number, batch.done));
                true
            }
            // The engine takes the end of its channel for the end of the batch.
            Err(error) => {
                tracing::warn!(%error, "the strategy misses a batch of news");
                false
            }
        }
    }

    /// Takes the strategy's word that it is done with a batch, and how much of it counted.
    pub(crate) fn done(&mut self, batch: u64, reached: u32) {
        if let Some((_, done)) = self.in_flight.take_if(|(number, _)| *number == batch) {
            // The engine is gone only when the session ends.
            let _ = done.send(reached);
        }
    }
}

impl InstrumentPlaces {
    /// Returns the place of an instrument.
    pub(crate) fn of(&self, instrument: &InstrumentId) -> Option<u32> {
        self.0.get(instrument).copied()
    }

    /// Writes what a call caused.
    pub(crate) fn facts(&self, inputs: &[StrategyInput]) -> Facts {
        let mut facts = Facts::default();
        inputs.iter().for_each(|input| self.write_fact(&mut facts, input));
        facts
    }

    /// Writes an input, as exactly one record.
    pub(crate) fn write(&self, news: &mut Batch, now: Timestamp, input: &StrategyInput) {
        match input {
            StrategyInput::Event(event) => write_event(news, event, false),
            StrategyInput::See(event) => write_event(news, event, true),
            StrategyInput::Bar(_, time) => news.fact(*time, |facts| self.write_fact(facts, input)),
            StrategyInput::Fill(fill) => news.fact(fill.0.time, |facts| self.write_fact(facts, input)),
            StrategyInput::Funding(funding) => {
                news.fact(funding.0.time, |facts| self.write_fact(facts, input));
            }
            StrategyInput::Timer { time, .. } => news.fact(*time, |facts| self.write_fact(facts, input)),
            StrategyInput::Order(_) | StrategyInput::Command { .. } => {
                news.fact(now, |facts| self.write_fact(facts, input));
            }
        }
    }

    fn write_fact(&self, facts: &mut Facts, input: &StrategyInput) {
        match input {
            StrategyInput::Event(_) | StrategyInput::See(_) => {}
            // Every bar is of an instrument of the config, of which Python knows all.
            StrategyInput::Bar(bar, _) => {
                facts.bar(self.0.get(&bar.instrument).copied().unwrap_or_default(), bar)
            }
            StrategyInput::Order(order) => facts.order(order),
            StrategyInput::Fill(fill) => facts.fill(&fill.0, &fill.1),
            StrategyInput::Funding(funding) => facts.funding(&funding.0, &funding.1),
            StrategyInput::Timer { name, time } => facts.timer(name, *time),
            StrategyInput::Command { id, command, .. } => facts.command(id, command),
        }
    }
}

fn write_event(news: &mut Batch, event: &MarketEvent, only_seen: bool) {
    let place = event.instrument.0;
    match event.data {
        MarketData::Quote(touch) => {
            let prices = BestPrices {
                bid: touch.bid,
                ask: touch.ask,
                bid_size: touch.bid_size,
                ask_size: touch.ask_size,
            };
            news.quote(place, event.time, &prices, only_seen);
        }
        MarketData::Trade { price, size, side } => news.trade(place, event.time, price, size, side),
        // They have no callback; the engine tells what comes of them.
        MarketData::Bar { .. } | MarketData::FundingRate(_) => news.nothing(event.time),
    }
}
