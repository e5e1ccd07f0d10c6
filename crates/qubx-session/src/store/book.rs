//! The book that the newest life of an account ends with, read from its ledger in one pass.
//!
//! The pass reads of each row only what it needs: what instrument a fill was in, what became of an order. The few rows
//! that matter in the end are then read whole.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::Path;

use qubx_protocol::{LedgerRow, Order, OrderStatus, Position};
use rusqlite::Connection;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use super::chain::{Columns, Follower, GENESIS};
use super::draft::StartedRow;
use super::rows;

/// What the newest life of an account is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Book {
    /// Every position that was ever held, also those that are flat, in the order of their first fills.
    pub positions: Vec<Position>,
    /// The open orders, oldest first.
    pub orders: Vec<Order>,
    /// How many orders were ever given.
    pub order_count: u64,
    /// The newest checkpoint of the engine.
    pub checkpoint: Option<serde_json::Value>,
}

/// What the pass remembers.
#[derive(Default)]
struct Pass {
    /// The first and the newest change of each instrument's position.
    positions: HashMap<String, Span>,
    /// The first and the newest row of each order that is open.
    open: HashMap<String, Span>,
    /// Every order that was ever given.
    orders: HashSet<String>,
}

#[derive(Clone, Copy)]
struct Span {
    first: u64,
    newest: u64,
}

/// Of an order, whose it is and what became of it.
#[derive(Deserialize)]
struct OrderPart<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    status: OrderStatus,
}

/// Of a fill, or a payment of funding, the position that results.
#[derive(Deserialize)]
struct Resulting {
    position: Position,
}

/// Of that position, the instrument.
#[derive(Deserialize)]
struct ResultingPart<'a> {
    #[serde(borrow)]
    position: PositionPart<'a>,
}

#[derive(Deserialize)]
struct PositionPart<'a> {
    #[serde(borrow)]
    instrument: Cow<'a, str>,
}

/// Reads the book of an open ledger, and checks every row of it on the way.
pub(super) fn read(
    connection: &Connection,
    path: &Path,
    checkpoint: Option<serde_json::Value>,
) -> Result<Book, StoreError> {
    let mut pass = Pass::default();
    let mut follower = Follower { row: 0, hash: GENESIS };
    rows::check_each(connection, path, &mut follower, |columns| {
        pass.take(columns)
            .map_err(|error| StoreError::damaged(path, LedgerRow(columns.row), error.to_string()))
    })?;
    let positions = read_all::<Resulting>(connection, path, pass.positions)?;
    Ok(Book {
        positions: positions.into_iter().map(|resulting| resulting.position).collect(),
        orders: read_all(connection, path, pass.open)?,
        order_count: pass.orders.len() as u64,
        checkpoint,
    })
}

impl Pass {
    fn take(&mut self, columns: &Columns<'_>) -> serde_json::Result<()> {
        let row = columns.row;
        match columns.kind {
            "started" if !StartedRow::read(columns.body)?.restored => *self = Self::default(),
            "order" => {
                let order: OrderPart<'_> = serde_json::from_str(columns.body)?;
                if !self.orders.contains(order.id.as_ref()) {
                    self.orders.insert(order.id.clone().into_owned());
                }
                if order.status.is_open() {
                    note(&mut self.open, &order.id, row);
                } else {
                    self.open.remove(order.id.as_ref());
                }
            }
            "fill" | "funding" => {
                let resulting: ResultingPart<'_> = serde_json::from_str(columns.body)?;
                note(&mut self.positions, &resulting.position.instrument, row);
            }
            _ => {}
        }
        Ok(())
    }
}

fn note(spans: &mut HashMap<String, Span>, name: &str, row: u64) {
    match spans.get_mut(name) {
        Some(span) => span.newest = row,
        None => {
            spans.insert(name.to_owned(), Span { first: row, newest: row });
        }
    }
}

/// Reads the newest row of each span, those that began first coming first.
fn read_all<T: DeserializeOwned>(
    connection: &Connection,
    path: &Path,
    spans: HashMap<String, Span>,
) -> Result<Vec<T>, StoreError> {
    let mut spans: Vec<Span> = spans.into_values().collect();
    spans.sort_unstable_by_key(|span| span.first);
    let one = |span: Span| {
        let row = LedgerRow(span.newest);
        let stored = rows::read(connection, path, row)?;
        let stored = stored.ok_or_else(|| StoreError::damaged(path, row, "it is missing"))?;
        serde_json::from_str(&stored.body).map_err(|error| StoreError::damaged(path, row, error.to_string()))
    };
    spans.into_iter().map(one).collect()
}
