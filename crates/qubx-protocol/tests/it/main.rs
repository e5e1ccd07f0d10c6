//! Tests of the protocol as its users see it: golden files and properties of the reducer.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by panicking")]

mod golden;
mod reducer;
mod samples;
