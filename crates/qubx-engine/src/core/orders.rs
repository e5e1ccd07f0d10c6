//! The life of an order. No I/O.
//!
//! `Intended → New → PartiallyFilled → Filled`; from every open state to `Cancelled`, and from `Intended` to `Rejected`.
//! What an exchange tells may come late, twice or in another sequence: each trade is booked once, also before
//! the order was accepted and after it ended. An order that ended stays as it ended; a late fill only raises `filled`
//! and changes the position.

use std::collections::HashSet;

use jiff::Timestamp;
use qubx_protocol::{Fill, LogLevel, Order, OrderId, OrderStatus, OrderType, Price, Quantity};

use super::state::{Purpose, State};
use super::{Refusal, position, rounded};
use crate::broker::{BrokerEvent, Change, Execution};
use crate::{EngineEvent, OrderRequest};

/// How many final orders are remembered, to answer what became of them, and to book their late fills; the ledger has
/// all.
const REMEMBERED_ORDERS: usize = 1_000;

/// The place of the instrument of an order that was never sent.
const NOWHERE: usize = usize::MAX;

/// An order with what only the engine needs to know.
#[derive(Clone, Debug)]
pub(super) struct Working {
    pub(super) order: Order,
    /// The place of its instrument.
    pub(super) book: usize,
    /// The trades of it that are booked.
    pub(super) trades: HashSet<String>,
}

impl State {
    pub(super) fn place(
        &mut self,
        request: OrderRequest,
        purpose: Purpose,
        time: Timestamp,
        out: &mut Vec<EngineEvent>,
    ) {
        if self.unassessed {
            self.assess_all(out);
        }
        let checked = self.check(&request, purpose, Quantity::ZERO).and_then(|checked| {
            // A close passes: an exit must never fail because of the number of orders.
            if purpose == Purpose::Trade {
                self.count(time)?;
            }
            Ok(checked)
        });
        let id = OrderId(format!("{}{}", self.order_prefix, self.next_order));
        self.next_order += 1;
        let (book, change, status, refusal) = match checked {
            Ok((book, change)) => (book, change, OrderStatus::Intended, None),
            Err(refusal) => {
                let OrderRequest { quantity, price, stop_price, .. } = request;
                (NOWHERE, Change { quantity, price, stop_price }, OrderStatus::Rejected, Some(refusal))
            }
        };
        let Change { quantity, price, stop_price } = change;
        let order = Order {
            id: id.clone(),
            instrument: request.instrument,
            side: request.side,
            order_type: OrderType::of(price, stop_price),
            quantity,
            filled: Quantity::ZERO,
            price,
            stop_price,
            triggered: false,
            time_in_force: request.time_in_force,
            post_only: request.post_only,
            reduce_only: request.reduce_only,
            avg_price: None,
            status,
            author: request.by.author,
            cause: request.by.cause,
            created_at: time,
            changed_at: None,
            rejection: refusal.as_ref().map(|refusal| refusal.rejection),
            reason: refusal.map(|refusal| refusal.reason),
        };
        out.push(EngineEvent::Order(order.clone()));
        let working = Working { order, book, trades: HashSet::new() };
        if status.is_open() {
            self.open.insert(id, working);
        } else {
            self.remember(working);
        }
    }

    /// Takes in what a broker told.
    pub(super) fn broker(&mut self, event: BrokerEvent, time: Timestamp, out: &mut Vec<EngineEvent>) {
        match event {
            BrokerEvent::Accepted(id) => self.update(&id, out, |order| {
                // A fill may have come first.
                let is_news = order.status == OrderStatus::Intended;
                if is_news {
                    order.status = OrderStatus::New;
                }
                is_news
            }),
            BrokerEvent::Triggered(id) => {
                self.update(&id, out, |order| !std::mem::replace(&mut order.triggered, true))
            }
            BrokerEvent::Changed(id, Change { quantity, price, stop_price }) => {
                self.update(&id, out, |order| {
                    order.quantity = quantity;
                    order.price = price;
                    order.stop_price = stop_price;
                    true
                });
            }
            BrokerEvent::Rejected(id, refusal) => self.reject(&id, refusal, out),
            BrokerEvent::Cancelled { order, reason } => {
                self.finish(&order, OrderStatus::Cancelled, Some(reason), out);
            }
            BrokerEvent::Filled(execution) => self.fill(execution, time, out),
        }
    }

