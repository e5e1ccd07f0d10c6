//! The account: equity, profit since the start, leverage; and how far a replay is.

use qubx_protocol::Account;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use rust_decimal::Decimal;

use crate::app::App;
use crate::facts::Facts;
use crate::format::{self, Sign, UNKNOWN};
use crate::sanitize;

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let Some(market) = app.mirror.market() else {
        frame.render_widget(Line::styled(format!(" Equity {UNKNOWN}"), app.theme.quiet()), area);
        return;
    };
    let mut spans = vec![Span::raw(" ")];
    for account in &market.accounts {
        if market.accounts.len() > 1 {
            spans.push(Span::styled(format!("{}: ", sanitize::plain(&account.exchange)), app.theme.quiet()));
        }
        spans.extend(one(app, account));
    }
    if let Some(replay) = &market.replay {
        let percent = (replay.fraction.clamp(0.0, 1.0) * 100.0).round();
        let time = market
            .time
            .map_or_else(|| UNKNOWN.to_owned(), |time| time.strftime("%Y-%m-%d %H:%M:%S").to_string());
        let text = if replay.finished {
            format!("replay finished {time}")
        } else {
            format!("replay {percent}% ×{} {time}", sanitize::plain(&replay.speed))
        };
        spans.push(Span::styled(text, app.theme.label()));
    }
    frame.render_widget(Line::from(spans), area);
}

/// Returns the account in a few words, for a status line; none before it is known.
pub(super) fn short(app: &App) -> Option<(String, Style)> {
    let account = app.mirror.market()?.accounts.first()?;
    let (gain, percent) = gain(account);
    let percent =
        percent.map_or_else(|| UNKNOWN.to_owned(), |percent| format::number(percent, 2, Sign::Both));
    let equity = format::number(account.equity.0, 0, Sign::Minus);
    let style = tint(app, gain);
    Some((format!("Eq {equity} {}{percent}%", format::arrow(gain)), style))
}

fn one(app: &App, account: &Account) -> Vec<Span<'static>> {
    let quiet = app.theme.quiet();
    let money = |value: Decimal| format::number(value, 2, Sign::Both);
    let (gain, percent) = gain(account);
    let percent =
        percent.map_or_else(String::new, |percent| format!(" ({}%)", format::number(percent, 2, Sign::Both)));
    let mut spans = vec![
        Span::styled("Equity ", quiet),
        Span::styled(format::number(account.equity.0, 2, Sign::Minus), app.theme.strong()),
        Span::styled(format!(" {}  ", sanitize::plain(&account.currency)), quiet),
        Span::styled(format!("{} {}{percent}", format::arrow(gain), money(gain)), tint(app, gain)),
        Span::styled(" since start", quiet),
    ];
    let mut add = |label: &'static str, text: String, style: Style| {
        spans.push(Span::styled(format!("  {label} "), quiet));
        spans.push(Span::styled(text, style));
    };
    match account.unrealized_pnl {
        Some(value) => add("uPnL", money(value.0), tint(app, value.0)),
        None => add("uPnL", UNKNOWN.to_owned(), quiet),
    }
    add("rPnL", money(account.realized_pnl.0), tint(app, account.realized_pnl.0));
    add("fees", format::number(account.fees.0, 2, Sign::Minus), Style::default());
    let times = |value: Option<Decimal>, sign| {
        value.map_or_else(|| UNKNOWN.to_owned(), |value| format!("{}×", format::number(value, 2, sign)))
    };
    add("Net", times(account.net_leverage, Sign::Both), Style::default());
    add("Gross", times(account.gross_leverage, Sign::Minus), Style::default());
    spans.push(Span::raw("   "));
    spans
}

/// Returns what was gained since the start, in money and in percent of the capital.
fn gain(account: &Account) -> (Decimal, Option<Decimal>) {
    let gain = account.equity.0 - account.capital.0;
    (gain, (gain * Decimal::ONE_HUNDRED).checked_div(account.capital.0))
}

fn tint(app: &App, value: Decimal) -> Style {
    match value {
        value if value.is_zero() => Style::default(),
        value if value.is_sign_negative() => app.theme.loss(),
        _ => app.theme.gain(),
    }
}
