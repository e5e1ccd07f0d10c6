//! Orders and fills.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Author, CommandId, InstrumentId, Money, OrderId, Price, Quantity};

/// Whether an order buys or sells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum OrderType {
    /// At the best price there is, now.
    Market,
    /// At the order's price or a better one.
    Limit,
    /// A market order, once the market has reached the stop price.
    Stop,
    /// A limit order, once the market has reached the stop price.
    StopLimit,
}

impl OrderType {
    /// Returns the type of an order that has these prices.
    #[must_use]
    pub fn of(price: Option<Price>, stop_price: Option<Price>) -> Self {
        match (price, stop_price) {
            (None, None) => OrderType::Market,
            (Some(_), None) => OrderType::Limit,
            (None, Some(_)) => OrderType::Stop,
            (Some(_), Some(_)) => OrderType::StopLimit,
        }
    }
}

impl fmt::Display for OrderType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            OrderType::Market => "MARKET",
            OrderType::Limit => "LIMIT",
            OrderType::Stop => "STOP",
            OrderType::StopLimit => "STOP LIMIT",
        })
    }
}

/// How long an order stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TimeInForce {
    /// Until it is filled or cancelled.
    #[default]
    Gtc,
    /// What is not filled at once is cancelled.
    Ioc,
}

impl fmt::Display for TimeInForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            TimeInForce::Gtc => "GTC",
            TimeInForce::Ioc => "IOC",
        })
    }
}

/// Where an order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
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

/// Why an order, or a change of one, was refused: one name for each reason, so that a program can branch on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// The session has no such instrument.
    UnknownInstrument,
    /// The quantity is not positive, absurd, or rounds to nothing.
    BadQuantity,
    /// A price is not positive, absurd, or rounds to nothing.
    BadPrice,
    /// The options contradict each other or the type, for example post-only and IOC.
    BadOption,
    /// The instrument has no price yet, or none any more.
    NoQuote,
    /// Trading is paused, and the order would increase a position.
    Paused,
    /// The order is worth less than the instrument allows.
    MinNotional,
    /// Too many orders are open.
    TooManyOrders,
    /// The order is worth more than `order_notional`.
    OrderNotional,
    /// The position would be worth more than `position_notional`.
    PositionNotional,
    /// The account's gross leverage would be above `gross_leverage`.
    GrossLeverage,
    /// The account has too little margin for it.
    Margin,
    /// More orders than `orders_per_minute`.
    OrderRate,
    /// The account lost `daily_loss` since 00:00 UTC.
    DailyLoss,
    /// A post-only order would take at once.
    WouldTake,
    /// A reduce-only order would not reduce a position.
    WouldIncrease,
    /// The market is at or beyond the stop price already.
    WouldTrigger,
    /// The order that is to be changed is not open.
    NotOpen,
    /// Its intent could not be written down.
    NotStored,
    /// It was never sent.
    NotSent,
    /// Its account is being liquidated.
    Liquidation,
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
#[cfg_attr(test, derive(ts_rs::TS))]
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
    /// The limit; none for a market order and a stop.
    pub price: Option<Price>,
    /// The price that the market must reach before the order is one at all; none for an order without a stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_price: Option<Price>,
    /// Whether the market has reached the stop price.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub triggered: bool,
    /// How long it stays.
    pub time_in_force: TimeInForce,
    /// Whether it is refused rather than filled at once.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub post_only: bool,
    /// Whether it is cut down, or cancelled, rather than ever increase a position.
    #[serde(default, skip_serializing_if = "is_false")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub reduce_only: bool,
    /// The average price of its fills; none before the first, and in ledgers of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avg_price: Option<Price>,
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
    /// When it changed last, by the engine's clock; only facts tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_at: Option<Timestamp>,
    /// Why it was rejected or cancelled; none while that needs no word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The name of the reason of a rejection; none otherwise, and in ledgers of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rejection: Option<Rejection>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
pub(crate) fn is_false(value: &bool) -> bool {
    !*value
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
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Liquidity {
    /// The order rested and somebody came.
    Maker,
    /// The order took what rested.
    Taker,
}

/// One execution of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
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
