//! Cells that print more than anybody reads: many lines, and one huge print. Every line is looked for afterwards.

use std::fmt::Write;

use anyhow::{Context, Result};
use qubx_home::QubxSection;

use crate::bench::client::Client;
use crate::bench::jupyter::{Ask, Jupyter};
use crate::bench::kept::Kept;
use crate::bench::process::Process;
use crate::bench::report::{Row, Samples};
use crate::workbench::Workbench;

/// The session.
const SESSION: &str = "flood";
/// The rounds of each; in each both sides run the cell once.
const ROUNDS: usize = 9;
/// The rounds before them that are not counted.
const WARM_UP: usize = 1;
/// How many times longer a flood through a session may take.
const GOAL: f64 = 1.3;
/// The most that the service should hold meanwhile, in megabytes.
pub(crate) const MEMORY_GOAL: f64 = 150.0;

/// A cell that floods, and what it prints.
struct Flood {
    name: &'static str,
    code: String,
    printed: String,
}

/// Measures each flood on both sides in turn.
///
/// # Errors
/// When a cell does not finish, or shows what was not printed.
pub(crate) async fn measure(workbench: &Workbench) -> Result<Vec<Row>> {
    let session = workbench.start_session(SESSION)?;
    let section = &session.file.qubx;
    let mut jupyter = Jupyter::start(workbench.python())?;
    let mut rows = Vec::new();
    for flood in [many_lines()?, one_huge_print()?] {
        rows.extend(flood.measure(section, &mut jupyter).await?);
    }
    workbench.stop_session(SESSION)?;
    Ok(rows)
}

/// Returns the flood of 200,000 short lines, each a print of its own.
fn many_lines() -> Result<Flood> {
    let mut printed = String::new();
    (0..200_000).try_for_each(|line| writeln!(printed, "line {line}"))?;
    let code = "for line in range(200_000): print('line', line)".to_owned();
    Ok(Flood { name: "200,000 printed lines", code, printed })
}

/// Returns the flood of 50 MB in a single print, in lines of 100 bytes so that each can be told from the others.
fn one_huge_print() -> Result<Flood> {
    let mut printed = String::new();
    (0..500_000).try_for_each(|line| writeln!(printed, "{line:099}"))?;
    let code = r"print('\n'.join(f'{line:099}' for line in range(500_000)))".to_owned();
    Ok(Flood { name: "50 MB in one print", code, printed })
}

impl Flood {
    async fn measure(&self, session: &QubxSection, jupyter: &mut Jupyter) -> Result<[Row; 6]> {
        let Self { name, code, printed } = self;
        let (mut ours, mut theirs) = (Samples::default(), Samples::default());
        let (mut astray, mut cut_offs, mut missing) = (0, 0, None);
        let peak = Process(session.service.pid).watch_peak();
        for round in 0..WARM_UP + ROUNDS {
            // A screen for each round, as this thread serves none while it waits for the other side.
            let mut client = Client::open(&session.socket).await?;
            let ran = client.run(code).await?;
            client.close().await;
            let their = jupyter.measure(&Ask::Output { code, bytes: printed.len() })?;
            let kept =
                Kept::read(&ran.outputs, &session.session_dir).with_context(|| format!("checking {name}"))?;
            // The worst round counts, the warm-up too: it may not lose anything either.
            astray = astray.max(kept.lines_astray(printed));
            missing = kept.missing.or(missing);
            cut_offs += ran.cut_offs;
            if round >= WARM_UP {
                ours.push(ran.took);
                theirs.push(their);
            }
        }
        if let Some(missing) = missing {
            println!("{name}: {missing}");
        }
        Ok([
            Row::times(&format!("{name}: cell to its end on a screen"), &ours),
            Row::times(&format!("{name}: the same by jupyter_client"), &theirs),
            Row::ratio(&format!("{name}: through a session / jupyter_client"), &ours, &theirs).at_most(GOAL),
            Row::number(
                &format!("{name}: lines lost or moved, worst round"),
                astray,
                printed.lines().count(),
            )
            .at_most(0.0),
            Row::number(&format!("{name}: times the screen was cut off"), cut_offs, WARM_UP + ROUNDS),
            peak.row(format!("{name}: service"))?.at_most(MEMORY_GOAL),
        ])
    }
}
