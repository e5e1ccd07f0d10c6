//! The check before anything is created: does this Python do, and is the strategy what the config says?

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use qubx_protocol::Runtime;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use crate::{KernelError, package};

/// Older Pythons cannot read the package, so this comes before it. `-c` puts the caller's folder first on
/// the path; it is taken out, so that a file there cannot stand in for a module of the standard library.
const PROGRAM: &str = "\
import sys
if sys.version_info < (3, 10):
    print('{\"python\": \"%s\"}' % sys.version.split()[0])
else:
    sys.path[:] = [sys.argv.pop(1), *filter(None, sys.path)]
    from qubx_strategy.probe import main
    main()
";
/// Enough for every parameter of a strategy.
const LONGEST_ANSWER: u64 = 4 << 20;
/// Enough for the message of an interpreter that does not start.
const LONGEST_COMPLAINT: u64 = 64 << 10;

/// Which strategy runs, and with what.
#[derive(Clone, Debug, PartialEq)]
pub struct StrategySource {
    /// The Python module.
    pub module: String,
    /// The class in it.
    pub class: String,
    /// The folder that is searched first: the config's.
    pub folder: PathBuf,
    /// The configured parameters.
    pub parameters: Map<String, Value>,
}

/// What the probe found.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// Who runs such a strategy.
    pub runtime: Runtime,
    /// For example `3.12.1`.
    pub python_version: String,
    /// For example `7.4.0`.
    pub ipykernel_version: String,
    /// The parameters that the class has; empty for a strategy of Qubx, and for one that is not written in Python.
    pub parameters: BTreeMap<String, Parameter>,
    /// The callbacks that the class overrides, for example `on_quote`; empty as the parameters are.
    pub callbacks: Vec<String>,
    /// Where `qubx_strategy` was imported from, when that is not the one which comes with this program.
    pub other_package: Option<PathBuf>,
}

/// A parameter of a strategy.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Parameter {
    /// Its type.
    pub kind: ParameterKind,
    /// The class's own value; as text when JSON cannot say it.
    pub default: Value,
    /// Whether the config gives another.
    pub given: bool,
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterKind {
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// Text.
    Str,
    /// Anything; it is not checked.
    Any,
}

/// Why a strategy cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The probe could not be prepared.
    #[error(transparent)]
    Prepare(#[from] KernelError),
    /// The interpreter could not be run, or ended without an answer.
    #[error("cannot run {python}: {reason}")]
    Run {
        /// The interpreter.
        python: PathBuf,
        /// What the system or the interpreter said.
        reason: String,
    },
    /// It did not answer in time.
    #[error("importing {module} took longer than {} s", limit.as_secs_f64())]
    TimedOut {
        /// The strategy's module.
        module: String,
        /// How long it had.
        limit: Duration,
    },
    /// The interpreter is older than 3.10.
    #[error("{python} is Python {version}; 3.10 or newer is needed")]
    OldPython {
        /// The interpreter.
        python: PathBuf,
        /// Its version.
        version: String,
    },
    /// It has no ipykernel.
    #[error("{python} has no ipykernel")]
    NoIpykernel {
        /// The interpreter.
        python: PathBuf,
    },
    /// Its ipykernel is older than 6.29, or one of 7.0 to 7.3, which lose messages.
    #[error("{python} has ipykernel {version}; 6.29 to 6.x, or 7.4 or newer, is needed")]
    RefusedIpykernel {
        /// The interpreter.
        python: PathBuf,
        /// The version.
        version: String,
    },
    /// There is no such module.
    #[error("no module {module} in {folder}")]
    NoModule {
        /// The module.
        module: String,
        /// The config's folder.
        folder: PathBuf,
    },
    /// The module has no such class.
    #[error("module {module} has no class {class}")]
    NoClass {
        /// The module.
        module: String,
        /// The class.
        class: String,
        /// The strategies that the module does have.
        classes: Vec<String>,
    },
    /// The class derives from neither kind of strategy.
    #[error("{module}.{class} is not a strategy")]
    NotAStrategy {
        /// The module.
        module: String,
        /// The class.
        class: String,
    },
    /// The module raised while it was imported.
    #[error("importing {module} failed: {ename}: {evalue}")]
    Import {
        /// The module.
        module: String,
        /// The exception's class.
        ename: String,
        /// Its message.
        evalue: String,
        /// The traceback, a line an item.
        traceback: Vec<String>,
    },
    /// A configured parameter does not exist or has the wrong type.
    #[error("{message}")]
    Parameter {
        /// The parameter.
        name: String,
        /// What is wrong.
        message: String,
        /// The parameter that was probably meant.
        nearest: Option<String>,
    },
}

