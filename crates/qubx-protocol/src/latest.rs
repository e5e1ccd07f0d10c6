//! What only matters now. It has no number: the newest wins, and a screen that misses one misses nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Account, Author, InstrumentId, Money, Price, Quote, Role, StrategyView};

/// The newest values. A part that is absent has not changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Latest {
    /// What the strategy shows of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<StrategyView>,
    /// Quotes, marks and accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<MarketView>,
    /// Who is attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presence: Option<Vec<Presence>>,
    /// What is wrong with the session itself. It flows even when nothing can be written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarms: Option<Vec<Alarm>>,
}

/// Something that is wrong with the session itself, until it is mended: a full disk, for example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Alarm {
    /// What is concerned: `disk`, `ledger`, `log`, `feed`, `clients`.
    pub source: String,
    /// What is wrong, what still works, and what to do.
    pub text: String,
    /// Since when.
    pub since: Timestamp,
    /// Whether orders are refused because of it.
    pub stops_orders: bool,
}

impl Latest {
    /// Takes over the parts that `newer` has.
    pub fn merge(&mut self, newer: Latest) {
        if newer.strategy.is_some() {
            self.strategy = newer.strategy;
        }
        if newer.market.is_some() {
            self.market = newer.market;
        }
        if newer.presence.is_some() {
            self.presence = newer.presence;
        }
        if newer.alarms.is_some() {
            self.alarms = newer.alarms;
        }
    }
}

/// The market as the engine sees it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct MarketView {
    /// The engine's clock: wall time for a live or simulated feed, recorded time in a replay.
    pub time: Option<Timestamp>,
    /// The last quote of each instrument that has one.
    pub quotes: Vec<Quote>,
    /// The value of each open position at the last quotes.
    pub marks: Vec<PositionMark>,
    /// The accounts.
    pub accounts: Vec<Account>,
    /// How far a replay is; none for other feeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<ReplayProgress>,
    /// What is wrong with a feed, in words; none while all is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed_error: Option<String>,
    /// The instruments that get no quotes any more, though the feed should give some. They may have no quote at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stale: Vec<Stale>,
    /// The exchanges whose clocks differ from the engine's by more than a second.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<WrongClock>,
    /// When the next bar ends that the strategy wants, by the engine's clock; none when it wants no bars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_bar: Option<Timestamp>,
}

impl MarketView {
    /// Returns since when an instrument gets no quotes, if it should get some.
    #[must_use]
    pub fn stale_since(&self, instrument: &InstrumentId) -> Option<Timestamp> {
        self.stale.iter().find(|stale| stale.instrument == *instrument).map(|stale| stale.since)
    }
}

/// An instrument that gets no quotes though the feed should give some: what is known of its market is old.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Stale {
    /// The instrument.
    pub instrument: InstrumentId,
    /// When its last quote came, or the feed began: time of the wall, also in a replay.
    pub since: Timestamp,
}

/// An exchange whose clock differs from the engine's, which is the machine's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct WrongClock {
    /// The exchange.
    pub exchange: String,
    /// By how many milliseconds the engine's clock is ahead; negative when it is behind.
    pub ahead_ms: i64,
}

/// An open position at the last quotes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct PositionMark {
    /// The instrument.
    pub instrument: InstrumentId,
    /// The price at which it is valued: the middle of the last quote; none before the first quote.
    pub last_price: Option<Price>,
    /// Profit at that price, before fees.
    pub unrealized_pnl: Option<Money>,
    /// Signed value at that price.
    pub market_value: Option<Money>,
}

/// How far a replay is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ReplayProgress {
    /// The part of the files that was read, 0 to 1.
    pub fraction: f64,
    /// How fast it goes: `1`, `60` or `max`.
    pub speed: String,
    /// Whether every file is at its end.
    pub finished: bool,
}

/// Somebody's attached screens of one role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Presence {
    /// Who.
    pub identity: Author,
    /// Whether this is the command that started the session.
    pub owner: bool,
    /// What it may do.
    #[serde(default)]
    pub role: Role,
    /// Since when: the first of them.
    pub since: Timestamp,
    /// How many there are.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    #[cfg_attr(test, ts(optional, as = "Option<u32>"))]
    pub screens: u32,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
fn is_one(screens: &u32) -> bool {
    *screens == 1
}

impl Latest {
    /// Returns how many screens are attached; none when that was not told.
    #[must_use]
    pub fn screens(&self) -> Option<usize> {
        Some(self.presence.as_ref()?.iter().map(|peer| peer.screens as usize).sum())
    }
}
