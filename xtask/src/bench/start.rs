//! From typing `qubx run` to the first answer, beside the first answer of a bare kernel.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::bench::client::Client;
use crate::bench::jupyter::{Ask, Jupyter};
use crate::bench::report::{Row, Samples};
use crate::terminal;
use crate::workbench::Workbench;

/// The starts of each kind.
const STARTS: usize = 15;
/// The starts before them that are not counted: they compile Python's sources and fill the disk's cache.
const WARM_UP: usize = 2;
/// How many times longer `qubx run` may take, which also checks the config, probes the strategy and starts an engine.
const GOAL: f64 = 1.3;
/// How often the session's socket is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// How long it may take to appear.
const APPEARS_WITHIN: Duration = Duration::from_secs(30);

/// Measures all kinds, one after the other in turn.
///
/// # Errors
/// When a start fails.
pub(crate) async fn measure(workbench: &Workbench) -> Result<Vec<Row>> {
    let mut jupyter = Jupyter::start(workbench.python())?;
    let [mut ours, mut bare, mut ready] = [(); 3].map(|()| Samples::default());
    for number in 0..WARM_UP + STARTS {
        let our = first_answer(workbench).await?;
        let when_ready = jupyter.measure(&Ask::FirstAnswerWhenReady)?;
        let at_once = jupyter.measure(&Ask::FirstAnswer)?;
        if number >= WARM_UP {
            ours.push(our);
            ready.push(when_ready);
            bare.push(at_once);
        }
    }
    Ok(vec![
        Row::times("qubx run to the first answer", &ours),
        Row::times("start_new_kernel to the first answer", &ready),
        Row::times("bare kernel to the first answer, not waiting", &bare),
        Row::ratio("start: qubx run / start_new_kernel", &ours, &ready).at_most(GOAL),
        Row::ratio("start: qubx run / bare kernel, not waiting", &ours, &bare),
    ])
}

/// Measures from the start of the process to the end of a cell that was sent as early as a screen could send it.
async fn first_answer(workbench: &Workbench) -> Result<Duration> {
    let began = Instant::now();
    let mut run = workbench
        .run(["--kernel-only", "--name", "start"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("running qubx run")?;
    let mut client = Client::open(&socket(workbench.home()).await?).await?;
    client.execute("1").await?;
    let took = began.elapsed();
    client.stop_session().await?;
    terminal::wait_for_end(&mut run)?;
    workbench.wait_until_empty()?;
    Ok(took)
}

/// Waits for the socket of the only session in `home`.
///
/// # Errors
/// When it does not appear in time.
pub(super) async fn socket(home: &Path) -> Result<PathBuf> {
    let deadline = Instant::now() + APPEARS_WITHIN;
    while Instant::now() < deadline {
        // The folder is not there before the first session.
        let folders = std::fs::read_dir(home.join("run")).into_iter().flatten().flatten();
        if let Some(socket) =
            folders.map(|folder| folder.path().join("session.sock")).find(|path| path.exists())
        {
            return Ok(socket);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    bail!("no session appeared within {} s", APPEARS_WITHIN.as_secs())
}
