//! What an event of the market does to the orders that rest: one order after the other, so that whatever follows from a
//! fill (a pause, a cancel) comes before the next one. No I/O.

use qubx_protocol::{Liquidity, Price, Side};
use rust_decimal::Decimal;

use super::depth::whole_lots;
use super::market::{Market, index};
use super::resting::{Resting, crosses};
use super::{BrokerEvent, PaperBroker};
use crate::core::opposite;
use crate::{MarketData, Touch};

/// How far an event got with the orders that rest.
#[derive(Debug)]
pub(crate) struct Sweep {
    market: usize,
    cause: Cause,
    /// The sides whose resting orders are filled, in order; the first is at work.
    passes: Vec<Pass>,
    /// The stops that it triggers, the newest first; none until the passes are done.
    triggered: Option<Vec<u64>>,
}

#[derive(Clone, Copy, Debug)]
enum Cause {
    Quote(Touch),
    Trade {
        price: Price,
        taker: Side,
        /// What it triggers meets: the last quote, moved to the trade.
        touch: Option<Touch>,
    },
}

/// The orders of one side that are filled as makers, the best limit first, then the oldest.
#[derive(Debug)]
struct Pass {
    side: Side,
    /// What is left for them.
    there: Decimal,
    /// The priority of the order that was looked at last.
    after: Option<(Decimal, u64)>,
}

impl PaperBroker {
    /// Begins to fill and to trigger what an event reaches. `touch` is the last quote. Nothing happens before
    /// [`PaperBroker::sweep_on`].
    pub(crate) fn sweep(&self, place: usize, data: &MarketData, touch: Option<Touch>) -> Option<Sweep> {
        let market = &self.markets[place];
        if market.resting.is_empty() {
            return None;
        }
        let pass = |side, there| Pass { side, there, after: None };
        let (cause, passes) = match *data {
            // The trade that a quote stands for fills what rests.
            MarketData::Quote(touch) if market.quotes_are_trades => (Cause::Quote(touch), Vec::new()),
            MarketData::Quote(touch) => {
                let left = |side| market.depth(side, &touch).left_at_touch(market.used[index(side)]);
                let sides = [Side::Buy, Side::Sell];
                (Cause::Quote(touch), sides.map(|side| pass(side, left(side))).into())
            }
            MarketData::Trade { price, size, side: taker } => {
                let side = opposite(taker);
                // What its own quote gave already is not there again.
                let gone = if market.quotes_are_trades { market.used[index(side)] } else { Decimal::ZERO };
                let there = (whole_lots(size, market.lot).0 - gone).max(Decimal::ZERO);
                // The market is where the trade was: what it triggers gets no better price from a quote of before.
                let touch = touch.map(|touch| Touch {
                    bid: touch.bid.min(price),
                    ask: touch.ask.max(price),
                    ..touch
                });
                (Cause::Trade { price, taker, touch }, vec![pass(side, there)])
            }
            MarketData::Bar { .. } | MarketData::FundingRate(_) => return None,
        };
        Some(Sweep { market: place, cause, passes, triggered: None })
    }

    /// Lets the event reach the next order, and appends what became of it. False when it reaches none any more.
    pub(crate) fn sweep_on(&mut self, sweep: &mut Sweep, out: &mut Vec<BrokerEvent>) -> bool {
        let market = &mut self.markets[sweep.market];
        let is_on = sweep.fill_next(market, out) || sweep.trigger_next(market, out);
        market.drop_what_reduces_nothing(out);
        is_on
    }
}

impl Sweep {
    /// Fills the next order that rests, at its limit, as maker, up to what is there.
    fn fill_next(&mut self, market: &mut Market, out: &mut Vec<BrokerEvent>) -> bool {
        while let Some(pass) = self.passes.first_mut() {
            let comes = |order: &&Resting| {
                order.side == pass.side
                    && pass.after.is_none_or(|after| order.priority() > after)
                    && self.cause.reaches(order)
            };
            let next = market.resting.iter().filter(comes).min_by_key(|order| order.priority()).cloned();
            let there = pass.there;
            let Some((mut order, limit)) = next
                .filter(|_| there > Decimal::ZERO)
                .and_then(|order| order.price.map(|limit| (order, limit)))
            else {
                self.passes.remove(0);
                continue;
            };
            pass.after = Some(order.priority());
            let quantity = market.wanted(&order).min(there);
            if quantity.is_zero() {
                continue;
            }
            pass.there -= quantity;
            if matches!(self.cause, Cause::Quote(_)) {
                market.used[index(order.side)] += quantity;
            }
            out.push(market.execute(&mut order, quantity, limit, Liquidity::Maker));
            market.put_back(order);
            return true;
        }
        false
    }

    /// Turns the next stop into an order, or lets a triggered one try again; the oldest first.
    fn trigger_next(&mut self, market: &mut Market, out: &mut Vec<BrokerEvent>) -> bool {
        let Some(touch) = self.cause.touch() else { return false };
        let places = self.triggered.get_or_insert_with(|| {
            let triggered = market.resting.iter().rev().filter(|order| self.cause.triggers(order));
            triggered.map(|order| order.place).collect()
        });
        while let Some(place) = places.pop() {
            let Some(at) = market.resting.iter().position(|order| order.place == place) else { continue };
            let mut order = market.resting.remove(at);
            if order.stop.take().is_some() {
                out.push(BrokerEvent::Triggered(order.id.clone()));
            }
            let would_take = order.price.is_some_and(|limit| crosses(order.side, limit, &touch));
            if order.post_only && would_take {
                let reason = "post-only: it would take when its stop was reached".to_owned();
                out.push(BrokerEvent::Cancelled { order: order.id, reason });
            } else {
                market.enter(order, &touch, false, out);
            }
            return true;
        }
        false
    }
}

impl Cause {
    /// Tells whether an order that rests is filled by it.
    fn reaches(&self, order: &Resting) -> bool {
        match self {
            Self::Quote(touch) => order.is_reached(touch),
            Self::Trade { price, taker, .. } => order.is_traded_through(*price, *taker),
        }
    }

    /// Tells whether an order takes because of it.
    fn triggers(&self, order: &Resting) -> bool {
        match self {
            Self::Quote(touch) => order.waits_for_size() || order.is_triggered(touch),
            Self::Trade { price, .. } => order.is_triggered_by_trade(*price),
        }
    }

    /// Returns what there is to take.
    fn touch(&self) -> Option<Touch> {
        match self {
            Self::Quote(touch) => Some(*touch),
            Self::Trade { touch, .. } => *touch,
        }
    }
}
