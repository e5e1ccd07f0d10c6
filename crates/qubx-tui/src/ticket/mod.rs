//! The order ticket: what is filled in, and which order that makes. No I/O.

mod form;
mod preview;

use std::str::FromStr;

use qubx_client::Mirror;
use qubx_protocol::{
    Command, InstrumentId, NewOrder, Order, OrderId, OrderType, Position, Price, Quantity, Side, TimeInForce,
};
use rust_decimal::Decimal;

use crate::facts::{self, Facts};

pub(crate) use form::{Field, Unit};
pub(crate) use preview::{Preview, preview};

/// The characters that an amount or a price may have: more than any real one.
const MOST_DIGITS: usize = 24;

/// An order that is being written, or a change of one that rests.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    /// The order that is changed; none for a new one.
    pub(crate) changes: Option<Order>,
    pub(crate) instrument: InstrumentId,
    pub(crate) side: Side,
    pub(crate) order_type: OrderType,
    /// As it is typed.
    pub(crate) amount: String,
    pub(crate) unit: Unit,
    /// As it is typed.
    pub(crate) price: String,
    /// As it is typed.
    pub(crate) stop_price: String,
    pub(crate) time_in_force: TimeInForce,
    pub(crate) post_only: bool,
    pub(crate) reduce_only: bool,
    pub(crate) focus: Field,
    /// Whether the next digit replaces what stands in the field.
    pub(crate) is_fresh: bool,
}

/// Why a ticket makes no order yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) field: Field,
    pub(crate) text: String,
}

impl Ticket {
    /// Returns an empty ticket for an instrument: a limit order at the best bid.
    pub(crate) fn new(instrument: InstrumentId, mirror: &Mirror) -> Self {
        let mut ticket = Self {
            changes: None,
            instrument,
            side: Side::Buy,
            order_type: OrderType::Limit,
            amount: String::new(),
            unit: Unit::Quantity,
            price: String::new(),
            stop_price: String::new(),
            time_in_force: TimeInForce::Gtc,
            post_only: false,
            reduce_only: false,
            focus: Field::Amount,
            is_fresh: true,
        };
        ticket.price_from_market(mirror);
        ticket
    }

    /// Returns a ticket that reduces a position: all of it, at the best price on the side where it would rest.
    pub(crate) fn reducing(position: &Position, mirror: &Mirror) -> Self {
        let side = if position.quantity.0.is_sign_negative() { Side::Buy } else { Side::Sell };
        let mut ticket = Self { side, reduce_only: true, ..Self::new(position.instrument.clone(), mirror) };
        ticket.amount = position.quantity.0.abs().normalize().to_string();
        ticket.price_from_market(mirror);
        ticket
    }

    /// Returns a ticket like an order, to be given again.
    pub(crate) fn like(order: &Order) -> Self {
        let price = |price: Option<Price>| price.map_or_else(String::new, |price| price.to_string());
        Self {
            changes: None,
            instrument: order.instrument.clone(),
            side: order.side,
            order_type: order.order_type,
            amount: order.quantity.to_string(),
            unit: Unit::Quantity,
            price: price(order.price),
            stop_price: price(order.stop_price),
            time_in_force: order.time_in_force,
            post_only: order.post_only,
            reduce_only: order.reduce_only,
            focus: Field::Amount,
            is_fresh: true,
        }
    }

    /// Returns a ticket that changes an order.
    pub(crate) fn changing(order: &Order) -> Self {
        let focus = if order.price.is_some() { Field::Price } else { Field::StopPrice };
        Self { changes: Some(order.clone()), focus, ..Self::like(order) }
    }

