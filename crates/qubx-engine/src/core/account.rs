//! What positions and accounts are worth at the last quotes. No I/O.

use qubx_protocol::{Account, InstrumentId, Money, Position, PositionMark, Price, Quote};
use rust_decimal::Decimal;

use super::risk::Worth;
use super::state::{Book, State};
use super::{rounded, value};

/// Leverage is a ratio to look at; more digits say nothing.
const LEVERAGE_DECIMALS: u32 = 6;

impl State {
    /// Returns the accounts, in the order of the config.
    pub(crate) fn accounts(&self) -> Vec<Account> {
        (0..self.exchanges.len()).map(|account| self.account(account)).collect()
    }

    /// Returns what may be traded.
    pub(crate) fn instruments(&self) -> impl Iterator<Item = InstrumentId> {
        self.books.keys().cloned()
    }

    /// Returns the last quote of each instrument that has one.
    pub(crate) fn quotes(&self) -> Vec<Quote> {
        self.books
            .values()
            .filter_map(|book| book.touch.map(|(time, touch)| touch.quote(book.instrument.id.clone(), time)))
            .collect()
    }

    /// Returns the positions that were ever opened.
    pub(crate) fn positions(&self) -> Vec<Position> {
        self.books.values().filter(|book| book.traded).map(|book| book.position.clone()).collect()
    }

    /// Returns the value of each open position.
    pub(crate) fn marks(&self) -> Vec<PositionMark> {
        self.books.values().filter(|book| !book.position.quantity.is_zero()).map(Book::mark).collect()
    }

    /// Returns the account at a place.
    pub(super) fn account(&self, account: usize) -> Account {
        let (exchange, terms) = self.exchanges.get_index(account).expect("the places of accounts are known");
        let Worth { equity, maintenance, .. } = self.worth(account);
        let mut realized = Decimal::ZERO;
        let mut fees = Decimal::ZERO;
        let mut funding = Decimal::ZERO;
        let mut unrealized = Some(Decimal::ZERO);
        let mut net = Some(Decimal::ZERO);
        let mut gross = Some(Decimal::ZERO);
        for book in self.books.values().filter(|book| book.exchange == account) {
            realized += book.position.realized_pnl.0;
            fees += book.position.fees.0;
            funding += book.position.funding.0;
            if book.position.quantity.is_zero() {
                continue;
            }
            let mark = book.mark();
            unrealized = sum(unrealized, mark.unrealized_pnl);
            net = sum(net, mark.market_value);
            gross = sum(gross, mark.market_value.map(Money::abs));
        }
        let over_equity = |value: Option<Decimal>| {
            let ratio = value?.checked_div(equity.0)?;
            (equity > Money::ZERO).then(|| ratio.round_dp(LEVERAGE_DECIMALS).normalize())
        };
        let needed = self.gross_at_worst(account).and_then(|gross| gross.checked_div(terms.leverage));
        Account {
            exchange: exchange.clone(),
            currency: terms.currency.clone(),
            capital: terms.capital,
            equity,
            day_start_equity: Some(terms.equity_at_midnight),
            realized_pnl: Money(rounded(realized)),
            unrealized_pnl: unrealized.map(|value| Money(rounded(value))),
            fees: Money(rounded(fees)),
            funding: Money(rounded(funding)),
            initial_margin: needed.map(|value| Money(rounded(value))),
            maintenance_margin: maintenance.map(|value| Money(rounded(value))),
            net_leverage: over_equity(net),
            gross_leverage: over_equity(gross),
        }
    }
}

impl Book {
    /// Returns the price at which the position is valued: the middle of the last quote.
    pub(super) fn last_price(&self) -> Option<Price> {
        self.touch.map(|(_, touch)| touch.mid())
    }

    fn mark(&self) -> PositionMark {
        let last_price = self.last_price();
        PositionMark {
            instrument: self.instrument.id.clone(),
            last_price,
            unrealized_pnl: last_price.map(|price| {
                Money(rounded(self.position.unrealized_pnl(price, self.instrument.multiplier).0))
            }),
            market_value: last_price
                .map(|price| Money(rounded(value(&self.instrument, price.0, self.position.quantity.0)))),
        }
    }
}

fn sum(total: Option<Decimal>, value: Option<Money>) -> Option<Decimal> {
    Some(total? + value?.0)
}
