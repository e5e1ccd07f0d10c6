//! An exchange as a checked config has it. No I/O.

use std::path::PathBuf;

use indexmap::IndexMap;
use jiff::SignedDuration;
use qubx_protocol::{InstrumentKind, Money, Price, Quantity, Timeframe};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// An exchange and the account there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Exchange {
    /// The name that screens show; no `:` in it.
    pub(crate) name: String,
    /// Where quotes come from.
    pub(crate) connector: Connector,
    /// The account's currency; `USDT` unless given.
    pub(crate) base_currency: String,
    /// What the account begins with; 100,000 unless given.
    pub(crate) capital: Money,
    /// How many times the equity positions may be worth; 1 unless given.
    pub(crate) leverage: Decimal,
    /// What fills cost.
    pub(crate) fees: Fees,
    /// How orders are executed on paper.
    pub(crate) paper: Paper,
    /// What the holders of perpetuals pay each other; none unless given.
    pub(crate) funding: Option<Funding>,
    /// The symbols, in the config's order; at least one, each once.
    pub(crate) universe: Vec<String>,
    /// What the config and its file of instruments say about symbols of the universe; for the rest there are defaults.
    pub(crate) instruments: IndexMap<String, InstrumentRules>,
}

/// Where quotes come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Connector {
    /// A simulated market.
    Sim {
        /// What its chance begins with: the same seed gives the same prices. 1 unless given.
        seed: u64,
        /// How many quotes each symbol gets a second; 10 unless given.
        quotes_per_second: u32,
        /// How far the machine's clock is ahead of the simulated exchange's; zero unless given.
        clock_offset: SignedDuration,
    },
    /// What was recorded.
    Replay {
        /// How fast; as recorded unless given.
        speed: Speed,
        /// What there is of each symbol of the universe, in the universe's order.
        files: IndexMap<String, Recording>,
    },
}

/// The recorded files of a symbol, existing and absolute; at least one of quotes, trades and bars.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recording {
    /// The best bid and ask.
    pub(crate) quotes: Option<PathBuf>,
    /// Trades of others.
    pub(crate) trades: Option<PathBuf>,
    /// Bars.
    pub(crate) bars: Option<PathBuf>,
    /// Rates of funding.
    pub(crate) funding: Option<PathBuf>,
}

/// How fast recorded files are replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Speed {
    /// This many times as fast as recorded; at least 1.
    Times(u32),
    /// As fast as it goes, in lockstep with the strategy.
    Max,
}

/// What a fill costs, in hundredths of a percent of its value; negative for a rebate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fees {
    /// For an order that rested; 2 unless given.
    pub(crate) maker_bps: Decimal,
    /// For an order that took what rested; 5 unless given.
    pub(crate) taker_bps: Decimal,
}

impl Default for Fees {
    /// What a new customer pays for perpetual futures on the large exchanges: results without fees would flatter.
    fn default() -> Self {
        Self { maker_bps: Decimal::TWO, taker_bps: Decimal::from(5) }
    }
}

/// How orders are executed on paper.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Paper {
    /// How long what a strategy or a cell asks for is on its way, in milliseconds; 0 unless given.
    pub(crate) latency_ms: u32,
    /// How much worse than the touch whoever takes is filled, in hundredths of a percent; 0 unless given.
    pub(crate) slippage_bps: Decimal,
}

/// What the holders of perpetuals pay each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Funding {
    /// How often, counted from 00:00 UTC: a whole number of times a day. Unless given, with each rate of an instrument's
    /// file, and every 8h without one.
    pub(crate) every: Option<Timeframe>,
    /// The rate where no file tells it, in hundredths of a percent; 1 unless given. Longs pay it when it is positive.
    pub(crate) rate_bps: Decimal,
}

impl Default for Funding {
    /// What large exchanges ask while a perpetual trades at the price of its underlying.
    fn default() -> Self {
        Self { every: None, rate_bps: Decimal::ONE }
    }
}

/// What the config says about one instrument; none keeps the symbol's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct InstrumentRules {
    /// Prices are multiples of this.
    pub(crate) tick_size: Option<Price>,
    /// Quantities are multiples of this.
    pub(crate) lot_size: Option<Quantity>,
    /// The least value of an order; zero for no such rule.
    pub(crate) min_notional: Option<Money>,
    /// How much of the underlying one unit of quantity is.
    pub(crate) multiplier: Option<Decimal>,
    /// Whether it has an end, and so no funding.
    pub(crate) kind: Option<InstrumentKind>,
    /// The part of a position's value below which the account is liquidated.
    pub(crate) maintenance_rate: Option<Decimal>,
}
