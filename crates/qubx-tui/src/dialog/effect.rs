//! What an act does, in numbers: orders that go, positions that are closed, and about what that costs. No I/O.

use qubx_client::Mirror;
use qubx_protocol::{Command, InstrumentId, Order, Position, Side};
use rust_decimal::Decimal;

use crate::facts::{self, Facts};
use crate::format::{self, Sign, UNKNOWN};

/// Positions that are listed one by one; the costs below them must stay in view.
const MOST_LISTED: usize = 12;

/// What a verb is about to do, part by part, so that its progress can be told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Legs {
    pub(crate) orders: Vec<Order>,
    pub(crate) positions: Vec<Position>,
}

impl Legs {
    /// Returns what a command is about to do, as it stands now.
    pub(crate) fn of(command: &Command, mirror: &Mirror) -> Self {
        let orders = |instrument: Option<&InstrumentId>| {
            let all = facts::orders(mirror).into_iter();
            all.filter(|order| instrument.is_none_or(|id| order.instrument == *id)).cloned().collect()
        };
        let positions = |instrument: Option<&InstrumentId>| {
            let all = facts::positions(mirror).into_iter();
            all.filter(|position| instrument.is_none_or(|id| position.instrument == *id)).cloned().collect()
        };
        match command {
            Command::CancelOrders { instrument } => {
                Self { orders: orders(instrument.as_ref()), positions: Vec::new() }
            }
            Command::Close { instrument } => {
                Self { orders: Vec::new(), positions: positions(Some(instrument)) }
            }
            Command::Flatten | Command::Stop { flatten: true, .. } => {
                Self { orders: orders(None), positions: positions(None) }
            }
            Command::Stop { flatten: false, keep_orders: false } => {
                Self { orders: orders(None), positions: Vec::new() }
            }
            _ => Self::default(),
        }
    }
}

/// Returns how many orders and positions there are.
pub(super) fn what_there_is(mirror: &Mirror) -> String {
    let (orders, positions) = (facts::orders(mirror).len(), facts::positions(mirror).len());
    let is = if orders + positions == 1 { "is" } else { "are" };
    format!("{} and {} {is} open", format::count(orders, "order"), format::count(positions, "position"))
}

/// Returns an order as a line: what it trades, how much of it is left, and whose it is.
pub(super) fn describe_order(order: &Order, mirror: &Mirror) -> String {
    let decimals = mirror.quantity_decimals(&order.instrument, order.quantity.0.scale());
    let mut text = format!(
        "{} {} {} {}",
        mirror.label(&order.instrument),
        order.side,
        order.order_type,
        format::number(order.remaining().0, decimals, Sign::Minus)
    );
    let price = |price: Decimal| {
        let decimals = mirror.price_decimals(&order.instrument, price.scale());
        format::number(price, decimals, Sign::Minus)
    };
    if let Some(stop) = order.stop_price {
        text.push_str(&format!(" stop {}", price(stop.0)));
    }
    if let Some(limit) = order.price {
        text.push_str(&format!(" @ {}", price(limit.0)));
    }
    text.push_str(&format!("  ({})", order.author));
    text
}

/// Returns what cancelling everything and closing everything does.
pub(super) fn flattening(mirror: &Mirror) -> Vec<String> {
    let positions = facts::positions(mirror);
    let heading = format!(
        "cancels {}, then closes {} at market",
        format::count(facts::orders(mirror).len(), "order"),
        format::count(positions.len(), "position")
    );
    closing(&positions, heading, mirror)
}

/// Returns what closing positions does: a line for each below `heading`, and about what it costs.
pub(super) fn closing(positions: &[&Position], heading: String, mirror: &Mirror) -> Vec<String> {
    let mut lines = vec![heading];
    lines.extend(positions.iter().take(MOST_LISTED).map(|position| leg(position, mirror)));
    if positions.len() > MOST_LISTED {
        lines.push(format!("  … and {}", format::count(positions.len() - MOST_LISTED, "position")));
    }
    if !positions.is_empty() {
        lines.push(cost(positions, mirror));
    }
    lines
}

/// Returns what closing one position does: side, quantity, about how much money, and how wide the market is.
fn leg(position: &Position, mirror: &Mirror) -> String {
    let id = &position.instrument;
    let side = if position.quantity.0.is_sign_negative() { Side::Buy } else { Side::Sell };
    let decimals = mirror.quantity_decimals(id, position.quantity.0.scale());
    let unknown = || UNKNOWN.to_owned();
    let value = value(position, mirror).map_or_else(unknown, |value| format::number(value, 0, Sign::Minus));
    let spread = mirror.quote(id).and_then(|quote| {
        let part =
            (quote.ask.0 - quote.bid.0).checked_div(quote.mid().0)?.checked_mul(Decimal::ONE_HUNDRED)?;
        Some(format!("{}%", format::number(part, 2, Sign::Minus)))
    });
    format!(
        "  {:<10} {side:<4} {:>10}   ~{value:<9} spread {}{}",
        mirror.label(id),
        format::number(position.quantity.0.abs(), decimals, Sign::Minus),
        spread.unwrap_or_else(unknown),
        if mirror.is_old(id) { " (old quote)" } else { "" }
    )
}

fn value(position: &Position, mirror: &Mirror) -> Option<Decimal> {
    Some(mirror.mark(&position.instrument)?.market_value?.0.abs())
}

/// Returns about what it costs to close positions, by currency: the takers' fee, and half the spread.
fn cost(positions: &[&Position], mirror: &Mirror) -> String {
    let mut costs: Vec<(String, Option<Decimal>, Option<Decimal>)> = Vec::new();
    for position in positions {
        let id = &position.instrument;
        let currency = mirror.instrument(id).map_or_else(String::new, |rules| rules.currency.clone());
        let fee = value(position, mirror)
            .zip(mirror.exchange(&id.exchange))
            .map(|(value, terms)| value * terms.taker_bps / Decimal::from(10_000));
        let spread = mirror.quote(id).map(|quote| {
            let multiplier = mirror.instrument(id).map_or(Decimal::ONE, |rules| rules.multiplier);
            (quote.ask.0 - quote.bid.0) / Decimal::TWO * position.quantity.0.abs() * multiplier
        });
        let sum = |a: Option<Decimal>, b: Option<Decimal>| Some(a? + b?);
        match costs.iter_mut().find(|(of, ..)| *of == currency) {
            Some((_, fees, spreads)) => (*fees, *spreads) = (sum(*fees, fee), sum(*spreads, spread)),
            None => costs.push((currency, fee, spread)),
        }
    }
    let amount = |value: Option<Decimal>| {
        value.map_or_else(|| UNKNOWN.to_owned(), |value| format::number(value, 2, Sign::Minus))
    };
    let costs: Vec<String> = costs
        .iter()
        .map(|(currency, fees, spread)| {
            format!("fees {} + spread {} {currency}", amount(*fees), amount(*spread)).trim_end().to_owned()
        })
        .collect();
    format!("est. cost: {}", costs.join(", "))
}
