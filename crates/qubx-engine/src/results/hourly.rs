//! The returns from one whole hour to the next, and the Sharpe ratio that follows from them. No I/O.
//!
//! Only sums are kept (Welford's algorithm), so that a year takes no more room than a day. They are `f64`, whose sums,
//! products and roots are the same on every machine, and are stored as their bits, because a decimal text of them may come
//! back as a neighbour.

use qubx_protocol::Money;
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use serde::{Deserialize, Serialize};

use super::RATIO_DECIMALS;

const MINUTES_AN_HOUR: i64 = 60;
/// Markets that never close have so many.
const HOURS_A_YEAR: f64 = 8_760.0;
/// With fewer returns a deviation says little.
const LEAST_HOURS: u64 = 24;
/// A deviation below this is what rounding to `f64` leaves of none.
const NOISE: f64 = 1e-14;

/// The hours' returns so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Hourly {
    /// The next whole hour, in hours since the Unix epoch.
    next: i64,
    /// The equity at the hour before; none before the first one.
    equity: Option<Money>,
    returns: u64,
    #[serde(with = "bits")]
    mean: f64,
    /// The sum of the squared distances to the mean.
    #[serde(with = "bits")]
    squares: f64,
}

impl Hourly {
    /// Begins at a minute since the Unix epoch.
    pub(super) fn new(minute: i64) -> Self {
        let next = -(-minute).div_euclid(MINUTES_AN_HOUR);
        Self { next, equity: None, returns: 0, mean: 0.0, squares: 0.0 }
    }

    /// Takes in the equity at every whole hour up to a minute.
    pub(super) fn until(&mut self, minute: i64, equity: Money) {
        let last = minute.div_euclid(MINUTES_AN_HOUR);
        if last < self.next {
            return;
        }
        let Some(before) = self.equity.replace(equity) else {
            self.next += 1;
            return self.until(minute, equity);
        };
        self.add(return_of(before, equity));
        self.add_nothing(last - self.next);
        self.next = last + 1;
    }

    /// Returns the mean over the sample deviation, for a year.
    pub(super) fn sharpe(&self) -> Option<Decimal> {
        if self.returns < LEAST_HOURS {
            return None;
        }
        let deviation = (self.squares / (self.returns - 1) as f64).sqrt();
        // Neither is it a number when the equity was not positive at some hour.
        let is_told = deviation > NOISE;
        is_told
            .then(|| Decimal::from_f64(self.mean / deviation * HOURS_A_YEAR.sqrt()))?
            .map(|ratio| ratio.round_dp(RATIO_DECIMALS).normalize())
    }

    fn add(&mut self, value: f64) {
        self.returns += 1;
        let distance = value - self.mean;
        self.mean += distance / self.returns as f64;
        self.squares += distance * (value - self.mean);
    }

    /// Adds so many hours in which nothing changed.
    fn add_nothing(&mut self, hours: i64) {
        let Ok(more @ 1..) = u64::try_from(hours) else { return };
        let (before, after) = (self.returns as f64, (self.returns + more) as f64);
        self.squares += self.mean * self.mean * before * more as f64 / after;
        self.mean *= before / after;
        self.returns += more;
    }
}

fn return_of(before: Money, after: Money) -> f64 {
    if before <= Money::ZERO {
        return f64::NAN;
    }
    // The difference is exact; of the quotient of two that are nearly the same little would be left.
    let number = |value: Decimal| value.to_f64().unwrap_or(f64::NAN);
    number(after.0 - before.0) / number(before.0)
}

mod bits {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        value.to_bits().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        u64::deserialize(deserializer).map(f64::from_bits)
    }
}
