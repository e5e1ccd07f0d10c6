//! An order that somebody wants and nobody has checked yet.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::order::is_false;
use crate::{InstrumentId, OrderType, Price, Quantity, Side, TimeInForce};

/// What is wanted of a new order. Its type follows from the prices that it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewOrder {
    /// What to trade.
    pub instrument: InstrumentId,
    /// Whether to buy or to sell.
    pub side: Side,
    /// How much; positive. It is rounded to the nearest lot.
    pub quantity: Quantity,
    /// The limit, rounded to the nearest tick; none for a market order and a stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
    /// The price that the market must reach first, rounded to the nearest tick; none for an order without a stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_price: Option<Price>,
    /// How long it stays.
    #[serde(default)]
    #[cfg_attr(test, ts(optional, as = "Option<TimeInForce>"))]
    pub time_in_force: TimeInForce,
    /// Whether it is refused rather than filled at once.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub post_only: bool,
    /// Whether it is cut down, or cancelled, rather than ever increase a position.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub reduce_only: bool,
}

impl NewOrder {
    /// Returns the type that its prices make it.
    #[must_use]
    pub fn order_type(&self) -> OrderType {
        OrderType::of(self.price, self.stop_price)
    }
}

/// Writes it as people say it: `BUY 0.5 BTCUSDT STOP LIMIT 61000, stop 60900, IOC, reduce-only`.
impl fmt::Display for NewOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { instrument, side, quantity, price, stop_price, time_in_force, post_only, reduce_only } =
            self;
        write!(f, "{side} {quantity} {} {}", instrument.symbol, self.order_type())?;
        match (price, stop_price) {
            (None, None) => {}
            (Some(price), None) | (None, Some(price)) => write!(f, " {price}")?,
            (Some(price), Some(stop)) => write!(f, " {price}, stop {stop}")?,
        }
        if *time_in_force == TimeInForce::Ioc {
            write!(f, ", {time_in_force}")?;
        }
        for (is_set, option) in [(post_only, "post-only"), (reduce_only, "reduce-only")] {
            if *is_set {
                write!(f, ", {option}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_people_say_it() {
        for (json, expected) in [
            (r#"{"instrument":"X:BTCUSDT","side":"buy","quantity":"0.50"}"#, "BUY 0.50 BTCUSDT MARKET"),
            (
                r#"{"instrument":"X:BTCUSDT","side":"sell","quantity":"2","price":"101.5","post_only":true}"#,
                "SELL 2 BTCUSDT LIMIT 101.5, post-only",
            ),
            (
                r#"{"instrument":"X:BTCUSDT","side":"sell","quantity":"2","stop_price":"99","reduce_only":true}"#,
                "SELL 2 BTCUSDT STOP 99, reduce-only",
            ),
            (
                r#"{"instrument":"X:BTCUSDT","side":"buy","quantity":"2","price":"102","stop_price":"101","time_in_force":"ioc"}"#,
                "BUY 2 BTCUSDT STOP LIMIT 102, stop 101, IOC",
            ),
        ] {
            assert_eq!(serde_json::from_str::<NewOrder>(json).unwrap().to_string(), expected);
        }
    }
}
