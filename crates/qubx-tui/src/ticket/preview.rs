//! What an order would do: its value, the position and leverage after it, its fee, and what speaks against it. No I/O.
//!
//! It is an estimate at the prices of now. Whether an order is taken is decided by the service alone.

use qubx_client::Mirror;
use qubx_protocol::{Command, OrderType, Quantity, Side};
use rust_decimal::Decimal;

use super::{Problem, Ticket};
use crate::facts::{self, Facts};
use crate::format::{self, Sign};

/// A limit this far on the wrong side of the market, or through it, is more likely a slip than a wish: 5 %.
const FAR: Decimal = Decimal::from_parts(5, 0, 0, false, 2);
/// An order worth this part of the equity is worth a second look: a half.
const LARGE: Decimal = Decimal::from_parts(5, 0, 0, false, 1);

/// What a ticket's order would do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Preview {
    /// The command, and what it is not one for yet.
    pub(crate) command: Result<Command, Problem>,
    /// How much the order would trade, without what is filled already.
    pub(crate) quantity: Decimal,
    /// Its value, in the account's currency.
    pub(crate) notional: Option<Decimal>,
    /// The value over the account's equity.
    pub(crate) part: Option<Decimal>,
    /// The position before and after it.
    pub(crate) position: (Decimal, Decimal),
    /// The account's gross leverage before and after it.
    pub(crate) gross: (Option<Decimal>, Option<Decimal>),
    /// Its fee.
    pub(crate) fee: Option<Decimal>,
    /// Whether that is the fee of an order that rests.
    pub(crate) rests: bool,
    /// What it needs of the account's margin.
    pub(crate) margin: Option<Decimal>,
    /// What speaks against it.
    pub(crate) warnings: Vec<String>,
}

/// Returns what a ticket's order would do.
pub(crate) fn preview(ticket: &Ticket, mirror: &Mirror) -> Preview {
    let rules = mirror.instrument(&ticket.instrument);
    let multiplier = rules.map_or(Decimal::ONE, |rules| rules.multiplier);
    let filled = ticket.changed(mirror).map_or(Decimal::ZERO, |order| order.filled.0);
    let quantity = ticket.quantity(mirror).unwrap_or(Quantity::ZERO).0;
    let quantity = (quantity - filled).max(Decimal::ZERO);
    let price = ticket.reference_price(mirror);
    let value_of = |quantity: Decimal| price?.checked_mul(quantity.abs())?.checked_mul(multiplier);
    let notional = value_of(quantity);
    let equity = mirror.account(&ticket.instrument.exchange).map(|account| account.equity.0);
    let over_equity =
        |value: Option<Decimal>| value?.checked_div(equity.filter(|equity| *equity > Decimal::ZERO)?);
    let held = facts::positions(mirror)
        .iter()
        .find(|position| position.instrument == ticket.instrument)
        .map_or(Decimal::ZERO, |position| position.quantity.0);
    let after = after(ticket, held, quantity);
    let gross = mirror.account(&ticket.instrument.exchange).and_then(|account| account.gross_leverage);
    let change = value_of(after).zip(value_of(held)).and_then(|(after, before)| after.checked_sub(before));
    let gross_after = gross
        .zip(over_equity(change))
        .and_then(|(gross, change)| Some(gross.checked_add(change)?.max(Decimal::ZERO)));
    let rests = rests(ticket, mirror);
    let terms = mirror.exchange(&ticket.instrument.exchange);
    let bps = terms.map(|terms| if rests { terms.maker_bps } else { terms.taker_bps });
    let fee = notional.zip(bps).and_then(|(value, bps)| value.checked_mul(bps / Decimal::from(10_000)));
    let grows = after.abs() > held.abs();
    let margin =
        notional.filter(|_| grows).zip(terms).and_then(|(_, terms)| change?.checked_div(terms.leverage));
    let mut preview = Preview {
        command: ticket.command(mirror),
        quantity,
        notional,
        part: over_equity(notional),
        position: (held, after),
        gross: (gross, gross_after),
        fee,
        rests,
        margin,
        warnings: Vec::new(),
    };
    preview.warnings = warnings(ticket, &preview, value_of(after), grows, mirror);
    preview
}

