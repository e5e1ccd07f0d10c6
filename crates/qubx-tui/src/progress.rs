//! What became of a verb, part by part: each order that it cancels and each position that it closes. No I/O.

use qubx_client::Mirror;
use qubx_protocol::{CommandId, Fact, InstrumentId, Order, OrderId, OrderStatus, Position};

use crate::app::NoticeState;
use crate::dialog::Legs;
use crate::facts::Facts;
use crate::format::{self, Sign};

/// One part of a verb.
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    about: About,
    /// What it is about, in words.
    pub(crate) label: String,
    /// How it is, in words.
    pub(crate) text: String,
    pub(crate) state: NoticeState,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum About {
    Cancel(OrderId),
    Close(InstrumentId),
}

/// Returns the parts of a verb that was just sent.
pub(crate) fn legs(meant: &Legs, mirror: &Mirror) -> Vec<Leg> {
    let cancels = meant.orders.iter().map(|order| cancel(order, mirror));
    let closes = meant.positions.iter().map(|position| close(position, mirror));
    cancels.chain(closes).collect()
}

fn cancel(order: &Order, mirror: &Mirror) -> Leg {
    let decimals = mirror.quantity_decimals(&order.instrument, order.quantity.0.scale());
    let quantity = format::number(order.remaining().0, decimals, Sign::Minus);
    let label = format!("cancel {} {} {quantity}", mirror.label(&order.instrument), order.side);
    Leg {
        about: About::Cancel(order.id.clone()),
        label,
        text: "waiting".to_owned(),
        state: NoticeState::UnderWay,
    }
}

fn close(position: &Position, mirror: &Mirror) -> Leg {
    let text = left(position, mirror);
    let label = format!("close {}", mirror.label(&position.instrument));
    Leg { about: About::Close(position.instrument.clone()), label, text, state: NoticeState::UnderWay }
}

fn left(position: &Position, mirror: &Mirror) -> String {
    let decimals = mirror.quantity_decimals(&position.instrument, position.quantity.0.scale());
    format!("{} to close", format::number(position.quantity.0.abs(), decimals, Sign::Minus))
}

/// Takes in what an event says of the parts of the verb that `command` is.
pub(crate) fn follow(legs: &mut [Leg], command: &CommandId, fact: &Fact, mirror: &Mirror) {
    match fact {
        Fact::Order { order, .. } => {
            let about = About::Cancel(order.id.clone());
            if let Some(leg) = legs.iter_mut().find(|leg| leg.about == about) {
                ordered(leg, order);
            }
            let is_ours = order.cause.as_ref() == Some(command);
            let closes = About::Close(order.instrument.clone());
            if let (true, OrderStatus::Rejected | OrderStatus::Cancelled, Some(leg)) =
                (is_ours, order.status, legs.iter_mut().find(|leg| leg.about == closes))
            {
                leg.state = NoticeState::Failed;
                leg.text = order.reason.clone().unwrap_or_else(|| order.status.to_string().to_lowercase());
            }
        }
        Fact::Fill { fill, position, .. } => {
            let about = About::Close(position.instrument.clone());
            let Some(leg) = legs.iter_mut().find(|leg| leg.about == about) else { return };
            if position.quantity.is_zero() {
                let decimals = mirror.price_decimals(&fill.instrument, fill.price.0.scale());
                leg.text = format!("flat @ {}", format::number(fill.price.0, decimals, Sign::Minus));
                leg.state = NoticeState::Done;
            } else if leg.state == NoticeState::UnderWay {
                leg.text = left(position, mirror);
            }
        }
        _ => {}
    }
}

fn ordered(leg: &mut Leg, order: &Order) {
    let (text, state) = match order.status {
        OrderStatus::Cancelled => ("cancelled", NoticeState::Done),
        OrderStatus::Filled => ("filled before it was cancelled", NoticeState::Failed),
        OrderStatus::Rejected => ("was rejected", NoticeState::Done),
        OrderStatus::Intended | OrderStatus::New | OrderStatus::PartiallyFilled => return,
    };
    text.clone_into(&mut leg.text);
    leg.state = state;
}

/// Ends the parts of which nothing was heard, when the whole is over.
pub(crate) fn finish(legs: &mut [Leg], whole: NoticeState) {
    for leg in legs.iter_mut().filter(|leg| leg.state == NoticeState::UnderWay) {
        if whole == NoticeState::Failed {
            leg.state = NoticeState::Failed;
            leg.text = format!("not done ({})", leg.text);
        }
    }
}
