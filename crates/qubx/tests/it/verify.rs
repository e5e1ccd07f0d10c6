//! `qubx verify`: a session's files are checked while it runs and afterwards, and damage is told.

use std::os::unix::fs::FileExt;

use crate::harness::Place;

#[tokio::test]
async fn a_session_is_verified_and_a_changed_byte_is_told() {
    let Some(place) = Place::with_idle_session().await else { return };
    place.qubx(&["exec", "idle", "trade('BTCUSDT', 0.01)"]).await.code(0);
    let whole = place.qubx(&["verify", "idle"]).await.code(0).stdout;
    assert!(whole.contains("idle is whole"), "{whole}");
    place.stop("idle").await;
    let before = place.qubx(&["verify", "idle", "--json"]).await.code(0).json();
    assert_eq!((&before["findings"], &before["epochs"]), (&serde_json::json!([]), &1.into()), "{before}");
    assert!(
        before["rows"].as_u64() > Some(0) && before["head"].as_str().is_some_and(|head| head.len() == 64)
    );

    // Somebody makes the order a larger one.
    let path = place.session_dir("idle").join("ledger.db");
    let bytes = std::fs::read(&path).unwrap();
    let quantity = br#""quantity":"0.01""#;
    let at = bytes.windows(quantity.len()).position(|part| part == quantity).unwrap();
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(br#""quantity":"0.09""#, at as u64).unwrap();
    let damaged = place.qubx(&["verify", "idle"]).await.code(1).stdout;
    assert!(damaged.contains("WRONG    ") && damaged.contains("ledger.db, row"), "{damaged}");
    assert!(damaged.contains("idle is damaged"), "{damaged}");

    place.qubx(&["verify", "ghost"]).await.code(1).says(&["no session `ghost`"]);
    place.finish().await;
}
