//! What the probe accepts and refuses.

use std::path::Path;
use std::time::Duration;

use qubx_kernel::{ParameterKind, ProbeError, probe, probe_python};
use qubx_protocol::Runtime;
use serde_json::json;

use crate::harness::{python, source};

const LIMIT: Duration = Duration::from_secs(60);

fn files(folder: &Path) {
    for (name, text) in [
        (
            "good.py",
            "print('noise')\nfrom qubx_strategy import Strategy\nimport helper\nclass Base(Strategy):\n    \
             fast: int = 20\n    _hidden: int = 1\nclass Good(Base):\n    size: 'float' = 0.5\n    \
             names: list = []\n    plain = 3\n    def on_bar(self, ctx, bar): pass\n",
        ),
        ("helper.py", ""),
        ("syntax.py", "def f(:\n"),
        ("missing.py", "import nothing_like_this\n"),
        ("raises.py", "def f():\n    raise OSError('no')\nf()\n"),
        ("exits.py", "import sys\nsys.exit(3)\n"),
        ("dies.py", "import os\nos._exit(3)\n"),
        ("hangs.py", "import time\ntime.sleep(600)\n"),
        ("other.py", "class Other: pass\n"),
        ("queue.py", "raise OSError('shadows the standard library')\n"),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    std::fs::create_dir_all(folder.join("qubx/core")).unwrap();
    std::fs::write(folder.join("qubx/core/interfaces.py"), "class IStrategy: pass\n").unwrap();
    std::fs::write(
        folder.join("real.py"),
        "from qubx.core.interfaces import IStrategy\nclass Real(IStrategy): pass\n",
    )
    .unwrap();
}

#[tokio::test]
async fn a_strategy_is_described_and_nothing_is_left_behind() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    let before = std::fs::read_dir(folder.path()).unwrap().count();
    let mut wanted = source(folder.path(), "good.Good");
    wanted.parameters.insert("fast".into(), json!(5));
    wanted.parameters.insert("size".into(), json!(1));
    let found = probe(&python, &wanted, LIMIT).await.unwrap();
    assert_eq!(found.runtime, Runtime::Native);
    assert_eq!(found.callbacks, ["on_bar"]);
    let parameters: Vec<_> = found
        .parameters
        .iter()
        .map(|(name, p)| (name.as_str(), p.kind, p.default.clone(), p.given))
        .collect();
    let expected = [
        ("fast", ParameterKind::Int, json!(20), true),
        ("names", ParameterKind::Any, json!([]), false),
        ("size", ParameterKind::Float, json!(0.5), true),
    ];
    assert_eq!(parameters, expected);
    let found = probe(&python, &source(folder.path(), "real.Real"), LIMIT).await.unwrap();
    assert_eq!(found.runtime, Runtime::Qubx);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), before);
}

#[tokio::test]
async fn a_python_is_asked_about_itself_alone() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (asked, of_strategy) =
        (probe_python(&python, LIMIT).await.unwrap(), source(folder.path(), "good.Good"));
    files(folder.path());
    let described = probe(&python, &of_strategy, LIMIT).await.unwrap();
    assert_eq!(asked.runtime, Runtime::Native);
    assert_eq!(asked.python_version, described.python_version);
    assert_eq!(asked.ipykernel_version, described.ipykernel_version);
    assert!(asked.parameters.is_empty() && asked.callbacks.is_empty());
    assert_eq!((&asked.other_package, &described.other_package), (&None, &None));
    let missing = probe_python(Path::new("/nowhere/python"), LIMIT).await;
    assert!(matches!(missing, Err(ProbeError::Run { .. })), "{missing:?}");
}

/// Makes an interpreter import the package from another place, as installers of packages under development do.
const HOOK: &str = "\
import importlib.machinery
import sys


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == 'qubx_strategy':
            return importlib.machinery.PathFinder.find_spec(name, [OTHER])


sys.meta_path.insert(0, Finder)
";

#[tokio::test]
async fn another_package_in_the_place_of_ours_is_named() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../python").canonicalize().unwrap();
    let hook = HOOK.replace("OTHER", &format!("{:?}", other.to_str().unwrap()));
    std::fs::write(folder.path().join("sitecustomize.py"), hook).unwrap();
    let wrapper = folder.path().join("wrapper");
    let script =
        format!("#!/bin/sh\nPYTHONPATH={} exec {} \"$@\"\n", folder.path().display(), python.display());
    std::fs::write(&wrapper, script).unwrap();
    std::fs::set_permissions(&wrapper, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let asked = probe_python(&wrapper, LIMIT).await.unwrap();
    assert_eq!(asked.other_package, Some(other.join("qubx_strategy")));
}

