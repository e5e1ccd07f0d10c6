//! Orders, fills, positions and funding as tables, and the log as text. No I/O.
//!
//! A row is one thing that happened, so that nothing of a history is lost: an order has a row for each change, and the last
//! of an id tells how it ended. Decimals have their exact digits.

use jiff::Timestamp;
use qubx_protocol::{Epoch, Event, Fact, Fill, Funding, InstrumentId, Order, Position, Seq};

use crate::csv::{Value, line};
use crate::log::LogLine;

/// A file of the export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Each change of an order.
    Orders,
    /// Each fill.
    Fills,
    /// Each position after each fill and each payment of funding.
    Positions,
    /// Each payment of funding.
    Funding,
    /// The log, which is text.
    Log,
}

impl Table {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Orders, Self::Fills, Self::Positions, Self::Funding, Self::Log];

    /// Returns the name of its file.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Orders => "orders.csv",
            Self::Fills => "fills.csv",
            Self::Positions => "positions.csv",
            Self::Funding => "funding.csv",
            Self::Log => "log.txt",
        }
    }

    /// Returns the names of its columns; a log has none.
    #[must_use]
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Orders => &[
                "seq",
                "recorded_at",
                "epoch",
                "id",
                "exchange",
                "symbol",
                "side",
                "type",
                "quantity",
                "filled",
                "price",
                "stop_price",
                "triggered",
                "avg_price",
                "time_in_force",
                "post_only",
                "reduce_only",
                "status",
                "rejection",
                "reason",
                "author",
                "cause",
                "created_at",
                "changed_at",
            ],
            Self::Fills => &[
                "seq",
                "recorded_at",
                "epoch",
                "time",
                "trade_id",
                "order_id",
                "exchange",
                "symbol",
                "side",
                "quantity",
                "price",
                "fee",
                "liquidity",
                "author",
            ],
            Self::Positions => &[
                "seq",
                "recorded_at",
                "epoch",
                "time",
                "exchange",
                "symbol",
                "quantity",
                "avg_price",
                "realized_pnl",
                "fees",
                "funding",
            ],
            Self::Funding => &[
                "seq",
                "recorded_at",
                "epoch",
                "time",
                "exchange",
                "symbol",
                "rate",
                "quantity",
                "price",
                "amount",
            ],
            Self::Log => &[],
        }
    }

    /// Returns what its file begins with.
    #[must_use]
    pub fn head(self) -> String {
        let names: Vec<Value> = self.columns().iter().map(exact).collect();
        if names.is_empty() { String::new() } else { line(&names) }
    }
}

/// Makes rows of events.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// The life of the account that the events belong to.
    epoch: Epoch,
}

impl Tables {
    /// Returns the rows of the next event, with the tables that they belong to.
    pub fn take(&mut self, event: &Event) -> Vec<(Table, String)> {
        match &event.fact {
            Fact::Started { epoch, .. } => {
                self.epoch = *epoch;
                Vec::new()
            }
            Fact::Order { order, .. } => vec![(Table::Orders, self.row(event, order_values(order)))],
            Fact::Fill { fill, position, .. } => vec![
                (Table::Fills, self.row(event, fill_values(fill))),
                (Table::Positions, self.row(event, position_values(fill.time, position))),
            ],
            Fact::Funding { funding, position, .. } => vec![
                (Table::Funding, self.row(event, funding_values(funding))),
                (Table::Positions, self.row(event, position_values(funding.time, position))),
            ],
            fact => LogLine::of(fact)
                .map(|logged| (Table::Log, logged.text(event.time) + "\n"))
                .into_iter()
                .collect(),
        }
    }

    fn row(&self, Event { seq: Seq(seq), time, .. }: &Event, values: Vec<Value>) -> String {
        let mut all = vec![exact(seq), exact(time), exact(self.epoch)];
        all.extend(values);
        line(&all)
    }
}

fn exact(value: impl ToString) -> Value {
    Value::Exact(value.to_string())
}

fn maybe(value: Option<impl ToString>) -> Value {
    Value::Exact(value.map(|value| value.to_string()).unwrap_or_default())
}

fn text(value: impl ToString) -> Value {
    Value::Text(value.to_string())
}

/// Returns a word as JSON has it, so that the tables and `--json` say the same.
fn word(value: impl serde::Serialize) -> Value {
    Value::Exact(
        serde_json::to_value(value)
            .ok()
            .and_then(|word| word.as_str().map(str::to_owned))
            .unwrap_or_default(),
    )
}

fn instrument(InstrumentId { exchange, symbol }: &InstrumentId) -> [Value; 2] {
    [text(exchange), text(symbol)]
}

fn order_values(order: &Order) -> Vec<Value> {
    let [exchange, symbol] = instrument(&order.instrument);
    vec![
        text(&order.id),
        exchange,
        symbol,
        word(order.side),
        word(order.order_type),
        exact(order.quantity),
        exact(order.filled),
        maybe(order.price),
        maybe(order.stop_price),
        exact(order.triggered),
        maybe(order.avg_price),
        word(order.time_in_force),
        exact(order.post_only),
        exact(order.reduce_only),
        word(order.status),
        word(order.rejection),
        text(order.reason.as_deref().unwrap_or_default()),
        text(&order.author),
        text(order.cause.as_ref().map_or("", |cause| cause.as_str())),
        exact(order.created_at),
        maybe(order.changed_at),
    ]
}

fn fill_values(fill: &Fill) -> Vec<Value> {
    let [exchange, symbol] = instrument(&fill.instrument);
    vec![
        exact(fill.time),
        text(&fill.trade_id),
        text(&fill.order),
        exchange,
        symbol,
        word(fill.side),
        exact(fill.quantity),
        exact(fill.price),
        exact(fill.fee),
        word(fill.liquidity),
        text(&fill.author),
    ]
}

