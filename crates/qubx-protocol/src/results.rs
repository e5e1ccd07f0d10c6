//! What came of a replay: the figures by which strategies are compared.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{Account, Money};

/// What came of a replay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Results {
    /// The time of the first event of the market.
    pub from: Timestamp,
    /// The time of the last one.
    pub to: Timestamp,
    /// How many events of the market there were.
    pub events: u64,
    /// Each account, in the order of the config.
    pub accounts: Vec<AccountResults>,
}

/// What came of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct AccountResults {
    /// The account at the end.
    pub account: Account,
    /// Equity at the end less capital: realized and unrealized profit less fees and funding.
    pub profit: Money,
    /// The same over the capital, as every ratio here rounded to six digits.
    #[cfg_attr(test, ts(type = "string"))]
    #[serde(with = "rust_decimal::serde::str")]
    pub return_on_capital: Decimal,
    /// How many orders were not refused.
    pub orders: u64,
    /// How many were refused.
    pub rejected: u64,
    /// How many fills there were.
    pub fills: u64,
    /// The value of all fills: price times quantity times the instrument's multiplier.
    pub turnover: Money,
    /// How often a position came back to zero or went through it: the round trips that are over.
    pub trades: u64,
    /// How many of these brought more than their fees and funding.
    pub winning_trades: u64,
    /// Profits of the winning trades over losses of the others, both net of fees and funding; none without a loss.
    #[cfg_attr(test, ts(type = "string | null"))]
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rust_decimal::serde::str_option")]
    pub profit_factor: Option<Decimal>,
    /// The greatest fall of equity below its highest value before, looked at each whole minute.
    pub max_drawdown: Money,
    /// The greatest fall as a part of the highest value before it. It may be another fall than the one above: an early one
    /// of an account that was smaller then.
    #[cfg_attr(test, ts(type = "string"))]
    #[serde(with = "rust_decimal::serde::str")]
    pub max_drawdown_part: Decimal,
    /// The mean of the hourly returns over their sample standard deviation (n − 1), times the root of the hours in a year
    /// (8,760), for a rate of interest of zero. Hours are whole hours of the engine's clock in UTC, those without an event
    /// too. None with less than 24 of them, when every return is the same, and when the equity was not positive.
    #[cfg_attr(test, ts(type = "string | null"))]
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rust_decimal::serde::str_option")]
    pub sharpe: Option<Decimal>,
    /// The equity over time, at most 1,000 points: the beginning, then evenly in time, then the end.
    pub equity: Vec<EquityPoint>,
}

/// The equity at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct EquityPoint {
    /// When, by the engine's clock.
    pub time: Timestamp,
    /// How much.
    pub equity: Money,
}
