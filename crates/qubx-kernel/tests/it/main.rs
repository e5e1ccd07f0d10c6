//! The kernel crate with a real ipykernel.
//!
//! `QUBX_TEST_PYTHON` names a Python with ipykernel; without one the tests say so and pass, unless
//! `QUBX_REQUIRE` has `python` in its list.

// The lint knows test functions, not their helpers.
#![allow(clippy::unwrap_used)]

mod cells;
mod guests;
mod harness;
mod health;
mod input;
mod life;
mod limits;
mod output;
mod probe;
mod restart;
mod strategy;
