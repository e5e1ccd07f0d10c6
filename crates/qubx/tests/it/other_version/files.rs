//! The files of another version of the program: those of an older one are read, verified, brought forward and gone on
//! with; those of a newer one are refused and left as they are.

use qubx_home::{Home, create_private_file, ensure_private_dir};
use serde_json::{Value, json};

use crate::harness::{IDLE, Place, config};

/// The scripts that make the files of older versions, as those versions wrote them.
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../qubx-session/tests/fixtures");

/// Runs a script in a database.
const RUN_SQL: &str = "
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.executescript(sys.stdin.read())
";

/// Returns a place in which a session `idle` of an older version ran; none without a Python.
async fn older(version: &str) -> Option<Place> {
    let place = Place::new()?;
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle").replace("ETHUSDT]", "ETHUSDT, SOLUSDT]"));
    Home::at(place.home()).create().unwrap();
    ensure_private_dir(&place.session_dir("idle")).unwrap();
    for name in ["ledger", "session"] {
        let sql = std::fs::read_to_string(format!("{FIXTURES}/{version}/{name}.sql")).unwrap();
        run_sql(&place, &format!("{name}.db"), &sql).await;
    }
    Some(place)
}

async fn run_sql(place: &Place, file: &str, sql: &str) {
    let path = place.session_dir("idle").join(file);
    create_private_file(&path).unwrap();
    let mut command = tokio::process::Command::new(&place.python);
    place.prepare(&mut command);
    command.args(["-c", RUN_SQL]).arg(&path);
    place.finish_command(command, sql).await.code(0);
}

async fn verify(place: &Place) -> Value {
    let verified = place.qubx(&["verify", "idle", "--json"]).await.code(0).json();
    assert_eq!(verified["findings"], json!([]), "{verified}");
    verified
}

/// Returns what is held, and what rests, as `qubx status` says.
async fn book(place: &Place) -> (Vec<(String, String)>, usize) {
    let status = place.qubx(&["status", "idle", "--json"]).await.code(0).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let held = status["positions"].as_array().unwrap().iter();
    let held = held.map(|held| (text(&held["symbol"]), text(&held["quantity"]))).collect();
    (held, status["orders"].as_array().unwrap().len())
}

#[tokio::test]
async fn a_session_of_an_older_version_is_read_verified_and_gone_on_with() {
    for (version, rows, held, resting, kept, next) in [
        (
            "v1",
            38,
            &[("BTCUSDT", "0.1"), ("ETHUSDT", "0.1"), ("SOLUSDT", "-0.1")][..],
            0,
            "None",
            "q6578515c-1-11",
        ),
        ("v2", 28, &[("ETHUSDT", "-0.25")], 1, "{'kept': 'by an older version'}", "qd620a9af-1-5"),
    ] {
        let Some(place) = older(version).await else { return };
        assert_eq!(verify(&place).await["rows"], rows, "{version}");
        let before = place.qubx(&["history", "idle", "--json"]).await.code(0).json_lines();
        assert!(before.len() > 5, "{version}: {before:#?}");

        place.qubx(&["run", "idle.yml", "--paper", "--detach", "--restore"]).await.code(0);
        let after = place.qubx(&["history", "idle", "--json"]).await.code(0).json_lines();
        assert_eq!(after[..before.len()], before, "{version}");
        let expected = held.iter().map(|(symbol, quantity)| ((*symbol).to_owned(), (*quantity).to_owned()));
        assert_eq!(book(&place).await, (expected.collect(), resting), "{version}");
        let said =
            place.qubx(&["exec", "idle", "print(ctx.load_state()); trade('ETHUSDT', 0.05, 1000).id"]).await;
        assert_eq!(said.code(0).stdout, format!("{kept}\n'{next}'\n"), "{version}");
        assert!(verify(&place).await["rows"].as_u64() > Some(rows));
        place.qubx(&["kernel", "stop", "idle", "--yes", "--keep-orders"]).await.code(0);

        // The next time it is a session like any other.
        verify(&place).await;
        place.qubx(&["run", "idle.yml", "--paper", "--detach", "--restore"]).await.code(0);
        assert_eq!(book(&place).await.1, resting + 1, "{version}");
        verify(&place).await;
        place.stop_and_finish("idle").await;
    }
}

#[tokio::test]
async fn a_session_of_a_newer_version_is_refused_by_name_and_left_as_it_is() {
    for file in ["ledger.db", "session.db"] {
        let Some(place) = older("v2").await else { return };
        run_sql(&place, file, "PRAGMA user_version = 99;").await;
        let files = ["ledger.db", "session.db"].map(|name| place.session_dir("idle").join(name));
        let before = files.each_ref().map(|path| std::fs::read(path).unwrap());
        for arguments in [
            &["run", "idle.yml", "--paper", "--detach"][..],
            &["run", "idle.yml", "--paper", "--detach", "--restore"],
            &["verify", "idle"],
            &["history", "idle"],
            &["kernel", "logs", "idle"],
        ] {
            let refused = place.qubx(arguments).await.code(1);
            refused.says(&[file, "version 99", "newer"]);
        }
        let after = files.each_ref().map(|path| std::fs::read(path).unwrap());
        assert!(after == before, "neither file was touched, because of {file}");
        place.finish().await;
    }
}
