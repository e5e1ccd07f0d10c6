//! Funding: what the holders of perpetuals pay each other, at whole multiples of an interval since 00:00 UTC. No I/O.
//!
//! A payment is the value of the position times the rate: when the rate is positive, longs pay shorts (Binance, Funding
//! rates). What is held then counts, at the middle of the last quote. The rate is the newest that the market told, else
//! the config's. A file that tells rates has the one of a payment at its time or a moment later, so what is owed then
//! waits for its rate for a minute. Without an interval in the config, each rate of a file is a payment.

use jiff::{SignedDuration, Timestamp};
use qubx_protocol::{Funding, Money, Price};
use rust_decimal::Decimal;

use super::loss::DAY_SECONDS;
use super::state::{Book, State};
use super::{rounded, value};
use crate::restore::Owed;
use crate::{EngineEvent, FundingConfig};

/// How long a payment waits for the rate that a file has of it. Exchanges stamp theirs some milliseconds late.
const PATIENCE: SignedDuration = SignedDuration::from_mins(1);

/// Basis points in one.
const BASIS_POINTS: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);

/// A rate beyond this in either direction is not one; exchanges cap theirs at a few percent.
const GREATEST_RATE: Decimal = Decimal::ONE;

/// How often funding is paid where neither config nor file tells: eight hours, as on most exchanges.
const USUAL_SECONDS: u32 = 8 * 3_600;

impl State {
    /// Notes the newest rate of an instrument; what waits for it is paid now. Tells whether it is one.
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
        self.books[place].funding_rate = Some(rate);
        if self.pays_each_rate(place) {
            self.books[place].owe(time);
        }
        self.pay(place, time, out);
        true
    }

    /// Tells whether the next rate of this instrument would be paid at once.
    pub(crate) fn waits_for_rate(&self, place: usize) -> bool {
        let book = &self.books[place];
        book.owed.is_some() || !book.position.quantity.is_zero() && self.pays_each_rate(place)
    }

    /// Sets when funding is paid next, of a position that was just opened or closed.
    pub(super) fn schedule_funding(&mut self, place: usize, time: Timestamp) {
        let every = self.funding_of(place).and_then(|config| self.books[place].interval(config));
        let book = &mut self.books[place];
        book.funding_due = match every {
            Some(every) if !book.position.quantity.is_zero() => {
                Some(book.funding_due.unwrap_or_else(|| next_multiple(every, time)))
            }
            _ => None,
        };
    }

    /// Sets when funding is paid next for all that is held.
    pub(crate) fn schedule_all_funding(&mut self, time: Timestamp) {
        for place in 0..self.books.len() {
            self.schedule_funding(place, time);
        }
    }

    /// Returns when the next payment is due, or one that is owed does not wait for its rate any more.
    pub(crate) fn next_funding(&self) -> Option<Timestamp> {
        self.books.values().filter_map(Book::next_funding).min()
    }

    /// Pays what is due at `time`, or notes that it is owed while its rate may still come.
    pub(crate) fn pay_funding(&mut self, time: Timestamp, out: &mut Vec<EngineEvent>) {
        for place in 0..self.books.len() {
            if self.books[place].next_funding().is_none_or(|next| next > time) {
                continue;
            }
            // What is owed since an earlier time comes first; it never waits beyond the next.
            self.pay(place, time, out);
            let every = self.funding_of(place).and_then(|config| self.books[place].interval(config));
            let book = &mut self.books[place];
            if let (Some(every), Some(due)) = (every, book.funding_due.filter(|due| *due <= time)) {
                book.funding_due = Some(next_multiple(every, due));
                book.owe(due);
                if !book.has_recorded_rates {
                    self.pay(place, time, out);
                }
            }
        }
    }

    /// Pays all that is owed: the market has ended, and no rate comes any more.
    pub(crate) fn pay_all_owed(&mut self, time: Timestamp, out: &mut Vec<EngineEvent>) {
        for place in 0..self.books.len() {
            self.pay(place, time, out);
        }
    }

    /// Pays what is owed at the newest rate.
    fn pay(&mut self, place: usize, time: Timestamp, out: &mut Vec<EngineEvent>) {
        let Some(Owed { quantity, price, .. }) = self.books[place].owed.take() else { return };
        // A restored instrument may not be a perpetual any more.
        let Some(config) = self.funding_of(place) else { return };
        let book = &mut self.books[place];
        let rate = book.funding_rate.unwrap_or(config.rate_bps / BASIS_POINTS);
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

    /// Returns how funding is paid of an instrument; none when it is not.
    fn funding_of(&self, place: usize) -> Option<FundingConfig> {
        let book = &self.books[place];
        let terms = &self.exchanges[book.exchange];
        terms.funding.filter(|_| book.pays_funding(terms))
    }

    /// Tells whether each rate that the file of an instrument tells is a payment.
    fn pays_each_rate(&self, place: usize) -> bool {
        let each = |config: FundingConfig| self.books[place].interval(config).is_none();
        self.funding_of(place).is_some_and(each)
    }
}

impl Book {
    /// Returns how many seconds are between payments; none when each rate of a file is one.
    fn interval(&self, config: FundingConfig) -> Option<u32> {
        let usual = (!self.has_recorded_rates).then_some(USUAL_SECONDS);
        config.every.map(qubx_protocol::Timeframe::seconds).or(usual)
    }

    /// Returns when the next payment is due, or what is owed does not wait any more.
    fn next_funding(&self) -> Option<Timestamp> {
        // What was never quoted since a restore has no value yet; it is paid once it has.
        let due = self.funding_due.filter(|_| self.touch.is_some());
        let patience = |owed: &Owed| owed.due.checked_add(PATIENCE).unwrap_or(owed.due);
        due.into_iter().chain(self.owed.as_ref().map(patience)).min()
    }

    /// Notes that funding is owed since `due` for what is held now.
    fn owe(&mut self, due: Timestamp) {
        let quantity = self.position.quantity;
        let price = self.last_price().filter(|_| !quantity.is_zero());
        self.owed = price.map(|price| Owed { due, quantity, price: Price(rounded(price.0)) });
    }
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
