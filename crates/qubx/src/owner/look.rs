//! Looking at the strategy and its Python before anything is created: is it there, do its parameters fit?

use std::path::Path;
use std::time::Duration;

use qubx_engine::{Registry, RegistryError};
use qubx_kernel::{IPYKERNEL_REQUIREMENT, Probe, ProbeError, StrategySource, probe, probe_python};
use qubx_protocol::Runtime;

use super::prepare::config_failure;
use crate::config::{Document, StrategyClass, hint};
use crate::failure::Failure;
use qubx_protocol::kinds;

/// How long importing the strategy may take: a first import of a large library from a cold disk takes long.
const PROBE_WITHIN: Duration = Duration::from_secs(60);

/// What was found out about a strategy.
pub(super) struct Look {
    /// What its Python is; with parameters and callbacks when it is written in it.
    pub(super) probe: Probe,
    /// The names of its parameters.
    pub(super) declared: Vec<String>,
}

/// Looks at the strategy that a config names, and at the Python beside it.
pub(super) async fn look(
    document: &Document,
    class: StrategyClass,
    python: &Path,
    registry: &Registry,
) -> Result<Look, Failure> {
    match class {
        StrategyClass::Python { module, class } => {
            let source = StrategySource {
                module,
                class,
                folder: document.folder().to_owned(),
                parameters: document.parameters().map_err(|error| config_failure(&[error]))?,
            };
            look_in_python(document, &source, python).await
        }
        StrategyClass::Rust { name } => {
            let declared = look_in_registry(document, &name, registry)?;
            let probe = probe_python(python, PROBE_WITHIN)
                .await
                .map_err(|error| probe_failure(&error, document, python))?;
            Ok(Look { probe, declared })
        }
    }
}

async fn look_in_python(
    document: &Document,
    source: &StrategySource,
    python: &Path,
) -> Result<Look, Failure> {
    let probe =
        probe(python, source, PROBE_WITHIN).await.map_err(|error| probe_failure(&error, document, python))?;
    if probe.runtime == Runtime::Qubx {
        return Err(Failure::usage(format!(
            "{}.{} is a strategy of the framework Qubx, whose runtime is not built into this version yet",
            source.module, source.class
        ))
        .hint("this version runs strategies of `qubx_strategy`; see docs/strategies.md"));
    }
    let declared = probe.parameters.keys().cloned().collect();
    Ok(Look { probe, declared })
}

/// Returns the names of the parameters of a strategy that is built into this program.
fn look_in_registry(document: &Document, name: &str, registry: &Registry) -> Result<Vec<String>, Failure> {
    let given = document.parameters().map_err(|error| config_failure(&[error]))?;
    let names = registry.names();
    let Some(parameters) = registry.parameters(name) else {
        let (message, hint) = if names.is_empty() {
            let message = format!("strategy `{name}` is not in this program: no strategy in Rust is");
            (message, HOW_TO_BUILD.to_owned())
        } else {
            (format!("this program has no strategy `{name}`"), hint(name, "strategies", &names))
        };
        return Err(config_failure(&[document.error_at(&["strategy"], message, Some(hint))]));
    };
    let wrong = parameters.iter().filter_map(|parameter| {
        let value = given.get(&parameter.name)?;
        let message = kinds::check(&parameter.kind, value).err()?;
        let message = format!("parameter `{}` {message}", parameter.name);
        Some(document.error_at(&["parameters", &parameter.name], message, None))
    });
    let wrong: Vec<_> = wrong.collect();
    if !wrong.is_empty() {
        return Err(config_failure(&wrong));
    }
    match registry.prepare(name, given) {
        // Those that it does not have are told with all else that is wrong in the config.
        Ok(_) | Err(RegistryError::UnknownParameter { .. }) => {
            Ok(parameters.into_iter().map(|parameter| parameter.name).collect())
        }
        Err(error) => Err(config_failure(&[document.error_at(&["parameters"], error.to_string(), None)])),
    }
}

/// What to do with a program that has no strategies.
const HOW_TO_BUILD: &str = "build a program of your own that registers it, with `qubx` as its only dependency; \
    examples/rust-strategy is one";

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
        ProbeError::NoIpykernel { .. } | ProbeError::RefusedIpykernel { .. } => {
            Failure::usage(error.to_string()).hint(format!(
                "`qubx setup` makes an environment that has it; or install it there: {} -m pip install \
                 '{IPYKERNEL_REQUIREMENT}', or name another Python with --python",
                python.display()
            ))
        }
        ProbeError::OldPython { .. } | ProbeError::Run { .. } => {
            Failure::usage(error.to_string()).hint("name another Python with --python")
        }
        ProbeError::TimedOut { .. } => Failure::usage(error.to_string()).hint(
            "a strategy's module must not do its work while it is imported; on_start is the place for it",
        ),
        ProbeError::Prepare(_) => Failure::new(error.to_string()),
    }
}
