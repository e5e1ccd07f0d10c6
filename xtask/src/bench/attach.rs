//! Attaching to a session with a long history: the whole program up to its first complete frame, and the client alone.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::bench::client::Client;
use crate::bench::process::Process;
use crate::bench::report::{Row, Samples};
use crate::terminal::Terminal;
use crate::workbench::Workbench;

/// The session.
const SESSION: &str = "attach";
/// The entries that a screen gets, and so the cells that the session is given.
const ENTRIES: usize = 1_000;
/// The times that each is measured.
const TIMES: usize = 200;
/// The times before that are not counted.
const WARM_UP: usize = 10;
/// The terminal.
const COLUMNS: u16 = 120;
/// The same.
const ROWS: u16 = 40;
/// How long one frame may take at most, in milliseconds.
const GOAL: f64 = 20.0;
/// The same for one in a hundred.
const GOAL_P99: f64 = 50.0;
/// How long a frame is waited for.
const DRAWN_WITHIN: Duration = Duration::from_secs(20);

/// Gives a session its history, then measures both, one after the other in turn.
///
/// # Errors
/// When the session cannot be attached to.
pub(crate) async fn measure(workbench: &Workbench) -> Result<Vec<Row>> {
    let session = workbench.start_session(SESSION)?;
    let session = &session.file.qubx;
    let last = fill(&session.socket).await?;
    let (mut program, mut client) = (Samples::default(), Samples::default());
    for number in 0..WARM_UP + TIMES {
        let drawn = draw(workbench, &session.name, &last)?;
        let began = Instant::now();
        let connected = Client::open(&session.socket).await?;
        let attached = began.elapsed();
        connected.close().await;
        if number >= WARM_UP {
            program.push(drawn);
            client.push(attached);
        }
    }
    let peak = Process(session.service.pid).ever("service after these cells and screens")?;
    workbench.stop_session(SESSION)?;
    Ok(vec![
        Row::times("qubx attach to its first complete frame", &program).at_most(GOAL).p99_at_most(GOAL_P99),
        Row::times("client alone: connect to state applied", &client),
        peak,
    ])
}

/// Gives the session its history and returns what the last cell printed.
pub(super) async fn fill(socket: &Path) -> Result<String> {
    let mut client = Client::open(socket).await?;
    for number in 1..=ENTRIES {
        client.execute(&format!("print('entry', {number})")).await?;
    }
    client.close().await;
    Ok(format!("entry {ENTRIES}"))
}

/// Measures from the start of `qubx attach` to the last byte of the first frame that shows everything.
fn draw(workbench: &Workbench, name: &str, last: &str) -> Result<Duration> {
    let began = Instant::now();
    let mut terminal = Terminal::start(workbench.qubx(["attach", name]), COLUMNS, ROWS)?;
    let drawn = terminal
        .wait_for("the first complete frame", DRAWN_WITHIN, |screen| is_complete(screen, name, last))
        .context("attaching")?;
    terminal.end()?;
    Ok(drawn - began)
}

/// Tells whether the status line names the session, the account has its equity, the newest cell's output is there,
/// and the last line, which is drawn last, has its keys.
fn is_complete(screen: &vt100::Screen, name: &str, last: &str) -> bool {
    let rows: Vec<String> = screen.rows(0, COLUMNS).collect();
    let equity = |row: &str| row.contains("Equity") && row.chars().any(|c| c.is_ascii_digit());
    rows.first().is_some_and(|row| row.contains(name))
        && rows.get(1).is_some_and(|row| equity(row))
        && rows.iter().any(|row| row.contains(last))
        && rows.last().is_some_and(|row| row.contains("detach"))
}