/// Returns the position after an order that is filled whole.
fn after(ticket: &Ticket, held: Decimal, quantity: Decimal) -> Decimal {
    let signed = ticket.side.sign() * quantity;
    let reduces = !held.is_zero() && held.is_sign_negative() != signed.is_sign_negative();
    match (ticket.reduce_only, reduces) {
        (true, true) if signed.abs() > held.abs() => Decimal::ZERO,
        (true, false) => held,
        _ => held.saturating_add(signed),
    }
}

/// Tells whether an order would rest rather than be filled at once.
fn rests(ticket: &Ticket, mirror: &Mirror) -> bool {
    if ticket.order_type != OrderType::Limit || ticket.time_in_force == qubx_protocol::TimeInForce::Ioc {
        return false;
    }
    match (ticket.limit().ok().flatten(), ticket.market_price(mirror)) {
        (Some(limit), Some(market)) => match ticket.side {
            Side::Buy => limit.0 < market,
            Side::Sell => limit.0 > market,
        },
        _ => true,
    }
}

fn warnings(
    ticket: &Ticket,
    preview: &Preview,
    position_value: Option<Decimal>,
    grows: bool,
    mirror: &Mirror,
) -> Vec<String> {
    let mut warnings = Vec::new();
    let money = |value: Decimal| format::number(value, 0, Sign::Minus);
    if let Some(limits) = mirror.info().map(|info| &info.limits) {
        let checks = [
            ("order_notional", preview.notional, limits.order_notional.map(|limit| limit.0)),
            ("position_notional", position_value, limits.position_notional.map(|limit| limit.0)),
        ];
        for (name, value, limit) in checks {
            if let (true, Some(value), Some(limit)) = (grows, value, limit)
                && value > limit
            {
                warnings.push(format!("above the limit {name}: {} of {}", money(value), money(limit)));
            }
        }
        if let (true, Some(gross), Some(limit)) = (grows, preview.gross.1, limits.gross_leverage)
            && gross > limit
        {
            let times = |value| format::number(value, 2, Sign::Minus);
            warnings.push(format!("above the limit gross_leverage: {}× of {}×", times(gross), times(limit)));
        }
    }
    let minimum = mirror.instrument(&ticket.instrument).map(|rules| rules.min_notional.0);
    if let (Some(value), Some(minimum)) = (preview.notional, minimum)
        && value < minimum
        && !ticket.reduce_only
        && !preview.quantity.is_zero()
    {
        warnings.push(format!("worth less than the exchange takes: {} of {}", money(value), money(minimum)));
    }
    if grows && preview.part.is_some_and(|part| part > LARGE) {
        let percent = preview.part.unwrap_or_default().saturating_mul(Decimal::ONE_HUNDRED);
        warnings.push(format!("worth {}% of the equity", format::number(percent, 0, Sign::Minus)));
    }
    if let (Some(own), Some(market)) = (ticket.reference_price(mirror), ticket.market_price(mirror))
        && let Some(distance) = own
            .checked_sub(market)
            .and_then(|gap| gap.abs().checked_div(market)?.checked_mul(Decimal::ONE_HUNDRED))
        && distance > FAR * Decimal::ONE_HUNDRED
    {
        let side = if own > market { "above" } else { "below" };
        let distance = format::number(distance, 1, Sign::Minus);
        warnings.push(format!("{distance}% {side} the market"));
    }
    if mirror.is_old(&ticket.instrument) {
        warnings.push("the quote is old".to_owned());
    }
    if ticket.reduce_only && preview.position.0 == preview.position.1 && !preview.quantity.is_zero() {
        warnings.push("reduce-only, and it would reduce nothing".to_owned());
    }
    if mirror.status().is_some_and(|status| status.paused) && grows {
        warnings.push("trading is paused: it would be refused".to_owned());
    }
    warnings
}
