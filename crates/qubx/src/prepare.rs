//! From the command line to a checked config: nothing is created on the way, and every mistake ends with exit code 2.

use std::path::{Path, PathBuf};
use std::time::Duration;

use qubx_home::{Home, safe_component};
use qubx_kernel::{Probe, ProbeError, StrategySource, find_python, probe};
use qubx_protocol::Runtime;

use crate::arguments::RunArguments;
use crate::config::{self, Document};
use crate::failure::Failure;
use crate::launch::Launch;

/// How long importing the strategy may take: a first import of a large library from a cold disk takes long.
const PROBE_WITHIN: Duration = Duration::from_secs(60);

/// A launch, and what is worth telling of the way to it.
pub(crate) struct Prepared {
    pub(crate) launch: Launch,
    pub(crate) probe: Probe,
}

/// Reads and checks the config, finds Python, and looks at the strategy.
pub(crate) async fn prepare(arguments: &RunArguments) -> Result<Prepared, Failure> {
    let home = Home::locate()?;
    let document = config::load(&arguments.config, &arguments.overrides, &arguments.sets)
        .map_err(|error| config_failure(&[error]))?;
    let class = document.strategy().map_err(|error| config_failure(&[error]))?;
    let python = find_python(arguments.python.as_deref(), document.folder(), home.root())
        .map_err(|error| Failure::usage(error.to_string()).hint("name one with --python"))?;
    let source = StrategySource {
        module: class.module,
        class: class.class,
        folder: document.folder().to_owned(),
        parameters: document.parameters().map_err(|error| config_failure(&[error]))?,
    };
    let probe = probe(&python, &source, PROBE_WITHIN)
        .await
        .map_err(|error| probe_failure(&error, &document, &python))?;
    if probe.runtime == Runtime::Qubx {
        return Err(Failure::usage(format!(
            "{}.{} is a strategy of the framework Qubx, whose runtime is not built into this version yet",
            source.module, source.class
        ))
        .hint("this version runs strategies of `qubx_strategy`; see docs/strategies.md"));
    }
    let declared: Vec<String> = probe.parameters.keys().cloned().collect();
    let mut config = config::check(&document, Some(&declared)).map_err(|errors| config_failure(&errors))?;
    if !arguments.paper {
        return Err(Failure::usage("this version trades on paper only: there is no live exchange in it yet")
            .hint("add --paper"));
    }
    if let Some(name) = &arguments.name {
        if name.trim().is_empty() {
            return Err(Failure::usage("--name must not be empty"));
        }
        config.name.clone_from(name);
        config.strategy_name = safe_component(name);
    }
    let session_dir = home.session("paper", "default", &config.strategy_name);
    let (home, config_file): (PathBuf, PathBuf) = (home.root().to_owned(), document.path().to_owned());
    Ok(Prepared { launch: Launch { home, session_dir, config_file, python, config }, probe })
}

fn config_failure(errors: &[config::ConfigError]) -> Failure {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    match &texts[..] {
        [one] => Failure::usage(one.clone()),
        many => Failure::usage(format!("the config has {} mistakes\n{}", many.len(), many.join("\n"))),
    }
}

/// Says what is wrong with the strategy or its Python, at the place in the config where it is named.
fn probe_failure(error: &ProbeError, document: &Document, python: &Path) -> Failure {
    let at = |keys: &[&str], hint: Option<String>| {
        config_failure(&[document.error_at(keys, error.to_string(), hint)])
    };
    match error {
        ProbeError::NoModule { module, folder } => {
            let file = folder.join(module.replace('.', "/")).with_extension("py");
            at(
                &["strategy"],
                Some(format!("a strategy's module stands beside its config: {}", file.display())),
            )
        }
        ProbeError::NoClass { classes, .. } if !classes.is_empty() => {
            at(&["strategy"], Some(format!("its strategies: {}", classes.join(", "))))
        }
        ProbeError::NoClass { .. } => at(&["strategy"], None),
        ProbeError::NotAStrategy { .. } => {
            at(&["strategy"], Some("derive it from `qubx_strategy.Strategy`".to_owned()))
        }
        ProbeError::Parameter { name, nearest, .. } => {
            let hint = nearest.as_ref().map(|nearest| format!("did you mean `{nearest}`?"));
            config_failure(&[document.error_at_key(&["parameters"], name, error.to_string(), hint)])
        }
        ProbeError::Import { traceback, ename, evalue, .. } => {
            let failure = Failure::usage(format!("{error}\n{}", traceback.join("\n").trim_end()));
            if ename == "ModuleNotFoundError" && evalue.contains("'qubx'") {
                return failure
                    .hint("this is a strategy of the framework Qubx, whose runtime is not built yet");
            }
            failure
        }
        ProbeError::NoIpykernel { .. } => Failure::usage(error.to_string()).hint(format!(
            "install it: {} -m pip install 'ipykernel>=7.4', or name another Python with --python",
            python.display()
        )),
        ProbeError::OldPython { .. } | ProbeError::RefusedIpykernel { .. } | ProbeError::Run { .. } => {
            Failure::usage(error.to_string()).hint("name another Python with --python")
        }
        ProbeError::TimedOut { .. } => Failure::usage(error.to_string()).hint(
            "a strategy's module must not do its work while it is imported; on_start is the place for it",
        ),
        ProbeError::Prepare(_) => Failure::new(error.to_string()),
    }
}
