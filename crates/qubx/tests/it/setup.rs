//! `qubx setup`: a Python environment that is whole or not there.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tokio::process::Command;

use crate::harness::Place;

/// Makes a package index with an ipykernel of this version that does nothing.
const INDEX: &str = r#"
import sys, zipfile

folder, version = sys.argv[1:]
info = f"ipykernel-{version}.dist-info"
with zipfile.ZipFile(f"{folder}/ipykernel-{version}-py3-none-any.whl", "w") as wheel:
    wheel.writestr("ipykernel/__init__.py", f"__version__ = '{version}'\n")
    wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: ipykernel\nVersion: {version}\n")
    wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    wheel.writestr(f"{info}/RECORD", "")
"#;

/// Puts an ipykernel of this version into the place's package index.
async fn offer(place: &Place, version: &str) -> PathBuf {
    let index = place.path("index");
    std::fs::create_dir_all(&index).unwrap();
    let mut command = Command::new(&place.python);
    place.prepare(&mut command);
    command.args(["-c", INDEX]).arg(&index).arg(version);
    place.finish_command(command, "").await.code(0);
    index
}

fn setup(place: &Place, arguments: &[&str]) -> Command {
    let mut command = place.command(&[&["setup"], arguments].concat());
    command.env("PIP_NO_INDEX", "1").env("PIP_FIND_LINKS", place.path("index"));
    command
}

/// Returns the names in the home.
fn names(place: &Place) -> Vec<String> {
    let entries = std::fs::read_dir(place.home()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn setup_makes_an_environment_and_may_be_run_again() {
    let Some(place) = Place::new() else { return };
    let python = place.python.to_str().unwrap().to_owned();
    for version in ["6.29.5", "7.2.0"] {
        offer(&place, version).await;
    }
    let command = setup(&place, &["--python", &python]);
    let made = place.finish_command(command, "").await.code(0);
    let made = made.says(&["environment made", "ipykernel installed", "work: 3.", "6.29.5"]);
    let venv_python = place.home().join("venv/bin/python");
    assert_eq!(made.stdout.trim_end(), venv_python.to_str().unwrap());
    let first = std::fs::read_link(place.home().join("venv")).unwrap();
    assert_eq!(std::fs::metadata(place.home().join("venv")).unwrap().permissions().mode() & 0o077, 0);

    // Again: the same environment, brought up to date; 7.0 to 7.3 are never taken.
    offer(&place, "7.4.1").await;
    let command = setup(&place, &[]);
    place.finish_command(command, "").await.code(0).says(&["7.4.1"]);
    assert_eq!(std::fs::read_link(place.home().join("venv")).unwrap(), first);

    // One that is broken is made again, and the broken one goes. So does what an interrupted setup left.
    std::fs::remove_dir_all(place.home().join("venv/lib")).unwrap();
    std::fs::create_dir(place.home().join("venv-abandoned")).unwrap();
    let command = setup(&place, &["--python", &python]);
    place.finish_command(command, "").await.code(0);
    let second = std::fs::read_link(place.home().join("venv")).unwrap();
    assert_ne!(second, first);
    let environments = names(&place).into_iter().filter(|name| name.starts_with("venv-"));
    assert_eq!(environments.collect::<Vec<_>>(), [second.to_str().unwrap()]);

    // A folder in the place of the link is replaced, too.
    std::fs::remove_file(place.home().join("venv")).unwrap();
    std::fs::create_dir(place.home().join("venv")).unwrap();
    let command = setup(&place, &["--python", &python]);
    place.finish_command(command, "").await.code(0);
    assert!(std::fs::read_link(place.home().join("venv")).is_ok());
    assert_eq!(names(&place).iter().filter(|name| name.starts_with("venv-")).count(), 1);
    std::fs::remove_dir_all(place.home()).unwrap();
    place.finish().await;
}

#[tokio::test]
async fn a_setup_that_fails_says_why_and_leaves_no_environment() {
    let Some(place) = Place::new() else { return };
    let python = place.python.to_str().unwrap().to_owned();
    std::fs::create_dir(place.path("index")).unwrap();
    let command = setup(&place, &["--python", &python]);
    place
        .finish_command(command, "")
        .await
        .code(1)
        .says(&["No matching distribution", "cannot install ipykernel"]);
    let left: Vec<String> = names(&place).into_iter().filter(|name| name.starts_with("venv")).collect();
    assert!(left.is_empty(), "{left:?}");
    std::fs::remove_dir_all(place.home()).unwrap();
    let old = place.write("old-python", "#!/bin/sh\nexit 1\n");
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o700)).unwrap();
    let command = setup(&place, &["--python", old.to_str().unwrap()]);
    place.finish_command(command, "").await.code(2).says(&["no Python 3.10 or newer", "--python"]);
    let command = setup(&place, &["--python", "/nowhere/python"]);
    place.finish_command(command, "").await.code(2).says(&["/nowhere/python is not a program"]);
    place.assert_untouched();
    place.finish().await;
}
