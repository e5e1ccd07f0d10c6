//! What trading costs and may not exceed, as the config says: what a ticket needs to show an order's fee and margin.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::Money;

/// An exchange's account and its terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct ExchangeInfo {
    /// Its name, as instruments have it.
    pub name: String,
    /// The currency of its account.
    pub currency: String,
    /// What the account began with.
    pub capital: Money,
    /// The greatest gross leverage that the account allows: an order's margin is its value over this.
    #[cfg_attr(test, ts(type = "string"))]
    #[serde(with = "rust_decimal::serde::str")]
    pub leverage: Decimal,
    /// The fee of an order that rested until somebody came, in hundredths of a percent of its value; negative for a rebate.
    #[cfg_attr(test, ts(type = "string"))]
    #[serde(with = "rust_decimal::serde::str")]
    pub maker_bps: Decimal,
    /// The fee of an order that took what rested, in the same way.
    #[cfg_attr(test, ts(type = "string"))]
    #[serde(with = "rust_decimal::serde::str")]
    pub taker_bps: Decimal,
    /// How much worse than the touch whoever takes is filled on paper, in hundredths of a percent.
    #[cfg_attr(test, ts(type = "string"))]
    #[serde(default, with = "rust_decimal::serde::str")]
    pub slippage_bps: Decimal,
}

/// What no order may exceed, whoever gives it. None is no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(default)]
pub struct Limits {
    /// The greatest value of one order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_notional: Option<Money>,
    /// The greatest value of a position with the open orders that would increase it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position_notional: Option<Money>,
    /// The greatest value of all positions of an account over its equity.
    #[cfg_attr(test, ts(type = "string | null"))]
    #[serde(with = "rust_decimal::serde::str_option", skip_serializing_if = "Option::is_none")]
    pub gross_leverage: Option<Decimal>,
    /// How many orders are accepted in any sixty seconds of the engine's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orders_per_minute: Option<u32>,
    /// The loss of an account since 00:00 UTC at which trading pauses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_loss: Option<Money>,
}
