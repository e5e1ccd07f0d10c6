//! The day since 00:00 UTC: what each account was worth then, and the pause when too much is lost. No I/O.

use jiff::Timestamp;
use qubx_protocol::Money;
use rust_decimal::Decimal;

use super::state::State;
use crate::EngineEvent;

/// Seconds in a day of UTC.
pub(super) const DAY_SECONDS: i64 = 86_400;

impl State {
    /// Notes what the accounts are worth when a day begins. Must see each input's time before the input.
    pub(crate) fn roll_day(&mut self, time: Timestamp, out: &mut Vec<EngineEvent>) {
        let day = time.as_second().div_euclid(DAY_SECONDS);
        if self.day.is_some_and(|current| day <= current) {
            return;
        }
        self.day = Some(day);
        for account in 0..self.exchanges.len() {
            let equity = self.account(account).equity;
            self.exchanges[account].equity_at_midnight = equity;
        }
        self.assess_all(out);
    }

    /// Returns when the next day begins; none before the first event.
    pub(crate) fn next_midnight(&self) -> Option<Timestamp> {
        self.day.map(|day| Timestamp::from_second((day + 1) * DAY_SECONDS).unwrap_or(Timestamp::MAX))
    }

    /// Tells which account lost as much as it may in a day, in words.
    pub(crate) fn loss_reached(&self) -> Option<String> {
        (0..self.exchanges.len()).find_map(|account| self.loss_of(account, self.account(account).equity))
    }

    /// Tells that an account lost as much as it may in a day, in words.
    pub(super) fn loss_of(&self, account: usize, equity: Money) -> Option<String> {
        let limit = self.limits.daily_loss?;
        let (exchange, terms) = self.exchanges.get_index(account)?;
        let loss: Money = terms.equity_at_midnight - equity;
        (loss >= limit).then(|| {
            let currency = &terms.currency;
            let lost = loss.0.round_dp(2);
            format!("{exchange} lost {lost} {currency} since 00:00 UTC, the limit is {limit}")
        })
    }

    /// Returns how much an account may still lose before trading pauses; none when nothing more can happen.
    pub(super) fn loss_left(&self, account: usize, equity: Money) -> Option<Decimal> {
        let limit = self.limits.daily_loss?;
        let begun = self.exchanges[account].equity_at_midnight;
        self.paused.is_none().then(|| (equity - begun + limit).0)
    }
}
