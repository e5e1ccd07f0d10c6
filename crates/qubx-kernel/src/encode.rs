//! What goes to Python, as frames. Quotes and bars are short arrays, because a replay sends millions of them.

use std::collections::HashMap;
use std::fmt::Write;

use qubx_protocol::{Instrument, InstrumentId, Order, Position, encode_frame};
use serde_json::{Value, json};

use crate::{CallId, ChildLimits, StrategyMessage, StrategySource};

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
pub(crate) fn settings(source: &StrategySource, instruments: &[Instrument], token: &str) -> Vec<u8> {
    // Numbers have the exact digits of the decimals; Python reads them as the nearest float.
    let number = |decimal: rust_decimal::Decimal| -> Value {
        serde_json::from_str(&decimal.to_string()).unwrap_or(Value::Null)
    };
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
            })
        })
        .collect();
    encode_frame(&json!({
        "type": "settings",
        "token": token,
        "module": source.module,
        "class": source.class,
        "folder": source.folder,
        "parameters": source.parameters,
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

/// Returns the frame that answers a call.
pub(crate) fn reply(call: CallId, result: Result<Value, String>) -> Vec<u8> {
    match result {
        Ok(value) => encode_frame(&json!({ "type": "reply", "call": call, "ok": value })),
        Err(error) => encode_frame(&json!({ "type": "reply", "call": call, "error": error })),
    }
}

/// Returns the frame of a batch. What names an instrument that Python does not have is left out.
pub(crate) fn batch(
    number: u64,
    inputs: &[StrategyMessage],
    places: &HashMap<InstrumentId, usize>,
) -> Vec<u8> {
    let mut text = format!(r#"{{"type":"batch","batch":{number},"inputs":["#);
    for input in inputs {
        let before = text.len();
        if push_input(&mut text, input, places).is_none() {
            tracing::error!(?input, "an input for an instrument that the strategy does not have");
            text.truncate(before);
        }
    }
    if text.ends_with(',') {
        text.pop();
    }
    text.push_str("]}");
    let length = u32::try_from(text.len()).expect("a batch is far below 4 GiB");
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

/// Appends one input and a comma; none for an unknown instrument.
fn push_input(
    text: &mut String,
    input: &StrategyMessage,
    places: &HashMap<InstrumentId, usize>,
) -> Option<()> {
    match input {
        StrategyMessage::Quote(quote) => {
            let place = places.get(&quote.instrument)?;
            let time = quote.time.as_nanosecond();
            let (bid, ask, bid_size, ask_size) = (quote.bid, quote.ask, quote.bid_size, quote.ask_size);
            write!(text, r#"["q",{place},{time},{bid},{ask},{bid_size},{ask_size}],"#).ok()
        }
        StrategyMessage::Bar(bar) => {
            let place = places.get(&bar.instrument)?;
            let start = bar.time.as_nanosecond();
            let end = start + i128::from(bar.timeframe.seconds()) * 1_000_000_000;
            let (timeframe, quotes) = (bar.timeframe, bar.quotes);
            let (open, high, low, close) = (bar.open, bar.high, bar.low, bar.close);
            write!(text, r#"["b",{place},"{timeframe}",{start},{end},{open},{high},{low},{close},{quotes}],"#)
                .ok()
        }
        StrategyMessage::Order(order) => {
            places.get(&order.instrument)?;
            write!(text, r#"["o",{}],"#, serde_json::to_string(order).ok()?).ok()
        }
        StrategyMessage::Fill { fill, position } => {
            places.get(&fill.instrument)?;
            let (fill, position) = (serde_json::to_string(fill).ok()?, serde_json::to_string(position).ok()?);
            write!(text, r#"["f",{fill},{position}],"#).ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use qubx_protocol::Quote;

    use super::*;

    #[test]
    fn a_quote_keeps_its_digits_and_a_foreign_one_is_left_out() {
        let known = InstrumentId::new("SIM", "BTCUSDT");
        let quote = |instrument: &InstrumentId| {
            StrategyMessage::Quote(Quote {
                instrument: instrument.clone(),
                time: "2026-01-01T00:00:00.000000001Z".parse().unwrap(),
                bid: "100.10".parse().unwrap(),
                ask: "100.2".parse().unwrap(),
                bid_size: "0.0000001".parse().unwrap(),
                ask_size: "3".parse().unwrap(),
            })
        };
        let places = HashMap::from([(known.clone(), 0)]);
        let inputs = [quote(&known), quote(&InstrumentId::new("SIM", "OTHER"))];
        assert_eq!(
            std::str::from_utf8(&batch(7, &inputs, &places)[4..]).unwrap(),
            r#"{"type":"batch","batch":7,"inputs":[["q",0,1767225600000000001,100.10,100.2,0.0000001,3]]}"#
        );
        assert_eq!(&batch(7, &[], &places)[4..], br#"{"type":"batch","batch":7,"inputs":[]}"#);
    }
}
