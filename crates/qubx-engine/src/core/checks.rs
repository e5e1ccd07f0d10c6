//! What an order must pass before it is sent, whoever gives it. No I/O.

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::{InstrumentId, Money, Price, Quantity, Side};
use rust_decimal::Decimal;

use super::amount::{MAX_AMOUNT, rounded};
use super::state::{Purpose, State};
use crate::{OrderRequest, Touch};

/// More resting orders are refused: each is looked at with every quote and every new order.
const MAX_OPEN_ORDERS: usize = 1_000;

/// In how much time `orders_per_minute` are accepted.
pub(super) const RATE_WINDOW: SignedDuration = SignedDuration::from_mins(1);

/// An order as it will be sent: on tick and on lot.
pub(super) struct Checked {
    pub(super) quantity: Quantity,
    pub(super) price: Option<Price>,
}

impl State {
    /// Rounds an order to tick and lot and checks it.
    ///
    /// An order that only reduces a position passes a pause, `min_notional` and the limits on positions. An
    /// order that closes one passes all limits: an exit must never fail because of its size or number.
    ///
    /// # Errors
    /// The reason in words, for whoever gave the order.
    pub(super) fn check(
        &mut self,
        request: &OrderRequest,
        purpose: Purpose,
        time: Timestamp,
    ) -> Result<Checked, String> {
        let OrderRequest { instrument: id, side, .. } = request;
        let book = self.books.get(id).ok_or_else(|| format!("unknown instrument {id}"))?;
        let instrument = &book.instrument;

        let quantity = in_bounds("quantity", request.quantity.0)?;
        let quantity = instrument.round_quantity(Quantity(quantity));
        if quantity.is_zero() {
            return Err(format!(
                "the quantity {} is less than half a lot of {}",
                request.quantity, instrument.lot_size
            ));
        }
        let price = match request.price {
            Some(price) => Some(instrument.round_price(Price(in_bounds("price", price.0)?))),
            None => None,
        };
        if price.is_some_and(Price::is_zero) {
            return Err(format!("the price rounds to zero at a tick of {}", instrument.tick_size));
        }
        let touch = book.touch.map(|(_, touch)| touch).ok_or_else(|| format!("{id} has no quote yet"))?;

        let reduces = self.reduces(id, *side, quantity.0);
        if let Some(reason) = &self.paused
            && !reduces
        {
            return Err(format!("paused ({reason}): only orders that reduce a position pass"));
        }
        let expected = expected_price(&touch, *side, price);
        // Both factors are bounded, so the product cannot overflow.
        let notional = Money(rounded((expected * quantity).0));
        if notional < instrument.min_notional && !reduces {
            return Err(format!(
                "the value {notional} is below the least of {id}, {}",
                instrument.min_notional
            ));
        }
        if purpose == Purpose::Close {
            return Ok(Checked { quantity, price });
        }
        if self.open.len() >= MAX_OPEN_ORDERS {
            return Err(format!("{MAX_OPEN_ORDERS} orders are open already"));
        }
        if let Some(limit) = self.limits.order_notional
            && notional > limit
        {
            return Err(format!("the value {notional} is above the limit of an order, {limit}"));
        }
        if !reduces {
            self.check_position(id, *side, quantity.0, expected.0)?;
        }
        self.check_rate(time)?;
        Ok(Checked { quantity, price })
    }

    fn check_position(
        &self,
        id: &InstrumentId,
        side: Side,
        quantity: Decimal,
        price: Decimal,
    ) -> Result<(), String> {
        let worst = self.position_at_worst(id, side, quantity).abs();
        if worst > MAX_AMOUNT {
            return Err(format!("the position would be {worst}, more than can be counted"));
        }
        let notional = rounded(worst * price);
        if let Some(limit) = self.limits.position_notional
            && notional > limit.0
        {
            return Err(format!("the position would be worth {notional}, above the limit of {limit}"));
        }
        self.check_leverage(id, notional)
    }

    /// Checks the gross leverage if this instrument's position were worth `notional`.
    fn check_leverage(&self, id: &InstrumentId, notional: Decimal) -> Result<(), String> {
        let allowed = self.exchanges[&id.exchange].leverage;
        let limit = self.limits.gross_leverage.map_or(allowed, |limit| limit.min(allowed));
        let equity = self.account(&id.exchange).equity.0;
        let others: Decimal = self
            .books
            .values()
            .filter(|book| book.instrument.id.exchange == id.exchange && book.instrument.id != *id)
            .map(|book| {
                let most = [Side::Buy, Side::Sell]
                    .map(|side| self.position_at_worst(&book.instrument.id, side, Decimal::ZERO).abs());
                let [buying, selling] = most;
                buying.max(selling) * book.last_price().map_or(Decimal::ZERO, |price| price.0)
            })
            .sum();
        match (others + notional).checked_div(equity) {
            Some(leverage) if equity > Decimal::ZERO && leverage <= limit => Ok(()),
            Some(leverage) if equity > Decimal::ZERO => {
                Err(format!("gross leverage would be {}, above the limit of {limit}", leverage.round_dp(2)))
            }
            _ => Err(format!("the equity of {} is {equity}", id.exchange)),
        }
    }

    /// Checks the number of orders in the last minute, and counts this one if it passes.
    fn check_rate(&mut self, time: Timestamp) -> Result<(), String> {
        let Some(limit) = self.limits.orders_per_minute else { return Ok(()) };
        while self.accepted.front().is_some_and(|first| time.duration_since(*first) >= RATE_WINDOW) {
            self.accepted.pop_front();
        }
        if self.accepted.len() >= limit as usize {
            return Err(format!("{limit} orders were given within a minute, which is the limit"));
        }
        self.accepted.push_back(time);
        Ok(())
    }
}

fn in_bounds(what: &str, value: Decimal) -> Result<Decimal, String> {
    if value <= Decimal::ZERO {
        return Err(format!("the {what} must be positive, not {value}"));
    }
    if value > MAX_AMOUNT {
        return Err(format!("the {what} {value} is absurd"));
    }
    Ok(value)
}

/// Returns the price at which an order would be filled: the touch, or its limit where it rests.
fn expected_price(touch: &Touch, side: Side, limit: Option<Price>) -> Price {
    match (side, limit) {
        (Side::Buy, None) => touch.ask,
        (Side::Sell, None) => touch.bid,
        (Side::Buy, Some(limit)) => limit.min(touch.ask),
        (Side::Sell, Some(limit)) => limit.max(touch.bid),
    }
}
