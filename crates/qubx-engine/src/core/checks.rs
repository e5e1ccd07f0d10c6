//! What an order must pass before it is sent, whoever gives it. No I/O.

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::Rejection::{
    self, BadOption, BadPrice, BadQuantity, DailyLoss, GrossLeverage, Liquidation, Margin, MinNotional,
    NoQuote, OrderNotional, OrderRate, Paused, PositionNotional, TooManyOrders, UnknownInstrument,
};
use qubx_protocol::{Instrument, Money, OrderId, Price, Quantity, Side, TimeInForce};
use rust_decimal::Decimal;

use super::Refusal;
use super::amount::{MAX_AMOUNT, rounded, value};
use super::state::{Purpose, State};
use crate::broker::Change;
use crate::{OrderRequest, Touch};

/// More resting orders are refused: each is looked at with every quote and every new order.
const MAX_OPEN_ORDERS: usize = 1_000;

/// In how much time `orders_per_minute` are accepted.
pub(super) const RATE_WINDOW: SignedDuration = SignedDuration::from_mins(1);

impl State {
    /// Rounds an order to tick and lot and checks it. Returns the place of its instrument, and its numbers as they will
    /// be sent.
    ///
    /// An order that only reduces a position, whatever else of its side is filled before, passes a pause, `min_notional`
    /// and the limits on positions. An order that closes one passes all limits: an exit must never fail because of its
    /// size. What of an order is `filled` counts for nothing but `min_notional`.
    ///
    /// # Errors
    /// The reason, for whoever gave the order.
    pub(super) fn check(
        &self,
        request: &OrderRequest,
        purpose: Purpose,
        filled: Quantity,
    ) -> Result<(usize, Change), Refusal> {
        let OrderRequest { instrument: id, side, .. } = request;
        let unknown = || Refusal::new(UnknownInstrument, format!("unknown instrument {id}"));
        let place = self.books.get_index_of(id).ok_or_else(unknown)?;
        let book = &self.books[place];
        let instrument = &book.instrument;
        check_options(request)?;

        let change = rounded_numbers(instrument, request)?;
        let Change { quantity, price, stop_price } = change;
        let unquoted = || Refusal::new(NoQuote, format!("{id} has no quote yet"));
        let touch = book.touch.map(|(_, touch)| touch).ok_or_else(unquoted)?;

        let reduces = request.reduce_only || self.reduces(place, *side, quantity.0);
        if let Some(reason) = &self.paused
            && !(request.reduce_only || self.reduces_in_a_pause(place, *side, quantity.0))
        {
            return Err(self.refusal_of_pause(reason));
        }
        let expected = expected_price(&touch, *side, price, stop_price);
        let notional = Money(rounded(value(instrument, expected.0, quantity.0)));
        // "Order's notional must be no smaller than 5.0 (unless you choose reduce only)" (Binance USD-M, error -4164).
        let whole = Money(rounded(value(instrument, expected.0, (quantity + filled).0)));
        if whole < instrument.min_notional && !reduces {
            let least = instrument.min_notional;
            let reason = format!("the value {whole} is below the least of {id}, {least}");
            return Err(Refusal::new(MinNotional, reason));
        }
        if purpose == Purpose::Close {
            return Ok((place, change));
        }
        if purpose == Purpose::Trade && self.open.len() >= MAX_OPEN_ORDERS {
            return Err(Refusal::new(TooManyOrders, format!("{MAX_OPEN_ORDERS} orders are open already")));
        }
        if let Some(limit) = self.limits.order_notional
            && notional > limit
        {
            let reason = format!("the value {notional} is above the limit of an order, {limit}");
            return Err(Refusal::new(OrderNotional, reason));
        }
        if !reduces {
            self.check_position(place, *side, quantity.0, expected.0)?;
        }
        Ok((place, change))
    }

    /// Returns why an order that would increase a position is refused while trading is paused for this reason.
    pub(crate) fn refusal_of_pause(&self, reason: &str) -> Refusal {
        let rejection = if self.loss_reached().is_some() { DailyLoss } else { Paused };
        Refusal::new(rejection, format!("paused ({reason}): only orders that reduce a position pass"))
    }

