//! What an account's equity leads to: the pause by loss, liquidation, and the prices between which neither can be. No I/O.
//!
//! An account is looked at exactly when a fill or a payment changes it, and when a quote leaves the band of what is
//! held. A band is what an instrument may lose of its share of the account's slack, whatever the others do within
//! theirs; so a quote within its band needs no look at all.

use qubx_protocol::Money;
use rust_decimal::{Decimal, RoundingStrategy};

use super::state::State;
use super::{MAX_AMOUNT, rounded, value};
use crate::{EngineEvent, Touch};

/// A band is this much narrower than what was computed, for what roundings may amount to.
const ROUNDING: Decimal = Decimal::from_parts(1, 0, 0, false, 6);

/// Digits of a band beyond those of the tick say nothing.
const BAND_DECIMALS: u32 = 12;

/// The prices between which an instrument endangers nothing. The ends do not belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Band {
    /// What the bid must stay above.
    pub(crate) low: Decimal,
    /// What the ask must stay below.
    pub(crate) high: Decimal,
}

impl Band {
    /// All prices: what is not held endangers nothing.
    pub(super) const OPEN: Self = Self { low: Decimal::ZERO, high: Decimal::MAX };
    /// No price: each quote must be looked at.
    pub(super) const EMPTY: Self = Self { low: Decimal::MAX, high: Decimal::ZERO };

    /// Tells whether nothing can happen at this touch.
    pub(super) fn holds(&self, touch: &Touch) -> bool {
        touch.bid.0 > self.low && touch.ask.0 < self.high
    }
}

/// What an account is worth against what it must be worth.
#[derive(Clone, Copy, Debug)]
pub(super) struct Worth {
    pub(super) equity: Money,
    /// What the positions need at least; none while one of them has no price.
    pub(super) maintenance: Option<Decimal>,
    /// How many instruments are held.
    pub(super) held: usize,
}

impl State {
    /// Returns the band of the instrument at a place.
    pub(crate) fn band(&self, place: usize) -> Band {
        self.books[place].band
    }

    /// Returns the accounts whose equity is at their maintenance margin, or below.
    pub(crate) fn accounts_under_water(&self) -> Vec<usize> {
        let under_water = |(place, (_, terms)): (usize, (&String, &super::state::Terms))| {
            terms.is_under_water.then_some(place)
        };
        self.exchanges.iter().enumerate().filter_map(under_water).collect()
    }

    /// Returns the equity of an account, and what its positions need at least.
    pub(crate) fn margins(&self, account: usize) -> (Money, Money) {
        let worth = self.worth(account);
        (worth.equity, Money(rounded(worth.maintenance.unwrap_or_default())))
    }

    /// Looks at all accounts.
    pub(crate) fn assess_all(&mut self, out: &mut Vec<EngineEvent>) {
        self.unassessed = false;
        for account in 0..self.exchanges.len() {
            self.assess(account, out);
        }
    }

    /// Looks at an account: pauses when its loss is reached, notes whether it must be liquidated, and sets its bands.
    pub(super) fn assess(&mut self, account: usize, out: &mut Vec<EngineEvent>) {
        let worth = self.worth(account);
        if self.paused.is_none()
            && let Some(reason) = self.loss_of(account, worth.equity)
        {
            self.paused = Some(reason.clone());
            out.push(EngineEvent::paused(true, reason));
        }
        let margin_left = worth.maintenance.map(|maintenance| worth.equity.0 - maintenance);
        self.exchanges[account].is_under_water =
            worth.held > 0 && margin_left.is_some_and(|left| left <= Decimal::ZERO);

        let slack = match (margin_left, self.loss_left(account, worth.equity)) {
            (Some(margin), Some(loss)) => Some(margin.min(loss)),
            (Some(margin), None) => Some(margin),
            (None, _) => None,
        };
        let share = slack.and_then(|slack| (slack - ROUNDING).checked_div(Decimal::from(worth.held)));
        for book in self.books.values_mut().filter(|book| book.exchange == account) {
            let held = book.position.quantity.0;
            book.band = match (share, book.last_price()) {
                _ if held.is_zero() => Band::OPEN,
                (Some(share), Some(price)) if share > Decimal::ZERO => {
                    // A short loses, and needs more margin, the higher the price; a long loses, and needs less.
                    let rate = book.instrument.maintenance_rate;
                    let units = held.abs() * book.instrument.multiplier * (Decimal::ONE + rate);
                    let far = share.checked_div(units).unwrap_or(Decimal::ZERO).min(MAX_AMOUNT);
                    let (low, high) = (price.0 - far, price.0 + far);
                    if held.is_sign_positive() {
                        Band { low: rounded_up(low.max(Decimal::ZERO)), ..Band::OPEN }
                    } else {
                        Band { high: rounded_down(high), ..Band::OPEN }
                    }
                }
                _ => Band::EMPTY,
            };
        }
    }

    /// Returns what an account is worth now.
    pub(super) fn worth(&self, account: usize) -> Worth {
        let mut paid = self.exchanges[account].capital.0;
        let mut unrealized = Some(Decimal::ZERO);
        let mut maintenance = Some(Decimal::ZERO);
        let mut held = 0;
        for book in self.books.values().filter(|book| book.exchange == account) {
            let position = &book.position;
            paid += position.realized_pnl.0 - position.fees.0 - position.funding.0;
            if position.quantity.is_zero() {
                continue;
            }
            held += 1;
            let instrument = &book.instrument;
            let add = |total: Option<Decimal>, value: Option<Decimal>| Some(total? + value?);
            let price = book.last_price();
            let profit = price.map(|price| position.unrealized_pnl(price, instrument.multiplier).0);
            unrealized = add(unrealized, profit.map(rounded));
            let size = price.map(|price| value(instrument, price.0, position.quantity.0).abs());
            maintenance = add(maintenance, size.map(|size| size * instrument.maintenance_rate));
        }
        let equity = Money(rounded(paid + unrealized.unwrap_or_default()));
        Worth { equity, maintenance, held }
    }
}

fn rounded_up(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(BAND_DECIMALS, RoundingStrategy::ToPositiveInfinity)
}

fn rounded_down(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(BAND_DECIMALS, RoundingStrategy::ToNegativeInfinity)
}
