//! Has the crate built again when the page was.
//!
//! Cargo takes a path that is not there for changed, at every build. While there is no page its document is watched instead,
//! which `cargo xtask page` touches when it has built the first one.

#![forbid(unsafe_code)]

use std::path::Path;

fn main() {
    let built = "../../web/dist";
    let watched = if Path::new(built).exists() { built } else { "../../web/index.html" };
    println!("cargo::rerun-if-changed={watched}");
}
