//! The terminal screen itself, as its user has it: the program in a pseudo terminal, on a session that trades.
//!
//! An echo is measured from the key's byte to the last byte that the terminal needs to show it. The market changes the
//! three tables twenty times a second, which is as often as a service tells a screen; Textual's tables change as often.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::bench::client::Client;
use crate::bench::process::Process;
use crate::bench::report::{Row, Samples};
use crate::terminal::Terminal;
use crate::workbench::Workbench;
use crate::{python, repository};

/// The sessions: one whose market moves, and one whose market has come to its end.
const SESSION: &str = "screen";
const STILL: &str = "still";
/// The terminal.
const COLUMNS: u16 = 120;
const ROWS: u16 = 40;
/// The keys that are measured, and those before them that are not.
const KEYS: usize = 500;
const WARM_UP: usize = 20;
/// Keys on one line of the prompt; then it is emptied.
const A_LINE: usize = 25;
/// The time between two keys, in milliseconds: the first, and what is added to it in turn, so that keys come at every
/// time between two drawings.
const BETWEEN: (u64, usize) = (30, 33);
/// The most that a key in a hundred may take to be seen, in milliseconds: one drawing of a display of 60 Hz.
const ECHO_GOAL: f64 = 16.0;
/// How often the tables change in a second.
const UPDATES: u32 = 20;
/// How long the time that is computed is looked at, and the part of one core that the screen may use.
const COMPUTES_FOR: Duration = Duration::from_secs(15);
const COMPUTES_GOAL: f64 = 5.0;
/// The entries that a screen gets, and the megabytes that it may hold then.
const ENTRIES: usize = 10_000;
const MEMORY_GOAL: f64 = 40.0;
/// How long nothing is written when nothing changes.
const IDLE: Duration = Duration::from_secs(10);
/// How long any single thing may take.
const WITHIN: Duration = Duration::from_secs(60);

/// Prints a thousand lines a second until it is interrupted or this many seconds are over.
const FLOOD: &str = "import time\nbegan = time.monotonic()\nline = 0\nwhile time.monotonic() - began < 90:\n    \
    while line < (time.monotonic() - began) * 1000:\n        print('line', line, 'of the flood')\n        line += 1\n    \
    time.sleep(0.005)";
/// What the tables show besides quotes.
const TRADES: &str = "trade('BTCUSDT', 0.1); trade('ETHUSDT', -1); trade('SOLUSDT', 20); \
    trade('BTCUSDT', 0.1, price=50000); trade('SOLUSDT', 20, price=90); None";
/// The example of a market, and what it is at ten quotes a second.
const EXAMPLE: [&str; 2] = ["examples/ema_cross.yml", "examples/ema_cross.py"];
const QUOTES: &str = "quotes_per_second: 10";
const SCRIPT: &str = "xtask/src/bench/tables.py";

/// Measures the screen, then the same by Textual.
///
/// # Errors
/// When a screen does not show what it should.
pub(crate) async fn measure(workbench: &Workbench) -> Result<Vec<Row>> {
    let folder = tempfile::tempdir().context("making a folder")?;
    let mut rows = vec![idle(workbench, folder.path())?];
    let ours = at_work(workbench, SESSION, &example(folder.path(), "fast", 10)?).await?;
    rows.extend(ours);
    rows.extend(textual()?);
    rows.extend(flooded(workbench, &example(folder.path(), "flooded", 334)?).await?);
    Ok(rows)
}

/// Copies the example with so many quotes a second of each of its three instruments.
fn example(folder: &std::path::Path, name: &str, quotes: u32) -> Result<PathBuf> {
    let [config, strategy] = EXAMPLE.map(|file| repository::root().join(file));
    std::fs::copy(&strategy, folder.join("ema_cross.py"))?;
    let text = std::fs::read_to_string(&config)?.replace(QUOTES, &format!("quotes_per_second: {quotes}"));
    let path = folder.join(format!("{name}.yml"));
    std::fs::write(&path, text)?;
    Ok(path)
}

