//! Instruments and what a market says about them.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{InstrumentId, Money, Price, Quantity, Side};

/// What an order in an instrument must obey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Instrument {
    /// Its name.
    pub id: InstrumentId,
    /// Prices are multiples of this.
    pub tick_size: Price,
    /// Quantities are multiples of this.
    pub lot_size: Quantity,
    /// The least value (price times quantity) of an order; zero when there is none.
    pub min_notional: Money,
    /// The currency in which prices and profits are counted.
    pub currency: String,
    /// How much of the underlying one unit of quantity is: a position's value is price times quantity times this.
    #[cfg_attr(test, ts(type = "string"))]
    #[serde(default = "one", with = "rust_decimal::serde::str")]
    pub multiplier: Decimal,
    /// What kind of contract it is.
    #[serde(default)]
    pub kind: InstrumentKind,
    /// The part of a position's value that must be there as equity; below it the account is liquidated.
    #[cfg_attr(test, ts(type = "string"))]
    #[serde(default, with = "rust_decimal::serde::str")]
    pub maintenance_rate: Decimal,
}

/// What kind of linear contract an instrument is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum InstrumentKind {
    /// A contract without an end, whose holders pay each other funding.
    #[default]
    Perpetual,
    /// A contract without funding.
    Future,
}

fn one() -> Decimal {
    Decimal::ONE
}

impl Instrument {
    /// Returns the multiple of the tick size nearest to `price`.
    #[must_use]
    pub fn round_price(&self, price: Price) -> Price {
        Price(round_to(price.0, self.tick_size.0))
    }

    /// Returns the multiple of the lot size nearest to `quantity`.
    #[must_use]
    pub fn round_quantity(&self, quantity: Quantity) -> Quantity {
        Quantity(round_to(quantity.0, self.lot_size.0))
    }
}

fn round_to(value: Decimal, step: Decimal) -> Decimal {
    if step.is_zero() { value } else { ((value / step).round() * step).normalize() }
}

/// The best bid and ask of an instrument at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Quote {
    /// The instrument.
    pub instrument: InstrumentId,
    /// When the market said so.
    pub time: Timestamp,
    /// The highest price at which somebody buys.
    pub bid: Price,
    /// The lowest price at which somebody sells.
    pub ask: Price,
    /// How much is wanted at the bid.
    pub bid_size: Quantity,
    /// How much is offered at the ask.
    pub ask_size: Quantity,
}

impl Quote {
    /// Returns the middle between bid and ask.
    #[must_use]
    pub fn mid(&self) -> Price {
        Price((self.bid.0 + self.ask.0) / Decimal::TWO)
    }
}

/// A trade of others, as the market tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Trade {
    /// The instrument.
    pub instrument: InstrumentId,
    /// When.
    pub time: Timestamp,
    /// At what price.
    pub price: Price,
    /// How much.
    pub size: Quantity,
    /// The side of whoever took what rested.
    pub side: Side,
}

/// Open, high, low and close over one interval: of the mid price, or as they were recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Bar {
    /// The instrument.
    pub instrument: InstrumentId,
    /// The length of the interval.
    pub timeframe: Timeframe,
    /// When the interval began; it ends one timeframe later, exclusive.
    pub time: Timestamp,
    /// The first price.
    pub open: Price,
    /// The highest price.
    pub high: Price,
    /// The lowest price.
    pub low: Price,
    /// The last price.
    pub close: Price,
    /// How much was traded; zero when only quotes are known.
    #[serde(default)]
    pub volume: Quantity,
    /// How many quotes the bar was made from; zero for a recorded one.
    pub quotes: u64,
}

/// The length of a bar: a whole number of seconds, minutes, hours or days, written `1s`, `15m`, `4h`, `1d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(test, derive(ts_rs::TS), ts(type = "string"))]
pub struct Timeframe {
    seconds: u32,
}

impl Timeframe {
    /// Returns the length in seconds; it is at least 1 and at most a day.
    #[must_use]
    pub fn seconds(self) -> u32 {
        self.seconds
    }

    /// Returns the beginning of the interval in which `time` lies, counted from the Unix epoch.
    #[must_use]
    pub fn start_of(self, time: Timestamp) -> Timestamp {
        let length = i64::from(self.seconds);
        let start = time.as_second().div_euclid(length) * length;
        // Second 0.5 before the epoch truncates towards zero; step back over it.
        let start =
            if Timestamp::from_second(start).is_ok_and(|s| s > time) { start - length } else { start };
        Timestamp::from_second(start).unwrap_or(Timestamp::MIN)
    }
}

/// Seconds in a day, the longest bar.
const LONGEST_BAR_SECONDS: u32 = 86_400;

/// A text that is not a timeframe.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a timeframe: write a whole number and s, m, h or d, at most one day, for example 1s, 15m or 4h"
)]
pub struct ParseTimeframeError(String);

impl FromStr for Timeframe {
    type Err = ParseTimeframeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseTimeframeError(text.to_owned());
        let trimmed = text.trim();
        let split = trimmed.find(|c: char| !c.is_ascii_digit()).ok_or_else(error)?;
        let (number, unit) = trimmed.split_at(split);
        let number: u32 = number.parse().map_err(|_| error())?;
        let unit = match unit.to_ascii_lowercase().as_str() {
            "s" | "sec" => 1,
            "m" | "min" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(error()),
        };
        match number.checked_mul(unit) {
            Some(seconds) if (1..=LONGEST_BAR_SECONDS).contains(&seconds) => Ok(Self { seconds }),
            _ => Err(error()),
        }
    }
}

impl fmt::Display for Timeframe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match self.seconds {
            s if s % 86_400 == 0 => (s / 86_400, "d"),
            s if s % 3_600 == 0 => (s / 3_600, "h"),
            s if s % 60 == 0 => (s / 60, "m"),
            s => (s, "s"),
        };
        write!(f, "{number}{unit}")
    }
}

impl Serialize for Timeframe {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timeframe {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeframes_are_read_and_written() {
        for (text, expected) in
            [("1s", Some("1s")), ("60s", Some("1m")), ("15min", Some("15m")), ("24h", Some("1d"))]
                .into_iter()
                .chain(["", "s", "0s", "2d", "1w", "-1s", "1.5s", "99999999999s"].map(|text| (text, None)))
        {
            assert_eq!(text.parse::<Timeframe>().ok().map(|t| t.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn an_interval_begins_at_or_before_every_time_in_it() {
        let minute: Timeframe = "1m".parse().unwrap();
        for (time, start) in [
            ("2026-01-01T00:00:59.999Z", "2026-01-01T00:00:00Z"),
            ("2026-01-01T00:01:00Z", "2026-01-01T00:01:00Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:00Z"),
        ] {
            assert_eq!(minute.start_of(time.parse().unwrap()), start.parse::<Timestamp>().unwrap());
        }
    }
}
