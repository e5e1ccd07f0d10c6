//! `cargo xtask bench`: how fast qubx is, beside the plain Jupyter that it stands on, against goals.
//!
//! Everything is measured on the release build as a user would meet it, with the example strategy trading, each bench
//! in a session of its own. What is compared is measured alternately in one run, so that noise hits both sides.
//! Warm-ups are not counted, and nothing that was counted is thrown away.

mod attach;
mod cell;
mod client;
mod displays;
mod engine;
mod fill;
mod flood;
mod gateway;
mod guest;
mod jupyter;
mod kept;
mod machine;
mod memory;
mod orders;
mod page;
mod process;
mod replay;
mod report;
mod restore;
mod screen;
mod screens;
mod slow_screen;
mod start;
mod tabs;
mod watchers;

use std::path::Path;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::bench::report::{Report, Row};
use crate::workbench::Workbench;
use crate::{repository, step};

/// What can be measured, in the order in which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Name {
    /// From typing `qubx run` to the first answer.
    Start,
    /// What an idle session holds in memory.
    Memory,
    /// `1+1` through a session.
    Cell,
    /// Attaching to a session with a long history.
    Attach,
    /// 200,000 printed lines, and 50 MB in one print.
    Flood,
    /// 20,000 displays while a Jupyter guest that subscribed to them stands still.
    Displays,
    /// The terminal screen: keys while output floods, what it computes and holds, beside Textual.
    Screen,
    /// 100 attached screens, and one that reads a byte a second.
    Screens,
    /// The page in Chromium, beside textual-serve.
    Page,
    /// A thousand tabs of the page, a hundred of which read a byte a second.
    Tabs,
    /// A verb, a cancel and an order, at rest and while Python hangs or prints without end.
    Orders,
    /// The engine's core, and quotes through feed and channels to a strategy in Rust.
    Engine,
    /// From a quote through Python's callback to the fill on a screen.
    Fill,
    /// A replay at full speed with a strategy in Python, beside NautilusTrader.
    Replay,
    /// Going on after a kill with a session of a million entries, and with a simulation of a month.
    Restore,
}

/// Measures what is named, or everything; prints a table, and writes it as JSON to `json` when that is wanted.
///
/// # Errors
/// When something does not work. A goal that is missed is no error: it is marked.
pub(crate) fn run(names: &[Name], json: Option<&Path>) -> Result<()> {
    let names = if names.is_empty() { Name::value_variants() } else { names };
    if cfg!(debug_assertions) {
        // Our own side of a connection is part of what is measured, so it must be built like the rest.
        let mut command = repository::cargo();
        command.args(["run", "--release", "--package", "xtask", "--", "bench"]);
        command.args(names.iter().filter_map(Name::to_possible_value).map(|name| name.get_name().to_owned()));
        if let Some(json) = json {
            command.arg("--json").arg(std::path::absolute(json)?);
        }
        return step::run("building and running the measures", &mut command);
    }
    let workbench = Workbench::prepare()?;
    let mut report = Report::new(machine::describe(workbench.python())?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for name in names {
        let value = name.to_possible_value().context("every bench has a name")?;
        println!("==> {}: {}", value.get_name(), value.get_help().context("every bench is described")?);
        report.add(runtime.block_on(measure(*name, &workbench))?);
    }
    println!("\n{report}");
    if let Some(path) = json {
        std::fs::write(path, report.to_json()).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

async fn measure(name: Name, workbench: &Workbench) -> Result<Vec<Row>> {
    match name {
        Name::Start => start::measure(workbench).await,
        Name::Memory => memory::measure(workbench).await,
        Name::Cell => cell::measure(workbench).await,
        Name::Attach => attach::measure(workbench).await,
        Name::Flood => flood::measure(workbench).await,
        Name::Displays => displays::measure(workbench).await,
        Name::Screen => screen::measure(workbench).await,
        Name::Screens => screens::measure(workbench).await,
        Name::Page => page::measure(workbench).await,
        Name::Tabs => tabs::measure(workbench).await,
        Name::Orders => orders::measure(workbench).await,
        Name::Engine => engine::measure(),
        Name::Fill => fill::measure(workbench).await,
        Name::Replay => replay::measure(workbench).await,
        Name::Restore => restore::measure(workbench).await,
    }
}
