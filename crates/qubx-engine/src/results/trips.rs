//! Round trips: from a flat position to the next time that it is flat or goes through zero. No I/O.
//!
//! A trip's profit is what it realized, less the fees of all its fills and the funding that was paid meanwhile. Of a fill
//! that goes through zero, the trip that ends bears the fee of what it closed, and the next one the rest.

use qubx_protocol::{Fill, Money, Position};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::core::rounded;

/// The round trip of one instrument; one that has not begun has nothing in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Trip {
    /// How much is held.
    held: Decimal,
    /// What the position had realized when it was last told.
    realized: Decimal,
    /// The funding that it had paid then.
    funding: Decimal,
    /// What the trip brought so far.
    profit: Decimal,
}

/// What the trips of one account brought.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Profits {
    pub(super) trades: u64,
    pub(super) winning: u64,
    /// The sum of all profits.
    pub(super) won: Money,
    /// The sum of all losses, as a positive amount.
    pub(super) lost: Money,
}

impl Profits {
    pub(super) fn add(&mut self, profit: Money) {
        self.trades += 1;
        if profit > Money::ZERO {
            self.winning += 1;
            self.won += profit;
        } else {
            self.lost -= profit;
        }
    }
}

impl Trip {
    /// Returns a trip that begins with what is held already.
    pub(super) fn holding(position: &Position) -> Self {
        Self {
            held: position.quantity.0,
            realized: position.realized_pnl.0,
            funding: position.funding.0,
            profit: Decimal::ZERO,
        }
    }

    /// Takes in a payment of funding. One that comes when nothing is held any more is no later trip's.
    pub(super) fn fund(&mut self, position: &Position) {
        if !self.held.is_zero() {
            self.profit -= position.funding.0 - self.funding;
        }
        self.funding = position.funding.0;
    }

    /// Takes in a fill with the position that results, and returns the profit of the trip that it ends, if it ends one.
    pub(super) fn fill(&mut self, fill: &Fill, position: &Position) -> Option<Money> {
        let before = std::mem::replace(&mut self.held, position.quantity.0);
        self.profit += position.realized_pnl.0 - self.realized;
        self.realized = position.realized_pnl.0;
        let is_over =
            !before.is_zero() && (self.held.is_zero() || is_negative(self.held) != is_negative(before));
        if !is_over {
            self.profit -= fill.fee.0;
            return None;
        }
        let closed = before.abs().min(fill.quantity.0);
        let share = if closed == fill.quantity.0 {
            fill.fee.0
        } else {
            rounded(fill.fee.0 * closed / fill.quantity.0)
        };
        let profit = self.profit - share;
        self.profit = share - fill.fee.0;
        Some(Money(profit))
    }

    /// Returns what the trip brought so far, without what is not realized.
    #[cfg(test)]
    pub(super) fn so_far(&self) -> Money {
        Money(self.profit)
    }
}

fn is_negative(value: Decimal) -> bool {
    value < Decimal::ZERO
}
