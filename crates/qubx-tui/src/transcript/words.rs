//! Orders, fills, funding and results in the words of a line: names as the session gives them, numbers with the
//! instrument's digits and never with fewer than are there. No I/O.

use qubx_protocol::{AccountResults, Fill, Funding, InstrumentId, Money, Order, SessionInfo, TimeInForce};
use rust_decimal::Decimal;

use crate::format::{self, Sign};

/// What is known of the instruments; nothing before the session's first status.
#[derive(Debug, Default)]
pub(super) struct Names(Option<SessionInfo>);

impl Names {
    /// Returns the names of a session.
    pub(super) fn of(info: &SessionInfo) -> Self {
        Self(Some(info.clone()))
    }

    fn label(&self, id: &InstrumentId) -> String {
        self.0.as_ref().map_or_else(|| id.symbol.clone(), |info| info.label(id))
    }

    fn rules(&self, id: &InstrumentId) -> Option<&qubx_protocol::Instrument> {
        self.0.as_ref()?.instruments.iter().find(|instrument| instrument.id == *id)
    }

    fn price(&self, id: &InstrumentId, price: Decimal) -> String {
        exact(price, self.rules(id).map(|rules| rules.tick_size.0))
    }

    fn quantity(&self, id: &InstrumentId, quantity: Decimal) -> String {
        exact(quantity, self.rules(id).map(|rules| rules.lot_size.0))
    }

    fn currency(&self, id: &InstrumentId) -> String {
        self.rules(id).map_or_else(String::new, |rules| format!(" {}", rules.currency))
    }

    /// Returns an order: what it is, how it stands, and who gave it.
    pub(super) fn order(&self, order: &Order) -> String {
        let id = &order.instrument;
        let mut text = format!(
            "{}  {} {} {}",
            self.label(id),
            order.side,
            order.order_type,
            self.quantity(id, order.quantity.0)
        );
        if let Some(price) = order.price {
            text.push_str(&format!(" @ {}", self.price(id, price.0)));
        }
        if let Some(stop) = order.stop_price {
            text.push_str(&format!(" stop {}", self.price(id, stop.0)));
        }
        let options = [
            (order.time_in_force != TimeInForce::default(), order.time_in_force.to_string()),
            (order.post_only, "post-only".to_owned()),
            (order.reduce_only, "reduce-only".to_owned()),
        ];
        for (_, option) in options.into_iter().filter(|(is_set, _)| *is_set) {
            text.push_str(&format!(" {option}"));
        }
        text.push_str(&format!("  {}", order.status));
        if !order.filled.0.is_zero() {
            text.push_str(&format!(" filled {}", self.quantity(id, order.filled.0)));
        }
        if let Some(reason) = &order.reason {
            text.push_str(&format!(": {reason}"));
        }
        text.push_str(&format!("  ({})", order.author));
        text
    }

    /// Returns a fill with what it cost, and who gave the order.
    pub(super) fn fill(&self, fill: &Fill) -> String {
        let id = &fill.instrument;
        format!(
            "{}  {} {} @ {}  fee {}{}  ({})",
            self.label(id),
            fill.side,
            self.quantity(id, fill.quantity.0),
            self.price(id, fill.price.0),
            exact(fill.fee.0, None),
            self.currency(id),
            fill.author
        )
    }

    /// Returns a payment of funding.
    pub(super) fn funding(&self, funding: &Funding) -> String {
        let id = &funding.instrument;
        let verb = if funding.amount.0.is_sign_negative() { "received" } else { "paid" };
        format!(
            "{}  {verb} {}{} for {} at {}",
            self.label(id),
            exact(funding.amount.0.abs(), None),
            self.currency(id),
            self.quantity(id, funding.quantity.0),
            exact(funding.rate, None)
        )
    }
}

/// Returns what came of an account in a replay, in three lines.
pub(super) fn results(results: &AccountResults) -> String {
    let account = &results.account;
    // Enough for an account in dollars, and for one in bitcoins.
    let decimals = if account.capital.0 >= Decimal::ONE_THOUSAND { 2 } else { 8 };
    let amount = |amount: Money, sign| format::number(amount.0, decimals, sign);
    let percent = |part: Decimal, sign| format!("{} %", format::number(part * Decimal::ONE_HUNDRED, 2, sign));
    let sharpe = results
        .sharpe
        .map_or_else(|| format::UNKNOWN.to_owned(), |ratio| format::number(ratio, 2, Sign::Minus));
    let won = Decimal::from(results.winning_trades).checked_div(Decimal::from(results.trades));
    let won = won.map_or_else(String::new, |part| format!(" ({} won)", percent(part, Sign::Minus)));
    format!(
        "{}  profit {} {} ({})\ndrawdown {} ({})  Sharpe {sharpe}\ntrades {}{won}  fees {}",
        account.exchange,
        amount(results.profit, Sign::Both),
        account.currency,
        percent(results.return_on_capital, Sign::Both),
        amount(results.max_drawdown, Sign::Minus),
        percent(results.max_drawdown_part, Sign::Minus),
        format::number(Decimal::from(results.trades), 0, Sign::Minus),
        amount(account.fees, Sign::Minus),
    )
}

/// Returns a value with the digits of its step, and with more where it has more.
fn exact(value: Decimal, step: Option<Decimal>) -> String {
    let least = step.map_or(0, |step| step.normalize().scale());
    format::number(value, value.normalize().scale().max(least), Sign::Minus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_of_their_step_and_lose_none() {
        for (value, step, expected) in [
            ("64102.1", Some("0.01"), "64,102.10"),
            ("64102.12345", Some("0.01"), "64,102.12345"),
            ("9", Some("0.10"), "9.0"),
            ("1.500", None, "1.5"),
            ("-0.25", Some("1"), "−0.25"),
        ] {
            let step = step.map(|step| step.parse().unwrap());
            assert_eq!(exact(value.parse().unwrap(), step), expected);
        }
    }
}
