//! Tests of the whole screen: what it shows, what its keys do, and that nothing makes it panic.

mod fixture;
mod fuzz;
mod keys;
mod screens;
