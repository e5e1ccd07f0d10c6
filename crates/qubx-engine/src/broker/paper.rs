//! The paper broker: an exchange that knows only our orders and what the market says. No I/O.
//!
//! Whoever takes is filled at the touch and what lies behind it ([`depth`](super::depth)), worsened by the slippage, and
//! pays the taker's fee. What rests is filled at its own limit as maker: by a quote whose other side reaches it, up to the
//! quoted size, and by trades of others at or through it, up to their size; the better limit first, then the older
//! order ([`sweep`](super::sweep)). A quote that stands for a trade fills nothing that rests: the trade does. What is
//! taken of a quote is gone until the next one. Sizes are whole lots; a size of zero is nothing.
//!
//! It keeps positions of its own, as an exchange does, for orders that may only reduce one.

use qubx_protocol::{Order, OrderId, Quantity, Side};
use rust_decimal::Decimal;

use super::market::Market;
use super::resting::Resting;
use super::{Bounds, BrokerEvent};
use crate::{EngineConfig, RecordedKind, Touch};

/// Executes orders against what the market says.
#[derive(Debug)]
pub(crate) struct PaperBroker {
    /// By the place of the instrument.
    pub(super) markets: Vec<Market>,
    /// The place in time of the next order that rests.
    pub(super) next_place: u64,
}

impl PaperBroker {
    /// Returns a broker without orders.
    pub(crate) fn new(config: &EngineConfig) -> Self {
        let markets = config.exchanges.iter().flat_map(|exchange| {
            exchange.instruments.iter().map(|instrument| Market {
                id: instrument.id.clone(),
                tick: instrument.tick_size,
                lot: instrument.lot_size,
                multiplier: instrument.multiplier,
                fees: exchange.fees,
                slippage_bps: exchange.paper.slippage_bps,
                quotes_are_trades: exchange.feed.quoted_by(&instrument.id) == Some(RecordedKind::Trades),
                used: [Decimal::ZERO; 2],
                held: Decimal::ZERO,
                resting: Vec::new(),
            })
        });
        Self { markets: markets.collect(), next_place: 0 }
    }

    /// Takes an order: refuses it, fills what is there, and lets the rest rest or cancels it.
    pub(crate) fn submit(&mut self, market: usize, order: &Order, touch: &Touch, out: &mut Vec<BrokerEvent>) {
        let place = self.place();
        let market = &mut self.markets[market];
        if let Some(refusal) = market.refusal(order, touch) {
            out.push(BrokerEvent::Rejected(order.id.clone(), refusal));
            return;
        }
        market.enter(Resting::new(order, 0, place), touch, true, out);
        market.drop_what_reduces_nothing(out);
    }

    /// Forgets an order; false when it does not rest here.
    pub(crate) fn cancel(&mut self, market: usize, id: &OrderId) -> bool {
        let resting = &mut self.markets[market].resting;
        let before = resting.len();
        resting.retain(|order| order.id != *id);
        resting.len() < before
    }

    /// Notes that what was taken of the last quote is there again, or another size is.
    pub(crate) fn requote(&mut self, market: usize) {
        let used = &mut self.markets[market].used;
        if !(used[0].is_zero() && used[1].is_zero()) {
            *used = [Decimal::ZERO; 2];
        }
    }

    /// Tells how far the market may go before an order here matters.
    pub(crate) fn bounds(&self, market: usize) -> Bounds {
        Bounds::of(&self.markets[market].resting)
    }

    /// Tells whether an order of `side` would find anything to take.
    pub(crate) fn can_take(&self, market: usize, side: Side, touch: &Touch) -> bool {
        !self.markets[market].depth(side, touch).is_empty()
    }

    /// Lets an order rest that rested before, behind those that rest already.
    pub(crate) fn rest(&mut self, market: usize, order: &Order, fills: u32) {
        let place = self.place();
        self.markets[market].rest(Resting::new(order, fills, place));
    }

    /// Takes over a position, and what was taken since the last quote.
    pub(crate) fn restore(&mut self, market: usize, held: Quantity, used: [Quantity; 2]) {
        self.markets[market].held = held.0;
        self.markets[market].used = used.map(|used| used.0);
    }

    /// Returns what was taken since the last quote, by buyers and by sellers.
    pub(crate) fn used(&self, market: usize) -> [Quantity; 2] {
        self.markets[market].used.map(Quantity)
    }

    /// Returns the orders that rest, in the sequence of time, with the number of fills that each had.
    pub(crate) fn places(&self) -> Vec<(&OrderId, u32)> {
        let mut all: Vec<_> = self.markets.iter().flat_map(|market| &market.resting).collect();
        all.sort_by_key(|order| order.place);
        all.into_iter().map(|order| (&order.id, order.fills)).collect()
    }

    pub(super) fn place(&mut self) -> u64 {
        self.next_place += 1;
        self.next_place
    }
}
