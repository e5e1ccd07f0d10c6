//! Positions and accounts.

use serde::{Deserialize, Serialize};

use crate::{InstrumentId, Money, Price, Quantity};

/// A netting position: one per instrument, as it stands after its last fill.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
        }
    }

    /// Returns the profit that closing at `price` would bring, before fees.
    #[must_use]
    pub fn unrealized_pnl(&self, price: Price) -> Money {
        match self.avg_price {
            Some(average) => (price - average) * self.quantity,
            None => Money::ZERO,
        }
    }
}

/// What one exchange's account is worth now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The exchange, as the config names it.
    pub exchange: String,
    /// The currency of every amount here.
    pub currency: String,
    /// What it began with.
    pub capital: Money,
    /// Capital, plus realized and unrealized profit, less fees.
    pub equity: Money,
    /// Profit of what was closed, before fees.
    pub realized_pnl: Money,
    /// Profit of what is open at the last quotes, before fees; none while a held instrument has no quote.
    pub unrealized_pnl: Option<Money>,
    /// Fees paid.
    pub fees: Money,
    /// Signed value of all positions over equity; none while it cannot be known.
    pub net_leverage: Option<rust_decimal::Decimal>,
    /// Unsigned value of all positions over equity; none while it cannot be known.
    pub gross_leverage: Option<rust_decimal::Decimal>,
}
