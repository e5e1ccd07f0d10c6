//! Many starts of one session at once: one wins, and the others say so and leave nothing behind.

use std::time::Duration;

use tokio::time::timeout;

use crate::harness::{IDLE, Place, config};

/// How many commands start the session at the same moment.
const STARTERS: usize = 100;
/// How long all of them may take: each imports the strategy first, and a small machine does that one after the other.
const LIMIT: Duration = Duration::from_secs(300);

#[tokio::test]
async fn of_a_hundred_starts_at_once_exactly_one_wins() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let runs: Vec<_> =
        (0..STARTERS).map(|_| place.spawn(&["run", "idle.yml", "--paper", "--detach"])).collect();
    let mut winners = 0;
    for mut run in runs {
        let status = timeout(LIMIT, run.child.wait()).await.expect("a start ends in time").unwrap();
        let words = run.err();
        match status.code() {
            Some(0) => winners += 1,
            Some(1) => assert!(
                words.contains("is already running (process") || words.contains("is starting it"),
                "{words}"
            ),
            other => panic!("{other:?}: {words}"),
        }
    }
    assert_eq!(winners, 1);
    let files = |folder: &str| std::fs::read_dir(place.home().join(folder)).unwrap().count();
    assert_eq!((files("kernels"), files("run"), files("sessions")), (1, 1, 1));
    let log = std::fs::read_to_string(place.session_dir("idle").join("service.log")).unwrap();
    assert!(!log.contains("already running"), "only the winner started a service: {log}");
    assert_eq!(place.qubx(&["exec", "idle", "1 + 1"]).await.code(0).stdout, "2\n");
    let history = place.qubx(&["history", "idle"]).await.code(0).stdout;
    assert_eq!(history.matches("RUN   ").count(), 1, "{history}");
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn two_strategies_that_start_at_once_are_independent() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    let names = ["first", "second"];
    for name in names {
        place.write(&format!("{name}.yml"), &config(name, "idle.Idle"));
    }
    let runs = names.map(|name| place.spawn(&["run", &format!("{name}.yml"), "--paper", "--detach"]));
    for run in runs {
        run.end().await.code(0);
    }
    for name in names {
        let said = place.qubx(&["exec", name, &format!("'{name}'")]).await.code(0).stdout;
        assert_eq!(said, format!("'{name}'\n"));
    }
    place.qubx(&["kernel", "stop", "first", "--yes"]).await.code(0);
    place.qubx(&["status", "second"]).await.code(0);
    place.stop_and_finish("second").await;
}
