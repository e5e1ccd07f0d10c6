//! `1+1` through a session, beside `1+1` straight to a bare kernel.

use anyhow::Result;

use crate::bench::client::Client;
use crate::bench::jupyter::{Ask, Jupyter};
use crate::bench::report::{Row, Samples};
use crate::workbench::Workbench;

/// The session.
const SESSION: &str = "cell";
/// The cells on each side.
const CELLS: usize = 400;
/// The cells before them that are not counted.
const WARM_UP: usize = 20;
/// How many times longer a cell through a session may take.
const GOAL: f64 = 1.15;

/// Measures both, one after the other in turn.
///
/// # Errors
/// When a cell does not finish.
pub(crate) async fn measure(workbench: &Workbench) -> Result<Vec<Row>> {
    let session = workbench.start_session(SESSION)?;
    let mut client = Client::open(&session.file.qubx.socket).await?;
    let mut jupyter = Jupyter::start(workbench.python())?;
    let (mut ours, mut theirs) = (Samples::default(), Samples::default());
    for number in 0..WARM_UP + CELLS {
        let (our, their) = (client.execute("1+1").await?, jupyter.measure(&Ask::Cell)?);
        if number >= WARM_UP {
            ours.push(our);
            theirs.push(their);
        }
    }
    client.close().await;
    workbench.stop_session(SESSION)?;
    Ok(vec![
        Row::times("1+1 through a session", &ours),
        Row::times("1+1 straight to a bare kernel", &theirs),
        Row::ratio("1+1: through a session / straight", &ours, &theirs).at_most(GOAL),
    ])
}
