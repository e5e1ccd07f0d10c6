//! What a screen notices of its connection, against a service that the tests play.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

mod both_ways;
mod full;
mod harness;
mod newer;
mod restart;
