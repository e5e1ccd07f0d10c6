//! What an engine is started with, and the checks that need nothing but the values themselves.

use std::collections::HashSet;
use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use jiff::SignedDuration;
use qubx_protocol::{Instrument, InstrumentId, Limits, Money, Timeframe};
use rust_decimal::Decimal;

use crate::core::MAX_AMOUNT;
use crate::{EngineError, Restore};

/// What an engine is started with.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// The exchanges, each with an account of its own. All of them simulate, or all of them replay.
    pub exchanges: Vec<ExchangeConfig>,
    /// What no order may exceed.
    pub limits: Limits,
    /// How long an instrument may get no quote before what is known of it counts as stale, in the time of the wall.
    pub stale_after: Duration,
    /// Orders are named `{order_prefix}{number}`.
    pub order_prefix: String,
    /// The number of the next order; above that of every order that is restored.
    pub next_order: u64,
    /// What to go on with; none for a new account.
    pub restore: Option<Restore>,
}

/// One exchange, or what stands in for it.
#[derive(Clone, Debug)]
pub struct ExchangeConfig {
    /// Its name, as screens show it.
    pub name: String,
    /// The currency of its account.
    pub currency: String,
    /// What the account begins with.
    pub capital: Money,
    /// The greatest gross leverage that the account allows.
    pub leverage: Decimal,
    /// What trading costs.
    pub fees: Fees,
    /// What may be traded.
    pub instruments: Vec<Instrument>,
    /// How the paper broker executes.
    pub paper: PaperConfig,
    /// The funding of perpetuals; none when there is none.
    pub funding: Option<FundingConfig>,
    /// Where quotes come from.
    pub feed: FeedConfig,
}

/// How the paper broker executes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PaperConfig {
    /// How long an order, a change or a cancel of a strategy is on its way, by the engine's clock.
    pub latency: Duration,
    /// How much worse than the touch whoever takes is filled, in hundredths of a percent.
    pub slippage_bps: Decimal,
}

/// The funding of an exchange's perpetuals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FundingConfig {
    /// How often it is paid: at whole multiples since 00:00 UTC. None: with each rate that a file tells, and every eight
    /// hours of an instrument that has no such file.
    pub every: Option<Timeframe>,
    /// The rate in hundredths of a percent where no file tells it: longs pay it to shorts when it is positive.
    pub rate_bps: Decimal,
}

/// What a recorded file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordedKind {
    /// The best bid and ask.
    Quotes,
    /// Trades.
    Trades,
    /// Bars.
    Bars,
    /// Rates of funding.
    Funding,
}

/// A file of recorded data of one instrument, `.csv` or `.csv.gz`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedFile {
    /// The instrument.
    pub instrument: InstrumentId,
    /// What it holds.
    pub kind: RecordedKind,
    /// Where it is.
    pub path: PathBuf,
}

/// Fees in basis points (a hundredth of a percent) of an order's value; negative for a rebate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fees {
    /// For an order that rested until somebody came.
    pub maker_bps: Decimal,
    /// For an order that took what rested.
    pub taker_bps: Decimal,
}

/// Where the quotes of an exchange come from.
#[derive(Clone, Debug)]
pub enum FeedConfig {
    /// From a random walk; the same seed gives the same prices.
    Sim {
        /// The seed.
        seed: u64,
        /// How often each instrument is quoted.
        quotes_per_second: NonZeroU32,
        /// How far the machine's clock is ahead of the exchange's, by which quotes have their times; zero unless that is
        /// what is to be looked at.
        clock_offset: SignedDuration,
    },
    /// From recorded files.
    Replay {
        /// How fast.
        speed: Speed,
        /// What is replayed: of each instrument one file of a kind at most, and at least quotes, trades or bars.
        files: Vec<RecordedFile>,
    },
}

impl FeedConfig {
    /// Returns of what kind of files the quotes of an instrument are: its own, or those that stand for trades or for bars;
    /// none when they are simulated.
    pub(crate) fn quoted_by(&self, instrument: &InstrumentId) -> Option<RecordedKind> {
        let FeedConfig::Replay { files, .. } = self else { return None };
        let kinds = files.iter().filter(|file| file.instrument == *instrument).map(|file| file.kind);
        kinds.min().filter(|kind| *kind != RecordedKind::Funding)
    }
}

/// How fast recorded quotes are replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    /// So many times as fast as they were recorded; 1 is real time.
    Times(NonZeroU32),
    /// As fast as it goes, in lockstep with the strategy: results do not depend on the machine.
    Max,
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Speed::Times(times) => times.fmt(f),
            Speed::Max => f.write_str("max"),
        }
    }
}

impl FromStr for Speed {
    type Err = EngineError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim() {
            "max" => Ok(Speed::Max),
            number => number.parse().map(Speed::Times).map_err(|_| {
                EngineError::Config(format!(
                    "`{text}` is not a speed: write 1 for real time, a whole number N for N times as fast, or max"
                ))
            }),
        }
    }
}

