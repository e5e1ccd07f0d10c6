//! A disk that fails to keep what it took: the service trusts its ledger no more and ends, and the next one reads what
//! is there before anything is traded.

use qubx_protocol::{CellStatus, StrategyState};

use crate::harness::{
    FailingDisk, IDLE, Place, Screen, assert_kept, check_book, config, service_of, written,
};

/// Gives orders until the ledger is brought into its database, which is when a session on paper is synced.
const TRADES: &str = "\
for number in range(20_000):
    trade('BTCUSDT', 0.001 if number % 2 else -0.001)
";

/// The syncs of that: what is ahead, the database, and the first commit behind it.
const SYNCS: [u32; 3] = [1, 2, 3];

#[tokio::test]
async fn a_service_whose_ledger_the_disk_fails_to_keep_ends_at_once_and_the_next_one_goes_on() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let owner = place.own("idle.yml").await;
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    screen.quoted().await;
    for (starts, nth) in (1..).zip(SYNCS) {
        let service = service_of(&place, "idle").expect("it runs");
        let Some(_disk) = FailingDisk::below(&place.session_dir("idle"), service, nth).await else {
            drop(screen);
            owner.signal(rustix::process::Signal::INT);
            owner.end().await.code(0);
            return place.finish().await;
        };
        let cell = screen.submit(TRADES).await;
        screen
            .until("the next service", |screen| {
                let status = screen.state().status.as_ref()?;
                let is_back = status.info.pid != service && status.strategy.state == StrategyState::Running;
                is_back.then_some(())
            })
            .await;
        // Once, and nothing of it is tried again.
        assert_eq!(
            owner.err().matches("the disk failed to keep its ledger").count(),
            starts,
            "{}",
            owner.err()
        );
        assert_eq!(screen.ended(cell).await, CellStatus::KernelDied, "no cell runs twice");
        let log = std::fs::read_to_string(place.session_dir("idle").join("service.log")).unwrap();
        assert_eq!(log.matches("the disk did not take").count(), starts, "{log}");
        place.qubx(&["verify", "idle"]).await.code(0);
        // It trades on.
        screen.quoted().await;
        assert_eq!(screen.run("trade('ETHUSDT', 0.01).status").await.1, CellStatus::Ok);
    }
    let events = written(&place, "idle");
    assert_kept(&screen, &events);
    check_book(&events);
    screen.close().await;
    owner.signal(rustix::process::Signal::INT);
    owner.end().await.code(0);
    place.finish().await;
}
