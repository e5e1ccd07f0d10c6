//! A batch of news for the strategy, as one frame: short binary records, because a replay sends millions of them, and JSON
//! for what is rare. `python/qubx_strategy/batch.py` reads it.
//!
//! After the length there is, little endian: `B`, the batch's number (u64), the length of the facts (u32), the facts as a
//! JSON array, then the records: kind, flags (u8 each), two bytes of nothing, the instrument's place or the fact's (u32), the
//! time in nanoseconds since 1970 (i64), and four doubles.

use jiff::Timestamp;
use qubx_protocol::{
    Bar, Command, CommandId, Fill, Funding, Order, Position, Price, Quantity, Side, nearest_f64,
};
use rust_decimal::Decimal;
use serde_json::{Value, json};

/// What a record is.
#[derive(Clone, Copy)]
enum Kind {
    Quote = 0,
    Trade = 1,
    Fact = 2,
    See = 3,
    /// Nothing that the strategy is told, but it counts.
    Nothing = 4,
}

/// The bytes before the facts, with the frame's length.
const HEADER: usize = 4 + 1 + 8 + 4;

/// A batch that is being written.
#[derive(Debug)]
pub struct Batch {
    number: u64,
    facts: Facts,
    records: Vec<u8>,
}

/// Facts for the strategy as JSON, one after the other.
#[derive(Debug, Default)]
pub struct Facts {
    text: String,
    count: u32,
}

/// The best bid and ask with their sizes.
#[derive(Clone, Copy, Debug)]
pub struct BestPrices {
    /// The highest price at which somebody buys.
    pub bid: Price,
    /// The lowest price at which somebody sells.
    pub ask: Price,
    /// How much is wanted at the bid.
    pub bid_size: Quantity,
    /// How much is offered at the ask.
    pub ask_size: Quantity,
}

impl Batch {
    /// Begins a batch.
    #[must_use]
    pub fn new(number: u64) -> Self {
        Self { number, facts: Facts::default(), records: Vec::new() }
    }

    /// Adds a quote of the instrument at `place`; one that is only to be seen has no callback.
    pub fn quote(&mut self, place: u32, time: Timestamp, prices: &BestPrices, only_seen: bool) {
        let BestPrices { bid, ask, bid_size, ask_size } = *prices;
        let kind = if only_seen { Kind::See } else { Kind::Quote };
        let values = [bid.0, ask.0, bid_size.0, ask_size.0].map(nearest_f64);
        self.record(kind, place, time, values);
    }

    /// Adds a trade of others in the instrument at `place`.
    pub fn trade(&mut self, place: u32, time: Timestamp, price: Price, size: Quantity, side: Side) {
        let side = if side == Side::Buy { 1.0 } else { -1.0 };
        self.record(Kind::Trade, place, time, [nearest_f64(price.0), nearest_f64(size.0), side, 0.0]);
    }

    /// Adds a record that says nothing.
    pub fn nothing(&mut self, time: Timestamp) {
        self.record(Kind::Nothing, 0, time, [0.0; 4]);
    }

    /// Adds a fact, which [`Facts`] has a method for.
    pub fn fact(&mut self, time: Timestamp, write: impl FnOnce(&mut Facts)) {
        let place = self.facts.count;
        write(&mut self.facts);
        self.record(Kind::Fact, place, time, [0.0; 4]);
    }

    /// Returns the whole as one frame.
    pub(crate) fn into_frame(self) -> Vec<u8> {
        let facts = self.facts.into_json();
        let mut frame = Vec::with_capacity(HEADER + facts.len() + self.records.len());
        let length = HEADER - 4 + facts.len() + self.records.len();
        frame.extend(u32::try_from(length).expect("a batch is far below 4 GiB").to_be_bytes());
        frame.push(b'B');
        frame.extend(self.number.to_le_bytes());
        frame.extend(u32::try_from(facts.len()).expect("a batch is far below 4 GiB").to_le_bytes());
        frame.extend(facts.as_bytes());
        frame.extend(&self.records);
        frame
    }

    fn record(&mut self, kind: Kind, place: u32, time: Timestamp, values: [f64; 4]) {
        let mut record = [0; 48];
        record[0] = kind as u8;
        record[4..8].copy_from_slice(&place.to_le_bytes());
        record[8..16].copy_from_slice(&nanoseconds(time).to_le_bytes());
        for (place, value) in values.iter().enumerate() {
            record[16 + 8 * place..][..8].copy_from_slice(&value.to_le_bytes());
        }
        self.records.extend_from_slice(&record);
    }
}

