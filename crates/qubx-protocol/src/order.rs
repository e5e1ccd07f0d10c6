//! Orders and fills.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Author, CommandId, InstrumentId, Money, OrderId, Price, Quantity};

/// Whether an order buys or sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Buys.
    Buy,
    /// Sells.
    Sell,
}

impl Side {
    /// Returns +1 for a purchase and −1 for a sale.
    #[must_use]
    pub fn sign(self) -> rust_decimal::Decimal {
        match self {
            Side::Buy => rust_decimal::Decimal::ONE,
            Side::Sell => rust_decimal::Decimal::NEGATIVE_ONE,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Side::Buy => "BUY",
            Side::Sell => "SELL",
        })
    }
}

/// How an order finds its price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderType {
    /// At the best price there is, now.
    Market,
    /// At the order's price or a better one.
    Limit,
}

impl fmt::Display for OrderType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            OrderType::Market => "MARKET",
            OrderType::Limit => "LIMIT",
        })
    }
}

/// How long an order stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until it is filled or cancelled.
    #[default]
    Gtc,
}

/// Where an order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Written to the ledger, not yet known to the exchange.
    Intended,
    /// Accepted and resting.
    New,
    /// Filled in part and resting.
    PartiallyFilled,
    /// Filled whole. Final.
    Filled,
    /// Cancelled. Final.
    Cancelled,
    /// Refused, with the reason in the order. Final.
    Rejected,
}

impl OrderStatus {
    /// Tells whether the order can still be filled.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, OrderStatus::Intended | OrderStatus::New | OrderStatus::PartiallyFilled)
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            OrderStatus::Intended => "SENT",
            OrderStatus::New => "NEW",
            OrderStatus::PartiallyFilled => "PART",
            OrderStatus::Filled => "FILLED",
            OrderStatus::Cancelled => "CANCELLED",
            OrderStatus::Rejected => "REJECTED",
        })
    }
}

/// Who does something, and the command that causes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// Who.
    pub author: Author,
    /// The command; none for what the strategy does by itself.
    pub cause: Option<CommandId>,
}

impl From<&str> for By {
    fn from(author: &str) -> Self {
        Self { author: author.into(), cause: None }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.author.fmt(f)
    }
}

/// An order as it stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// What it trades.
    pub instrument: InstrumentId,
    /// Whether it buys or sells.
    pub side: Side,
    /// How it finds its price.
    #[serde(rename = "type")]
    pub order_type: OrderType,
    /// How much it wants; positive.
    pub quantity: Quantity,
    /// How much of it is filled.
    pub filled: Quantity,
    /// The limit; none for a market order.
    pub price: Option<Price>,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// Who gave it.
    pub author: Author,
    /// The command that caused it, a cell's or a verb's, by which the ledger tells the rest; none when the strategy
    /// gave it by itself, and in ledgers of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<CommandId>,
    /// When it was given, by the engine's clock.
    pub created_at: Timestamp,
    /// Why it was rejected or cancelled; none while that needs no word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Order {
    /// Returns what is not filled yet.
    #[must_use]
    pub fn remaining(&self) -> Quantity {
        self.quantity - self.filled
    }
}

/// Whether a fill took an offer from the book or was such an offer. It decides the fee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// The order rested and somebody came.
    Maker,
    /// The order took what rested.
    Taker,
}

/// One execution of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The exchange's id of the trade; unique on that exchange.
    pub trade_id: String,
    /// The order.
    pub order: OrderId,
    /// What was traded.
    pub instrument: InstrumentId,
    /// Whether it was bought or sold.
    pub side: Side,
    /// How much; positive.
    pub quantity: Quantity,
    /// At what price.
    pub price: Price,
    /// What it cost; negative for a rebate.
    pub fee: Money,
    /// Whether it made or took liquidity.
    pub liquidity: Liquidity,
    /// When, by the engine's clock.
    pub time: Timestamp,
    /// Who gave the order.
    pub author: Author,
}
