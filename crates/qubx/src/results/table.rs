//! Results as a table that fits a terminal of 80 columns. No I/O.

use jiff::Timestamp;
use qubx_protocol::{AccountResults, Results};
use rust_decimal::Decimal;

use super::figures::{Figures, number};
use super::picture::{self, Glyphs};

/// The columns of a label and of a figure; two of both stand in a row.
const LABEL: usize = 14;
const FIGURE: usize = 22;

/// One line that defines what is defined in many ways.
const SHARPE: &str = "Sharpe: mean / deviation of hourly returns * sqrt(8760), interest rate 0";

/// Returns the table, with a picture of the equity of each account.
pub(crate) fn table(name: &str, results: &Results, glyphs: Glyphs) -> String {
    let Results { from, to, events, accounts } = results;
    let mut lines = vec![
        name.to_owned(),
        format!("{} to {} UTC, {} events", time(*from), time(*to), number(Decimal::from(*events), 0)),
    ];
    for account in accounts {
        lines.push(String::new());
        lines.extend(rows(account));
        lines.push(String::new());
        lines.extend(picture::rows(account, glyphs));
    }
    lines.extend([String::new(), SHARPE.to_owned()]);
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn rows(results: &AccountResults) -> Vec<String> {
    let figures = Figures::of(results);
    let count = |count: u64| number(Decimal::from(count), 0);
    let account = &results.account;
    let row = |one: (&str, String), two: (&str, String)| {
        format!("  {:LABEL$}{:>FIGURE$}    {:LABEL$}{:>FIGURE$}", one.0, one.1, two.0, two.1)
    };
    vec![
        format!("{}, capital {} {}", account.exchange, figures.amount(account.capital), account.currency),
        row(("profit", figures.profit()), ("return", figures.return_on_capital())),
        row(("fees", figures.amount(account.fees)), ("funding", figures.amount(account.funding))),
        row(("max drawdown", figures.max_drawdown()), ("as a part", figures.max_drawdown_part())),
        row(("Sharpe", figures.sharpe()), ("profit factor", figures.profit_factor())),
        row(("trades", count(results.trades)), ("win rate", figures.win_rate())),
        row(("orders", count(results.orders)), ("rejected", count(results.rejected))),
        row(("fills", count(results.fills)), ("turnover", figures.amount(results.turnover))),
    ]
}

pub(super) fn time(time: Timestamp) -> String {
    time.strftime("%F %T").to_string()
}
