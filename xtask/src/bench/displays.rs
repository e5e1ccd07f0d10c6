//! Output while a Jupyter guest that subscribed to it stands still: what kernel and service hold for it, and that the
//! session loses nothing.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use qubx_protocol::OutputContent;
use serde_json::Value;

use crate::bench::client::Client;
use crate::bench::flood::MEMORY_GOAL;
use crate::bench::guest::Guest;
use crate::bench::process::Process;
use crate::bench::report::Row;
use crate::workbench::Workbench;

/// The session.
const SESSION: &str = "displays";
/// The messages.
const DISPLAYS: usize = 20_000;
/// Shows them.
const SHOW: &str = "from IPython.display import display\n\
    for number in range(20_000): display({'text/plain': f'display {number}'}, raw=True)";
/// Prints much, as few messages: what is held for the guest is bounded by their number.
const PRINT: &str = "for _ in range(4): print('x' * 50_000_000)";
/// How long memory that was needed for a moment has to be given back.
const SETTLES_IN: Duration = Duration::from_secs(5);

/// Measures kernel and service before, at the peak and after, and counts what arrived.
///
/// # Errors
/// When a cell does not finish.
pub(crate) async fn measure(workbench: &Workbench) -> Result<Vec<Row>> {
    let session = workbench.start_session(SESSION)?;
    let section = &session.file.qubx;
    let service = Process(section.service.pid);
    let processes = [("service", service), ("its Python", Process(section.kernel_pid))];
    let mut client = Client::open(&section.socket).await?;
    let mut rows = Vec::new();
    let guest = Guest::that_stands_still(workbench.python(), &session.path)?;
    let mut peaks = Vec::new();
    for (name, process) in processes {
        let before = format!("20,000 displays, guest stopped: {name} before");
        rows.push(Row::megabytes(&before, process.resident()?));
        peaks.push(process.watch_peak());
    }
    let ran = client.run(SHOW).await?;
    for ((name, process), peak) in processes.into_iter().zip(peaks) {
        let row = peak.row(format!("20,000 displays, guest stopped: {name}"))?;
        rows.push(if process == service { row.at_most(MEMORY_GOAL) } else { row });
    }
    rows.extend(held("20,000 displays, guest stopped", &processes).await?);
    let on_screen = ran.outputs.iter().filter_map(|output| match output {
        OutputContent::Data { data, .. } => data.get("text/plain")?.as_str().map(str::to_owned),
        _ => None,
    });
    let in_log = logged(workbench)?;
    rows.push(Row::time("20,000 displays, guest stopped: cell to its end on a screen", ran.took));
    rows.push(
        Row::number("20,000 displays: missing on the screen", missing(on_screen), DISPLAYS).at_most(0.0),
    );
    rows.push(Row::number("20,000 displays: missing in the log", missing(in_log), DISPLAYS).at_most(0.0));
    rows.push(Row::number("20,000 displays: times the screen was cut off", ran.cut_offs, 1));

    // The kernel keeps so many messages for a reader and no more; another guest has room for all that follow.
    drop(guest);
    let guest = Guest::that_stands_still(workbench.python(), &session.path)?;
    client.run(PRINT).await?;
    rows.extend(held("200 MB in 4 prints, guest stopped", &processes).await?);
    drop(guest);
    // What is given back now was held for the guest.
    rows.extend(held("200 MB in 4 prints, guest gone", &processes).await?);
    client.close().await;
    workbench.stop_session(SESSION)?;
    Ok(rows)
}

/// Measures what is still held some time later.
async fn held(when: &str, processes: &[(&str, Process)]) -> Result<Vec<Row>> {
    tokio::time::sleep(SETTLES_IN).await;
    let row = |(name, process): &(&str, Process)| {
        Ok(Row::megabytes(&format!("{when}: {name} after"), process.resident()?))
    };
    processes.iter().map(row).collect()
}

/// Returns how many displays are not there, or not in their order.
fn missing(shown: impl IntoIterator<Item = String>) -> usize {
    let mut found = 0;
    for text in shown {
        found += usize::from(text == format!("display {found}"));
    }
    DISPLAYS - found.min(DISPLAYS)
}

/// Returns the displays that the session's log has, as `qubx history` reads it.
fn logged(workbench: &Workbench) -> Result<Vec<String>> {
    let output = workbench
        .qubx(["history", SESSION, "--json", "--limit", "1000000"])
        .output()
        .context("running qubx history")?;
    ensure!(output.status.success(), "qubx history failed:\n{}", String::from_utf8_lossy(&output.stderr));
    let mut displays = Vec::new();
    for line in output.stdout.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let entry: Value = serde_json::from_slice(line).context("reading what qubx history wrote")?;
        if let Some(text) = entry.pointer("/mime/text~1plain").and_then(Value::as_str) {
            displays.push(text.to_owned());
        }
    }
    Ok(displays)
}