    /// Checks an order that was on its way against position, leverage and margin as they are now.
    ///
    /// # Errors
    /// Why it is not taken.
    pub(crate) fn check_arrival(&mut self, id: &OrderId) -> Result<(), Refusal> {
        let Some(working) = self.open.get_mut(id) else { return Ok(()) };
        let (order, place) = (working.order.clone(), working.book);
        let Some((_, touch)) = self.books[place].touch else { return Ok(()) };
        // Its own quantity is not there twice while it is checked.
        working.order.quantity = order.filled;
        let quantity = order.remaining().0;
        let is_free = self.paused.is_some() || order.reduce_only || self.reduces(place, order.side, quantity);
        let expected = expected_price(&touch, order.side, order.price, order.stop_price);
        let checked =
            if is_free { Ok(()) } else { self.check_position(place, order.side, quantity, expected.0) };
        if let Some(working) = self.open.get_mut(id) {
            working.order.quantity = order.quantity;
        }
        checked
    }

    fn check_position(
        &self,
        place: usize,
        side: Side,
        quantity: Decimal,
        price: Decimal,
    ) -> Result<(), Refusal> {
        let book = &self.books[place];
        if self.exchanges[book.exchange].is_under_water {
            let exchange = &book.instrument.id.exchange;
            return Err(Refusal::new(Liquidation, format!("the account of {exchange} is being liquidated")));
        }
        let worst = self.position_at_worst(place, side, quantity).abs();
        if worst * book.instrument.multiplier > MAX_AMOUNT {
            let reason = format!("the position would be {worst}, more than can be counted");
            return Err(Refusal::new(BadQuantity, reason));
        }
        let notional = rounded(value(&book.instrument, price, worst));
        if let Some(limit) = self.limits.position_notional
            && notional > limit.0
        {
            let reason = format!("the position would be worth {notional}, above the limit of {limit}");
            return Err(Refusal::new(PositionNotional, reason));
        }
        // Once it is there, what counts is the middle of the market, which may be above a limit to buy. Orders of the other
        // side may lead further than this one.
        let price = book.last_price().map_or(price, |mid| mid.0.max(price));
        let other = self.position_at_worst(place, opposite(side), Decimal::ZERO).abs();
        self.check_leverage(place, rounded(value(&book.instrument, price, worst.max(other))))
    }

    /// Checks the gross leverage and the margin if this instrument's position were worth `notional`.
    fn check_leverage(&self, place: usize, notional: Decimal) -> Result<(), Refusal> {
        let account = self.books[place].exchange;
        let (exchange, terms) = self.exchanges.get_index(account).expect("the places of accounts are known");
        let equity = self.worth(account).equity.0;
        if equity <= Decimal::ZERO {
            return Err(Refusal::new(Margin, format!("the equity of {exchange} is {equity}")));
        }
        let unpriced = || Refusal::new(NoQuote, format!("what is held on {exchange} has no price yet"));
        let gross = self.gross_but(account, place).ok_or_else(unpriced)? + notional;
        let leverage = gross.checked_div(equity).unwrap_or(Decimal::MAX);
        if let Some(limit) = self.limits.gross_leverage
            && leverage > limit
        {
            let reason =
                format!("gross leverage would be {}, above the limit of {limit}", leverage.round_dp(2));
            return Err(Refusal::new(GrossLeverage, reason));
        }
        // "Margin is insufficient" (Binance USD-M, error -2019).
        if leverage > terms.leverage {
            let needed = gross.checked_div(terms.leverage).unwrap_or(Decimal::MAX);
            let (needed, equity) = (needed.round_dp(2), equity.round_dp(2));
            let reason = format!(
                "the margin would be {needed} at a leverage of {}, above the equity of {equity}",
                terms.leverage
            );
            return Err(Refusal::new(Margin, reason));
        }
        Ok(())
    }