/// Opens a screen and waits until it shows the account and its prompt.
fn open(workbench: &Workbench, name: &str) -> Result<Terminal> {
    let mut terminal = Terminal::start(workbench.qubx(["attach", name]), COLUMNS, ROWS)?;
    terminal.wait_for("the first complete frame", WITHIN, |screen| {
        let rows: Vec<String> = screen.rows(0, COLUMNS).collect();
        rows.first().is_some_and(|row| row.contains("live"))
            && rows.last().is_some_and(|row| row.contains("detach"))
    })?;
    Ok(terminal)
}

/// Measures what is written while nothing happens, in a session whose recorded market is over.
fn idle(workbench: &Workbench, folder: &std::path::Path) -> Result<Row> {
    let quotes = folder.join("quotes.csv");
    let mut text = "timestamp,ask_amount,ask_price,bid_price,bid_amount\n".to_owned();
    for second in 0..3 {
        text.push_str(&format!("2026-01-05 00:00:0{second},1,101,100,1\n"));
    }
    std::fs::write(&quotes, text)?;
    std::fs::write(
        folder.join("still.py"),
        "from qubx_strategy import Strategy\n\n\nclass Still(Strategy):\n    pass\n",
    )?;
    let config = folder.join("still.yml");
    std::fs::write(
        &config,
        format!(
            "name: {STILL}\nstrategy: still.Still\nlive:\n  exchanges:\n    X:\n      connector: replay\n      \
             leverage: 3\n      universe: [BTCUSDT]\n      params: {{ speed: 60, files: {{ BTCUSDT: {{ quotes: {} }} }} \
             }}\n",
            quotes.display()
        ),
    )?;
    workbench.start_session_of(&config, STILL)?;
    let mut screen = open(workbench, STILL)?;
    screen.wait_for("the end of the recording", WITHIN, |screen| {
        screen.contents().contains("replay finished")
    })?;
    // What came with the last quote is on its way.
    screen.watch_for(Duration::from_secs(6))?;
    let before = screen.written();
    screen.watch_for(IDLE)?;
    let written = screen.written() - before;
    screen.end()?;
    workbench.stop_session(STILL)?;
    Ok(Row::number("bytes written in 10 s in which nothing happens", written, 1).at_most(0.0))
}

/// Measures what the screen computes while the market moves, and what it holds after many entries.
async fn at_work(workbench: &Workbench, name: &str, config: &std::path::Path) -> Result<Vec<Row>> {
    let session = workbench.start_session_of(config, name)?;
    let mut client = Client::open(&session.file.qubx.socket).await?;
    client.execute(TRADES).await?;
    let mut screen = open(workbench, name)?;
    let process = Process(screen.pid());
    screen.wait_for("the positions", WITHIN, |screen| screen.contents().contains("Positions 3"))?;
    screen.watch_for(Duration::from_secs(2))?;
    let at_work = computes(&mut screen, process)?;
    let fresh = process.resident()?;
    client.execute(&format!("for entry in range({ENTRIES}): ctx.log(f'entry {{entry}}')")).await?;
    let last = format!("entry {}", ENTRIES - 1);
    screen.wait_for("the last entry", WITHIN, |screen| screen.contents().contains(&last))?;
    let full = process.resident()?;
    screen.end()?;
    client.close().await;
    workbench.stop_session(name)?;
    Ok(vec![
        percent(&format!("screen: of one core at {UPDATES} updates a second"), at_work)
            .at_most(COMPUTES_GOAL),
        Row::megabytes("screen: resident", fresh),
        Row::megabytes("screen: resident after 10,000 entries (it keeps 3,000)", full).at_most(MEMORY_GOAL),
    ])
}