    /// Changes an open order and tells it, if the change is one.
    fn update(&mut self, id: &OrderId, out: &mut Vec<EngineEvent>, change: impl FnOnce(&mut Order) -> bool) {
        if let Some(working) = self.open.get_mut(id)
            && change(&mut working.order)
        {
            out.push(EngineEvent::Order(working.order.clone()));
        }
    }

    /// Books an execution once, whenever it comes. One of an order that nobody remembers is told and changes nothing.
    fn fill(&mut self, execution: Execution, time: Timestamp, out: &mut Vec<EngineEvent>) {
        let Execution { trade_id, order: id, quantity, price, fee, liquidity } = execution;
        let covered = self.place_of(&id).and_then(|place| Some((place, self.covered_side(place)?)));
        let mut late = self.finished.iter_mut().rev();
        let known = self.open.get_mut(&id);
        let Some(working) = known.or_else(|| late.find(|late| late.order.id == id && late.book != NOWHERE))
        else {
            let text = format!("trade {trade_id} of {id} is not booked: nobody knows the order");
            out.push(EngineEvent::log(LogLevel::Error, text));
            return;
        };
        if !working.trades.insert(trade_id.clone()) {
            return;
        }
        let order = &mut working.order;
        order.avg_price = Some(average(order, price, quantity));
        order.filled = Quantity((order.filled + quantity).0.normalize());
        if order.status.is_open() {
            order.status = OrderStatus::PartiallyFilled;
        }
        let (order, book) = (order.clone(), working.book);
        let fill = Fill {
            trade_id,
            order: id.clone(),
            instrument: order.instrument.clone(),
            side: order.side,
            quantity,
            price,
            fee,
            liquidity,
            time,
            author: order.author.clone(),
        };
        let known = &mut self.books[book];
        position::apply_fill(&mut known.position, &fill, known.instrument.multiplier);
        known.traded = true;
        let account = known.exchange;
        out.push(EngineEvent::Fill { fill, position: known.position.clone() });
        if order.status.is_open() && order.remaining() <= Quantity::ZERO {
            self.finish(&id, OrderStatus::Filled, None, out);
        } else {
            out.push(EngineEvent::Order(order));
        }
        if let Some((place, side)) = covered
            && self.covered_side(place) != Some(side)
        {
            self.uncovered.push((place, side));
        }
        self.schedule_funding(book, time);
        self.assess(account, out);
    }

    /// Ends an order that the broker, or whoever stores intents, does not take.
    pub(super) fn reject(&mut self, id: &OrderId, refusal: Refusal, out: &mut Vec<EngineEvent>) {
        if let Some(working) = self.open.get_mut(id) {
            working.order.rejection = Some(refusal.rejection);
            self.finish(id, OrderStatus::Rejected, Some(refusal.reason), out);
        }
    }

    /// Ends an open order; one that ended stays as it is.
    pub(super) fn finish(
        &mut self,
        id: &OrderId,
        status: OrderStatus,
        reason: Option<String>,
        out: &mut Vec<EngineEvent>,
    ) {
        let Some(mut working) = self.open.shift_remove(id) else { return };
        working.order.status = status;
        working.order.reason = reason;
        out.push(EngineEvent::Order(working.order.clone()));
        self.remember(working);
    }

    fn remember(&mut self, working: Working) {
        if self.finished.len() == REMEMBERED_ORDERS {
            self.finished.pop_front();
        }
        self.finished.push_back(working);
    }
}

/// Returns the average price of an order's fills with one more.
fn average(order: &Order, price: Price, quantity: Quantity) -> Price {
    let before = order.avg_price.map_or(rust_decimal::Decimal::ZERO, |price| price.0) * order.filled.0;
    let filled = order.filled + quantity;
    let cost = before + price.0 * quantity.0;
    Price(cost.checked_div(filled.0).map_or(price.0, rounded))
}
