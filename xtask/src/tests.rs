//! The architecture's rules that a machine can hold. Who changes a table here changes the architecture.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::repository::metadata;
use crate::test::passed_in;

/// Every crate of ours and which of ours it may import. Dependencies of tests alone are free.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("qubx-protocol", &[]),
    ("qubx-engine", &["qubx-protocol"]),
    ("qubx-export", &["qubx-protocol"]),
    ("qubx-home", &[]),
    ("qubx-kernel", &["qubx-protocol", "qubx-home"]),
    ("qubx-session", &["qubx-protocol", "qubx-home", "qubx-engine", "qubx-kernel"]),
    ("qubx-client", &["qubx-protocol", "qubx-home"]),
    ("qubx-tui", &["qubx-protocol", "qubx-client"]),
    // It reads the histories of sessions for downloads, which may be of any length, straight from their files.
    ("qubx-gateway", &["qubx-protocol", "qubx-home", "qubx-client", "qubx-export", "qubx-session"]),
    (
        "qubx",
        &[
            "qubx-protocol",
            "qubx-engine",
            "qubx-home",
            "qubx-kernel",
            "qubx-session",
            "qubx-client",
            "qubx-export",
            "qubx-tui",
            "qubx-gateway",
        ],
    ),
    // Strategies see nothing of ours but the one crate that they depend on.
    ("rust-strategy", &["qubx"]),
    ("xtask", &["qubx-protocol", "qubx-home", "qubx-client", "qubx-session"]),
];

/// Crates of others that only these of ours may name: a foreign vocabulary has one owner.
const SOLE_OWNERS: &[(&str, &[&str])] = &[
    ("zeromq", &["qubx-kernel"]),
    ("axum", &["qubx-gateway"]),
    ("hyper", &["qubx-gateway"]),
    ("rust-embed", &["qubx-gateway"]),
    ("tokio-rustls", &["qubx-gateway"]),
    ("rusqlite", &["qubx-session"]),
    ("ratatui", &["qubx-tui"]),
    ("crossterm", &["qubx-tui"]),
    ("edtui", &["qubx-tui"]),
    ("png", &["qubx-tui"]),
    ("clap", &["qubx", "xtask"]),
    ("clap_complete", &["qubx"]),
    ("clap_mangen", &["qubx"]),
    ("csv", &["qubx-engine"]),
    ("flate2", &["qubx-engine"]),
    ("rand", &["qubx-engine"]),
    ("regex", &["qubx"]),
    ("serde-saphyr", &["qubx"]),
    ("toml", &["qubx"]),
];

/// All that the pure crate may depend on.
const PROTOCOL_MAY_USE: &[&str] =
    &["bytes", "indexmap", "jiff", "rust_decimal", "serde", "serde_json", "thiserror", "utoipa"];

/// What the pure crate's sources never name: files, sockets, processes, threads, clocks, tasks.
const PROTOCOL_NEVER_NAMES: &[&str] = &[
    "std::fs",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "std::env",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "tokio::",
];

/// A crate of this workspace: its manifest, its roots, and the crates that it names outside of its tests.
struct Crate {
    manifest: PathBuf,
    roots: Vec<PathBuf>,
    dependencies: Vec<String>,
}

fn crates() -> BTreeMap<String, Crate> {
    let metadata = metadata().unwrap();
    let list = |value: &Value| value.as_array().unwrap().clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    list(&metadata["packages"])
        .iter()
        .map(|package| {
            let roots = list(&package["targets"])
                .iter()
                .filter(|target| target["kind"][0] != "test")
                .map(|target| PathBuf::from(text(&target["src_path"])))
                .collect();
            let dependencies = list(&package["dependencies"])
                .iter()
                .filter(|dependency| dependency["kind"] != "dev")
                .map(|dependency| text(&dependency["name"]))
                .collect();
            let manifest = PathBuf::from(text(&package["manifest_path"]));
            (text(&package["name"]), Crate { manifest, roots, dependencies })
        })
        .collect()
}

#[test]
fn each_crate_imports_only_what_the_architecture_allows() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let crates = crates();
    assert_eq!(
        crates.keys().collect::<Vec<_>>(),
        allowed.keys().collect::<Vec<_>>(),
        "the table lists every crate"
    );
    for (name, found) in &crates {
        for dependency in found.dependencies.iter().filter(|dependency| crates.contains_key(*dependency)) {
            assert!(
                allowed[name.as_str()].contains(&dependency.as_str()),
                "{name} must not import {dependency}"
            );
        }
    }
}

#[test]
fn a_foreign_vocabulary_has_one_owner() {
    for (name, found) in &crates() {
        for (foreign, owners) in SOLE_OWNERS {
            if found.dependencies.iter().any(|dependency| dependency == foreign) {
                assert!(
                    owners.contains(&name.as_str()),
                    "{name} must not name {foreign}: that is for {owners:?}"
                );
            }
        }
    }
}

#[test]
fn the_protocol_is_pure() {
    let protocol = &crates()["qubx-protocol"];
    for dependency in &protocol.dependencies {
        assert!(
            PROTOCOL_MAY_USE.contains(&dependency.as_str()),
            "qubx-protocol must not depend on {dependency}"
        );
    }
    let sources = rust_files(protocol.roots[0].parent().unwrap());
    // This one is there for tests alone, and writes the file that it checks.
    for file in sources.into_iter().filter(|file| !file.ends_with("typescript.rs")) {
        let text = fs::read_to_string(&file).unwrap();
        for name in PROTOCOL_NEVER_NAMES {
            assert!(!text.contains(name), "{} names {name}", file.display());
        }
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn every_crate_has_the_common_lints_and_no_unsafe_code() {
    for (name, found) in &crates() {
        let manifest = fs::read_to_string(&found.manifest).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{name} does not take the workspace's lints");
        for root in &found.roots {
            let text = fs::read_to_string(root).unwrap();
            assert!(text.contains("#![forbid(unsafe_code)]"), "{} allows unsafe code", root.display());
        }
    }
}

#[test]
fn the_tests_that_passed_are_counted() {
    for (line, expected) in [
        ("test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s", 12),
        ("test result: FAILED. 2 passed; 1 failed; 0 ignored", 2),
        ("test result: ok. 0 passed; 0 failed", 0),
        ("running 3 tests", 0),
        ("test result: nonsense", 0),
    ] {
        assert_eq!(passed_in(line), expected, "{line}");
    }
}
