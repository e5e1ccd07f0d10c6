//! The tables of the screen, made from the facts. No I/O.

pub(crate) mod fills;
pub(crate) mod market;
pub(crate) mod orders;
pub(crate) mod peers;
pub(crate) mod positions;
pub(crate) mod published;

use qubx_protocol::InstrumentId;
use rust_decimal::Decimal;

use crate::app::App;
use crate::facts::Facts;
use crate::format::{self, Sign};
use crate::panel::Panel;
use crate::table::{Field, Table, TableView, Tone};

/// Returns the table of a panel; none when it is no table.
pub(crate) fn of(app: &App, panel: Panel) -> Option<Table> {
    match panel {
        Panel::Positions => Some(positions::table(app)),
        Panel::Orders => Some(orders::table(app)),
        Panel::Market => Some(market::table(app)),
        Panel::Fills => Some(fills::table(app)),
        Panel::Peers => Some(peers::table(app)),
        Panel::Strategy => Some(published::overview(app)),
        Panel::Session | Panel::Log | Panel::Equity => None,
    }
}

/// Returns how a screen looks at the table of a panel before anybody has changed it.
pub(crate) fn first_view(panel: Panel) -> TableView {
    match panel {
        Panel::Positions => TableView::sorted_by(positions::LEVERAGE, true),
        _ => TableView::default(),
    }
}

/// Returns a price with the digits of its instrument.
pub(crate) fn price(app: &App, id: &InstrumentId, value: Option<Decimal>, columns: usize) -> Field {
    Field::maybe(value, |value| {
        format::fit(value, app.mirror.price_decimals(id, value.scale()), Sign::Minus, columns)
    })
}

/// Returns a quantity with the digits of its instrument.
pub(crate) fn quantity(app: &App, id: &InstrumentId, value: Option<Decimal>, columns: usize) -> Field {
    Field::maybe(value, |value| {
        format::fit(value, app.mirror.quantity_decimals(id, value.scale()), Sign::Minus, columns)
    })
}

/// Returns a profit with its sign and its glyph. Profit is money: less than half a cent is none.
pub(crate) fn profit(value: Option<Decimal>, columns: usize) -> Field {
    let Some(exact) = value else { return Field::unknown() };
    let value = exact.round_dp(2);
    let text = format!("{}{}", format::arrow(value), format::fit(value, 2, Sign::Both, columns - 1));
    Field::number(exact, text.trim_start()).toned(tone(value))
}

/// Returns the tone of a value that is better above zero.
pub(crate) fn tone(value: Decimal) -> Tone {
    match value {
        value if value.is_zero() => Tone::Plain,
        value if value.is_sign_negative() => Tone::Loss,
        _ => Tone::Gain,
    }
}
