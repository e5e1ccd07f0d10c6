//! Positions and accounts.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{InstrumentId, Money, Price, Quantity};

/// A netting position: one per instrument, as it stands after its last fill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Position {
    /// The instrument.
    pub instrument: InstrumentId,
    /// How much is held; negative when short, zero when flat.
    pub quantity: Quantity,
    /// The average entry price of what is held; none when flat.
    pub avg_price: Option<Price>,
    /// Profit of what was closed, before fees, since the account's epoch began.
    pub realized_pnl: Money,
    /// Fees paid since the account's epoch began.
    pub fees: Money,
    /// Funding paid since the account's epoch began; negative when received.
    #[serde(default)]
    pub funding: Money,
}

/// One payment of funding between the holders of a perpetual.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Funding {
    /// The instrument.
    pub instrument: InstrumentId,
    /// When, by the engine's clock.
    pub time: Timestamp,
    /// The rate, as a part of the position's value: longs pay it to shorts when it is positive.
    #[cfg_attr(test, ts(type = "string"))]
    #[serde(with = "rust_decimal::serde::str")]
    pub rate: rust_decimal::Decimal,
    /// The position that was held.
    pub quantity: Quantity,
    /// The price at which it was valued.
    pub price: Price,
    /// What was paid; negative when received.
    pub amount: Money,
}

impl Position {
    /// Returns a position that was never traded.
    #[must_use]
    pub fn flat(instrument: InstrumentId) -> Self {
        Self {
            instrument,
            quantity: Quantity::ZERO,
            avg_price: None,
            realized_pnl: Money::ZERO,
            fees: Money::ZERO,
            funding: Money::ZERO,
        }
    }

    /// Returns the profit that closing at `price` would bring, before fees; `multiplier` is the instrument's.
    #[must_use]
    pub fn unrealized_pnl(&self, price: Price, multiplier: rust_decimal::Decimal) -> Money {
        match self.avg_price {
            Some(average) => Money(((price - average) * self.quantity).0 * multiplier),
            None => Money::ZERO,
        }
    }
}

/// What one exchange's account is worth now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Account {
    /// The exchange, as the config names it.
    pub exchange: String,
    /// The currency of every amount here.
    pub currency: String,
    /// What it began with.
    pub capital: Money,
    /// Capital, plus realized and unrealized profit, less fees and funding.
    pub equity: Money,
    /// The equity at 00:00 UTC of the engine's day, or where the account began if that was later; none from a service of
    /// an older version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_start_equity: Option<Money>,
    /// Profit of what was closed, before fees.
    pub realized_pnl: Money,
    /// Profit of what is open at the last quotes, before fees; none while a held instrument has no quote.
    pub unrealized_pnl: Option<Money>,
    /// Fees paid.
    pub fees: Money,
    /// Funding paid; negative when received.
    #[serde(default)]
    pub funding: Money,
    /// What the positions and the orders that would increase them need at the account's leverage; none while it cannot
    /// be known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_margin: Option<Money>,
    /// The equity below which the account is liquidated; none while it cannot be known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maintenance_margin: Option<Money>,
    /// Signed value of all positions over equity; none while it cannot be known.
    #[cfg_attr(test, ts(type = "string | null"))]
    pub net_leverage: Option<rust_decimal::Decimal>,
    /// Unsigned value of all positions over equity; none while it cannot be known.
    #[cfg_attr(test, ts(type = "string | null"))]
    pub gross_leverage: Option<rust_decimal::Decimal>,
}
