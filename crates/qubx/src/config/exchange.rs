//! The schema of `live.exchanges`.

use std::collections::HashSet;

use qubx_protocol::Money;
use rust_decimal::Decimal;

use super::connector::read_connector;
use super::error::ConfigError;
use super::instruments::read_instruments;
use super::model::{Connector, Exchange, Fees, Funding, Paper, Speed};
use super::reader::{Field, Reader};

/// What an account begins with unless the config says.
const DEFAULT_CAPITAL: u32 = 100_000;
/// The most that an account's positions may be worth, as a multiple of its equity; no exchange gives more.
const MOST_LEVERAGE: u32 = 1_000;
/// Fees in hundredths of a percent: rebates are far above the first, no exchange takes the second, ten percent.
const FEE_RANGE_BPS: (i32, i32) = (-100, 1_000);
/// How long an order may be on its way at most: a minute, in milliseconds. No network is so slow.
const MOST_LATENCY_MS: u32 = 60_000;
/// How much worse than the touch a fill may be at most, in hundredths of a percent: ten percent.
const MOST_SLIPPAGE_BPS: u32 = 1_000;
/// Rates of funding in hundredths of a percent: exchanges cap theirs at a few percent, this is ten.
const FUNDING_RANGE_BPS: (i32, i32) = (-1_000, 1_000);
const SECONDS_OF_A_DAY: u32 = 86_400;
/// The keys of an exchange.
const KEYS: [&str; 11] = [
    "connector",
    "base_currency",
    "capital",
    "leverage",
    "fees",
    "paper",
    "funding",
    "universe",
    "instruments",
    "instruments_file",
    "params",
];
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
    let section = reader.section(field, &KEYS)?;
    let universe = reader
        .required(&section, "universe")
        .and_then(|field| read_universe(reader, &field))
        .unwrap_or_default();
    let connector = read_connector(reader, &section, &universe);
    let base_currency = section.get("base_currency").and_then(|field| read_currency(reader, &field));
    let capital = section.get("capital").and_then(|field| reader.positive(&field));
    let leverage = section.get("leverage").and_then(|field| reader.positive_to(&field, MOST_LEVERAGE.into()));
    let fees = section.get("fees").and_then(|field| read_fees(reader, &field));
    let paper = section.get("paper").and_then(|field| read_paper(reader, &field));
    let funding = section.get("funding").and_then(|field| read_funding(reader, &field));
    let instruments = read_instruments(reader, &section, &universe);
    Some(Exchange {
        name: name.to_owned(),
        connector: connector?,
        base_currency: base_currency.unwrap_or_else(|| "USDT".to_owned()),
        capital: Money(capital.unwrap_or(DEFAULT_CAPITAL.into())),
        leverage: leverage.unwrap_or(Decimal::ONE),
        fees: fees.unwrap_or_default(),
        paper: paper.unwrap_or_default(),
        funding,
        universe,
        instruments,
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

fn read_paper(reader: &mut Reader, field: &Field) -> Option<Paper> {
    let section = reader.section(field, &["latency_ms", "slippage_bps"])?;
    let latency = section.get("latency_ms").and_then(|field| reader.whole(&field, 0..=MOST_LATENCY_MS));
    let slippage = section.get("slippage_bps");
    let slippage =
        slippage.and_then(|field| reader.decimal(&field, Decimal::ZERO..=MOST_SLIPPAGE_BPS.into()));
    Some(Paper { latency_ms: latency.unwrap_or_default(), slippage_bps: slippage.unwrap_or_default() })
}

fn read_funding(reader: &mut Reader, field: &Field) -> Option<Funding> {
    let section = reader.section(field, &["every", "rate_bps"])?;
    let (least, most) = FUNDING_RANGE_BPS;
    let default = Funding::default();
    let every = section.get("every").and_then(|field| {
        let every = reader.time(&field)?;
        let fits = SECONDS_OF_A_DAY.is_multiple_of(every.seconds());
        if !fits {
            let message = format!("{} must fit a whole number of times into a day", field.path);
            let error = ConfigError::new(&field.node.origin, message);
            reader.push(error.hint("funding is paid at whole multiples since 00:00 UTC: write 1h, 4h or 8h"));
        }
        fits.then_some(every)
    });
    let rate = section.get("rate_bps");
    let rate = rate.and_then(|field| reader.decimal(&field, least.into()..=most.into()));
    Some(Funding { every, rate_bps: rate.unwrap_or(default.rate_bps) })
}
