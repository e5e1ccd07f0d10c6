//! The loss since 00:00 UTC: what each account was worth then, and the pause when too much is lost. No I/O.

use jiff::Timestamp;
use qubx_protocol::Money;

use super::state::State;
use crate::EngineEvent;

/// Seconds in a day of UTC.
const DAY_SECONDS: i64 = 86_400;

impl State {
    /// Notes what the accounts are worth when a day begins. Must see each input's time before the input.
    pub(super) fn roll_day(&mut self, time: Timestamp) {
        let day = time.as_second().div_euclid(DAY_SECONDS);
        if self.limits.daily_loss.is_none() || self.day.is_some_and(|current| day <= current) {
            return;
        }
        self.day = Some(day);
        for exchange in self.exchanges.keys().cloned().collect::<Vec<_>>() {
            let equity = self.account(&exchange).equity;
            self.exchanges[&exchange].equity_at_midnight = equity;
        }
    }

    /// Tells which account lost as much as it may in a day, in words.
    pub(crate) fn loss_reached(&self) -> Option<String> {
        let limit = self.limits.daily_loss?;
        self.exchanges.iter().find_map(|(exchange, terms)| {
            let account = self.account(exchange);
            let loss: Money = terms.equity_at_midnight - account.equity;
            (loss >= limit).then(|| {
                let currency = &account.currency;
                let lost = loss.0.round_dp(2);
                format!("{exchange} lost {lost} {currency} since 00:00 UTC, the limit is {limit}")
            })
        })
    }

    /// Pauses when the loss is reached.
    pub(super) fn pause_on_loss(&mut self) -> Option<EngineEvent> {
        if self.paused.is_some() {
            return None;
        }
        let reason = self.loss_reached()?;
        self.paused = Some(reason.clone());
        Some(EngineEvent::Paused { paused: true, reason })
    }
}
