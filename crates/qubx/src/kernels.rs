//! `qubx kernel list` and `qubx kernel stop`.

use std::time::{Duration, Instant};

use qubx_home::{Found, Home, list_sessions, lock_holder};
use qubx_protocol::{Command, KernelState, SessionStatus, StrategyState, VerbOutcome};
use serde_json::{Value, json};

use crate::arguments::StopArguments;
use crate::failure::{Failure, Outcome};
use crate::find::{NONE_RUNS, START_ONE, find};
use crate::talk::{ANSWER_WITHIN, Talk, question};
use crate::verbs::confirm;

/// How long a session may take to tell how it is before the list goes on without its word.
const LIST_WITHIN: Duration = Duration::from_secs(1);

/// `qubx kernel list`
pub(crate) async fn list(json: bool) -> Result<Outcome, Failure> {
    let mut rows = Vec::new();
    for found in list_sessions(&Home::locate()?)? {
        rows.push(row(&found).await);
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&rows).expect("rows have string keys"));
    } else if rows.is_empty() {
        println!("{NONE_RUNS}; {START_ONE}");
    } else {
        print_table(&rows);
    }
    Ok(Outcome::Done)
}

async fn row(found: &Found) -> Value {
    let qubx = &found.file.qubx;
    let mut status = "dead";
    let mut screens = Value::Null;
    if found.alive {
        status = "unknown";
        if let Ok(mut talk) = Talk::open(question(found, true, LIST_WITHIN)).await {
            status = talk.state().status.as_ref().map_or("starting", word);
            if talk.latest().await.is_ok() {
                screens = json!(talk.mirror.latest.presence.as_ref().map_or(0, Vec::len));
            }
            talk.client.close().await;
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
    })
}

/// Returns how a session is, in the word of the lists.
pub(crate) fn word(status: &SessionStatus) -> &'static str {
    match (status.kernel.state, status.strategy.state) {
        (KernelState::Dead | KernelState::NotResponding, _) | (_, StrategyState::Failed) => "failed",
        (KernelState::Starting, _) | (_, StrategyState::Starting) => "starting",
        (KernelState::Ready, StrategyState::Running | StrategyState::Stopped) => "running",
    }
}

fn print_table(rows: &[Value]) {
    let columns = ["name", "mode", "status", "pid", "kernel_pid", "screens", "started_at", "connection_file"];
    let cell = |row: &Value, column: &str| match &row[column] {
        Value::String(text) => text.clone(),
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
        println!("{}", padded.collect::<Vec<_>>().join("  ").trim_end());
    };
    line(columns.iter().map(|column| column.to_uppercase()).collect());
    for row in rows {
        line(columns.iter().map(|column| cell(row, column)).collect());
    }
}

/// `qubx kernel stop NAME`
pub(crate) async fn stop(arguments: StopArguments) -> Result<Outcome, Failure> {
    let found = find(&arguments.name)?;
    let deadline = Instant::now() + arguments.timeout;
    let mut talk = Talk::open(question(&found, false, ANSWER_WITHIN.min(arguments.timeout))).await?;
    let state = talk.state();
    let (orders, positions) = (state.orders.len(), state.open_positions().count());
    let (orders, positions) = (
        if arguments.keep_orders {
            format!("leaves {orders} orders")
        } else {
            format!("cancels {orders} orders")
        },
        if arguments.flatten {
            format!("closes {positions} positions")
        } else {
            format!("leaves {positions} positions")
        },
    );
    confirm(&arguments.name, &format!("ends the session, {orders}, {positions}"), arguments.yes)?;
    let command = Command::Stop { flatten: arguments.flatten, keep_orders: arguments.keep_orders };
    let verb = talk.verb(command, arguments.timeout).await?;
    talk.client.close().await;
    if !is_gone(&found, deadline).await? {
        return Err(Failure::new(format!(
            "{} was told to stop, but its process {} is still there",
            arguments.name, found.file.qubx.service.pid
        )));
    }
    println!("{} stopped: {}", arguments.name, verb.text);
    Ok(if verb.outcome == VerbOutcome::Done { Outcome::Done } else { Outcome::NotWell })
}

/// Waits until the lock is free, which a service gives up last, and its process has ended.
async fn is_gone(found: &Found, deadline: Instant) -> Result<bool, Failure> {
    let service = found.file.qubx.service;
    loop {
        let holder = lock_holder(&found.file.qubx.session_dir.join("lock"))?;
        let holds = holder.is_some_and(|holder| holder.pid == service.pid);
        if !holds && !service.is_alive() {
            return Ok(true);
        }
        if Instant::now() >= deadline {
            return Ok(false);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