/// The answer of the Python side.
#[derive(Deserialize)]
struct Answer {
    python: String,
    #[serde(default)]
    ipykernel: Option<String>,
    /// The folder of the package that answers.
    #[serde(default)]
    package: Option<PathBuf>,
    #[serde(flatten)]
    finding: Option<Finding>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Finding {
    Strategy { runtime: Runtime, parameters: BTreeMap<String, Parameter>, callbacks: Vec<String> },
    Problem(Problem),
}

#[derive(Deserialize)]
#[serde(tag = "problem", rename_all = "snake_case")]
enum Problem {
    NoModule,
    NoClass { classes: Vec<String> },
    NotAStrategy,
    Import { ename: String, evalue: String, traceback: Vec<String> },
    Parameter { name: String, message: String, nearest: Option<String> },
}

/// Imports the strategy in `python` and looks at it. Nothing of it is called and nothing is left behind.
///
/// # Errors
/// Each way in which the strategy cannot run is a variant of its own.
pub async fn probe(python: &Path, source: &StrategySource, timeout: Duration) -> Result<Probe, ProbeError> {
    let request = serde_json::json!({
        "module": source.module,
        "class": source.class,
        "folder": source.folder,
        "parameters": source.parameters,
    });
    let answer = answer(python, &request, timeout)
        .await?
        .ok_or_else(|| ProbeError::TimedOut { module: source.module.clone(), limit: timeout })?;
    judge(python, Some(source), answer)
}

/// Asks `python` whether it can run a session whose strategy is not written in Python.
///
/// # Errors
/// As [`probe`], but for what is about a strategy.
pub async fn probe_python(python: &Path, timeout: Duration) -> Result<Probe, ProbeError> {
    let request = serde_json::json!({ "module": null });
    let answer = answer(python, &request, timeout).await?.ok_or_else(|| ProbeError::Run {
        python: python.to_owned(),
        reason: format!("it did not answer within {} s", timeout.as_secs_f64()),
    })?;
    judge(python, None, answer)
}

/// Returns what the interpreter answers; none when it does not in time.
async fn answer(python: &Path, request: &Value, timeout: Duration) -> Result<Option<Answer>, ProbeError> {
    // Everybody may write where it is made, and what is in it is run, so it is the user's alone whatever the umask says.
    let folder = tempfile::Builder::new()
        .permissions(PermissionsExt::from_mode(0o700))
        .tempdir()
        .map_err(|source| KernelError::Prepare { path: std::env::temp_dir(), source })?;
    let package = package::write(folder.path())?;
    let Ok(output) = tokio::time::timeout(timeout, ask(python, &package, request)).await else {
        return Ok(None);
    };
    let output =
        output.map_err(|error| ProbeError::Run { python: python.to_owned(), reason: error.to_string() })?;
    let mut answer: Answer = serde_json::from_slice(&output.answer)
        .map_err(|_| ProbeError::Run { python: python.to_owned(), reason: output.complaint })?;
    answer.package = answer.package.filter(|answered| !answered.starts_with(&package));
    Ok(Some(answer))
}

/// What the interpreter wrote.
struct Output {
    answer: Vec<u8>,
    /// The last line on standard error, or how the process ended.
    complaint: String,
}

async fn ask(python: &Path, package: &Path, request: &Value) -> std::io::Result<Output> {
    let mut child = Command::new(python)
        .args(["-B", "-c", PROGRAM])
        .arg(package)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // An interpreter that ends early is told by its answer, not by this pipe.
            let _ = stdin.write_all(request.to_string().as_bytes()).await;
        }
    };
    let ((), answer, complaint) =
        tokio::join!(write, read_up_to(stdout, LONGEST_ANSWER), read_up_to(stderr, LONGEST_COMPLAINT));
    let status = child.wait().await?;
    let complaint = String::from_utf8_lossy(&complaint?).trim_end().lines().last().map(str::to_owned);
    Ok(Output { answer: answer?, complaint: complaint.unwrap_or_else(|| status.to_string()) })
}

