//! Who did what, and what came of it; and that nobody can change it afterwards without being found out.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Place, STEPS, Screen, config, sql, wait_for};

async fn entries(place: &Place, kind: &str) -> Vec<Value> {
    let lines = place.qubx(&["history", "steps", "--json", "--limit", "1000000"]).await.code(0).json_lines();
    lines.into_iter().filter(|line| line["kind"] == kind).collect()
}

async fn session() -> Option<Place> {
    let place = Place::new()?;
    place.write("steps.py", STEPS);
    place.write("steps.yml", &config("steps", "steps.Steps"));
    place.start("steps.yml").await;
    wait_for("trading", async || (entries(&place, "fill").await.len() > 3).then_some(())).await;
    Some(place)
}

#[tokio::test]
async fn everything_that_was_done_has_an_author_and_a_result() {
    let Some(place) = session().await else { return };
    let mut screen = Screen::attach(&place, "steps", "op1").await;
    screen.run("trade('ETHUSDT', 0.01)").await;
    screen.run("1 / 0").await;
    for verb in [&["pause"][..], &["cancel-orders"], &["flatten"], &["resume"]] {
        place.qubx(&[verb, &["steps", "--yes"]].concat()).await.code(0);
    }
    place.qubx(&["close", "steps", "ETHUSDT", "--yes"]).await;
    let session = place.session_dir("steps");
    let running = place.qubx(&["verify", "steps"]).await.code(0);
    assert!(running.stdout.contains("is whole"), "{running:?}");
    screen.close().await;
    place.stop("steps").await;

    let cells = entries(&place, "cell").await;
    let told: Vec<_> = cells.iter().map(|cell| (&cell["author"], &cell["code"])).collect();
    assert_eq!(told, [(&json!("op1"), &json!("trade('ETHUSDT', 0.01)")), (&json!("op1"), &json!("1 / 0"))]);
    assert_eq!(entries(&place, "error").await[0]["ename"], "ZeroDivisionError");
    let verbs = entries(&place, "verb").await;
    for name in ["pause", "cancel orders", "flatten", "resume", "close", "stop"] {
        let of = |outcome: &str| {
            verbs.iter().filter(|verb| verb["verb"] == name && verb["outcome"] == outcome).collect::<Vec<_>>()
        };
        assert_eq!((of("started").len(), of("done").len() + of("failed").len()), (1, 1), "{name}");
        assert!(of("started").iter().all(|verb| verb["author"] == "op@cli"), "{name}");
        // Whoever gave it is in the ledger, with the command itself.
        let id = of("started")[0]["command"].as_str().unwrap();
        let query = format!("SELECT body FROM rows WHERE kind = 'command' AND command = '{id}'");
        let rows = sql(&place, &session.join("ledger.db"), &query);
        let body: Value = serde_json::from_str(rows[0][0].as_str().unwrap()).unwrap();
        assert_eq!((rows.len(), &body["author"]), (1, &json!("op@cli")), "{name}");
    }
    for order in entries(&place, "order").await {
        let author = order["author"].as_str().unwrap();
        assert!(["strategy", "op1", "op@cli"].contains(&author), "{order}");
    }
    // The code of each cell, too.
    let rows =
        sql(&place, &session.join("ledger.db"), "SELECT body FROM rows WHERE kind = 'command' ORDER BY row");
    let bodies: Vec<Value> =
        rows.iter().map(|row| serde_json::from_str(row[0].as_str().unwrap()).unwrap()).collect();
    let code = |code: &str| {
        bodies.iter().any(|body| body["command"]["execute"]["code"] == code && body["author"] == "op1")
    };
    assert!(code("1 / 0") && code("trade('ETHUSDT', 0.01)"), "{bodies:#?}");
    place.finish().await;
}

/// Puts a fresh copy of a session's databases into its folder.
fn put_back(copy: &Path, session: &Path) {
    for entry in std::fs::read_dir(session).unwrap().flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.contains(".db-")) {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    for name in ["ledger.db", "session.db"] {
        std::fs::copy(copy.join(name), session.join(name)).unwrap();
    }
}

#[tokio::test]
async fn a_ledger_that_was_tampered_with_is_found_out() {
    let Some(place) = session().await else { return };
    place.qubx(&["pause", "steps"]).await.code(0);
    place.stop("steps").await;
    let session = place.session_dir("steps");
    let copy: PathBuf = place.path("copy");
    std::fs::create_dir(&copy).unwrap();
    let ledger = session.join("ledger.db");
    // What a reader left beside the files is put into them.
    for name in ["ledger.db", "session.db"] {
        sql(&place, &session.join(name), "PRAGMA wal_checkpoint(TRUNCATE)");
        std::fs::copy(session.join(name), copy.join(name)).unwrap();
    }
    place.qubx(&["verify", "steps"]).await.code(0);
    let fill = sql(&place, &ledger, "SELECT min(row) FROM rows WHERE kind = 'fill'")[0][0].as_u64().unwrap();
    let command =
        sql(&place, &ledger, "SELECT min(row) FROM rows WHERE kind = 'command'")[0][0].as_u64().unwrap();
    let last = sql(&place, &ledger, "SELECT max(row) FROM rows")[0][0].as_u64().unwrap();
    for (what, statement, row) in [
        (
            "a price",
            format!(
                "UPDATE rows SET body = replace(body, '\"price\":\"', '\"price\":\"1') WHERE row = {fill}"
            ),
            fill,
        ),
        ("a space", format!("UPDATE rows SET body = body || ' ' WHERE row = {fill}"), fill),
        (
            "an author",
            format!("UPDATE rows SET body = replace(body, 'op@cli', 'nobody') WHERE row = {command}"),
            command,
        ),
        ("a time", format!("UPDATE rows SET time = replace(time, '20', '21') WHERE row = {fill}"), fill),
        ("a kind", format!("UPDATE rows SET kind = 'order' WHERE row = {fill}"), fill),
        ("a hash", format!("UPDATE rows SET hash = zeroblob(32) WHERE row = {fill}"), fill),
        ("a row that is gone", format!("DELETE FROM rows WHERE row = {fill}"), fill),
        ("a tail that is cut", format!("DELETE FROM rows WHERE row >= {last}"), last),
        (
            "two rows that are swapped",
            format!("UPDATE rows SET row = CASE row WHEN {fill} THEN -1 ELSE row END"),
            fill,
        ),
    ] {
        put_back(&copy, &session);
        sql(&place, &ledger, &statement);
        let found = place.qubx(&["verify", "steps", "--json"]).await.code(1).json();
        let findings = found["findings"].as_array().unwrap();
        let named = findings.iter().any(|finding| {
            let file = finding["file"].as_str().unwrap();
            // A row that is not there is named by the next one, or by what refers to it.
            let near = finding["row"]
                .as_u64()
                .is_none_or(|at| file.ends_with("session.db") || at.abs_diff(row) <= 1);
            near && (file.ends_with("ledger.db") || file.ends_with("session.db"))
        });
        assert!(named, "{what}: {findings:#?}");
        let told = place.qubx(&["verify", "steps"]).await.code(1).stdout;
        assert!(told.contains("is damaged") && told.contains(".db"), "{what}: {told}");
        // And nobody trades on it.
        place
            .qubx(&["run", "steps.yml", "--paper", "--detach", "--restore"])
            .await
            .code(1)
            .says(&["ledger.db"]);
        place.is_empty().await;
    }
    put_back(&copy, &session);
    place.qubx(&["verify", "steps"]).await.code(0);
    place.finish().await;
}
