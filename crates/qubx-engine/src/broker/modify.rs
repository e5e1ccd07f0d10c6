//! What a modification does to an order at the paper broker. No I/O.
//!
//! An order keeps its place in time when only its quantity falls, and loses it when a price changes or the quantity grows:
//! so CME Globex (Order Modification: an increased quantity, a price and a stop price change the priority, a decreased
//! quantity does not) and Binance (Order Amend Keep Priority: only to "reduce the quantity of the order"). One that would
//! be refused stays as it is.

use qubx_protocol::{Order, OrderId, Rejection};

use super::market::{post_only_refusal, stop_refusal};
use super::{BrokerEvent, Change, PaperBroker};
use crate::Touch;
use crate::core::Refusal;

impl PaperBroker {
    /// Changes an order that rests, and lets it act anew when its limit crosses.
    ///
    /// # Errors
    /// Why the order stays as it is.
    pub(crate) fn modify(
        &mut self,
        market: usize,
        order: &Order,
        change: Change,
        touch: &Touch,
        out: &mut Vec<BrokerEvent>,
    ) -> Result<(), Refusal> {
        let next_place = self.place();
        let market = &mut self.markets[market];
        let at = position(&market.resting, &order.id)?;
        let mut changed = market.resting[at].clone();
        let moved = change.price != order.price || change.stop_price != order.stop_price;
        let keeps_place = !moved && change.quantity <= order.quantity;
        if let Some(stop) = changed.stop.and(change.stop_price) {
            refuse(stop_refusal(changed.side, stop, touch))?;
            changed.stop = Some(stop);
        } else if let (true, Some(limit)) = (changed.post_only && !keeps_place, change.price) {
            refuse(post_only_refusal(changed.side, limit, touch))?;
        }
        changed.price = change.price;
        changed.quantity = change.quantity;
        changed.left = (change.quantity - order.filled).0;
        out.push(BrokerEvent::Changed(order.id.clone(), change));
        if keeps_place {
            market.resting[at] = changed;
            return Ok(());
        }
        changed.place = next_place;
        market.resting.remove(at);
        market.enter(changed, touch, false, out);
        market.drop_what_reduces_nothing(out);
        Ok(())
    }
}

fn position(resting: &[super::resting::Resting], id: &OrderId) -> Result<usize, Refusal> {
    resting
        .iter()
        .position(|order| order.id == *id)
        .ok_or_else(|| Refusal::new(Rejection::NotOpen, format!("{id} does not rest")))
}

fn refuse(refusal: Option<Refusal>) -> Result<(), Refusal> {
    refusal.map_or(Ok(()), Err)
}
