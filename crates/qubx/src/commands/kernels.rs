//! `qubx kernel list` and what it shows of a session.

mod watch;

use jiff::Timestamp;
use qubx_client::glances;
use qubx_tui::printable;
use serde_json::{Value, json};

use crate::advice::advice;
use crate::failure::{Failure, Outcome};
use crate::find::{all, home};
use crate::identity::identity;
use crate::json;
use crate::out::{out, outln};

pub(crate) use watch::watch;

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

async fn rows() -> Result<Vec<Value>, Failure> {
    let sessions = all(&home()?)?;
    Ok(glances(&sessions, &identity()).await.iter().map(|glance| json!(glance)).collect())
}

/// Returns a time as people read it.
fn short(time: &str) -> String {
    time.parse().map_or_else(|_| printable(time), |time: Timestamp| time.strftime("%F %T UTC").to_string())
}

/// Returns the lines of a list.
fn table(rows: &[Value]) -> String {
    if rows.is_empty() {
        return format!("{}\n", advice("No session is running. Start one: qubx run config.yml --paper"));
    }
    let columns = ["name", "mode", "status", "pid", "kernel_pid", "screens", "started_at", "connection_file"];
    let cell = |row: &Value, column: &str| match &row[column] {
        Value::String(text) if column == "mode" => printable(text).to_uppercase(),
        Value::String(text) if column == "started_at" => short(text),
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

#[cfg(test)]
mod tests {
    use qubx_client::Glance;
    use qubx_home::Found;

    use super::*;
    use crate::json::documented;

    #[test]
    fn the_list_is_as_documented() {
        let found = Found {
            path: "/home/op/.qubx/kernels/ema-cross_20260101_000000.json".into(),
            file: serde_json::from_value(json!({"qubx": {
                "name": "ema-cross", "strategy_name": "ema-cross", "mode": "paper", "runtime": "native",
                "config": "/c/ema.yml", "session_dir": "/home/op/.qubx/sessions/paper-default-ema-cross",
                "socket": "/run/s", "pid": 4711, "start_ticks": 1, "boot_id": "b", "kernel_pid": 4720,
                "started_at": "2026-01-01T00:00:00Z",
            }}))
            .unwrap(),
            alive: true,
            restarted_by: None,
        };
        let glance = Glance { status: "running", screens: Some(2), ..Glance::of(&found) };
        documented::check("qubx kernel list", &[json!([glance])]);
    }
}