impl Facts {
    /// Adds an order as it now stands.
    pub fn order(&mut self, order: &Order) {
        self.push(&json!(["o", order]));
    }

    /// Adds a fill and the position that results.
    pub fn fill(&mut self, fill: &Fill, position: &Position) {
        self.push(&json!(["f", fill, position]));
    }

    /// Adds a payment of funding and the position that results.
    pub fn funding(&mut self, funding: &Funding, position: &Position) {
        self.push(&json!(["p", funding, position]));
    }

    /// Adds a finished bar of the instrument at `place`.
    pub fn bar(&mut self, place: u32, bar: &Bar) {
        let mut fields = vec![json!("b"), json!(place), json!(bar.timeframe)];
        fields.extend(bar_values(bar));
        self.push(&Value::Array(fields));
    }

    /// Adds a timer that fired.
    pub fn timer(&mut self, name: &str, time: Timestamp) {
        self.push(&json!(["t", name, nanoseconds(time)]));
    }

    /// Adds a command for the strategy's own thread.
    pub fn command(&mut self, id: &CommandId, command: &Command) {
        let (verb, body) = match command {
            Command::SetParameter { name, value } => {
                ("set_parameter", json!({ "name": name, "value": value }))
            }
            Command::Action { name, arguments } => {
                ("action", json!({ "name": name, "arguments": arguments }))
            }
            other => {
                tracing::error!(?other, "a command that is not for the strategy");
                return;
            }
        };
        self.push(&json!(["c", id, verb, body]));
    }

    /// Tells whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn into_json(self) -> String {
        format!("[{}]", self.text)
    }

    fn push(&mut self, fact: &Value) {
        if self.count > 0 {
            self.text.push(',');
        }
        self.text += &fact.to_string();
        self.count += 1;
    }
}

/// Returns a bar as Python gets it: beginning, end, open, high, low, close, volume, and how many quotes it was made from.
#[must_use]
pub fn bar_values(bar: &Bar) -> Vec<Value> {
    let start = nanoseconds(bar.time);
    let end = start + i64::from(bar.timeframe.seconds()) * 1_000_000_000;
    let mut values = vec![json!(start), json!(end)];
    values.extend([bar.open.0, bar.high.0, bar.low.0, bar.close.0, bar.volume.0].map(number));
    values.push(json!(bar.quotes));
    values
}

/// Returns a decimal as the double nearest to it, which is what Python makes of it anyway.
pub(crate) fn number(decimal: Decimal) -> Value {
    json!(nearest_f64(decimal))
}

fn nanoseconds(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_a_header_facts_and_records_of_48_bytes() {
        let time: Timestamp = "2026-01-01T00:00:00.000000001Z".parse().unwrap();
        let mut batch = Batch::new(7);
        let prices = BestPrices {
            bid: "100.1".parse().unwrap(),
            ask: "100.2".parse().unwrap(),
            bid_size: "0.0000001".parse().unwrap(),
            ask_size: "3".parse().unwrap(),
        };
        batch.quote(1, time, &prices, false);
        batch.fact(time, |facts| facts.timer("rebalance", time));
        batch.trade(2, time, "5".parse().unwrap(), "0.5".parse().unwrap(), Side::Sell);
        let frame = batch.into_frame();
        let facts = br#"[["t","rebalance",1767225600000000001]]"#;
        assert_eq!(frame.len(), HEADER + facts.len() + 3 * 48);
        assert_eq!(frame[..4], u32::try_from(frame.len() - 4).unwrap().to_be_bytes());
        assert_eq!((frame[4], &frame[5..13]), (b'B', &7_u64.to_le_bytes()[..]));
        assert_eq!(&frame[HEADER..HEADER + facts.len()], facts);
        let record = |place: usize| &frame[HEADER + facts.len() + 48 * place..][..48];
        let double = |record: &[u8], place: usize| {
            f64::from_le_bytes(record[16 + 8 * place..][..8].try_into().unwrap())
        };
        assert_eq!((record(0)[0], record(0)[4], double(record(0), 2)), (0, 1, 1e-7));
        assert_eq!(record(0)[8..16], 1_767_225_600_000_000_001_i64.to_le_bytes());
        assert_eq!((record(1)[0], record(1)[4]), (2, 0));
        assert_eq!((record(2)[0], record(2)[4], double(record(2), 2)), (1, 2, -1.0));
    }
}
