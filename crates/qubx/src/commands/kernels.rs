//! `qubx kernel list` and what it shows of a session.

use std::io::IsTerminal;
use std::time::Duration;

use qubx_home::Found;
use qubx_tui::printable;
use serde_json::{Value, json};

use crate::advice::advice;
use crate::failure::{Failure, Outcome};
use crate::find::{NONE_RUNS, START_ONE, all, home};
use crate::json;
use crate::out::{out, outln, print, redraw};
use crate::plain::state_word;
use crate::talk::{Talk, question};

/// How long a session may take to tell how it is before the list goes on without its word.
const LIST_WITHIN: Duration = Duration::from_secs(1);

/// `qubx kernel list`
pub(crate) async fn list(json: bool) -> Result<Outcome, Failure> {
    let rows = rows().await?;
    if json {
        outln!("{}", json::pretty(&rows));
    } else {
        out!("{}", table(&rows));
    }
    Ok(Outcome::Done)
}

/// How often a list that is watched is made.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// `qubx kernel list --watch`: the list again whenever it changed; on a terminal in the place of the one before.
pub(crate) async fn watch(json: bool) -> Result<Outcome, Failure> {
    let redraws = std::io::stdout().is_terminal() && !json;
    let mut shown = None;
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    loop {
        let rows = rows().await?;
        let text = if json { format!("{}\n", json::line(&rows)) } else { table(&rows) };
        if shown.as_ref() != Some(&text) {
            let printed = match (redraws, &shown) {
                (true, _) => redraw(&text),
                (false, Some(_)) if !json => print(&format!("\n{text}")),
                (false, _) => print(&text),
            };
            // `--watch | head` is no error.
            if printed.is_err() {
                return Ok(Outcome::Done);
            }
            shown = Some(text);
        }
        tokio::select! {
            () = tokio::time::sleep(WATCH_EVERY) => {}
            _ = interrupt.recv() => return Ok(Outcome::Done),
        }
    }
}

async fn rows() -> Result<Vec<Value>, Failure> {
    let mut rows = Vec::new();
    for found in all(&home()?)? {
        rows.push(row(&found).await);
    }
    Ok(rows)
}

async fn row(found: &Found) -> Value {
    let qubx = &found.file.qubx;
    let mut status = if found.restarted_by.is_some() { "starting" } else { "dead" };
    let (mut screens, mut error) = (Value::Null, Value::Null);
    if found.alive {
        status = "unknown";
        match Talk::open(question(found, true, LIST_WITHIN)).await {
            Ok(mut talk) => {
                status = talk.state().status.as_ref().map_or("starting", state_word);
                if talk.latest().await.is_ok() {
                    screens = json!(talk.mirror.latest.presence.as_ref().map_or(0, Vec::len));
                }
                talk.client.close().await;
            }
            Err(no_talk) => error = Failure::from(no_talk).message().into(),
        }
    }
    json!({
        "name": qubx.name,
        "strategy_name": qubx.strategy_name,
        "mode": qubx.mode,
        "runtime": qubx.runtime,
        "status": status,
        "pid": qubx.service.pid,
        "kernel_pid": qubx.kernel_pid,
        "connection_file": found.path,
        "session_dir": qubx.session_dir,
        "started_at": qubx.started_at,
        "screens": screens,
        "error": error,
    })
}

/// Returns the lines of a list.
fn table(rows: &[Value]) -> String {
    if rows.is_empty() {
        return format!("{NONE_RUNS}; {}\n", advice(START_ONE));
    }
    let columns = ["name", "mode", "status", "pid", "kernel_pid", "screens", "started_at", "connection_file"];
    let cell = |row: &Value, column: &str| match &row[column] {
        Value::String(text) => printable(text).replace(['\n', '\t'], " "),
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    };
    let width =
        |column: &str| rows.iter().map(|row| cell(row, column).chars().count()).chain([column.len()]).max();
    let line = |cells: Vec<String>| {
        let padded = cells.iter().zip(columns).map(|(cell, column)| {
            let width = width(column).unwrap_or_default();
            format!("{cell:width$}")
        });
        format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    let mut lines = line(columns.iter().map(|column| column.to_uppercase()).collect());
    for row in rows {
        lines += &line(columns.iter().map(|column| cell(row, column)).collect());
        if let Some(error) = row["error"].as_str() {
            lines += &format!("  {error}\n");
        }
    }
    lines
}
