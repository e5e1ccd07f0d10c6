//! A session log in ruins: money goes on with the ledger, and what of the history is lost is told.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use qubx_protocol::StrategyState;

use crate::harness::{IDLE, Place, Screen, config, kill_service};

/// Overwrites a file from its second page on, and returns what it holds now. The first page says that it is a database.
fn ruin(file: &Path) -> Vec<u8> {
    let mut open = std::fs::OpenOptions::new().write(true).open(file).unwrap();
    let length = open.metadata().unwrap().len();
    open.seek(SeekFrom::Start(4_096)).unwrap();
    open.write_all(&vec![0xa5; usize::try_from(length).unwrap() - 4_096]).unwrap();
    std::fs::read(file).unwrap()
}

#[tokio::test]
async fn a_session_whose_log_is_in_ruins_goes_on_with_its_money_and_says_so() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    place.start("idle.yml").await;
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    screen.quoted().await;
    screen.run("trade('BTCUSDT', 2)").await;
    let was = screen.state().clone();
    assert_eq!(was.positions.len(), 1);
    screen.close().await;
    place.stop("idle").await;

    let log = place.session_dir("idle").join("session.db");
    let ruins = ruin(&log);
    let mut arguments = vec!["run", "idle.yml", "--paper", "--restore"];
    let mut owner = place.spawn(&arguments);
    owner.says("strategy started").await;
    let aside = log.with_file_name("session.db.damaged-1");
    assert_eq!(std::fs::read(&aside).unwrap(), ruins, "it is kept as it was");
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    assert_eq!(screen.state().positions, was.positions);
    assert_ne!(screen.state().log, was.log);
    screen.quoted().await;
    // It is well but for the history; whoever looks is told.
    for (command, tells) in [
        ("status", ["ALARM", "session.db.damaged-1", "safe in the ledger"]),
        ("history", ["the session log is damaged here", "session.db.damaged-1", "BTCUSDT"]),
    ] {
        let shown = place.qubx(&[command, "idle"]).await.code(0).stdout;
        assert!(tells.iter().all(|part| shown.contains(part)), "{command}: {shown}");
    }
    place.qubx(&["verify", "idle"]).await.code(0);

    // Under its writer, too: the next service finds it.
    screen.run("trade('BTCUSDT', 3), trade('BTCUSDT', 0.001, 20_000)").await;
    let (held, resting) = (screen.state().positions.clone(), screen.state().orders.clone());
    assert_eq!(resting.len(), 1);
    ruin(&log);
    let killed = kill_service(&place, "idle").await;
    screen
        .until("the next service", |screen| {
            let status = screen.state().status.as_ref()?;
            (status.info.pid != killed && status.strategy.state == StrategyState::Running).then_some(())
        })
        .await;
    assert_eq!((&screen.state().positions, &screen.state().orders), (&held, &resting));
    screen.close().await;
    place.stop("idle").await;
    owner.end().await.code(0);

    // A file that is no database at all.
    std::fs::write(&log, "nothing of it is left").unwrap();
    arguments.push("--detach");
    place.qubx(&arguments).await.code(0);
    let screen = Screen::attach(&place, "idle", "op1").await;
    assert_eq!(screen.state().positions, held);
    screen.close().await;
    place.stop_and_finish("idle").await;
}
