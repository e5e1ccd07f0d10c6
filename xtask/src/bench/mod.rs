//! `cargo xtask bench`: how fast qubx is, beside the plain Jupyter that it stands on, against goals.
//!
//! Everything is measured on the release build as a user would meet it, with the example strategy trading. What is
//! compared is measured alternately in one run, so that noise hits both sides. Warm-ups are not counted, and nothing
//! that was counted is thrown away.

mod attach;
mod cell;
mod client;
mod jupyter;
mod machine;
mod memory;
mod report;
mod start;

use std::path::Path;

use anyhow::{Context, Result};

use crate::bench::client::Client;
use crate::bench::jupyter::Jupyter;
use crate::bench::report::Report;
use crate::workbench::Workbench;
use crate::{repository, step};

/// The session that all measures but the start's share.
const SESSION: &str = "bench";

/// Measures, prints a table, and writes it as JSON to `json` when that is wanted.
///
/// # Errors
/// When something does not work. A goal that is missed is no error: it is marked.
pub(crate) fn run(json: Option<&Path>) -> Result<()> {
    if cfg!(debug_assertions) {
        // Our own side of a connection is part of what is measured, so it must be built like the rest.
        let mut command = repository::cargo();
        command.args(["run", "--release", "--package", "xtask", "--", "bench"]);
        if let Some(json) = json {
            command.arg("--json").arg(std::path::absolute(json)?);
        }
        return step::run("building and running the measures", &mut command);
    }
    let workbench = Workbench::prepare()?;
    let mut report = Report::new(machine::describe(workbench.python())?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(measure(&workbench, &mut report))?;
    println!("\n{report}");
    if let Some(path) = json {
        std::fs::write(path, report.to_json()).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

async fn measure(workbench: &Workbench, report: &mut Report) -> Result<()> {
    let mut jupyter = Jupyter::start(workbench.python())?;
    println!("==> starts");
    report.add(start::measure(workbench, &mut jupyter).await?);
    println!("==> memory");
    let session = workbench.start_session(SESSION)?;
    report.add(memory::measure("idle", session.file.qubx.service.pid, session.file.qubx.kernel_pid).await?);
    println!("==> cells");
    let mut client = Client::open(&session.file.qubx.socket).await?;
    report.add(cell::measure(&mut client, &mut jupyter).await?);
    drop(jupyter);
    println!("==> attaching");
    let last = attach::fill(&mut client).await?;
    client.close().await;
    report.add(attach::measure(workbench, &session.file.qubx, &last).await?);
    report.add([memory::peak("service after all that", session.file.qubx.service.pid)?]);
    workbench.stop_session(SESSION)
}
