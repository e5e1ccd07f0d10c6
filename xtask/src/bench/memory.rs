//! What a session with the example strategy holds in memory while nobody looks at it.

use std::time::Duration;

use anyhow::Result;

use crate::bench::process::Process;
use crate::bench::report::Row;
use crate::workbench::Workbench;

/// The session.
const SESSION: &str = "memory";
/// How long the session runs before it is looked at.
const SETTLES_IN: Duration = Duration::from_secs(30);
/// The most that the service should hold resident, its Python process not counted.
const GOAL: f64 = 30.0;

/// Starts a session, waits, then measures the service and its Python process.
///
/// # Errors
/// When a process has ended.
pub(crate) async fn measure(workbench: &Workbench) -> Result<Vec<Row>> {
    let session = workbench.start_session(SESSION)?;
    let (service, python) = (Process(session.file.qubx.service.pid), Process(session.file.qubx.kernel_pid));
    tokio::time::sleep(SETTLES_IN).await;
    let rows = vec![
        Row::megabytes("service, idle: resident", service.resident()?).at_most(GOAL),
        Row::megabytes("service, idle: proportional", service.proportional()?),
        service.ever("service, idle")?,
        Row::megabytes("its Python, idle: resident", python.resident()?),
        Row::megabytes("its Python, idle: proportional", python.proportional()?),
    ];
    workbench.stop_session(SESSION)?;
    Ok(rows)
}
