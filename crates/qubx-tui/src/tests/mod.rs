//! Tests of the whole screen: what it shows, what its keys do, and that nothing makes it panic.

mod canvas;
mod danger;
mod editor;
mod finding;
mod fixture;
mod fuzz;
mod keys;
mod pictures;
mod prompt;
mod recorded;
mod screens;
mod search;
mod session;
mod signature;
mod states;
mod themes;
mod ticket;
mod views;
