//! The Python that runs sessions whose config is in the current folder.

use std::path::{Path, PathBuf};
use std::time::Duration;

use qubx_home::Home;
use qubx_kernel::{
    FoundPython, IPYKERNEL_REQUIREMENT, Probe, ProbeError, PythonError, PythonRule, locate_python,
    probe_python,
};

use super::finding::Finding;
use super::within;
use crate::shell::quoted;

const PYTHON: &str = "python";
const IPYKERNEL: &str = "ipykernel";
const PACKAGE: &str = "package";

/// How long a Python may take to say what it is, and to import its ipykernel.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);
/// The versions of ipykernel that the tests run with: from the first, up to but without the second.
const TESTED: [(u32, u32); 2] = [(6, 31), (8, 0)];
/// What helps where a Python will not do.
const ANOTHER: &str =
    "name another one with $QUBX_PYTHON or --python, or make an environment with `qubx setup`";

/// What there is.
struct Facts {
    found: Result<FoundPython, PythonError>,
    /// What the Python says of itself; none when there is none.
    probe: Option<Result<Probe, ProbeError>>,
    /// Why its ipykernel cannot be imported.
    import: Option<String>,
    /// What stands in the current folder under the name of the strategies' package.
    in_the_way: Option<PathBuf>,
}

/// Looks for the Python and asks it what it is.
pub(super) async fn check(home: Option<&Home>) -> Vec<Finding> {
    let folder = std::env::current_dir().unwrap_or_else(|_| "/".into());
    // Without a home, there is no environment in it.
    let found = locate_python(None, &folder, home.map_or(Path::new("/nonexistent"), Home::root));
    let (mut probe, mut import) = (None, None);
    if let Ok(FoundPython { path, .. }) = &found {
        let answer = probe_python(path, ANSWERS_WITHIN).await;
        if answer.is_ok() {
            let said =
                within::program(path, &["-B", "-c", "import ipykernel.kernelapp"], ANSWERS_WITHIN).await;
            import = match said {
                Some(said) if said.is_success => None,
                Some(said) => Some(said.complaint),
                None => Some(format!("it takes longer than {} s", ANSWERS_WITHIN.as_secs())),
            };
        }
        probe = Some(answer);
    }
    let in_the_way = ["qubx_strategy", "qubx_strategy.py"].map(|name| folder.join(name));
    let in_the_way = in_the_way.into_iter().find(|path| path.exists());
    judge(&Facts { found, probe, import, in_the_way })
}

fn judge(facts: &Facts) -> Vec<Finding> {
    let FoundPython { path, rule } = match &facts.found {
        Ok(found) => found,
        Err(error) => return vec![Finding::error(PYTHON, error.to_string(), ANOTHER)],
    };
    let place = format!("{} ({})", path.display(), named(*rule));
    let install = format!(
        "`qubx setup` makes an environment that has it; or: {} -m pip install '{IPYKERNEL_REQUIREMENT}'",
        quoted(&path.display().to_string())
    );
    match &facts.probe {
        None => Vec::new(),
        Some(Ok(probe)) => {
            vec![
                Finding::ok(PYTHON, format!("Python {}: {place}", probe.python_version)),
                ipykernel(probe, facts.import.as_deref(), install),
                package(probe, facts.in_the_way.as_deref()),
            ]
        }
        Some(Err(error @ (ProbeError::NoIpykernel { .. } | ProbeError::RefusedIpykernel { .. }))) => {
            vec![Finding::ok(PYTHON, place), Finding::error(IPYKERNEL, error.to_string(), install)]
        }
        Some(Err(ProbeError::Prepare(error))) => vec![Finding::error(
            PYTHON,
            format!("{place} cannot be asked what it is: {error}"),
            "make room where temporary files go, or set TMPDIR to a folder that can be written to",
        )],
        Some(Err(error)) => vec![Finding::error(PYTHON, format!("{error}: {}", named(*rule)), ANOTHER)],
    }
}

fn ipykernel(probe: &Probe, not_imported: Option<&str>, install: String) -> Finding {
    let version = &probe.ipykernel_version;
    if let Some(why) = not_imported {
        let text = format!("ipykernel {version} cannot be imported: {why}");
        return Finding::error(IPYKERNEL, text, install);
    }
    let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
    let numbers = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if (TESTED[0]..TESTED[1]).contains(&numbers) {
        return Finding::ok(IPYKERNEL, format!("ipykernel {version}"));
    }
    let text = format!("ipykernel {version} is not one that qubx is tested with: 6.31 to 7.x");
    Finding::warning(
        IPYKERNEL,
        text,
        "if its sessions misbehave, `qubx setup` makes an environment with another one",
    )
}

