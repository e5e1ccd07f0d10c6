//! The page in Chromium: from navigation to everything painted, beside the same tables by textual-serve; what a first visit
//! loads; and the longest tasks while a long output is printed, unfolded and scrolled. `web/bench/paint.mjs` measures in the
//! browser.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::bench::attach::fill;
use crate::bench::gateway::Gateway;
use crate::bench::process::Process;
use crate::bench::report::{Row, Samples};
use crate::workbench::Workbench;
use crate::{python, repository};

/// The session.
const SESSION: &str = "page";
/// How often each page is opened.
const TIMES: usize = 20;
/// How long ours may take, in milliseconds.
const PAINTED_GOAL: f64 = 500.0;
/// What a first visit may load before charts and editor, in kilobytes.
const FIRST_LOAD_GOAL: f64 = 80.0;
/// How long a task may hold the page up while it is scrolled, in milliseconds. Chromium tells of longer ones only, so that
/// zero stands for none of them.
const TASK_GOAL: f64 = 50.0;
/// The other side, here and for the terminal screen.
pub(super) const TEXTUAL: [&str; 2] = ["textual==8.2.8", "textual-serve==1.1.3"];
/// How often its tables change in a second.
const UPDATES: &str = "10";
/// How long it may take to listen.
const LISTENS_WITHIN: Duration = Duration::from_secs(30);

/// Measures both pages in turn.
///
/// # Errors
/// When there is no Chromium or no Node, or a page does not come up.
pub(crate) async fn measure(workbench: &Workbench) -> Result<Vec<Row>> {
    let browser = chromium().context("there is no Chromium; install it, or name it by CHROMIUM")?;
    let session = workbench.start_session(SESSION)?;
    let last = fill(&session.file.qubx.socket).await?;
    let gateway = Gateway::start(workbench)?;
    let link = workbench.qubx(["login"]).output().context("asking for a link")?;
    let served = Served::start()?;
    let what = json!({
        "browser": browser,
        "link": String::from_utf8(link.stdout)?.trim(),
        "session": session.path.file_stem().context("a connection file has a name")?.to_string_lossy(),
        "textual": format!("http://127.0.0.1:{}", served.port),
        "times": TIMES,
        "last": last,
    });
    let output = Command::new("node")
        .current_dir(repository::root().join("web"))
        .args(["bench/paint.mjs", &what.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .context("running node")?;
    ensure!(output.status.success(), "the pages cannot be measured");
    let measures: Value = serde_json::from_slice(&output.stdout).context("reading the measures")?;
    let holds = gateway.process.resident()?;
    let service = Process(session.file.qubx.service.pid).resident()?;
    drop((gateway, served));
    workbench.stop_session(SESSION)?;
    let (ours, textual) = (samples(&measures["ours"])?, samples(&measures["textual"])?);
    let one = |name: &str| {
        measures.pointer(name).and_then(Value::as_f64).with_context(|| format!("there is no measure {name}"))
    };
    let seen = measures["seen"].as_u64().context("nothing was scrolled")?;
    let task = |name: &str| one(name).map(milliseconds);
    Ok(vec![
        Row::kilobytes("the page, first load over the wire, gzipped", one("/first/page")? / 1e3)
            .at_most(FIRST_LOAD_GOAL),
        Row::kilobytes(
            "the same and all panels, without chart library and editor",
            one("/first/panels")? / 1e3,
        ),
        Row::time("the page, first visit: navigation to all panels painted", task("/first/time")?),
        Row::times("the page: navigation to all panels painted", &ours).at_most(PAINTED_GOAL),
        Row::times("textual-serve, the same tables: navigation to its first bytes", &textual),
        Row::ratio("the page / textual-serve", &ours, &textual),
        Row::time(
            "longest task while a cell prints 100,000 lines; 0 is none above 50 ms",
            task("/printing")?,
        ),
        Row::time("longest task while they are unfolded", task("/unfolding")?),
        Row::time("longest task while they are scrolled through", task("/scrolling")?).at_most(TASK_GOAL),
        Row::number("lines that came into view meanwhile", usize::try_from(seen)?, 1),
        Row::megabytes("gateway after these tabs: resident", holds),
        Row::megabytes("service after these tabs: resident", service),
    ])
}

fn milliseconds(value: f64) -> Duration {
    Duration::from_secs_f64(value.max(0.0) / 1e3)
}

fn samples(measures: &Value) -> Result<Samples> {
    let mut samples = Samples::default();
    for measure in measures.as_array().context("there are no measures")? {
        samples.push(milliseconds(measure.as_f64().context("a measure is a number")?));
    }
    Ok(samples)
}

/// Returns the browser: `CHROMIUM`, else the one of the search path.
fn chromium() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        return Some(PathBuf::from(named));
    }
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let files =
        names.iter().flat_map(|name| std::env::split_paths(&path).map(move |folder| folder.join(name)));
    files.into_iter().find(|file| file.is_file())
}

/// textual-serve, on a port that was free. It ends when this is dropped.
struct Served {
    child: Child,
    port: u16,
}

impl Served {
    fn start() -> Result<Self> {
        let python = python::environment(&repository::target_folder()?.join("venv-textual"), &TEXTUAL)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let child = Command::new(python)
            .current_dir(repository::root())
            .args(["xtask/src/bench/served.py", &port.to_string(), "xtask/src/bench/tables.py", UPDATES])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting textual-serve")?;
        let served = Self { child, port };
        let deadline = Instant::now() + LISTENS_WITHIN;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(Instant::now() < deadline, "textual-serve does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(served)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
