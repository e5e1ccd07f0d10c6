//! The figures of results as people read them: grouped digits, a sign where it is the point, `-` for what is not told. No I/O.

use qubx_protocol::{AccountResults, Money, Results};
use rust_decimal::Decimal;

/// What stands where there is no value. Never zero.
pub(super) const NONE: &str = "-";

/// The figures of one account.
pub(super) struct Figures<'a> {
    results: &'a AccountResults,
    /// How many digits amounts have after the point.
    decimals: u32,
}

impl<'a> Figures<'a> {
    pub(super) fn of(results: &'a AccountResults) -> Self {
        Self { results, decimals: decimals(results.account.capital) }
    }

    pub(super) fn amount(&self, amount: Money) -> String {
        number(amount.0, self.decimals)
    }

    pub(super) fn profit(&self) -> String {
        signed(self.amount(self.results.profit))
    }

    pub(super) fn return_on_capital(&self) -> String {
        signed(percent(self.results.return_on_capital))
    }

    pub(super) fn win_rate(&self) -> String {
        let AccountResults { trades, winning_trades, .. } = self.results;
        let rate = Decimal::from(*winning_trades).checked_div(Decimal::from(*trades));
        rate.map_or_else(|| NONE.to_owned(), percent)
    }

    pub(super) fn profit_factor(&self) -> String {
        self.results.profit_factor.map_or_else(|| NONE.to_owned(), |factor| number(factor, 2))
    }

    pub(super) fn max_drawdown(&self) -> String {
        self.amount(self.results.max_drawdown)
    }

    pub(super) fn max_drawdown_part(&self) -> String {
        percent(self.results.max_drawdown_part)
    }

    pub(super) fn sharpe(&self) -> String {
        self.results.sharpe.map_or_else(|| NONE.to_owned(), |ratio| number(ratio, 2))
    }
}

/// Returns the main figures in a line for each account.
pub(crate) fn line(results: &Results) -> String {
    let lines = results.accounts.iter().map(|account| {
        let figures = Figures::of(account);
        format!(
            "{} profit {} {} ({}), max drawdown {} ({}), Sharpe {}, {} trades, fees {}",
            account.account.exchange,
            figures.profit(),
            account.account.currency,
            figures.return_on_capital(),
            figures.max_drawdown(),
            figures.max_drawdown_part(),
            figures.sharpe(),
            account.trades,
            figures.amount(account.account.fees),
        )
    });
    lines.collect::<Vec<_>>().join("; ")
}

/// Returns how many digits after the point say enough of an account: it may be in dollars or in bitcoins.
fn decimals(capital: Money) -> u32 {
    match capital.0.abs() {
        capital if capital >= Decimal::ONE_THOUSAND => 2,
        capital if capital >= Decimal::TEN => 4,
        _ => 8,
    }
}

/// Returns a part of one in percent: small ones with more digits.
fn percent(part: Decimal) -> String {
    let percent = part * Decimal::ONE_HUNDRED;
    let decimals = if percent.abs() >= Decimal::new(1, 1) || percent.is_zero() { 2 } else { 4 };
    format!("{} %", number(percent, decimals))
}

/// Returns a value with its thousands grouped.
pub(super) fn number(value: Decimal, decimals: u32) -> String {
    let rounded = value.round_dp(decimals);
    let text = format!("{:.*}", decimals as usize, rounded.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut result = String::from(if rounded.is_sign_negative() && !rounded.is_zero() { "-" } else { "" });
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            result.push(',');
        }
        result.push(digit);
    }
    if !fraction.is_empty() {
        result.push('.');
        result.push_str(fraction);
    }
    result
}

/// Puts a plus before what is more than zero.
fn signed(text: String) -> String {
    let is_positive =
        !text.starts_with('-') && text.chars().any(|character| ('1'..='9').contains(&character));
    if is_positive { format!("+{text}") } else { text }
}
