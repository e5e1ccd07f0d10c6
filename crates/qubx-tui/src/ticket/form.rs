//! The fields of a ticket, and what keys do to them. No I/O.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use qubx_client::Mirror;
use qubx_protocol::{OrderType, Side, TimeInForce};

use super::{MOST_DIGITS, Ticket};
use crate::facts;

/// A field of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Instrument,
    Side,
    Type,
    Amount,
    Unit,
    Price,
    StopPrice,
    TimeInForce,
    PostOnly,
    ReduceOnly,
}

/// What an amount counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Units of the instrument.
    Quantity,
    /// Money, in the instrument's currency.
    Notional,
    /// Times the account's equity.
    Leverage,
    /// Hundredths of the account's equity.
    Percent,
}

impl Unit {
    /// All units, in the order in which they are offered.
    pub(crate) const ALL: [Unit; 4] = [Unit::Quantity, Unit::Notional, Unit::Leverage, Unit::Percent];

    /// Returns its name on the ticket.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Unit::Quantity => "quantity",
            Unit::Notional => "notional",
            Unit::Leverage => "leverage",
            Unit::Percent => "%",
        }
    }
}

/// The types, in the order in which they are offered.
pub(crate) const TYPES: [OrderType; 4] =
    [OrderType::Market, OrderType::Limit, OrderType::Stop, OrderType::StopLimit];

impl Ticket {
    /// Returns the fields that there are, in their order.
    pub(crate) fn fields(&self) -> Vec<Field> {
        let has_limit = matches!(self.order_type, OrderType::Limit | OrderType::StopLimit);
        let has_stop = matches!(self.order_type, OrderType::Stop | OrderType::StopLimit);
        let is_new = self.changes.is_none();
        let all = [
            (Field::Instrument, is_new),
            (Field::Side, is_new),
            (Field::Type, is_new),
            (Field::Amount, true),
            (Field::Unit, is_new),
            (Field::StopPrice, has_stop),
            (Field::Price, has_limit),
            (Field::TimeInForce, is_new),
            (Field::PostOnly, is_new && has_limit),
            (Field::ReduceOnly, is_new),
        ];
        all.into_iter().filter(|(_, is_there)| *is_there).map(|(field, _)| field).collect()
    }

    /// Takes a key that neither sends nor closes the ticket.
    pub(crate) fn key(&mut self, event: KeyEvent, mirror: &Mirror) {
        if !(event.modifiers - KeyModifiers::SHIFT).is_empty() {
            return;
        }
        match event.code {
            KeyCode::Tab | KeyCode::Down => self.step(1),
            KeyCode::BackTab | KeyCode::Up => self.step(-1),
            KeyCode::Right => self.change(1, mirror),
            KeyCode::Left => self.change(-1, mirror),
            KeyCode::Char(' ') => self.change(1, mirror),
            KeyCode::Backspace => self.rub_out(),
            KeyCode::Char(letter) => self.letter(letter, mirror),
            _ => {}
        }
    }

    fn step(&mut self, by: isize) {
        let fields = self.fields();
        let place = fields.iter().position(|field| *field == self.focus).unwrap_or_default();
        let next = (place as isize + by).rem_euclid(fields.len() as isize);
        self.focus =
            usize::try_from(next).ok().and_then(|next| fields.get(next).copied()).unwrap_or(self.focus);
        self.is_fresh = true;
    }

    /// Chooses the next or the previous of what a field offers.
    fn change(&mut self, by: isize, mirror: &Mirror) {
        match self.focus {
            Field::Instrument => {
                self.instrument = turned(&facts::instruments(mirror), &self.instrument, by);
                self.price_from_market(mirror);
            }
            Field::Side => {
                self.side = turned(&[Side::Buy, Side::Sell], &self.side, by);
                self.price_from_market(mirror);
            }
            Field::Type => {
                self.order_type = turned(&TYPES, &self.order_type, by);
                self.post_only &= self.fields().contains(&Field::PostOnly);
            }
            Field::Unit => self.unit = turned(&Unit::ALL, &self.unit, by),
            Field::TimeInForce => {
                self.time_in_force = turned(&[TimeInForce::Gtc, TimeInForce::Ioc], &self.time_in_force, by);
            }
            Field::PostOnly => self.post_only = !self.post_only,
            Field::ReduceOnly => self.reduce_only = !self.reduce_only,
            Field::Amount | Field::Price | Field::StopPrice => {}
        }
    }

    fn typed(&mut self) -> Option<&mut String> {
        match self.focus {
            Field::Amount => Some(&mut self.amount),
            Field::Price => Some(&mut self.price),
            Field::StopPrice => Some(&mut self.stop_price),
            _ => None,
        }
    }

    fn rub_out(&mut self) {
        self.is_fresh = false;
        if let Some(text) = self.typed() {
            text.pop();
        }
    }

    fn letter(&mut self, letter: char, mirror: &Mirror) {
        let is_fresh = self.is_fresh;
        match self.typed() {
            Some(text) if letter.is_ascii_digit() || letter == '.' => {
                if is_fresh {
                    text.clear();
                }
                let has_point = text.contains('.');
                if text.len() < MOST_DIGITS && !(letter == '.' && has_point) {
                    text.push(letter);
                }
                self.is_fresh = false;
            }
            // A letter chooses what begins with it, wherever the focus is.
            _ => match letter.to_ascii_lowercase() {
                'b' if self.changes.is_none() => self.turn_to(Side::Buy, mirror),
                's' if self.changes.is_none() => self.turn_to(Side::Sell, mirror),
                _ => {}
            },
        }
    }

    fn turn_to(&mut self, side: Side, mirror: &Mirror) {
        if self.side != side {
            self.side = side;
            self.price_from_market(mirror);
        }
    }
}

/// Returns what stands `by` places on, around the end.
fn turned<T: Clone + PartialEq>(all: &[T], now: &T, by: isize) -> T {
    let place = all.iter().position(|one| one == now).unwrap_or_default();
    let next = (place as isize + by).rem_euclid(all.len().max(1) as isize);
    usize::try_from(next).ok().and_then(|next| all.get(next)).unwrap_or(now).clone()
}
