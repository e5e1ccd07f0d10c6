//! A replay at full speed with a strategy in Python, beside NautilusTrader's backtest engine with the same rules on the
//! same quotes.
//!
//! A replay is a whole session: its quotes are read from a CSV file, its orders and fills are in the ledger. What starting
//! Python and the service takes is left out by measuring files of two lengths; what reading the file takes is in.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::bench::report::Row;
use crate::workbench::Workbench;
use crate::{python, repository};

/// The quotes of the shorter file, whose time is taken off that of the longer one.
const FEW: u64 = 200_000;
/// The quotes of the longer file.
const MANY: u64 = 2_200_000;
/// The bars of the shorter and of the longer file of bars of a minute: the difference is a year of them.
const BARS: (u64, u64) = (20_000, 545_600);
/// How often each is measured; the median counts.
const TIMES: usize = 3;
/// The least quotes a second at an order in a thousand quotes.
const GOAL: f64 = 300_000.0;
/// The quotes that NautilusTrader gets. Its time for an order grows with the orders before it, so there are few.
const FOR_NAUTILUS: u64 = 500_000;
/// The last version whose API the script knows; it has wheels for these Pythons.
const NAUTILUS: (&str, &[u32]) = ("nautilus_trader==1.231.0", &[12, 13]);
/// The strategy, and the measure of the other side.
const STRATEGY: &str = "xtask/src/bench/flip.py";
const SCRIPT: &str = "xtask/src/bench/nautilus.py";

/// Measures both sides.
///
/// # Errors
/// When a replay fails, or does not do what it should.
pub(crate) async fn measure(workbench: &Workbench) -> Result<Vec<Row>> {
    let folder = tempfile::tempdir().context("making a folder")?;
    std::fs::copy(repository::root().join(STRATEGY), folder.path().join("flip.py"))?;
    let few = quotes_file(folder.path(), FEW)?;
    let many = quotes_file(folder.path(), MANY)?;
    let mut rows = Vec::new();
    let mut ours = None;
    for (every, goal) in [(1_000, Some(GOAL)), (10, None)] {
        // One order in ten quotes is a round trip each; a tenth of the quotes is enough.
        let long =
            if every == 10 { quotes_file(folder.path(), FEW + (MANY - FEW) / 10)? } else { many.clone() };
        let mut rates = Vec::new();
        for _ in 0..TIMES {
            rates.push(rate(workbench, folder.path(), Kind::Quotes, every, [&few, &long])?);
        }
        let rate = median(&mut rates);
        let row = Row::rate(&format!("replay with Python on every quote, an order in {every}"), rate, TIMES);
        rows.push(match goal {
            Some(goal) => row.at_least(goal),
            None => row,
        });
        ours.get_or_insert(rate);
    }
    let files = [bars_file(folder.path(), BARS.0)?, bars_file(folder.path(), BARS.1)?];
    let mut rates = Vec::new();
    for _ in 0..TIMES {
        rates.push(rate(workbench, folder.path(), Kind::Bars, 1_000, files.each_ref())?);
    }
    let what = "replay with Python on every bar of a minute, an order in 1000";
    rows.push(Row::rate(what, median(&mut rates), TIMES));
    match nautilus(1_000)? {
        Some(theirs) => {
            rows.push(Row::rate(
                "NautilusTrader 1.231.0 with Python on every quote, an order in 1000",
                theirs,
                1,
            ));
            rows.push(Row::factor(
                "replay: quotes a second, qubx / NautilusTrader",
                ours.unwrap_or(0.0) / theirs,
            ));
        }
        None => println!("NautilusTrader is not measured: no Python {:?} is there", NAUTILUS.1),
    }
    Ok(rows)
}

/// What a strategy gets of a file.
#[derive(Clone, Copy)]
enum Kind {
    Quotes,
    Bars,
}

impl Kind {
    /// Returns the key of the file in a config, and the strategy.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Kind::Quotes => ("quotes", "Flip"),
            Kind::Bars => ("bars", "FlipOnBars"),
        }
    }

    /// Returns how many events there are of each line: a bar is one, and four quotes stand for its prices.
    fn events(self) -> u64 {
        match self {
            Kind::Quotes => 1,
            Kind::Bars => 5,
        }
    }
}

/// Returns how many lines a second are replayed, by what more of them take.
fn rate(
    workbench: &Workbench,
    folder: &Path,
    kind: Kind,
    every: u64,
    [few, many]: [&PathBuf; 2],
) -> Result<f64> {
    let short = replay(workbench, folder, kind, few, every)?;
    let long = replay(workbench, folder, kind, many, every)?;
    Ok((long.lines - short.lines) as f64 / long.time.saturating_sub(short.time).as_secs_f64())
}

/// What a replay did.
struct Replayed {
    lines: u64,
    time: Duration,
}