/// Reads to the end, and keeps the first `limit` bytes.
async fn read_up_to(stream: Option<impl AsyncRead + Unpin>, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    if let Some(mut stream) = stream {
        (&mut stream).take(limit).read_to_end(&mut kept).await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    }
    Ok(kept)
}

/// `source` is none when only the interpreter was asked about.
fn judge(python: &Path, source: Option<&StrategySource>, answer: Answer) -> Result<Probe, ProbeError> {
    let python = python.to_owned();
    if version(&answer.python) < (3, 10) {
        return Err(ProbeError::OldPython { python, version: answer.python });
    }
    let Some(ipykernel) = answer.ipykernel else { return Err(ProbeError::NoIpykernel { python }) };
    if !is_good_ipykernel(version(&ipykernel)) {
        return Err(ProbeError::RefusedIpykernel { python, version: ipykernel });
    }
    let probe = |runtime, parameters, callbacks| Probe {
        runtime,
        python_version: answer.python,
        ipykernel_version: ipykernel,
        parameters,
        callbacks,
        other_package: answer.package,
    };
    match (answer.finding, source) {
        (None, None) => Ok(probe(Runtime::Native, BTreeMap::new(), Vec::new())),
        (Some(Finding::Strategy { runtime, parameters, callbacks }), Some(_)) => {
            Ok(probe(runtime, parameters, callbacks))
        }
        (Some(Finding::Problem(problem)), Some(source)) => Err(problem.of(source)),
        _ => Err(ProbeError::Run { python, reason: "its answer cannot be understood".into() }),
    }
}

impl Problem {
    fn of(self, source: &StrategySource) -> ProbeError {
        let (module, class) = (source.module.clone(), source.class.clone());
        match self {
            Problem::NoModule => ProbeError::NoModule { module, folder: source.folder.clone() },
            Problem::NoClass { classes } => ProbeError::NoClass { module, class, classes },
            Problem::NotAStrategy => ProbeError::NotAStrategy { module, class },
            Problem::Import { ename, evalue, traceback } => {
                ProbeError::Import { module, ename, evalue, traceback }
            }
            Problem::Parameter { name, message, nearest } => ProbeError::Parameter { name, message, nearest },
        }
    }
}

/// Returns the first two numbers of a version; 0 for what is no number.
fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.split('.').map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// What pip is asked for: the versions that lose no messages, as [`probe`] demands.
pub const IPYKERNEL_REQUIREMENT: &str = "ipykernel>=6.29,!=7.0.*,!=7.1.*,!=7.2.*,!=7.3.*";

/// Tells whether a version loses no messages.
fn is_good_ipykernel(version: (u32, u32)) -> bool {
    version >= (6, 29) && !((7, 0)..(7, 4)).contains(&version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_lose_messages_are_refused() {
        for (text, expected) in [
            ("5.5.6", false),
            ("6.28.0", false),
            ("6.29.5", true),
            ("6.31.0", true),
            ("7.0.0a1", false),
            ("7.3.9", false),
            ("7.4.0", true),
            ("8.0.0", true),
            ("nonsense", false),
        ] {
            assert_eq!(is_good_ipykernel(version(text)), expected, "{text}");
        }
    }
}
