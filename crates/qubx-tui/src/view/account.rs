//! The account: equity, profit of the day, leverage; and how far a replay is.

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

/// The columns of the small line of the equity.
const SPARK: usize = 16;

/// A part of the line; those with the highest number are left out first, number 0 never.
struct Part {
    importance: u8,
    spans: Vec<Span<'static>>,
}

pub(super) fn draw(app: &App, frame: &mut Frame<'_>, area: Rect) {
    let Some(market) = app.mirror.market() else {
        frame.render_widget(Line::styled(format!(" Equity {UNKNOWN}"), app.theme.quiet()), area);
        return;
    };
    let mut parts = Vec::new();
    for account in &market.accounts {
        if market.accounts.len() > 1 {
            let name = Span::styled(format!(" {}: ", sanitize::plain(&account.exchange)), app.theme.quiet());
            parts.push(Part { importance: 0, spans: vec![name] });
        }
        parts.extend(one(app, account));
    }
    if let Some(replay) = &market.replay {
        let percent = (replay.fraction.clamp(0.0, 1.0) * 100.0).round();
        let time = market
            .time
            .map_or_else(|| UNKNOWN.to_owned(), |time| time.strftime("%Y-%m-%d %H:%M:%S").to_string());
        let text = if replay.finished {
            format!("   replay finished {time}")
        } else {
            format!("   replay {percent}% ×{} {time}", sanitize::plain(&replay.speed))
        };
        parts.push(Part { importance: 1, spans: vec![Span::styled(text, app.theme.label())] });
    }
    if app.room() > crate::layout::Room::Medium {
        let spark = super::equity::spark(app, SPARK);
        let spans = vec![Span::styled(format!("   {spark}"), app.theme.label())];
        parts.push(Part { importance: 7, spans });
    }
    let width = |parts: &[Part]| parts.iter().flat_map(|part| &part.spans).map(Span::width).sum::<usize>();
    while width(&parts) > usize::from(area.width) {
        let Some(place) = (0..parts.len()).max_by_key(|place| parts[*place].importance) else { break };
        if parts[place].importance == 0 {
            break;
        }
        parts.remove(place);
    }
    frame.render_widget(Line::from_iter(parts.into_iter().flat_map(|part| part.spans)), area);
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

/// Returns the leverage in a few words, for a status line; none before it is known.
pub(super) fn leverage(app: &App) -> Option<String> {
    let account = app.mirror.market()?.accounts.first()?;
    let net = format::number(account.net_leverage?, 2, Sign::Both);
    let gross = format::number(account.gross_leverage?, 2, Sign::Minus);
    Some(format!("net {net} gr {gross}"))
}

fn one(app: &App, account: &Account) -> Vec<Part> {
    let quiet = app.theme.quiet();
    let money = |value: Decimal| format::number(value, 2, Sign::Both);
    let (gain, percent) = gain(account);
    let percent =
        percent.map_or_else(String::new, |percent| format!(" ({}%)", format::number(percent, 2, Sign::Both)));
    let equity = format::number(account.equity.0, 2, Sign::Minus);
    let mut parts = Vec::new();
    let mut add = |importance, label: &str, text: String, style: Style| {
        let spans = vec![Span::styled(label.to_owned(), quiet), Span::styled(text, style)];
        parts.push(Part { importance, spans });
    };
    add(0, " Equity ", equity, app.theme.strong());
    add(5, " ", sanitize::plain(&account.currency), quiet);
    add(1, "  ", format!("{} {}{percent}", format::arrow(gain), money(gain)), tint(app, gain));
    add(6, if account.day_start_equity.is_some() { " today" } else { " since start" }, String::new(), quiet);
    let unrealized = account.unrealized_pnl.map(|value| value.0);
    let style = unrealized.map_or(quiet, |value| tint(app, value));
    add(2, "  uPnL ", unrealized.map_or_else(|| UNKNOWN.to_owned(), money), style);
    let realized = account.realized_pnl.0;
    add(3, "  rPnL ", money(realized), tint(app, realized));
    add(4, "  fees ", format::number(account.fees.0, 2, Sign::Minus), Style::default());
    let times = |value: Option<Decimal>, sign| {
        value.map_or_else(|| UNKNOWN.to_owned(), |value| format!("{}×", format::number(value, 2, sign)))
    };
    add(2, "  Net ", times(account.net_leverage, Sign::Both), Style::default());
    add(2, "  Gross ", times(account.gross_leverage, Sign::Minus), Style::default());
    parts
}

/// Returns what was gained today, in money and in percent; since the start where the day's beginning is not told.
fn gain(account: &Account) -> (Decimal, Option<Decimal>) {
    let base = account.day_start_equity.unwrap_or(account.capital);
    let gain = account.equity.0 - base.0;
    (gain, (gain * Decimal::ONE_HUNDRED).checked_div(base.0))
}

fn tint(app: &App, value: Decimal) -> Style {
    match value {
        value if value.is_zero() => Style::default(),
        value if value.is_sign_negative() => app.theme.loss(),
        _ => app.theme.gain(),
    }
}
