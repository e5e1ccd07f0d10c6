//! From a quote through the strategy's callback in Python to the fill that a screen shows.
//!
//! A simulated quote has the time of the wall at which it was made. The strategy trades at market on every one and then
//! writes into the log which order it gave at which quote; the screen notes when it has read each order's fill.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use qubx_protocol::{Fact, OrderId, ServerMessage};

use crate::bench::report::{Row, Samples};
use crate::bench::watchers::Watchers;
use crate::repository;
use crate::workbench::Workbench;

/// The session.
const SESSION: &str = "fill";
/// The fills that count, and those before them that do not.
const FILLS: usize = 1_000;
const WARM_UP: usize = 100;
/// How long they may take.
const WITHIN: Duration = Duration::from_secs(120);
/// The strategy.
const STRATEGY: &str = "xtask/src/bench/fill.py";

const CONFIG: &str = "name: fill\nstrategy: fill.OnEveryQuote\nlive:\n  exchanges:\n    SIM:\n      connector: sim\n      \
                      leverage: 3\n      universe: [BTCUSDT]\n      params: { seed: 7, quotes_per_second: 50 }\n";

/// Measures fills in a session of its own.
///
/// # Errors
/// When the session does not start, or fills are missing.
pub(crate) async fn measure(workbench: &Workbench) -> Result<Vec<Row>> {
    let folder = tempfile::tempdir().context("making a folder")?;
    std::fs::copy(repository::root().join(STRATEGY), folder.path().join("fill.py"))?;
    let config = folder.path().join("fill.yml");
    std::fs::write(&config, CONFIG)?;
    let session = workbench.start_session_of(&config, SESSION)?;
    let (mut screen, _) = Watchers::attach(&session.file.qubx.socket, 1, WITHIN)?;
    let deadline = Instant::now() + WITHIN;
    let mut filled: HashMap<OrderId, Duration> = HashMap::new();
    let mut times = Vec::new();
    while times.len() < WARM_UP + FILLS {
        screen.turn(deadline, |_, frame, now| {
            let Ok(ServerMessage::Event(event)) = serde_json::from_slice(frame) else { return Ok(()) };
            match event.fact {
                Fact::Fill { fill, .. } => drop(filled.insert(fill.order, now)),
                Fact::Log { text, .. } => {
                    let mut words = text.split_whitespace().skip_while(|word| *word != "quoted").skip(1);
                    if let (Some(order), Some(quoted)) = (words.next(), words.next())
                        && let Some(shown) = filled.remove(&OrderId::from(order))
                    {
                        times.push(shown.saturating_sub(Duration::from_nanos(quoted.parse()?)));
                    }
                }
                _ => {}
            }
            Ok(())
        })?;
    }
    drop(screen);
    workbench.stop_session(SESSION)?;
    let mut samples = Samples::default();
    times.into_iter().skip(WARM_UP).for_each(|time| samples.push(time));
    Ok(vec![Row::times("quote → callback in Python → order → fill on a screen", &samples)])
}
