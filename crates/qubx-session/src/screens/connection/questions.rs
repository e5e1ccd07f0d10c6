//! Questions: what is asked of Python beside a running cell, of the log and of the engine; and what a role may do.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use qubx_engine::EngineHandle;
use qubx_kernel::KernelHandle;
use qubx_protocol::{AnswerResult, HistoryKind, InstrumentId, RequestKind, Role, Seq, Timeframe};

use crate::store;
use crate::strategy::published::PublishedBoard;

/// Asks Python something that it answers beside a running cell.
pub(super) async fn ask(python: Option<KernelHandle>, question: RequestKind) -> Result<AnswerResult, String> {
    let Some(kernel) = python else { return Err("the Python kernel does not run".to_owned()) };
    let answer = match question {
        RequestKind::Complete { code, cursor } => kernel.complete(&code, cursor).await,
        RequestKind::IsComplete { code } => kernel.is_complete(&code).await,
        RequestKind::Inspect { code, cursor } => kernel.inspect(&code, cursor).await,
        RequestKind::History { .. }
        | RequestKind::Cells { .. }
        | RequestKind::Equity { .. }
        | RequestKind::Bars { .. }
        | RequestKind::Series { .. } => {
            return Err("this is not for Python to answer".to_owned());
        }
    };
    answer.map_err(|error| error.to_string())
}

/// Reads older entries, on a thread where reading may block.
pub(super) async fn older(
    session_dir: Arc<Path>,
    before: Seq,
    kind: Option<HistoryKind>,
    limit: usize,
) -> Result<AnswerResult, String> {
    let read = move || store::older(&session_dir, before, kind, limit);
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok((events, complete))) => Ok(AnswerResult::History { events, complete }),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Looks for cells of before, on a thread where reading may block.
pub(super) async fn cells(
    session_dir: Arc<Path>,
    before: Seq,
    wanted: store::Wanted,
    limit: usize,
) -> Result<AnswerResult, String> {
    let read = move || store::cells(&session_dir, before, &wanted, limit);
    match tokio::task::spawn_blocking(read).await {
        Ok(Ok((cells, complete))) => Ok(AnswerResult::Cells { cells, complete }),
        Ok(Err(error)) => Err(error.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// Asks the engine what the accounts were worth.
pub(super) async fn equity(engine: &EngineHandle, after: Option<Timestamp>) -> Result<AnswerResult, String> {
    let points = engine.equity(after).await.map_err(|error| error.to_string())?;
    Ok(AnswerResult::Equity { points })
}

/// Asks the engine for the bars of a chart.
pub(super) async fn bars(
    engine: &EngineHandle,
    instrument: InstrumentId,
    timeframe: Timeframe,
    after: Option<Timestamp>,
    limit: usize,
) -> Result<AnswerResult, String> {
    let bars = engine.bars(instrument, timeframe, after, limit).await.map_err(|error| error.to_string())?;
    Ok(AnswerResult::Bars { bars })
}

/// Reads the points of a line that the strategy published.
pub(super) fn series(
    published: &Mutex<PublishedBoard>,
    name: &str,
    instrument: Option<&InstrumentId>,
    after: Option<Timestamp>,
) -> Result<AnswerResult, String> {
    let board = published.lock().unwrap_or_else(PoisonError::into_inner);
    board.series(name, instrument, after).map(|points| AnswerResult::Series { points })
}

/// Says why a role may not do something; none when it may.
pub(super) fn forbidden(role: Role, needs: Role, what: &str) -> Option<String> {
    (role < needs).then(|| format!("{what} needs the role {needs}, and this screen has the role {role}"))
}