impl EngineConfig {
    /// Checks what an engine relies on.
    ///
    /// # Errors
    /// [`EngineError::Config`] names the first value that is wrong.
    pub(crate) fn check(&self) -> Result<(), EngineError> {
        let mut names = HashSet::new();
        for exchange in &self.exchanges {
            let name = &exchange.name;
            ensure(!name.is_empty() && !name.contains(':'), || {
                format!("`{name}` cannot name an exchange: write a name without a colon")
            })?;
            ensure(names.insert(name), || format!("exchange {name} is there twice"))?;
            exchange.check()?;
        }
        ensure(!self.exchanges.is_empty(), || "there is no exchange".to_owned())?;
        check_limits(&self.limits)?;
        ensure(self.stale_after >= SHORTEST_SILENCE, || {
            format!("stale_after must be at least {} s", SHORTEST_SILENCE.as_secs())
        })?;
        if let Some(restore) = &self.restore {
            restore.check(&self.exchanges)?;
        }
        let first = self.exchanges[0].speed();
        ensure(self.exchanges.iter().all(|exchange| exchange.speed() == first), || {
            "one clock rules a session: either all exchanges simulate, or all replay at the same speed"
                .to_owned()
        })
    }
}

impl ExchangeConfig {
    fn check(&self) -> Result<(), EngineError> {
        let name = &self.name;
        ensure(is_positive(self.capital.0), || format!("capital of {name} must be positive"))?;
        ensure(is_positive(self.leverage), || format!("leverage of {name} must be positive"))?;
        for bps in [self.fees.maker_bps, self.fees.taker_bps] {
            ensure(bps.abs() <= Decimal::ONE_THOUSAND, || {
                format!("fees of {name}: {bps} basis points is not sensible")
            })?;
        }
        ensure((Decimal::ZERO..=Decimal::ONE_THOUSAND).contains(&self.paper.slippage_bps), || {
            format!("slippage of {name}: {} basis points is not sensible", self.paper.slippage_bps)
        })?;
        ensure(self.paper.latency <= LONGEST_LATENCY, || {
            format!("latency of {name} must be at most {} s", LONGEST_LATENCY.as_secs())
        })?;
        ensure(self.funding.is_none_or(|funding| funding.rate_bps.abs() <= Decimal::ONE_THOUSAND), || {
            format!("the rate of funding of {name} is not sensible")
        })?;
        ensure(!self.instruments.is_empty(), || format!("{name} has no instrument"))?;
        let mut ids = HashSet::new();
        for instrument in &self.instruments {
            let id = &instrument.id;
            ensure(id.exchange == *name, || format!("{id} is not an instrument of {name}"))?;
            ensure(ids.insert(id), || format!("{id} is there twice"))?;
            ensure(!id.symbol.is_empty(), || format!("an instrument of {name} has no symbol"))?;
            for (what, step) in [("tick_size", instrument.tick_size.0), ("lot_size", instrument.lot_size.0)] {
                ensure((SMALLEST_STEP..=MAX_AMOUNT).contains(&step), || {
                    format!("{what} of {id} must be positive, and at least {SMALLEST_STEP}")
                })?;
            }
            ensure((Decimal::ZERO..=MAX_AMOUNT).contains(&instrument.min_notional.0), || {
                format!("min_notional of {id} must not be negative")
            })?;
            ensure(instrument.multiplier >= SMALLEST_STEP && is_positive(instrument.multiplier), || {
                format!("multiplier of {id} must be positive, and at least {SMALLEST_STEP}")
            })?;
            ensure((Decimal::ZERO..=Decimal::ONE).contains(&instrument.maintenance_rate), || {
                format!("maintenance_rate of {id} must be between 0 and 1")
            })?;
        }
        if let FeedConfig::Replay { files, .. } = &self.feed {
            let mut seen = HashSet::new();
            for RecordedFile { instrument: id, kind, .. } in files {
                ensure(ids.contains(id), || {
                    format!("there is a file for {id}, which is not in the universe")
                })?;
                ensure(seen.insert((id, *kind)), || {
                    format!("there are two files of the same kind for {id}")
                })?;
            }
            for id in ids {
                let has_prices = seen.iter().any(|(of, kind)| *of == id && *kind != RecordedKind::Funding);
                ensure(has_prices, || format!("there is no file for {id}"))?;
            }
        }
        Ok(())
    }

    fn speed(&self) -> Option<Speed> {
        match self.feed {
            FeedConfig::Sim { .. } => None,
            FeedConfig::Replay { speed, .. } => Some(speed),
        }
    }
}

fn check_limits(limits: &Limits) -> Result<(), EngineError> {
    for (name, limit) in [
        ("order_notional", limits.order_notional.map(|limit| limit.0)),
        ("position_notional", limits.position_notional.map(|limit| limit.0)),
        ("gross_leverage", limits.gross_leverage),
        ("orders_per_minute", limits.orders_per_minute.map(Decimal::from)),
        ("daily_loss", limits.daily_loss.map(|limit| limit.0)),
    ] {
        ensure(limit.is_none_or(|limit| limit > Decimal::ZERO), || {
            format!("the limit {name} must be positive; leave it out for no limit")
        })?;
    }
    Ok(())
}

fn ensure(holds: bool, problem: impl FnOnce() -> String) -> Result<(), EngineError> {
    if holds { Ok(()) } else { Err(EngineError::Config(problem())) }
}

/// A shorter silence is none: the slowest simulation quotes once a second.
const SHORTEST_SILENCE: Duration = Duration::from_secs(1);

/// What is under way for longer is lost rather than late.
const LONGEST_LATENCY: Duration = Duration::from_secs(60);

/// The smallest tick and lot: what averages and profits are rounded to.
const SMALLEST_STEP: Decimal = Decimal::from_parts(1, 0, 0, false, 12);

fn is_positive(value: Decimal) -> bool {
    value > Decimal::ZERO && value <= MAX_AMOUNT
}
