//! What goes to Python, as frames; [`crate::batch`] has those of the market's news.

use std::path::Path;

use qubx_protocol::{Instrument, Order, Position, encode_frame};
use serde_json::{Value, json};

use crate::batch::{Facts, number};
use crate::{CallId, ChildLimits, StrategySource};

/// Returns the argument that tells the child its limits.
pub(crate) fn limits(limits: &ChildLimits) -> String {
    let ChildLimits { memory, processes, open_files, open_files_at_first } = limits;
    json!({
        "memory": memory,
        "processes": processes,
        "open_files": open_files,
        "open_files_at_first": open_files_at_first,
    })
    .to_string()
}

/// Returns the first frame: all that Python must know.
pub(crate) fn settings(
    folder: &Path,
    source: Option<&StrategySource>,
    instruments: &[Instrument],
    token: &str,
) -> Vec<u8> {
    let instruments: Vec<Value> = instruments
        .iter()
        .map(|instrument| {
            json!({
                "exchange": instrument.id.exchange,
                "symbol": instrument.id.symbol,
                "tick_size": number(instrument.tick_size.0),
                "lot_size": number(instrument.lot_size.0),
                "min_notional": number(instrument.min_notional.0),
                "currency": instrument.currency,
                "multiplier": number(instrument.multiplier),
                "kind": instrument.kind,
                "maintenance_rate": number(instrument.maintenance_rate),
            })
        })
        .collect();
    encode_frame(&json!({
        "type": "settings",
        "token": token,
        "module": source.map(|source| &source.module),
        "class": source.map(|source| &source.class),
        "folder": folder,
        "parameters": source.map(|source| &source.parameters),
        "instruments": instruments,
    }))
}

/// Returns the frame that starts the strategy with what the account holds.
pub(crate) fn start(time: jiff::Timestamp, positions: &[Position], orders: &[Order]) -> Vec<u8> {
    let time = i64::try_from(time.as_nanosecond()).unwrap_or_default();
    encode_frame(&json!({ "type": "start", "time": time, "positions": positions, "orders": orders }))
}

/// Returns the frame that stops the strategy.
pub(crate) fn stop() -> Vec<u8> {
    encode_frame(&json!({ "type": "stop" }))
}

/// Returns the frame that gives a waiting cell its line.
pub(crate) fn input(number: u64, text: &str) -> Vec<u8> {
    encode_frame(&json!({ "type": "input", "input": number, "text": text }))
}

/// Returns the frame that tells which output was worked through.
pub(crate) fn read(number: u64) -> Vec<u8> {
    encode_frame(&json!({ "type": "read", "number": number }))
}

/// Returns the frame that answers a call; `facts` and `end` tell a strategy in lockstep what its call caused.
pub(crate) fn reply(call: CallId, result: Result<Value, String>, facts: Facts, end: Option<u32>) -> Vec<u8> {
    let mut reply = match result {
        Ok(value) => json!({ "type": "reply", "call": call, "ok": value }),
        Err(error) => json!({ "type": "reply", "call": call, "error": error }),
    };
    if let Some(end) = end {
        reply["end"] = json!(end);
    }
    if !facts.is_empty() {
        reply["facts"] = serde_json::from_str(&facts.into_json()).unwrap_or_default();
    }
    encode_frame(&reply)
}
