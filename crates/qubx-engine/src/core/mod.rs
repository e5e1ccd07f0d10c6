//! The pure core: orders, positions, accounts, pause and limits as one state machine.
//!
//! No I/O, no clock, no task: time comes in with each input, and what happened comes out as events.
//! An order is decided here and executed elsewhere: the broker's answer is an input again.
//! Nothing that comes from outside can make the arithmetic overflow, because amounts are bounded
//! ([`MAX_AMOUNT`]) before they are used.

mod account;
mod amount;
mod checks;
mod exposure;
mod funding;
#[cfg(test)]
mod late_fills;
mod loss;
mod modify;
mod orders;
mod position;
mod restore;
mod risk;
mod state;

use qubx_protocol::Rejection;

pub(crate) use amount::{MAX_AMOUNT, check_touch, rounded};
use amount::{check_size, value};
pub(crate) use checks::opposite;
pub(crate) use risk::Band;
pub(crate) use state::{Input, Purpose, State};

/// Why an order, or a change of one, is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The name of the reason.
    pub(crate) rejection: Rejection,
    /// The reason in words.
    pub(crate) reason: String,
}

impl Refusal {
    pub(crate) fn new(rejection: Rejection, reason: impl Into<String>) -> Self {
        Self { rejection, reason: reason.into() }
    }
}
