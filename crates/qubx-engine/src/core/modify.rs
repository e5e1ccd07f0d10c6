//! What a change of an open order must pass, whoever wants it. No I/O.

use jiff::Timestamp;
use qubx_protocol::{By, OrderId, OrderStatus, Quantity, Rejection};

use super::Refusal;
use super::state::{Purpose, State};
use crate::broker::Change;
use crate::{Modification, OrderRequest};

impl State {
    /// Rounds the new numbers of an order and checks it like a new one in its place.
    ///
    /// One whose quantity only falls passes all limits, and is not counted among the orders of a minute. With `counts`,
    /// when the change is made and not only sent, the others are, and the order must be there.
    ///
    /// # Errors
    /// Why the order stays as it is.
    pub(crate) fn check_modification(
        &mut self,
        id: &OrderId,
        modification: Modification,
        by: &By,
        time: Timestamp,
        counts: bool,
    ) -> Result<Change, Refusal> {
        let order = match self.open.get(id) {
            Some(working) => working.order.clone(),
            None => return Err(Refusal::new(Rejection::NotOpen, format!("order {id} is not open"))),
        };
        // What is sent after an order that is on its way arrives after it.
        if counts && order.status == OrderStatus::Intended {
            return Err(Refusal::new(Rejection::NotOpen, "it is not known to rest yet"));
        }
        let bad = |reason: &str| Err(Refusal::new(Rejection::BadOption, reason));
        if modification.price.is_some() && order.price.is_none() {
            return bad("it has no limit");
        }
        if modification.stop_price.is_some() && order.stop_price.is_none() {
            return bad("it has no stop price");
        }
        if modification.stop_price.is_some_and(|stop| Some(stop) != order.stop_price) && order.triggered {
            return bad("its stop price is reached already");
        }
        let quantity = modification.quantity.unwrap_or(order.quantity);
        if quantity <= order.filled {
            let reason = format!("{} is filled already, so {quantity} cannot be the whole", order.filled);
            return Err(Refusal::new(Rejection::BadQuantity, reason));
        }
        let request = OrderRequest {
            instrument: order.instrument.clone(),
            side: order.side,
            // A quantity on lot stays so, and what is filled is.
            quantity: quantity - order.filled,
            price: modification.price.or(order.price),
            stop_price: modification.stop_price.or(order.stop_price),
            time_in_force: order.time_in_force,
            post_only: order.post_only,
            reduce_only: order.reduce_only,
            by: by.clone(),
        };
        // Its own quantity is not there twice while it is checked in its own place.
        let Some(working) = self.open.get_mut(id) else { return bad("it is gone") };
        let own = std::mem::replace(&mut working.order.quantity, order.filled);
        let falls = quantity <= order.quantity
            && modification.price.is_none_or(|price| Some(price) == order.price)
            && modification.stop_price.is_none_or(|stop| Some(stop) == order.stop_price);
        let purpose = if falls { Purpose::Close } else { Purpose::Change };
        let checked = self.check(&request, purpose, order.filled);
        if let Some(working) = self.open.get_mut(id) {
            working.order.quantity = own;
        }
        let (_, change) = checked?;
        if counts && !falls {
            self.count(time)?;
        }
        Ok(Change { quantity: Quantity((change.quantity + order.filled).0.normalize()), ..change })
    }
}
