//! The engine alone: its core in one thread, and quotes through feed and channels to a strategy in Rust.

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::bench::report::Row;
use crate::repository;

/// The least quotes a second of the core in one thread, and through feed and channels.
const CORE_GOAL: f64 = 10_000_000.0;
const CHANNELS_GOAL: f64 = 5_000_000.0;
/// How many megabytes more than after ten million quotes the process may hold after a hundred million.
const GROWTH_GOAL: f64 = 5.0;

/// Runs the engine's own bench, and takes its figures over.
///
/// # Errors
/// When it does not build, or fails.
pub(crate) fn measure() -> Result<Vec<Row>> {
    let mut command = repository::cargo();
    command.args(["bench", "--quiet", "--package", "qubx-engine", "--bench", "engine"]);
    let output = command.output().context("running the engine's bench")?;
    ensure!(
        output.status.success(),
        "the engine's bench failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let line = String::from_utf8(output.stdout)?;
    let measured: Value = serde_json::from_str(line.lines().last().unwrap_or_default())
        .context("reading what the engine's bench measured")?;
    let figure = |name: &str| measured[name].as_f64().with_context(|| format!("{name} was not measured"));
    let rate = |name: &str, label: &str| figure(name).map(|value| Row::rate(label, value, 1));
    Ok(vec![
        rate("core_quiet", "core, one thread: quotes while nothing happens, each asked about first")?,
        rate("core_ema", "core, one thread, with the EMA example on bars of a minute")?.at_least(CORE_GOAL),
        rate("core_ema_1s", "core, one thread, with the EMA example on bars of a second")?,
        rate("channels_ema", "feed, channels and the EMA example, bars of a minute")?.at_least(CHANNELS_GOAL),
        rate("channels_ema_1s", "the same, bars of a second")?,
        rate("channels_on_quote", "feed, channels and a callback on every quote")?.at_least(CHANNELS_GOAL),
        rate("channels_on_quote_1000", "the same, an order in 1000")?,
        rate("channels_on_quote_10", "the same, an order in 10")?,
        Row::megabytes("the process after 10,000,000 quotes", figure("early_mb")?),
        Row::megabytes("the process after 100,000,000 quotes", figure("late_mb")?)
            .at_most(figure("early_mb")? + GROWTH_GOAL),
    ])
}
