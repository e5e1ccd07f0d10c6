//! The schema of an exchange's instruments: those of the config, over those of a file that several configs share.

use indexmap::IndexMap;
use qubx_protocol::InstrumentKind;
use rust_decimal::Decimal;

use super::connector::require_in_universe;
use super::document::read_map;
use super::files::existing_file;
use super::model::InstrumentRules;
use super::node::{Node, Value};
use super::reader::{Field, Reader, Section};

const KEYS: [&str; 6] = ["tick_size", "lot_size", "min_notional", "multiplier", "kind", "maintenance_rate"];
const KINDS: [(&str, InstrumentKind); 2] =
    [("perpetual", InstrumentKind::Perpetual), ("future", InstrumentKind::Future)];
/// The largest contract, in units of its underlying: those for a million of a cheap coin are the largest there are.
const MOST_MULTIPLIER: u32 = 1_000_000_000;

/// Returns what `exchange` says about the instruments of its universe: its `instruments_file` says something, and its
/// `instruments` say more, or something else, key by key.
pub(super) fn read_instruments(
    reader: &mut Reader,
    exchange: &Section,
    universe: &[String],
) -> IndexMap<String, InstrumentRules> {
    let own = exchange.get("instruments");
    if let Some(entries) = own.as_ref().and_then(|own| reader.entries(own)) {
        for (symbol, entry) in entries {
            require_in_universe(reader, &entry.key, symbol, universe);
        }
    }
    let file = exchange.get("instruments_file").and_then(|field| read_file(reader, &field));
    let is_map = |field: &Field| matches!(field.node.value, Value::Map(_));
    let own = own.filter(is_map).map(|field| field.node.clone());
    let (Some(node), path) = (merged(file, own), exchange.path_of("instruments")) else {
        return IndexMap::new();
    };
    let field = Field { path, node: &node };
    let mut instruments = IndexMap::new();
    for (symbol, entry) in reader.entries(&field).into_iter().flatten() {
        let rules = read_rules(reader, &field.below(symbol, &entry.node));
        // A file may describe all that an exchange has.
        if universe.contains(symbol) {
            instruments.extend(rules.map(|rules| (symbol.clone(), rules)));
        }
    }
    instruments
}

/// Returns what stands in the file that `field` names.
fn read_file(reader: &mut Reader, field: &Field) -> Option<Node> {
    let path = existing_file(reader, field)?;
    read_map(&path).map_err(|error| reader.push(error)).ok()
}

fn merged(file: Option<Node>, own: Option<Node>) -> Option<Node> {
    match (file, own) {
        (Some(mut file), Some(own)) => {
            file.merge(own);
            Some(file)
        }
        (file, own) => own.or(file),
    }
}

fn read_rules(reader: &mut Reader, field: &Field) -> Option<InstrumentRules> {
    let section = reader.section(field, &KEYS)?;
    let get = |key| section.get(key);
    Some(InstrumentRules {
        tick_size: get("tick_size").and_then(|field| reader.positive(&field)).map(Into::into),
        lot_size: get("lot_size").and_then(|field| reader.positive(&field)).map(Into::into),
        min_notional: get("min_notional").and_then(|field| reader.not_negative(&field)).map(Into::into),
        multiplier: get("multiplier").and_then(|field| reader.positive_to(&field, MOST_MULTIPLIER.into())),
        kind: get("kind").and_then(|field| reader.choice(&field, &KINDS)),
        maintenance_rate: get("maintenance_rate")
            .and_then(|field| reader.decimal(&field, Decimal::ZERO..=Decimal::ONE)),
    })
}
