//! What a session with the example strategy holds in memory while nobody looks at it.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::bench::report::Row;

/// How long the session runs before it is looked at.
const SETTLES_IN: Duration = Duration::from_secs(30);
/// The most that the service should hold resident, its Python process not counted.
const GOAL: f64 = 30.0;
/// The bytes of what the system calls a kB.
const KIBIBYTE: f64 = 1024.0;

/// Waits, then measures the service and its Python process.
///
/// # Errors
/// When a process has ended.
pub(crate) async fn measure(state: &str, service: u32, python: u32) -> Result<[Row; 5]> {
    tokio::time::sleep(SETTLES_IN).await;
    Ok([
        Row::megabytes(&format!("service, {state}: resident"), rollup(service, "Rss")?).at_most(GOAL),
        Row::megabytes(&format!("service, {state}: proportional"), rollup(service, "Pss")?),
        peak(&format!("service, {state}"), service)?,
        Row::megabytes(&format!("its Python, {state}: resident"), rollup(python, "Rss")?),
        Row::megabytes(&format!("its Python, {state}: proportional"), rollup(python, "Pss")?),
    ])
}

/// Measures the most that a process ever held.
///
/// # Errors
/// When it has ended.
pub(crate) fn peak(what: &str, process: u32) -> Result<Row> {
    let megabytes = field(&format!("/proc/{process}/status"), "VmHWM")?;
    Ok(Row::megabytes(&format!("{what}: resident at its peak"), megabytes))
}

fn rollup(process: u32, name: &str) -> Result<f64> {
    field(&format!("/proc/{process}/smaps_rollup"), name)
}

/// Reads a line like `Rss:  1234 kB` and returns it in megabytes.
fn field(path: &str, name: &str) -> Result<f64> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {path}"))?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.strip_suffix("kB"));
    let value = value.with_context(|| format!("{path} has no {name}"))?;
    let kibibytes: f64 = value.trim().parse().with_context(|| format!("reading {name} of {path}"))?;
    Ok(kibibytes * KIBIBYTE / 1e6)
}
