//! The gateway as its visitors meet it: real requests to a real listener.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

mod description;
mod harness;
mod limits;
mod login;
mod matrix;
mod relay;