    /// Checks the number of orders in the last minute, and counts this one if it passes.
    pub(super) fn count(&mut self, time: Timestamp) -> Result<(), Refusal> {
        let Some(limit) = self.limits.orders_per_minute else { return Ok(()) };
        while self.accepted.front().is_some_and(|first| time.duration_since(*first) >= RATE_WINDOW) {
            self.accepted.pop_front();
        }
        if self.accepted.len() >= limit as usize {
            let reason = format!("{limit} orders were given within a minute, which is the limit");
            return Err(Refusal::new(OrderRate, reason));
        }
        self.accepted.push_back(time);
        Ok(())
    }
}

/// Checks that the options do not contradict each other: "Unsupported order combination" (Binance, error -1014).
fn check_options(request: &OrderRequest) -> Result<(), Refusal> {
    let OrderRequest { price, stop_price, time_in_force, post_only, .. } = request;
    if !post_only {
        return Ok(());
    }
    let what = match (price, stop_price, time_in_force) {
        (None, None, _) => "a market order takes",
        (None, Some(_), _) => "a stop without a limit takes once it is reached",
        (Some(_), _, TimeInForce::Ioc) => "an ioc order takes or is cancelled",
        (Some(_), _, TimeInForce::Gtc) => return Ok(()),
    };
    Err(Refusal::new(BadOption, format!("post-only cannot be: {what}")))
}

/// Rounds quantity and prices to lot and tick.
///
/// Exchanges refuse what is off them (Binance USD-M, -1111 and -4014); an engine that gets doubles from strategies
/// rounds instead, and refuses what rounds to nothing.
fn rounded_numbers(instrument: &Instrument, request: &OrderRequest) -> Result<Change, Refusal> {
    let quantity = in_bounds(BadQuantity, "quantity", request.quantity.0)?;
    let quantity = instrument.round_quantity(Quantity(quantity));
    if quantity.is_zero() {
        let (wanted, lot) = (request.quantity, instrument.lot_size);
        let reason = format!("the quantity {wanted} is less than half a lot of {lot}");
        return Err(Refusal::new(BadQuantity, reason));
    }
    if quantity.0 * instrument.multiplier > MAX_AMOUNT {
        return Err(Refusal::new(BadQuantity, format!("the quantity {quantity} is absurd")));
    }
    let round = |what: &str, price: Option<Price>| {
        let Some(price) = price else { return Ok(None) };
        let price = instrument.round_price(Price(in_bounds(BadPrice, what, price.0)?));
        if price.is_zero() {
            let reason = format!("the {what} rounds to zero at a tick of {}", instrument.tick_size);
            return Err(Refusal::new(BadPrice, reason));
        }
        Ok(Some(price))
    };
    let price = round("price", request.price)?;
    let stop_price = round("stop price", request.stop_price)?;
    Ok(Change { quantity, price, stop_price })
}

fn in_bounds(rejection: Rejection, what: &str, value: Decimal) -> Result<Decimal, Refusal> {
    if value <= Decimal::ZERO {
        return Err(Refusal::new(rejection, format!("the {what} must be positive, not {value}")));
    }
    if value > MAX_AMOUNT {
        return Err(Refusal::new(rejection, format!("the {what} {value} is absurd")));
    }
    Ok(value)
}

/// Returns the price at which an order would be filled: the touch, its limit where it rests, or its stop.
fn expected_price(touch: &Touch, side: Side, limit: Option<Price>, stop: Option<Price>) -> Price {
    match (side, limit, stop) {
        (_, Some(limit), Some(_)) => limit,
        (_, None, Some(stop)) => stop,
        (_, None, None) => touch.taken_by(side),
        (Side::Buy, Some(limit), None) => limit.min(touch.ask),
        (Side::Sell, Some(limit), None) => limit.max(touch.bid),
    }
}

/// Returns the other side.
pub(crate) fn opposite(side: Side) -> Side {
    match side {
        Side::Buy => Side::Sell,
        Side::Sell => Side::Buy,
    }
}
