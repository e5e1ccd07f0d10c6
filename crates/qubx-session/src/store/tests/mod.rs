//! What the store promises.

mod book;
mod cells;
mod damage;
mod full_disk;
mod history;
mod ledger;
mod left;
mod pages;
mod rescue;
mod schema;
mod unlogged;
mod verify;

use std::path::Path;

use qubx_protocol::{
    Author, Command, Fact, Fill, InstrumentId, LedgerRow, Liquidity, LogLevel, Money, Order, OrderStatus,
    OrderType, Position, Price, Quantity, Side, TimeInForce, VerbOutcome, VerbProgress,
};
use rusqlite::Connection;
use tempfile::tempdir;

use super::*;

fn time() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn verb(text: &str) -> Draft {
    Draft::Verb(VerbProgress {
        command: Some("c1".into()),
        author: "op1".into(),
        verb: "flatten".to_owned(),
        target: String::new(),
        outcome: VerbOutcome::Done,
        text: text.to_owned(),
    })
}

fn cell(number: u64) -> Draft {
    let (cell, author) = (CellNumber(number), Author::from("op1"));
    Draft::Session(Fact::Cell { cell, code: "1+1".to_owned(), author, command: None })
}

fn log_line(text: &str) -> Draft {
    let (level, source) = (LogLevel::Info, "test".to_owned());
    Draft::Session(Fact::Log { level, source, text: text.to_owned(), market_time: None })
}

fn command(id: &str) -> Draft {
    Draft::Command(CommandAudit { id: id.into(), author: "op1".into(), command: Command::Flatten })
}

fn started(epoch: u32, restored: bool) -> Draft {
    Draft::Started { epoch: Epoch(epoch), restored }
}

fn instrument(symbol: &str) -> InstrumentId {
    InstrumentId::new("SIM", symbol)
}

fn order(id: &str, status: OrderStatus) -> Draft {
    Draft::Order(Order {
        id: id.into(),
        instrument: instrument("BTCUSDT"),
        side: Side::Buy,
        order_type: OrderType::Limit,
        quantity: Quantity(1.into()),
        filled: Quantity::ZERO,
        price: Some(Price(100.into())),
        stop_price: None,
        triggered: false,
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
        avg_price: None,
        status,
        author: "op1".into(),
        cause: None,
        created_at: time(),
        changed_at: None,
        reason: None,
        rejection: None,
    })
}

fn position(symbol: &str, quantity: i64) -> Position {
    Position {
        instrument: instrument(symbol),
        quantity: Quantity(quantity.into()),
        avg_price: Some(Price(100.into())),
        realized_pnl: Money::ZERO,
        fees: Money(1.into()),
        funding: Money::ZERO,
    }
}

fn fill(order: &str, symbol: &str, position_after: i64) -> Draft {
    let fill = Fill {
        trade_id: format!("{order}-1"),
        order: order.into(),
        instrument: instrument(symbol),
        side: Side::Buy,
        quantity: Quantity(1.into()),
        price: Price(100.into()),
        fee: Money(1.into()),
        liquidity: Liquidity::Taker,
        time: time(),
        author: "op1".into(),
    };
    Draft::Fill { fill, position: position(symbol, position_after) }
}

/// Returns every event that is there, however many are missing.
fn all(store: &Store) -> Vec<Event> {
    store.last_events(1_000_000).unwrap()
}

fn numbers(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.seq.0).collect()
}

/// Runs SQL on a database of a closed session, to damage it.
fn tamper(dir: &Path, file: &str, sql: &str) {
    let connection = Connection::open(dir.join(file)).unwrap();
    assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
}