fn position_values(time: Timestamp, position: &Position) -> Vec<Value> {
    let [exchange, symbol] = instrument(&position.instrument);
    vec![
        exact(time),
        exchange,
        symbol,
        exact(position.quantity),
        maybe(position.avg_price),
        exact(position.realized_pnl),
        exact(position.fees),
        exact(position.funding),
    ]
}

fn funding_values(funding: &Funding) -> Vec<Value> {
    let [exchange, symbol] = instrument(&funding.instrument);
    vec![
        exact(funding.time),
        exchange,
        symbol,
        exact(funding.rate),
        exact(funding.quantity),
        exact(funding.price),
        exact(funding.amount),
    ]
}

#[cfg(test)]
mod tests {
    use qubx_protocol::{
        LedgerRow, Liquidity, LogLevel, OrderStatus, OrderType, Price, Quantity, Rejection, Side, TimeInForce,
    };

    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-01-02T{text}Z").parse().unwrap()
    }

    fn order() -> Order {
        Order {
            id: "q1-2-3".into(),
            instrument: InstrumentId::new("SIM", "BTCUSDT"),
            side: Side::Sell,
            order_type: OrderType::Limit,
            quantity: Quantity("0.500".parse().unwrap()),
            filled: Quantity::ZERO,
            price: Some(Price("64000.10".parse().unwrap())),
            stop_price: None,
            triggered: false,
            time_in_force: TimeInForce::Gtc,
            post_only: true,
            reduce_only: false,
            avg_price: None,
            status: OrderStatus::Rejected,
            author: "=op".into(),
            cause: None,
            created_at: at("12:00:00.123456789"),
            changed_at: None,
            reason: Some("too much, \"really\"".to_owned()),
            rejection: Some(Rejection::OrderNotional),
        }
    }

    fn position(quantity: &str) -> Position {
        Position {
            quantity: quantity.parse().unwrap(),
            ..Position::flat(InstrumentId::new("SIM", "BTCUSDT"))
        }
    }

    #[test]
    fn each_thing_that_happened_is_a_row_under_its_table_s_columns() {
        let fill = Fill {
            trade_id: "t1".to_owned(),
            order: "q1-2-3".into(),
            instrument: InstrumentId::new("SIM", "BTCUSDT"),
            side: Side::Sell,
            quantity: "0.500".parse().unwrap(),
            price: "64000.10".parse().unwrap(),
            fee: "-0.0000001".parse().unwrap(),
            liquidity: Liquidity::Maker,
            time: at("12:00:01"),
            author: "op@cli".into(),
        };
        let funding = Funding {
            instrument: InstrumentId::new("SIM", "BTCUSDT"),
            time: at("12:00:02"),
            rate: "0.0001".parse().unwrap(),
            quantity: "-0.5".parse().unwrap(),
            price: "64000".parse().unwrap(),
            amount: "-3.2".parse().unwrap(),
        };
        let row = LedgerRow(1);
        let facts = [
            Fact::Started { epoch: Epoch(2), restored: false },
            Fact::Order { row, order: order() },
            Fact::Fill { row, fill, position: position("-0.500") },
            Fact::Funding { row, funding, position: position("-0.5") },
            Fact::Log {
                level: LogLevel::Info,
                source: "engine".into(),
                text: "\u{1b}[1mup".into(),
                market_time: None,
            },
        ];
        let mut tables = Tables::default();
        let mut rows = Vec::new();
        for (fact, seq) in facts.into_iter().zip(1..) {
            rows.extend(tables.take(&Event { seq: Seq(seq), time: at("13:00:00"), fact }));
        }
        for (table, row) in rows.iter().filter(|(table, _)| *table != Table::Log) {
            // No value of this test has a comma but the reason.
            let values = row.replace("much, ", "much ").matches(',').count() + 1;
            assert_eq!(values, table.columns().len(), "{table:?}: {row}");
        }
        let lines: Vec<(Table, &str)> = rows.iter().map(|(table, row)| (*table, row.as_str())).collect();
        assert_eq!(
            lines,
            [
                (
                    Table::Orders,
                    "2,2026-01-02T13:00:00Z,2,q1-2-3,SIM,BTCUSDT,sell,limit,0.500,0,64000.10,,false,,gtc,true,false,\
                     rejected,order_notional,\"too much, \"\"really\"\"\",'=op,,2026-01-02T12:00:00.123456789Z,\r\n"
                ),
                (
                    Table::Fills,
                    "3,2026-01-02T13:00:00Z,2,2026-01-02T12:00:01Z,t1,q1-2-3,SIM,BTCUSDT,sell,0.500,64000.10,\
                     -0.0000001,maker,op@cli\r\n"
                ),
                (
                    Table::Positions,
                    "3,2026-01-02T13:00:00Z,2,2026-01-02T12:00:01Z,SIM,BTCUSDT,-0.500,,0,0,0\r\n"
                ),
                (
                    Table::Funding,
                    "4,2026-01-02T13:00:00Z,2,2026-01-02T12:00:02Z,SIM,BTCUSDT,0.0001,-0.5,64000,-3.2\r\n"
                ),
                (
                    Table::Positions,
                    "4,2026-01-02T13:00:00Z,2,2026-01-02T12:00:02Z,SIM,BTCUSDT,-0.5,,0,0,0\r\n"
                ),
                (Table::Log, "2026-01-02 13:00:00.000Z INFO    engine up\n"),
            ]
        );
        assert_eq!(
            Table::Funding.head(),
            "seq,recorded_at,epoch,time,exchange,symbol,rate,quantity,price,amount\r\n"
        );
        assert_eq!(Table::Log.head(), "");
    }
}
