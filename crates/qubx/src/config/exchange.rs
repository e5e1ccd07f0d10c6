//! The schema of `live.exchanges`.

use std::collections::HashSet;

use indexmap::IndexMap;
use qubx_protocol::Money;
use rust_decimal::Decimal;

use super::connector::{read_connector, require_in_universe};
use super::error::ConfigError;
use super::model::{Connector, Exchange, Fees, InstrumentRules, Speed};
use super::reader::{Field, Reader};

/// What an account begins with unless the config says.
const DEFAULT_CAPITAL: u32 = 100_000;
/// The most that an account's positions may be worth, as a multiple of its equity; no exchange gives more.
const MOST_LEVERAGE: u32 = 1_000;
/// Fees in hundredths of a percent: rebates are far above the first, no exchange takes the second, ten percent.
const FEE_RANGE_BPS: (i32, i32) = (-100, 1_000);
/// The longest name of an exchange, a symbol or a currency, in characters: they stand in tables.
const LONGEST_NAME: usize = 32;

/// Returns the exchanges of the section `live`.
pub(super) fn read_all(reader: &mut Reader, live: &Field) -> Vec<Exchange> {
    let Some(live) = reader.section(live, &["exchanges"]) else { return Vec::new() };
    let Some(exchanges) = reader.required(&live, "exchanges") else { return Vec::new() };
    let Some(entries) = reader.entries(&exchanges) else { return Vec::new() };
    if entries.is_empty() {
        reader.refuse(&exchanges, "live.exchanges must name at least one exchange");
    }
    let mut read: Vec<Exchange> = Vec::new();
    for (name, entry) in entries {
        let field = exchanges.below(name, &entry.node);
        if !is_name(name, "_-.") {
            let error = ConfigError::new(&entry.key, format!("`{name}` cannot be an exchange's name"));
            reader.push(error.hint(format!("use 1 to {LONGEST_NAME} letters, digits, `_`, `-` and `.`")));
        }
        let Some(exchange) = read_exchange(reader, name, &field) else { continue };
        if let Some(first) = read.first().filter(|first| first.clock() != exchange.clock()) {
            let message = format!("{} has another clock than {}", field.path, first.name);
            let error = ConfigError::new(&entry.key, message);
            reader.push(error.hint("either all exchanges simulate, or all replay at the same speed"));
        }
        read.push(exchange);
    }
    read
}

impl Exchange {
    /// Returns what drives its time: the wall clock, or a replay at some speed. One clock rules a session.
    fn clock(&self) -> Option<Speed> {
        match &self.connector {
            Connector::Sim { .. } => None,
            Connector::Replay { speed, .. } => Some(*speed),
        }
    }
}

fn is_name(name: &str, also: &str) -> bool {
    !name.is_empty()
        && name.chars().count() <= LONGEST_NAME
        && name.chars().all(|c| c.is_alphanumeric() || also.contains(c))
}

fn read_exchange(reader: &mut Reader, name: &str, field: &Field) -> Option<Exchange> {
    let section = reader.section(
        field,
        &["connector", "base_currency", "capital", "leverage", "fees", "universe", "instruments", "params"],
    )?;
    let universe = reader
        .required(&section, "universe")
        .and_then(|field| read_universe(reader, &field))
        .unwrap_or_default();
    let connector = read_connector(reader, &section, &universe);
    let base_currency = section.get("base_currency").and_then(|field| read_currency(reader, &field));
    let capital = section.get("capital").and_then(|field| reader.positive(&field));
    let leverage = section.get("leverage").and_then(|field| reader.positive_to(&field, MOST_LEVERAGE.into()));
    let fees = section.get("fees").and_then(|field| read_fees(reader, &field));
    let instruments =
        section.get("instruments").and_then(|field| read_instruments(reader, &field, &universe));
    Some(Exchange {
        name: name.to_owned(),
        connector: connector?,
        base_currency: base_currency.unwrap_or_else(|| "USDT".to_owned()),
        capital: Money(capital.unwrap_or(DEFAULT_CAPITAL.into())),
        leverage: leverage.unwrap_or(Decimal::ONE),
        fees: fees.unwrap_or_default(),
        universe,
        instruments: instruments.unwrap_or_default(),
    })
}

fn read_universe(reader: &mut Reader, field: &Field) -> Option<Vec<String>> {
    let items = reader.items(field)?;
    if items.is_empty() {
        reader.refuse(field, format!("{} must have at least one symbol", field.path));
    }
    let mut seen = HashSet::new();
    let mut universe = Vec::new();
    for (number, item) in items.iter().enumerate() {
        let item = field.below(&number.to_string(), item);
        let Some(symbol) = reader.text(&item) else { continue };
        if !is_name(symbol, "_-./") {
            let error = ConfigError::new(&item.node.origin, format!("`{symbol}` cannot be a symbol"));
            reader.push(error.hint(format!(
                "use 1 to {LONGEST_NAME} letters, digits, `_`, `-`, `.` and `/`, for example BTCUSDT; \
                 the exchange is the key above, not a part of the symbol"
            )));
        } else if !seen.insert(symbol) {
            reader.refuse(&item, format!("{} has {symbol} twice", field.path));
        } else {
            universe.push(symbol.to_owned());
        }
    }
    Some(universe)
}

fn read_currency(reader: &mut Reader, field: &Field) -> Option<String> {
    let currency = reader.text(field)?;
    let valid = is_name(currency, "");
    if !valid {
        let rule = format!("use 1 to {LONGEST_NAME} letters and digits");
        reader.refuse(field, format!("`{currency}` is not a currency: {rule}"));
    }
    valid.then(|| currency.to_owned())
}

fn read_fees(reader: &mut Reader, field: &Field) -> Option<Fees> {
    let section = reader.section(field, &["maker_bps", "taker_bps"])?;
    let (least, most) = FEE_RANGE_BPS;
    let mut fee = |key, default| {
        let given = section.get(key).and_then(|field| reader.decimal(&field, least.into()..=most.into()));
        given.unwrap_or(default)
    };
    let default = Fees::default();
    Some(Fees {
        maker_bps: fee("maker_bps", default.maker_bps),
        taker_bps: fee("taker_bps", default.taker_bps),
    })
}

fn read_instruments(
    reader: &mut Reader,
    field: &Field,
    universe: &[String],
) -> Option<IndexMap<String, InstrumentRules>> {
    let mut instruments = IndexMap::new();
    for (symbol, entry) in reader.entries(field)? {
        require_in_universe(reader, &entry.key, symbol, universe);
        let rules = field.below(symbol, &entry.node);
        let Some(section) = reader.section(&rules, &["tick_size", "lot_size", "min_notional"]) else {
            continue;
        };
        let rules = InstrumentRules {
            tick_size: section.get("tick_size").and_then(|field| reader.positive(&field)).map(Into::into),
            lot_size: section.get("lot_size").and_then(|field| reader.positive(&field)).map(Into::into),
            min_notional: section
                .get("min_notional")
                .and_then(|field| reader.not_negative(&field))
                .map(Into::into),
        };
        instruments.insert(symbol.clone(), rules);
    }
    Some(instruments)
}