#[tokio::test]
async fn each_way_to_fail_has_its_name() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    files(folder.path());
    for (name, parameters, expected) in [
        ("nowhere.Good", json!({}), "NoModule"),
        ("deep.nowhere.Good", json!({}), "NoModule"),
        ("good.Bad", json!({}), "NoClass { classes: [\"Base\", \"Good\"] }"),
        ("good.helper", json!({}), "NoClass { classes: [\"Base\", \"Good\"] }"),
        ("other.Other", json!({}), "NotAStrategy"),
        ("syntax.S", json!({}), "Import SyntaxError"),
        ("missing.S", json!({}), "Import ModuleNotFoundError"),
        ("raises.S", json!({}), "Import OSError"),
        ("exits.S", json!({}), "Import SystemExit"),
        ("dies.S", json!({}), "Run exit status: 3"),
        ("good.Good", json!({ "fsat": 1 }), "Parameter fsat -> fast"),
        ("good.Good", json!({ "fast": 1.5 }), "Parameter fast"),
        ("good.Good", json!({ "fast": true }), "Parameter fast"),
        ("good.Good", json!({ "size": "1" }), "Parameter size"),
        ("good.Good", json!({ "plain": 1 }), "Parameter plain -> size"),
    ] {
        let mut wanted = source(folder.path(), name);
        wanted.parameters = parameters.as_object().unwrap().clone();
        let actual = match probe(&python, &wanted, LIMIT).await.expect_err(name) {
            ProbeError::NoModule { .. } => "NoModule".into(),
            ProbeError::NoClass { classes, .. } => format!("NoClass {{ classes: {classes:?} }}"),
            ProbeError::NotAStrategy { .. } => "NotAStrategy".into(),
            ProbeError::Import { ename, traceback, .. } => {
                let traceback = traceback.join("\n");
                let module = name.split_once('.').unwrap().0;
                assert!(traceback.contains(&format!("{module}.py")), "{traceback}");
                assert!(!traceback.contains("qubx_strategy"), "{traceback}");
                format!("Import {ename}")
            }
            ProbeError::Run { reason, .. } => format!("Run {reason}"),
            ProbeError::Parameter { name, nearest: Some(nearest), .. } => {
                format!("Parameter {name} -> {nearest}")
            }
            ProbeError::Parameter { name, .. } => format!("Parameter {name}"),
            other => format!("{other:?}"),
        };
        assert_eq!(actual, expected, "{name} {}", json!(wanted.parameters));
    }
    let hangs = source(folder.path(), "hangs.S");
    let error = probe(&python, &hangs, Duration::from_secs(2)).await.unwrap_err();
    assert!(matches!(error, ProbeError::TimedOut { .. }), "{error}");
}

#[tokio::test]
async fn an_interpreter_that_does_not_do_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = source(folder.path(), "good.Good");
    let error = probe(Path::new("/nowhere/python"), &wanted, LIMIT).await.unwrap_err();
    assert!(
        matches!(&error, ProbeError::Run { python, .. } if python == Path::new("/nowhere/python")),
        "{error}"
    );
    let error = probe(Path::new("/bin/echo"), &wanted, LIMIT).await.unwrap_err();
    assert!(matches!(&error, ProbeError::Run { .. }), "{error}");

    let Some(python) = python() else { return };
    // An environment of the same Python without packages.
    let status = std::process::Command::new(&python)
        .args(["-m", "venv", "--without-pip"])
        .arg(folder.path().join("bare"))
        .status()
        .unwrap();
    assert!(status.success());
    let bare = folder.path().join("bare/bin/python");
    let error = probe(&bare, &wanted, LIMIT).await.unwrap_err();
    assert!(matches!(&error, ProbeError::NoIpykernel { python } if *python == bare), "{error}");
    for (version, refused) in [("6.28.0", true), ("7.3.1", true), ("6.29.0", false)] {
        let package = folder.path().join("lib/ipykernel");
        std::fs::create_dir_all(&package).unwrap();
        std::fs::write(package.join("__init__.py"), "").unwrap();
        std::fs::write(package.join("_version.py"), format!("__version__ = \"{version}\"\n")).unwrap();
        let wrapper = folder.path().join("wrapper");
        let script = format!(
            "#!/bin/sh\nPYTHONPATH={} exec {} \"$@\"\n",
            folder.path().join("lib").display(),
            bare.display()
        );
        std::fs::write(&wrapper, script).unwrap();
        std::fs::set_permissions(&wrapper, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let error = probe(&wrapper, &wanted, LIMIT).await.unwrap_err();
        assert_eq!(matches!(error, ProbeError::RefusedIpykernel { .. }), refused, "{error}");
    }
}

#[tokio::test]
async fn what_json_cannot_hold_keeps_no_strategy_from_its_start() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let code = "from qubx_strategy import Strategy\nclass Odd(Strategy):\n    \
        stop: float = float('inf')\n    path: str = '\\udcff'\n    kinds: dict = {1: {2}}\n";
    std::fs::write(folder.path().join("odd.py"), code).unwrap();
    let found = probe(&python, &source(folder.path(), "odd.Odd"), LIMIT).await.unwrap();
    let defaults: Vec<_> = found.parameters.values().map(|parameter| parameter.default.clone()).collect();
    assert_eq!(defaults, [json!("{1: {2}}"), json!("'\\udcff'"), json!("inf")]);

    let code = "class Odd(Exception):\n    def __str__(self): raise OSError\nraise Odd\n";
    for (code, expected) in [("raise OSError('\\udcff')", "\u{fffd}"), (code, "<exception str() failed>")] {
        std::fs::write(folder.path().join("odd.py"), code).unwrap();
        let error = probe(&python, &source(folder.path(), "odd.Odd"), LIMIT).await.unwrap_err();
        assert!(matches!(&error, ProbeError::Import { evalue, .. } if evalue == expected), "{error:?}");
    }
}
