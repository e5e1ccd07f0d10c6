//! The schema of an exchange's `connector` and its `params`: where quotes come from.

use indexmap::IndexMap;
use jiff::SignedDuration;

use super::error::ConfigError;
use super::files::existing_file;
use super::model::{Connector, Recording, Speed};
use super::nearest;
use super::node::Value;
use super::origin::Origin;
use super::reader::{Field, Reader, Section};

/// How many quotes a second the simulation may make for a symbol.
const MOST_QUOTES_PER_SECOND: u32 = 10_000;
/// How many quotes a second the simulation makes for a symbol unless the config says.
const DEFAULT_QUOTES_PER_SECOND: u32 = 10;
/// What the simulation's chance begins with unless the config says: a fixed number, so that runs can be compared.
const DEFAULT_SEED: u64 = 1;
/// How far the simulated exchange's clock may be from the machine's.
const FARTHEST_CLOCK: SignedDuration = SignedDuration::from_hours(1);
/// How much faster than recorded a replay may be; who wants more wants `max`.
const MOST_SPEED: u32 = 1_000_000;

/// Returns the connector that `exchange` names, with its parameters.
pub(super) fn read_connector(
    reader: &mut Reader,
    exchange: &Section,
    universe: &[String],
) -> Option<Connector> {
    #[derive(Clone, Copy)]
    enum Kind {
        Sim,
        Replay,
    }
    let field = reader.required(exchange, "connector")?;
    let params = exchange.get("params");
    match reader.choice(&field, &[("sim", Kind::Sim), ("replay", Kind::Replay)])? {
        Kind::Sim => read_sim(reader, params.as_ref()),
        Kind::Replay => match params {
            Some(params) => read_replay(reader, &params, universe),
            None => {
                let error = ConfigError::new(&field.node.origin, format!("{} needs files", field.path));
                reader.push(error.hint(FILES_HINT));
                None
            }
        },
    }
}

fn read_sim(reader: &mut Reader, params: Option<&Field>) -> Option<Connector> {
    let mut seed = DEFAULT_SEED;
    let mut clock_offset = SignedDuration::ZERO;
    let mut quotes_per_second = DEFAULT_QUOTES_PER_SECOND;
    if let Some(params) = params {
        let section = reader.section(params, &["seed", "quotes_per_second", "clock_offset"])?;
        if let Some(field) = section.get("seed") {
            seed = reader.whole(&field, 0..=u64::MAX)?;
        }
        if let Some(field) = section.get("quotes_per_second") {
            quotes_per_second = reader.whole(&field, 1..=MOST_QUOTES_PER_SECOND)?;
        }
        if let Some(field) = section.get("clock_offset") {
            clock_offset = read_offset(reader, &field)?;
        }
    }
    Some(Connector::Sim { seed, quotes_per_second, clock_offset })
}

/// Returns how far a clock is ahead of another: seconds with a fraction, negative when it is behind.
fn read_offset(reader: &mut Reader, field: &Field) -> Option<SignedDuration> {
    let parsed = match &field.node.value {
        Value::Text(text) => text.strip_suffix('s').and_then(|seconds| seconds.parse().ok()),
        _ => None,
    };
    let offset = parsed.and_then(|seconds: f64| SignedDuration::try_from_secs_f64(seconds).ok());
    let offset = offset.filter(|offset| offset.abs() <= FARTHEST_CLOCK);
    if offset.is_none() {
        let message = format!("{} cannot be {}", field.path, field.node.describe());
        let error = ConfigError::new(&field.node.origin, message);
        reader.push(error.hint("write seconds and s, from -3600s to 3600s, for example 2.3s"));
    }
    offset
}

const FILES_HINT: &str = "write `params: { files: { SYMBOL: { quotes: FILE } } }`, or trades or bars, for each symbol of \
    the universe; a relative FILE is relative to this file";

fn read_replay(reader: &mut Reader, params: &Field, universe: &[String]) -> Option<Connector> {
    let section = reader.section(params, &["speed", "files"])?;
    let speed = match section.get("speed") {
        Some(field) => read_speed(reader, &field),
        None => Some(Speed::Times(1)),
    };
    let files = reader.required(&section, "files").map(|field| read_files(reader, &field, universe));
    Some(Connector::Replay { speed: speed?, files: files? })
}

fn read_speed(reader: &mut Reader, field: &Field) -> Option<Speed> {
    match &field.node.value {
        Value::Text(text) if text == "max" => Some(Speed::Max),
        Value::Number(_) => reader.whole(field, 1..=MOST_SPEED).map(Speed::Times),
        _ => {
            let found = field.node.describe();
            let error = ConfigError::new(&field.node.origin, format!("{} cannot be {found}", field.path));
            reader
                .push(error.hint("write 1 for real time, N for N times as fast, max for as fast as it goes"));
            None
        }
    }
}

fn read_files(reader: &mut Reader, field: &Field, universe: &[String]) -> IndexMap<String, Recording> {
    let Some(entries) = reader.entries(field) else { return IndexMap::new() };
    for (symbol, entry) in entries {
        require_in_universe(reader, &entry.key, symbol, universe);
        if !universe.contains(symbol) {
            // Its files are checked all the same, so that one run shows all there is to mend.
            read_recording(reader, &field.below(symbol, &entry.node));
        }
    }
    let mut files = IndexMap::new();
    for symbol in universe {
        match entries.get(symbol) {
            Some(entry) => {
                let recording = read_recording(reader, &field.below(symbol, &entry.node));
                files.extend(recording.map(|recording| (symbol.clone(), recording)));
            }
            None => {
                let error =
                    ConfigError::new(&field.node.origin, format!("{} has no file for {symbol}", field.path));
                reader.push(error.hint(FILES_HINT));
            }
        }
    }
    files
}

/// Returns the files of a symbol.
fn read_recording(reader: &mut Reader, field: &Field) -> Option<Recording> {
    let section = reader.section(field, &["quotes", "trades", "bars", "funding"])?;
    let mut file = |key| section.get(key).and_then(|field| existing_file(reader, &field));
    let recording = Recording {
        quotes: file("quotes"),
        trades: file("trades"),
        bars: file("bars"),
        funding: file("funding"),
    };
    // A key that is misspelt, and a file that does not exist, are told already.
    if section.has_only(&["funding"]) {
        let message = format!("{} has no file of prices", field.path);
        let error = ConfigError::new(&field.node.origin, message);
        reader.push(error.hint("give it `quotes`, `trades` or `bars`, or several of them"));
    }
    Some(recording)
}

/// Notes an error when `symbol`, written at `place`, is not in the universe.
pub(super) fn require_in_universe(reader: &mut Reader, place: &Origin, symbol: &str, universe: &[String]) {
    // An empty universe is an error already; then nothing can be said about this symbol.
    if universe.is_empty() || universe.iter().any(|known| known == symbol) {
        return;
    }
    let universe: Vec<&str> = universe.iter().map(String::as_str).collect();
    let error = ConfigError::new(place, format!("{symbol} is not in the universe"));
    reader.push(error.hint(nearest::hint(symbol, "symbols", &universe)));
}