fn package(probe: &Probe, in_the_way: Option<&Path>) -> Finding {
    match in_the_way.or(probe.other_package.as_deref()) {
        None => {
            let version = env!("CARGO_PKG_VERSION");
            Finding::ok(
                PACKAGE,
                format!("qubx_strategy {version} comes with this program and can be imported"),
            )
        }
        Some(other) => Finding::error(
            PACKAGE,
            format!("strategies would import {} and not the qubx_strategy of this program", other.display()),
            "give it another name, or move it: this program brings its own",
        ),
    }
}

/// Returns in words where a Python was found.
fn named(rule: PythonRule) -> &'static str {
    match rule {
        PythonRule::Explicit => "named on the command line",
        PythonRule::Variable => "$QUBX_PYTHON names it",
        PythonRule::BesideConfig => ".venv in this folder",
        PythonRule::Active => "$VIRTUAL_ENV, the active environment",
        PythonRule::AboveConfig => ".venv above this folder",
        PythonRule::Home => "made by `qubx setup`",
        PythonRule::Path => "python3 on the path",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::finding::Status;
    use super::*;

    fn facts(probe: Result<Probe, ProbeError>) -> Facts {
        let found = Ok(FoundPython { path: "/v/bin/python".into(), rule: PythonRule::BesideConfig });
        Facts { found, probe: Some(probe), import: None, in_the_way: None }
    }

    fn probe(ipykernel: &str) -> Probe {
        Probe {
            runtime: qubx_protocol::Runtime::Native,
            python_version: "3.12.1".to_owned(),
            ipykernel_version: ipykernel.to_owned(),
            parameters: BTreeMap::new(),
            callbacks: Vec::new(),
            other_package: None,
        }
    }

    fn statuses(facts: &Facts) -> Vec<(&'static str, Status)> {
        judge(facts).into_iter().map(|finding| (finding.check, finding.status)).collect()
    }

    #[test]
    fn a_python_that_will_do_says_where_it_was_found() {
        let findings = judge(&facts(Ok(probe("7.4.0"))));
        assert!(findings.iter().all(|finding| finding.status == Status::Ok), "{findings:?}");
        assert_eq!(findings[0].text, "Python 3.12.1: /v/bin/python (.venv in this folder)");
        assert_eq!(findings.len(), 3);
    }

    #[test]
    fn an_ipykernel_outside_of_the_tested_range_is_a_warning() {
        for (version, status) in [
            ("6.30.1", Status::Warning),
            ("6.31.0", Status::Ok),
            ("7.99.0", Status::Ok),
            ("8.0.0a1", Status::Warning),
        ] {
            assert_eq!(statuses(&facts(Ok(probe(version))))[1], (IPYKERNEL, status), "{version}");
        }
    }

    #[test]
    fn whatever_keeps_a_python_from_running_sessions_is_an_error() {
        let python = PathBuf::from("/v/bin/python");
        let none = Facts {
            found: Err(PythonError::NotFound { looked_at: vec!["/a".into()] }),
            probe: None,
            import: None,
            in_the_way: None,
        };
        assert_eq!(statuses(&none), [(PYTHON, Status::Error)]);
        let hangs =
            ProbeError::Run { python: python.clone(), reason: "it did not answer within 10 s".to_owned() };
        let old = ProbeError::OldPython { python: python.clone(), version: "3.9.1".to_owned() };
        for error in [hangs, old] {
            assert_eq!(statuses(&facts(Err(error))), [(PYTHON, Status::Error)]);
        }
        let without = facts(Err(ProbeError::NoIpykernel { python }));
        assert_eq!(statuses(&without), [(PYTHON, Status::Ok), (IPYKERNEL, Status::Error)]);
        let broken = Facts { import: Some("ImportError: no zmq".to_owned()), ..facts(Ok(probe("7.4.0"))) };
        assert_eq!(statuses(&broken)[1], (IPYKERNEL, Status::Error));
        let beside = Facts { in_the_way: Some("/c/qubx_strategy.py".into()), ..facts(Ok(probe("7.4.0"))) };
        assert_eq!(statuses(&beside)[2], (PACKAGE, Status::Error));
        let replaced = Probe { other_package: Some("/site/qubx_strategy".into()), ..probe("7.4.0") };
        assert_eq!(statuses(&facts(Ok(replaced)))[2], (PACKAGE, Status::Error));
    }
}
