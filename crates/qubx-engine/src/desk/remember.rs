//! What outlives the desk. No I/O.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use qubx_protocol::{Order, OrderId, OrderStatus, Quantity, Quote};

use super::Desk;
use crate::{Checkpoint, EngineEvent, Restore};

impl Desk {
    /// Takes over what a stored session left: orders rest again in their old sequence, and what was on its way still is.
    /// Returns what became of orders that were only intended.
    pub(crate) fn restore(&mut self, restore: Restore) -> Vec<EngineEvent> {
        let checkpoint = restore.checkpoint.clone().unwrap_or_default();
        let events = self.state.restore(restore);
        self.rest_again(&checkpoint);
        let used: HashMap<_, _> = checkpoint
            .markets
            .iter()
            .map(|market| (&market.instrument, [market.bought, market.sold]))
            .collect();
        for place in 0..self.state.len() {
            let id = &self.state.instrument(place).id;
            let held = self.state.position(id).map_or(Quantity::ZERO, |position| position.quantity);
            let used = used.get(id).copied().unwrap_or_default();
            self.broker.restore(place, held, used);
        }
        let under_way = checkpoint
            .under_way
            .into_iter()
            .filter(|command| command.new_order().is_none_or(|order| self.state.is_intended(order)));
        self.wire.restore(under_way.collect());
        events
    }

    /// Lets the orders that the broker knew rest, in the sequence of their places in time.
    fn rest_again(&mut self, checkpoint: &Checkpoint) {
        let places: HashMap<&OrderId, usize> =
            checkpoint.places.iter().enumerate().map(|(place, id)| (id, place)).collect();
        let known = |order: &&Order| order.status != OrderStatus::Intended;
        let mut resting: Vec<Order> = self.state.open_orders().filter(known).cloned().collect();
        // Stable: without places the sequence of age stays.
        resting.sort_by_key(|order| places.get(&order.id).copied().unwrap_or(usize::MAX));
        for order in resting {
            let Some(place) = self.state.place_of(&order.id) else { continue };
            let fills = checkpoint.fills.get(&order.id).copied().unwrap_or(0);
            self.broker.rest(place, &order, fills);
        }
    }

    /// Takes over a quote that was seen before the session ended, which does nothing anew.
    pub(crate) fn restore_quote(&mut self, quote: Quote) {
        self.state.restore_quote(quote);
        // The next event is looked at in full.
        self.next_due = Timestamp::MIN;
    }

    /// Returns what must be remembered of the desk at `time`; the feed and the bars are not its own.
    pub(crate) fn checkpoint(&self, time: Timestamp) -> Checkpoint {
        let resting = self.broker.places();
        let known = |order: &&Order| order.status != OrderStatus::Intended;
        let by_age = self.state.open_orders().filter(known).map(|order| &order.id);
        let is_by_age = by_age.eq(resting.iter().map(|(id, _)| *id));
        let fills: BTreeMap<OrderId, u32> = resting
            .iter()
            .filter(|(_, fills)| *fills > 0)
            .map(|(id, fills)| ((*id).clone(), *fills))
            .collect();
        let places =
            if is_by_age { Vec::new() } else { resting.iter().map(|(id, _)| (*id).clone()).collect() };
        let markets = (0..self.state.len())
            .filter_map(|place| self.state.market_checkpoint(place, self.broker.used(place)));
        Checkpoint {
            under_way: self.wire.commands().cloned().collect(),
            fills,
            places,
            markets: markets.collect(),
            ..self.state.book_checkpoint(time)
        }
    }
}
