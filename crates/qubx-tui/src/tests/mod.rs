//! Tests of the whole screen: what it shows, what its keys do, and that nothing makes it panic.

mod canvas;
mod danger;
mod finding;
mod fixture;
mod fuzz;
mod keys;
mod screens;
mod themes;
mod ticket;
