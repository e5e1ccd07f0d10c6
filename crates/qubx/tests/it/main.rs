//! The program itself: real processes, a real kernel, real terminals.
//!
//! Every test has a home of its own, so they run beside one another. `QUBX_TEST_PYTHON` names a Python with ipykernel.
//! What is not there is skipped with a word, unless `QUBX_REQUIRE` has its name: `python,console,tmux,data`.

// All of this is a test, helpers too.
#![allow(clippy::unwrap_used)]

mod attach;
mod cells;
mod commands;
mod configs;
mod files;
mod harness;
mod kernel_death;
mod owner;
mod replay;
mod service_death;
mod shared;
mod stop;
mod strategies;
mod terminal;
mod trading;
