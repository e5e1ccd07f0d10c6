//! How fast the engine is, as one object of JSON on standard output; `cargo xtask bench engine` shows it beside its goals.
//!
//! The core alone is one thread that does nothing else. Through feed and channels, quotes are made by a feed in the memory,
//! pass the engine's task, and reach a strategy in Rust on a thread of its own; facts go to somebody who only counts them.

#![forbid(unsafe_code)]
// A measure that fails may say so by a panic.
#![allow(clippy::unwrap_used)]

use std::time::Instant;

use qubx_engine::{
    Context, EngineConfig, EngineEvent, EngineOutput, ExchangeConfig, FeedConfig, Fees, HostEvent,
    InstrumentIndex, Interests, Limits, MarketEvent, Outcome, PaperConfig, Registry, Strategy, Terms, Touch,
    bench, default_instrument, host, start_in_memory,
};
use qubx_protocol::{Price, Quantity};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

#[path = "../tests/it/ema_cross.rs"]
mod ema_cross;

use ema_cross::EmaCross;

/// The quotes of the long run, and when its memory is looked at first.
const LONG: u64 = 100_000_000;
const EARLY: u64 = 10_000_000;

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

/// What a run came to.
struct Ran {
    quotes_per_second: f64,
    facts: usize,
    /// What the process holds in megabytes, early and at the end.
    early_mb: f64,
    late_mb: f64,
}

async fn run(strategy: &str, parameters: Value, count: u64) -> Ran {
    let registry = Registry::new().with::<EmaCross>("ema").with::<Often>("often");
    let prepared = registry.prepare(strategy, parameters.as_object().unwrap().clone()).unwrap();
    let config = config();
    let instruments = config.exchanges[0].instruments.clone();
    let (outputs, mut taken) = mpsc::channel::<EngineOutput>(16);
    let (sender, batches) = mpsc::channel(1);
    let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
    let began = Instant::now();
    let engine = start_in_memory(config, quotes(count), outputs, sender, &tracker, cancel.clone()).unwrap();
    let (events, mut heard) = mpsc::channel::<HostEvent>(16);
    let handle = host(prepared, instruments, engine, batches, events).unwrap();
    tracker.spawn(async move { while heard.recv().await.is_some() {} });
    let (mut facts, mut early_mb) = (0, resident_mb());
    while let Some(output) = taken.recv().await {
        facts += output.events.len();
        if output.checkpoint.place <= EARLY {
            early_mb = resident_mb();
        }
        if output.events.contains(&EngineEvent::FeedFinished) {
            break;
        }
    }
    let quotes_per_second = count as f64 / began.elapsed().as_secs_f64();
    let late_mb = resident_mb();
    handle.stop();
    cancel.cancel();
    drop(taken);
    tracker.close();
    tracker.wait().await;
    Ran { quotes_per_second, facts, early_mb, late_mb }
}

fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    let kilobytes: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes * 1_024.0 / 1e6
}

/// One simulated exchange with two instruments; its own feed is not used.
fn config() -> EngineConfig {
    let instruments = ["BTCUSDT", "ETHUSDT"].map(|symbol| default_instrument("SIM", symbol, "USDT"));
    EngineConfig {
        exchanges: vec![ExchangeConfig {
            name: "SIM".to_owned(),
            currency: "USDT".to_owned(),
            capital: Decimal::from(10_000_000).into(),
            leverage: Decimal::from(3),
            fees: Fees { maker_bps: Decimal::TWO, taker_bps: Decimal::from(5) },
            instruments: instruments.to_vec(),
            paper: PaperConfig::default(),
            funding: None,
            feed: FeedConfig::Sim {
                seed: 7,
                quotes_per_second: 10.try_into().unwrap(),
                clock_offset: jiff::SignedDuration::ZERO,
            },
        }],
        limits: Limits::default(),
        stale_after: std::time::Duration::from_secs(10),
        order_prefix: "q".to_owned(),
        next_order: 1,
        restore: None,
    }
}

fn main() {
    // `cargo test` runs benches, too, to see that they work; there is nothing to measure then.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let ema = |timeframe: &str| json!({ "timeframe": timeframe, "size": 0.1 });
    let mut measured = Map::new();
    let mut note = |name: &str, value: f64| {
        eprintln!("{name}: {value:.1}");
        measured.insert(name.to_owned(), json!(value));
    };
    note("core_quiet", bench::quiet_quotes_per_second(30_000_000, true));
    note("core_ema", bench::ema_quotes_per_second(30_000_000, "1m"));
    note("core_ema_1s", bench::ema_quotes_per_second(10_000_000, "1s"));
    let long = runtime.block_on(run("ema", ema("1m"), LONG));
    note("channels_ema", long.quotes_per_second);
    note("channels_ema_facts", long.facts as f64);
    note("early_mb", long.early_mb);
    note("late_mb", long.late_mb);
    for (name, strategy, parameters, count) in [
        ("channels_ema_1s", "ema", ema("1s"), 5_000_000),
        ("channels_on_quote", "often", json!({ "every": 0, "rests": false }), 20_000_000),
        ("channels_on_quote_1000", "often", json!({ "every": 1_000, "rests": false }), 5_000_000),
        ("channels_on_quote_10", "often", json!({ "every": 10, "rests": false }), 500_000),
    ] {
        note(name, runtime.block_on(run(strategy, parameters, count)).quotes_per_second);
    }
    println!("{}", Value::Object(measured));
}
