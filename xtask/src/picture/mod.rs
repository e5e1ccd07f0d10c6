//! `cargo xtask picture`: the pictures of the screen in the documentation, taken from the real one.
//!
//! It runs the demo on a terminal of its own, types a few cells as a user would, and draws what is there then.

mod gallery;
mod lines;
mod svg;

use std::time::Duration;

use anyhow::{Context, Result};

use crate::terminal::Terminal;
use crate::workbench::Workbench;
use crate::{repository, step};

/// Where the picture goes.
const FILE: &str = "docs/screen.svg";
/// What the window is called.
const TITLE: &str = "qubx run examples/ema_cross.yml --paper --textual";
/// The terminal.
const COLUMNS: u16 = 120;
/// The same.
const ROWS: u16 = 36;
/// What is typed, and what the screen shows when it has been done.
const CELLS: [(&str, &str); 5] = [
    ("[i.symbol for i in ctx.instruments]", "Out[1]"),
    ("ctx.account().equity", "Out[2]"),
    ("bid = trade('SOLUSDT', 20, price=120)", "Out[3]"),
    ("offer = trade('ETHUSDT', -1, price=3100)", "Out[4]"),
    ("S.size = 0.25", "Out[5]"),
];
/// The fills that the session shows at least.
const FILLS: usize = 8;
/// How long the start and a cell may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(60);
/// How long the strategy may take to trade: it depends on the market.
const TRADES_WITHIN: Duration = Duration::from_secs(600);

/// Takes the pictures.
///
/// # Errors
/// When the demo does not come to show what it should.
pub(crate) fn run() -> Result<()> {
    let workbench = Workbench::prepare()?;
    let picture = step::timed("running the demo", || take(&workbench))?;
    let path = repository::root().join(FILE);
    std::fs::write(&path, picture).with_context(|| format!("writing {}", path.display()))?;
    step::timed("taking the gallery", || gallery::take(&workbench))
}

fn take(workbench: &Workbench) -> Result<String> {
    let mut demo = workbench.run(["--textual"]);
    demo.env("USER", "you");
    let mut terminal = Terminal::start(demo, COLUMNS, ROWS)?;
    terminal.wait_for("a fill of each instrument", TRADES_WITHIN, |screen| fills(screen) >= 3)?;
    for (cell, shown) in CELLS {
        terminal.type_keys(cell)?;
        terminal.wait_for("the typed cell", ANSWERS_WITHIN, |screen| screen.contents().contains(cell))?;
        terminal.type_keys("\r")?;
        terminal.wait_for("the cell's end", ANSWERS_WITHIN, |screen| screen.contents().contains(shown))?;
    }
    terminal.wait_for("enough fills and nothing under way", TRADES_WITHIN, |screen| {
        fills(screen) >= FILLS && !screen.contents().contains("MARKET")
    })?;
    let picture = svg::draw(terminal.screen(), TITLE);
    terminal.end()?;
    workbench.wait_until_empty()?;
    Ok(picture)
}

fn fills(screen: &vt100::Screen) -> usize {
    screen.contents().matches("FILL ").count()
}
