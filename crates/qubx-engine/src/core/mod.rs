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
mod loss;
mod position;
mod restore;
mod state;

pub(crate) use amount::{MAX_AMOUNT, check_touch, rounded};
pub(crate) use state::{Input, Purpose, State};