/// Replays a file in a session of its own, from typing the command to its end.
fn replay(workbench: &Workbench, folder: &Path, kind: Kind, file: &Path, every: u64) -> Result<Replayed> {
    let (key, class) = kind.words();
    let config = folder.join("flip.yml");
    let mut text = std::fs::File::create(&config)?;
    write!(
        text,
        "name: flip\nstrategy: flip.{class}\nparameters: {{ every: {every} }}\nlive:\n  exchanges:\n    X:\n      \
         connector: replay\n      leverage: 3\n      universe: [BTCUSDT]\n      params: {{ speed: max, files: \
         {{ BTCUSDT: {{ {key}: {} }} }} }}\n",
        file.display()
    )?;
    let config = config.display().to_string();
    let python = workbench.python().display().to_string();
    let mut run = workbench.qubx(["run", &config, "--paper", "--json", "--python", &python]);
    let began = Instant::now();
    let output = run.output().context("running qubx run")?;
    let time = began.elapsed();
    ensure!(output.status.success(), "qubx run failed:\n{}", String::from_utf8_lossy(&output.stderr));
    let results: Value = serde_json::from_slice(&output.stdout).context("reading the results")?;
    let events = results["events"].as_u64().context("the results do not say how many events there were")?;
    let lines = events / kind.events();
    let fills = results["accounts"][0]["fills"].as_u64().unwrap_or(0);
    ensure!(fills >= lines / every, "{fills} fills of {lines} {key}, one wanted in {every}");
    Ok(Replayed { lines, time })
}

/// Returns how many quotes a second the other side does; none when no Python that it works with is there.
fn nautilus(every: u64) -> Result<Option<f64>> {
    let (requirement, minors) = NAUTILUS;
    let Some(base) = python::every().into_iter().find(|python| minors.contains(&python.minor)) else {
        return Ok(None);
    };
    let folder = repository::target_folder()?.join("venv-nautilus");
    let python = python::environment_of(Some(&base), &folder, &[requirement])?;
    let mut rates = Vec::new();
    for _ in 0..TIMES {
        let output = Command::new(&python)
            .arg(repository::root().join(SCRIPT))
            .args(["--flip", "--quotes", &FOR_NAUTILUS.to_string(), "--every", &every.to_string()])
            .output()
            .context("running NautilusTrader")?;
        ensure!(
            output.status.success(),
            "NautilusTrader failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let measured: Value = serde_json::from_slice(&output.stdout).context("reading what it measured")?;
        let Some(seconds) = measured["seconds"].as_f64() else { bail!("it told no time: {measured}") };
        rates.push(FOR_NAUTILUS as f64 / seconds);
    }
    Ok(Some(median(&mut rates)))
}

/// Writes a file of generated quotes, the same that `nautilus.py` describes and makes.
fn quotes_file(folder: &Path, count: u64) -> Result<PathBuf> {
    let path = folder.join(format!("{count}.csv"));
    if path.exists() {
        return Ok(path);
    }
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
    writeln!(file, "timestamp,ask_amount,ask_price,bid_price,bid_amount")?;
    let (mut state, mut bid) = (1_u64, 50_000_u64);
    for second in 0..count {
        let draw = draw(&mut state);
        bid = bid + draw % 3 - 1;
        let amounts = [1_000 + (draw >> 4) % 9_000, 1_000 + (draw >> 12) % 9_000];
        let [bid_amount, ask_amount] = amounts.map(|lots| format!("{}.{:03}", lots / 1_000, lots % 1_000));
        let [bid, ask] = [bid, bid + 1].map(|ticks| format!("{}.{}", ticks / 10, ticks % 10));
        writeln!(file, "{},{ask_amount},{ask},{bid},{bid_amount}", 1_767_225_600 + second)?;
    }
    file.flush()?;
    Ok(path)
}

/// Writes a file of generated bars of a minute.
fn bars_file(folder: &Path, count: u64) -> Result<PathBuf> {
    let path = folder.join(format!("bars-{count}.csv"));
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path)?);
    writeln!(file, "timestamp,open,high,low,close,volume")?;
    let (mut state, mut open) = (1_u64, 50_000_u64);
    for minute in 0..count {
        let draw = draw(&mut state);
        let close = open + draw % 9 - 4;
        let [high, low] = [open.max(close) + (draw >> 4) % 5, open.min(close) - (draw >> 8) % 5];
        let prices = [open, high, low, close].map(|ticks| format!("{}.{}", ticks / 10, ticks % 10));
        writeln!(file, "{},{},{}", 1_767_225_600 + 60 * minute, prices.join(","), 100 + draw % 900)?;
        open = close;
    }
    file.flush()?;
    Ok(path)
}

/// Draws the next number of 31 bits, the same that `nautilus.py` draws.
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
