//! What came of a replay, in the forms that people and programs read: a table with a small picture for a terminal, JSON,
//! and a picture as SVG. No I/O.

mod figures;
mod picture;
mod svg;
mod table;
#[cfg(test)]
pub(crate) mod tests;

use qubx_protocol::Results;
use serde::Serialize;

use crate::json;

pub(crate) use figures::line;
pub(crate) use picture::Glyphs;
pub(crate) use svg::svg;
pub(crate) use table::table;

/// The results with the name of their session and what speaks against them, as `--json` prints them and `results.json` has
/// them.
#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
    /// Always there, so that a program need not know that none is told by leaving them out.
    doubts: &'a [String],
    #[serde(flatten)]
    results: &'a Results,
}

/// Returns the results as JSON, which ends with a line's end.
pub(crate) fn json(name: &str, results: &Results, doubts: &[String]) -> String {
    json::pretty(&Named { name, doubts, results }) + "\n"
}
