//! How fast quotes go through the channels to a strategy in Rust and back. It measures, and is run by hand:
//! `cargo test --release -p qubx-engine --test it -- --ignored speed --nocapture`.

use std::time::Instant;

use qubx_engine::{
    Context, EngineOutput, HostEvent, InstrumentIndex, Interests, MarketEvent, Outcome, Registry, Strategy,
    Terms, Touch, host, start_in_memory,
};
use qubx_protocol::{Price, Quantity};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::ema_cross::EmaCross;
use crate::harness::sim;

/// Buys and sells in turns, at every so-manieth quote.
struct Often {
    parameters: Parameters,
    quotes: u64,
}

#[derive(Default, Serialize, Deserialize)]
struct Parameters {
    every: u64,
    rests: bool,
}

impl Strategy for Often {
    type Parameters = Parameters;
    const INTERESTS: Interests = Interests::QUOTES;

    fn new(parameters: Parameters) -> Self {
        Self { parameters, quotes: 0 }
    }

    fn parameters(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    fn on_quote(&mut self, ctx: &mut Context, instrument: InstrumentIndex, quote: &Touch) -> Outcome {
        self.quotes += 1;
        let Parameters { every, rests } = self.parameters;
        if every > 0 && self.quotes.is_multiple_of(every) {
            let buys = ctx.get_position(instrument).quantity.is_zero();
            let amount = if buys { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
            let terms = if rests { Terms::limit(quote.bid.0 - Decimal::ONE) } else { Terms::market() };
            ctx.cancel_orders(Some(instrument)).map(drop).ok().filter(|()| rests);
            ctx.trade(instrument, amount / Decimal::TEN, terms)?;
        }
        Ok(())
    }
}

/// A walk of two instruments, ten quotes a second of each.
fn quotes(count: u64) -> impl Iterator<Item = MarketEvent> + Send + 'static {
    let mut state = 7_u64;
    let mut prices = [1_000_000_i64; 2];
    (0..count).map(move |number| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let price = &mut prices[(number % 2) as usize];
        *price += (state >> 60) as i64 - 7 - i64::from(*price > 1_000_000) + i64::from(*price < 1_000_000);
        let size = Quantity(Decimal::TEN);
        let (bid, ask) = (Price(Decimal::new(*price, 1)), Price(Decimal::new(*price + 1, 1)));
        let touch = Touch { bid, ask, bid_size: size, ask_size: size };
        let time = jiff::Timestamp::from_millisecond(1_767_225_600_000 + 50 * number as i64).unwrap();
        MarketEvent::quote(InstrumentIndex((number % 2) as u32), time, touch)
    })
}

async fn run(name: &str, strategy: &str, parameters: Value, count: u64) {
    let registry = Registry::new().with::<EmaCross>("ema").with::<Often>("often");
    let prepared = registry.prepare(strategy, parameters.as_object().unwrap().clone()).unwrap();
    let config = sim();
    let instruments = config.exchanges[0].instruments.clone();
    let (outputs, mut taken) = mpsc::channel::<EngineOutput>(16);
    let (sender, batches) = mpsc::channel(1);
    let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
    let began = Instant::now();
    let engine = start_in_memory(config, quotes(count), outputs, sender, &tracker, cancel.clone()).unwrap();
    let (events, mut heard) = mpsc::channel::<HostEvent>(16);
    let handle = host(prepared, instruments, engine, batches, events).unwrap();
    tracker.spawn(async move { while heard.recv().await.is_some() {} });
    let mut facts = 0;
    while let Some(output) = taken.recv().await {
        facts += output.events.len();
        if output.events.contains(&qubx_engine::EngineEvent::FeedFinished) {
            break;
        }
    }
    let took = began.elapsed().as_secs_f64();
    println!("{name}: {:.2} M quotes/s, {facts} facts", count as f64 / took / 1e6);
    handle.stop();
    cancel.cancel();
    tracker.close();
    tracker.wait().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it measures"]
async fn speed() {
    let made = Instant::now();
    assert!(quotes(5_000_000).map(|event| event.time).max().is_some());
    println!("making quotes: {:.2} M/s", 5.0 / made.elapsed().as_secs_f64());
    let ema = |timeframe: &str| json!({ "timeframe": timeframe, "size": 0.1 });
    run("ema 1s", "ema", ema("1s"), 5_000_000).await;
    run("ema 1m", "ema", ema("1m"), 20_000_000).await;
    run("on_quote, no orders", "often", json!({ "every": 0 }), 20_000_000).await;
    run("on_quote, an order in 1,000", "often", json!({ "every": 1_000 }), 5_000_000).await;
    run("on_quote, an order in 10", "often", json!({ "every": 10 }), 500_000).await;
    run("on_quote, a resting order in 100", "often", json!({ "every": 100, "rests": true }), 500_000).await;
}
