//! Funding: what the holders of perpetuals pay each other, at whole multiples of an interval since 00:00 UTC. No I/O.
//!
//! A payment is the value of the position times the rate: when the rate is positive, longs pay shorts (Binance, Funding
//! rates). The value is taken at the middle of the last quote. The rate is the newest that the market told, else
//! the config's. A file that tells rates has the one of a payment at its time or a moment later, so such a payment waits
//! for it for a minute.

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::{Funding, Money, Price};
use rust_decimal::Decimal;

use super::loss::DAY_SECONDS;
use super::state::State;
use super::{rounded, value};
use crate::EngineEvent;

/// How long a payment waits for the rate that a file has of it. Exchanges stamp theirs some milliseconds late.
const PATIENCE: SignedDuration = SignedDuration::from_mins(1);

/// Basis points in one.
const BASIS_POINTS: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);

/// A rate beyond this in either direction is not one; exchanges cap theirs at a few percent.
const GREATEST_RATE: Decimal = Decimal::ONE;

impl State {
    /// Notes the newest rate of an instrument; it is paid now if the payment waits for it. Tells whether it is one.
    pub(super) fn note_rate(
        &mut self,
        place: usize,
        rate: Decimal,
        time: Timestamp,
        out: &mut Vec<EngineEvent>,
    ) -> bool {
        if rate.abs() > GREATEST_RATE {
            return false;
        }
        let book = &mut self.books[place];
        book.funding_rate = Some(rate);
        if book.has_recorded_rates && book.funding_due.is_some_and(|due| due <= time) {
            self.pay(place, time, out);
        }
        true
    }

    /// Tells whether the next rate of this instrument would be paid at once.
    pub(crate) fn waits_for_rate(&self, place: usize, time: Timestamp) -> bool {
        self.books[place].funding_due.is_some_and(|due| due <= time)
    }

    /// Sets when funding is paid next, of a position that was just opened or closed.
    pub(super) fn schedule_funding(&mut self, place: usize, time: Timestamp) {
        let book = &self.books[place];
        let terms = &self.exchanges[book.exchange];
        let every = terms.funding.filter(|_| book.pays_funding(terms)).map(|funding| funding.every.seconds());
        let due = match every {
            Some(every) if !book.position.quantity.is_zero() => {
                Some(book.funding_due.unwrap_or_else(|| next_multiple(every, time)))
            }
            _ => None,
        };
        self.books[place].funding_due = due;
    }

    /// Sets when funding is paid next for all that is held.
    pub(crate) fn schedule_all_funding(&mut self, time: Timestamp) {
        for place in 0..self.books.len() {
            self.schedule_funding(place, time);
        }
    }

    /// Returns when the next payment is due.
    pub(crate) fn next_funding(&self) -> Option<Timestamp> {
        // What was never quoted since a restore has no value yet; it is paid once it has.
        let quoted = self.books.values().filter(|book| book.touch.is_some());
        quoted.filter_map(|book| moment(book.funding_due, book.has_recorded_rates)).min()
    }

    /// Pays what is due at `time`.
    pub(crate) fn pay_funding(&mut self, time: Timestamp, out: &mut Vec<EngineEvent>) {
        for place in 0..self.books.len() {
            let book = &self.books[place];
            if moment(book.funding_due, book.has_recorded_rates).is_some_and(|due| due <= time) {
                self.pay(place, time, out);
            }
        }
    }

    fn pay(&mut self, place: usize, time: Timestamp, out: &mut Vec<EngineEvent>) {
        let book = &mut self.books[place];
        let Some(config) = self.exchanges[book.exchange].funding else { return };
        let (Some(price), Some(due)) = (book.last_price(), book.funding_due) else { return };
        let price = Price(rounded(price.0));
        book.funding_due = Some(next_multiple(config.every.seconds(), due));
        let rate = book.funding_rate.unwrap_or(config.rate_bps / BASIS_POINTS);
        let quantity = book.position.quantity;
        let amount = Money(rounded(value(&book.instrument, price.0, quantity.0) * rate));
        if amount.is_zero() {
            return;
        }
        book.position.funding = Money(rounded((book.position.funding + amount).0));
        let instrument = book.instrument.id.clone();
        let funding = Funding { instrument, time, rate, quantity, price, amount };
        out.push(EngineEvent::Funding { funding, position: book.position.clone() });
        let account = book.exchange;
        self.assess(account, out);
    }
}

/// Returns when a payment is made at the latest.
fn moment(due: Option<Timestamp>, has_recorded_rates: bool) -> Option<Timestamp> {
    let patience = if has_recorded_rates { PATIENCE } else { SignedDuration::ZERO };
    due.map(|due| due.checked_add(patience).unwrap_or(due))
}

/// Returns the first whole multiple of `every` seconds since 00:00 UTC that is after `time`.
fn next_multiple(every: u32, time: Timestamp) -> Timestamp {
    let second = time.as_second();
    let midnight = second.div_euclid(DAY_SECONDS) * DAY_SECONDS;
    let every = i64::from(every);
    let next = midnight + ((second - midnight) / every + 1) * every;
    Timestamp::from_second(next.min(midnight + DAY_SECONDS)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    #[test]
    fn payments_are_due_at_whole_multiples_since_midnight() {
        for (hours, time, expected) in [
            (8, "00:00:00", "2026-01-01T08:00:00Z"),
            (8, "07:59:59.999", "2026-01-01T08:00:00Z"),
            (8, "16:00:00", "2026-01-02T00:00:00Z"),
            (1, "03:10:00", "2026-01-01T04:00:00Z"),
            // The last interval of a day may be shorter.
            (7, "22:00:00", "2026-01-02T00:00:00Z"),
        ] {
            assert_eq!(next_multiple(hours * 3_600, at(time)).to_string(), expected);
        }
    }
}