    /// Returns the order that is changed as it stands now; none for a new order, and when it is not open any more.
    pub(crate) fn changed<'a>(&self, mirror: &'a Mirror) -> Option<&'a Order> {
        let changed: &OrderId = &self.changes.as_ref()?.id;
        facts::orders(mirror).into_iter().find(|order| order.id == *changed)
    }

    /// Sets the limit to the best price on the side where the order would rest.
    fn price_from_market(&mut self, mirror: &Mirror) {
        let Some(quote) = mirror.quote(&self.instrument) else { return self.price.clear() };
        let price = match self.side {
            Side::Buy => quote.bid,
            Side::Sell => quote.ask,
        };
        self.price = price.0.normalize().to_string();
    }

    /// Returns the command that sends it.
    ///
    /// # Errors
    /// What is missing or cannot be read, with the field that it is in.
    pub(crate) fn command(&self, mirror: &Mirror) -> Result<Command, Problem> {
        let quantity = self.quantity(mirror)?;
        let price = self.limit()?;
        let stop_price = self.stop()?;
        if self.changes.is_none() {
            return Ok(Command::Place(NewOrder {
                instrument: self.instrument.clone(),
                side: self.side,
                quantity,
                price,
                stop_price,
                time_in_force: self.time_in_force,
                post_only: self.post_only,
                reduce_only: self.reduce_only,
            }));
        }
        let problem = |text: &str| Problem { field: Field::Amount, text: text.to_owned() };
        let Some(order) = self.changed(mirror) else { return Err(problem("the order is not open any more")) };
        let (price, stop_price, quantity) = (
            price.filter(|price| order.price != Some(*price)),
            stop_price.filter(|price| order.stop_price != Some(*price)),
            Some(quantity).filter(|quantity| order.quantity != *quantity),
        );
        if price.is_none() && stop_price.is_none() && quantity.is_none() {
            return Err(problem("nothing is changed yet"));
        }
        Ok(Command::Modify { order: order.id.clone(), price, stop_price, quantity })
    }

    /// Returns the limit; none for an order that has none.
    fn limit(&self) -> Result<Option<Price>, Problem> {
        match self.order_type {
            OrderType::Market | OrderType::Stop => Ok(None),
            OrderType::Limit | OrderType::StopLimit => {
                positive(&self.price, Field::Price).map(|price| Some(Price(price)))
            }
        }
    }

    /// Returns the stop price; none for an order that has none.
    fn stop(&self) -> Result<Option<Price>, Problem> {
        match self.order_type {
            OrderType::Market | OrderType::Limit => Ok(None),
            OrderType::Stop | OrderType::StopLimit => {
                positive(&self.stop_price, Field::StopPrice).map(|price| Some(Price(price)))
            }
        }
    }

    /// Returns the quantity, from whatever unit it is typed in, rounded down to whole lots.
    fn quantity(&self, mirror: &Mirror) -> Result<Quantity, Problem> {
        let amount = positive(&self.amount, Field::Amount)?;
        if self.unit == Unit::Quantity {
            return Ok(Quantity(amount));
        }
        let problem = |text: &str| Problem { field: Field::Amount, text: text.to_owned() };
        let price =
            self.reference_price(mirror).ok_or_else(|| problem("needs a price, and there is none"))?;
        let equity = mirror.account(&self.instrument.exchange).map(|account| account.equity.0);
        let unknown = || problem("needs the account's equity, which is not known");
        let notional = match self.unit {
            Unit::Quantity | Unit::Notional => amount,
            Unit::Leverage => amount.checked_mul(equity.ok_or_else(unknown)?).ok_or_else(unknown)?,
            Unit::Percent => {
                let part = amount / Decimal::ONE_HUNDRED;
                part.checked_mul(equity.ok_or_else(unknown)?).ok_or_else(unknown)?
            }
        };
        let rules = mirror.instrument(&self.instrument);
        let multiplier = rules.map_or(Decimal::ONE, |rules| rules.multiplier);
        let lot = rules.map_or(Decimal::ZERO, |rules| rules.lot_size.0);
        let quantity = price.checked_mul(multiplier).and_then(|value| notional.checked_div(value));
        let quantity = quantity.ok_or_else(|| problem("is too large"))?;
        let lots = if lot.is_zero() { Some(quantity) } else { whole_lots(quantity, lot) };
        let lots = lots.ok_or_else(|| problem("is too large"))?;
        if lots <= Decimal::ZERO {
            Err(problem("is less than one lot"))
        } else {
            Ok(Quantity(lots.normalize()))
        }
    }

    /// Returns the price that the order is valued at: its own, else what the market asks of it now.
    fn reference_price(&self, mirror: &Mirror) -> Option<Decimal> {
        let own = self.limit().ok().flatten().or(self.stop().ok().flatten());
        own.map(|price| price.0).or_else(|| self.market_price(mirror))
    }

    /// Returns what a market order would pay or get now.
    fn market_price(&self, mirror: &Mirror) -> Option<Decimal> {
        mirror.quote(&self.instrument).map(|quote| match self.side {
            Side::Buy => quote.ask.0,
            Side::Sell => quote.bid.0,
        })
    }
}

fn whole_lots(quantity: Decimal, lot: Decimal) -> Option<Decimal> {
    quantity.checked_div(lot)?.floor().checked_mul(lot)
}

fn positive(text: &str, field: Field) -> Result<Decimal, Problem> {
    let problem = |text: &str| Problem { field, text: text.to_owned() };
    if text.is_empty() {
        return Err(problem("is missing"));
    }
    match Decimal::from_str(text) {
        Ok(value) if value > Decimal::ZERO => Ok(value),
        Ok(_) => Err(problem("must be more than zero")),
        Err(_) => Err(problem("is not a number")),
    }
}
