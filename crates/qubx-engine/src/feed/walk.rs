//! The simulated price of one instrument: a random walk with trends, jumps and a breathing spread. No I/O.

use std::num::NonZeroU32;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::{Instrument, InstrumentId, Price, Quantity, Quote};
use rand::rngs::ChaCha12Rng;
use rand::{RngExt, SeedableRng};
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use crate::InstrumentIndex;
use crate::instruments::start_price;

pub use self::state::WalkState;

mod state;

/// The typical relative move in one second: a lively market, about twice a real one.
const VOLATILITY: f64 = 2e-4;

/// The strongest drift of a trend, relative, in one second.
const STRONGEST_TREND: f64 = 2e-5;

/// How long a trend lasts, in seconds.
const TREND_SECONDS: std::ops::Range<f64> = 20.0..120.0;

/// A jump comes about every five minutes, and moves the price by up to this part.
const JUMPS_PER_SECOND: f64 = 1.0 / 300.0;
const LARGEST_JUMP: f64 = 3e-3;

/// The pull back to the first price, a second: weak for hours, but a walk of weeks stays near.
const PULL: f64 = 2e-5;

/// What is offered at the touch is worth about this much.
const USUAL_SIZE: f64 = 50_000.0;

/// The price of one instrument.
pub(super) struct Walk {
    pub(super) instrument: InstrumentId,
    pub(super) index: InstrumentIndex,
    tick: f64,
    tick_size: Decimal,
    lot: f64,
    lot_size: Decimal,
    /// A generator that gives the same words on every machine and after every update, and that can go to any of them.
    random: ChaCha12Rng,
    start: f64,
    price: f64,
    trend: f64,
    /// How many quotes the trend goes on for.
    trend_left: u32,
    quotes_per_second: f64,
    interval: Duration,
    /// When the next quote comes, from the beginning.
    pub(super) offset: Duration,
    /// How far the engine's clock is ahead of the one that quotes have their times by.
    clock_offset: SignedDuration,
    /// The newest quote.
    pub(super) last: Option<Quote>,
}

/// What is bid and asked, in ticks and lots.
#[derive(Clone, Copy)]
pub(super) struct Touch {
    bid: f64,
    ask: f64,
    bid_size: f64,
    ask_size: f64,
}

impl Walk {
    pub(super) fn new(
        index: InstrumentIndex,
        instrument: &Instrument,
        seed: u64,
        quotes_per_second: NonZeroU32,
        offset: Duration,
        clock_offset: SignedDuration,
    ) -> Self {
        let start = start_price(&instrument.id.symbol);
        Self {
            instrument: instrument.id.clone(),
            index,
            tick: approximately(instrument.tick_size.0),
            tick_size: instrument.tick_size.0,
            lot: approximately(instrument.lot_size.0),
            lot_size: instrument.lot_size.0,
            random: ChaCha12Rng::seed_from_u64(seed ^ fingerprint(&instrument.id.to_string())),
            start,
            price: start,
            trend: 0.0,
            trend_left: 0,
            quotes_per_second: f64::from(quotes_per_second.get()),
            interval: Duration::from_secs(1) / quotes_per_second.get(),
            offset,
            clock_offset,
            last: None,
        }
    }

    /// Moves the price on and returns what is bid and asked then.
    pub(super) fn step(&mut self) -> Touch {
        self.offset += self.interval;
        self.walk();
        // The touch is the walk's price rounded down, and one to a few ticks above.
        let bid = (self.price / self.tick).floor().max(1.0);
        let spread = f64::from(1 + self.random.random_range(0_u32..10).saturating_sub(6));
        Touch { bid, ask: bid + spread, bid_size: self.size(), ask_size: self.size() }
    }

    /// Returns the quote of what is bid and asked, which is the newest one now, at the engine's `time`.
    pub(super) fn quote(&mut self, touch: Touch, time: Timestamp) -> Quote {
        let quote = Quote {
            instrument: self.instrument.clone(),
            time: time.saturating_sub(self.clock_offset).unwrap_or(time),
            bid: Price(multiple(touch.bid, self.tick_size)),
            ask: Price(multiple(touch.ask, self.tick_size)),
            bid_size: Quantity(multiple(touch.bid_size, self.lot_size)),
            ask_size: Quantity(multiple(touch.ask_size, self.lot_size)),
        };
        self.last = Some(quote.clone());
        quote
    }

    fn walk(&mut self) {
        let seconds = 1.0 / self.quotes_per_second;
        if self.trend_left == 0 {
            self.trend = self.random.random_range(-STRONGEST_TREND..STRONGEST_TREND);
            self.trend_left = (self.random.random_range(TREND_SECONDS) * self.quotes_per_second) as u32;
        }
        self.trend_left = self.trend_left.saturating_sub(1);
        let mut change = self.trend * seconds + VOLATILITY * seconds.sqrt() * self.normal();
        change += PULL * seconds * (self.start / self.price).ln();
        if self.random.random_bool((JUMPS_PER_SECOND * seconds).min(1.0)) {
            change += self.random.random_range(-LARGEST_JUMP..LARGEST_JUMP);
        }
        self.price = (self.price * change.exp()).max(self.tick);
    }

    fn size(&mut self) -> f64 {
        let size = USUAL_SIZE / self.price * (0.8 * self.normal()).exp();
        (size / self.lot).round().max(1.0)
    }

    /// Returns a number that is nearly normal: the sum of twelve uniform ones, less six.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.random.random::<f64>()).sum::<f64>() - 6.0
    }
}

/// Returns `count` steps, exactly.
fn multiple(count: f64, step: Decimal) -> Decimal {
    (Decimal::from_f64(count).unwrap_or(Decimal::ONE) * step).normalize()
}

/// Returns a decimal as near as a float comes; at least the smallest step that a config may have.
fn approximately(value: Decimal) -> f64 {
    value.to_string().parse().unwrap_or(1e-12)
}

/// Returns a number that a name has on every machine (FNV-1a).
fn fingerprint(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