/// Measures the same of the same tables by Textual.
fn textual() -> Result<[Row; 2]> {
    let folder = repository::target_folder()?.join("venv-textual");
    let python = python::environment(&folder, &super::page::TEXTUAL)?;
    let mut command = Command::new(python);
    command.arg(repository::root().join(SCRIPT)).arg(UPDATES.to_string());
    let mut screen = Terminal::start(command, COLUMNS, ROWS)?;
    let process = Process(screen.pid());
    screen.wait_for("the tables", WITHIN, |screen| screen.contents().contains("ready"))?;
    screen.watch_for(Duration::from_secs(2))?;
    let at_work = computes(&mut screen, process)?;
    let resident = process.resident()?;
    Ok([
        percent(&format!("Textual: of one core, the same tables {UPDATES} times a second"), at_work),
        Row::megabytes("Textual: resident", resident),
    ])
}

/// Measures keys while a thousand quotes and a thousand printed lines come each second.
async fn flooded(workbench: &Workbench, config: &std::path::Path) -> Result<Vec<Row>> {
    let session = workbench.start_session_of(config, SESSION)?;
    let mut client = Client::open(&session.file.qubx.socket).await?;
    let mut screen = open(workbench, SESSION)?;
    let quiet = echoes(&mut screen)?;
    client.begin(FLOOD).await?;
    // Nothing that this client gets is read while keys are measured, so it leaves.
    client.close().await;
    screen.wait_for("the flood", WITHIN, |screen| screen.contents().contains("of the flood"))?;
    let process = Process(screen.pid());
    let (began, computed) = (Instant::now(), process.computed()?);
    let flooded = echoes(&mut screen)?;
    let load = (process.computed()? - computed).as_secs_f64() / began.elapsed().as_secs_f64();
    let still_floods = screen.screen().contents().contains("of the flood");
    anyhow::ensure!(still_floods, "the flood has ended before the keys, on\n{}", screen.screen().contents());
    screen.end()?;
    workbench.stop_session(SESSION)?;
    Ok(vec![
        Row::times("key to its echo, 1,000 quotes a second", &quiet).p99_at_most(ECHO_GOAL),
        Row::times("the same while 1,000 lines a second are printed", &flooded).p99_at_most(ECHO_GOAL),
        percent("screen: of one core meanwhile", load),
    ])
}

/// Types, and returns how long each key takes to be seen.
fn echoes(screen: &mut Terminal) -> Result<Samples> {
    let mut samples = Samples::default();
    let mut typed = String::new();
    for number in 0..WARM_UP + KEYS {
        let (least, more) = BETWEEN;
        screen.watch_for(Duration::from_millis(least + ((number * 7) % more) as u64))?;
        if typed.len() == A_LINE {
            screen.type_keys("\x15")?;
            screen.wait_for("an empty prompt", WITHIN, |screen| !prompt(screen).contains(&typed))?;
            typed.clear();
        }
        let letter = char::from(b'a' + u8::try_from(number % 26)?);
        typed.push(letter);
        let pressed = Instant::now();
        screen.type_keys(&letter.to_string())?;
        let seen = screen.wait_for("the echo", WITHIN, |screen| prompt(screen).contains(&typed))?;
        if number >= WARM_UP {
            samples.push(seen - pressed);
        }
    }
    screen.type_keys("\x15")?;
    Ok(samples)
}

/// Returns the row of the prompt, above the last.
fn prompt(screen: &vt100::Screen) -> String {
    screen.rows(0, COLUMNS).nth(usize::from(ROWS) - 2).unwrap_or_default()
}

/// Measures the part of one core that a process uses while its terminal is read.
fn computes(screen: &mut Terminal, process: Process) -> Result<f64> {
    let (began, computed) = (Instant::now(), process.computed()?);
    screen.watch_for(COMPUTES_FOR)?;
    Ok((process.computed()? - computed).as_secs_f64() / began.elapsed().as_secs_f64())
}

fn percent(name: &str, part: f64) -> Row {
    Row::percent(name, part * 100.0)
}
