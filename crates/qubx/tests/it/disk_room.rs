//! A disk that fills up step by step: a warning first, then no history, then the room that was held for the ledger, and
//! only then no orders.

use std::os::unix::fs::MetadataExt;

use qubx_protocol::{Alarm, Command, Fact, OrderStatus};

use crate::harness::{IDLE, Place, Screen, SmallDisk, assert_kept, config, wait_for, written};

const MEBIBYTE: u64 = 1 << 20;
/// What is held for the ledger, see `qubx-session/src/store/disk.rs`.
const BALLAST: u64 = 16 * MEBIBYTE;

/// Waits until the alarms are of these sources, and returns them.
async fn alarms(screen: &mut Screen, sources: &[&str]) -> Vec<Alarm> {
    screen
        .until(&format!("alarms of {sources:?}"), |screen| {
            let alarms = screen.mirror.latest.alarms.clone().unwrap_or_default();
            let of: Vec<&str> = alarms.iter().map(|alarm| alarm.source.as_str()).collect();
            (of == sources).then_some(alarms)
        })
        .await
}

/// Gives an order of this quantity and waits until it is filled.
async fn trades(screen: &mut Screen, quantity: &str) {
    drop(screen.client.command(Command::Execute { code: format!("trade('BTCUSDT', {quantity})") }));
    screen
        .event("a filled order", |fact| match fact {
            Fact::Order { order, .. } => {
                (order.quantity.to_string() == quantity && order.status == OrderStatus::Filled).then_some(())
            }
            _ => None,
        })
        .await;
}

#[tokio::test]
async fn a_disk_that_fills_up_warns_then_gives_up_history_then_the_ballast_and_orders_last() {
    let Some(place) = Place::new() else { return };
    let Some(disk) = SmallDisk::mount(&place.home(), "128m") else { return place.finish().await };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    place.start("idle.yml").await;
    let ballast = place.session_dir("idle").join("ballast");
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    screen.quoted().await;
    let held = std::fs::metadata(&ballast).unwrap();
    assert_eq!((held.len(), held.mode() & 0o777), (BALLAST, 0o600));
    assert!(held.blocks() * 512 >= BALLAST, "a file with holes holds no room");

    // More than a tenth is free: the disk is looked at, and there is nothing to say.
    disk.fill_but(20 * MEBIBYTE);
    let market = |screen: &Screen| screen.mirror.latest.market.as_ref().unwrap().time.unwrap();
    let looked = market(&screen) + jiff::SignedDuration::from_secs(4);
    screen.until("a look at the disk", |screen| (market(screen) > looked).then_some(())).await;
    alarms(&mut screen, &[]).await;

    // Less than a tenth: a warning, and nothing is refused.
    disk.fill_but(8 * MEBIBYTE);
    let [warning] = &alarms(&mut screen, &["disk"]).await[..] else { unreachable!() };
    assert!(!warning.stops_orders && warning.text.contains(" of 128 MiB are free below"), "{warning:?}");
    let status = place.qubx(&["status", "idle"]).await.code(0).stdout;
    assert!(status.contains("ALARM     disk: only "), "{status}");
    trades(&mut screen, "0.011").await;
    assert!(ballast.exists(), "it is not needed yet");

    // Nothing: history waits in memory, the ledger takes the ballast, and orders go on.
    let filler = disk.fill();
    wait_for("a ledger that needs its room", async || {
        drop(screen.client.command(Command::Execute { code: format!("#{}", " ".repeat(40_000)) }));
        (!ballast.exists()).then_some(())
    })
    .await;
    let [log, _] = &alarms(&mut screen, &["log", "disk"]).await[..] else { unreachable!() };
    assert!(!log.stops_orders && log.text.contains("Orders and fills are safe in the ledger"), "{log:?}");
    trades(&mut screen, "0.012").await;
    let status = place.qubx(&["status", "idle"]).await.code(0).stdout;
    assert!(status.contains("ALARM     log: history is not written down"), "{status}");

    // What the ballast gave is used up as well: no more orders.
    disk.fill();
    wait_for("the alarm that stops orders", async || {
        drop(screen.client.command(Command::Execute { code: format!("#{}", " ".repeat(40_000)) }));
        (place.qubx(&["status", "idle"]).await.code == Some(1)).then_some(())
    })
    .await;
    let all = alarms(&mut screen, &["ledger", "log", "disk"]).await;
    assert!(all[0].stops_orders, "{all:?}");
    let refusal = screen.refused(Command::Execute { code: "trade('BTCUSDT', 0.01)".to_owned() }).await;
    assert!(refusal.message.contains("cannot be written down"), "{refusal:?}");

    // Room: everything goes on, room is held again, and nothing that was acknowledged is missing.
    std::fs::remove_file(&filler).unwrap();
    alarms(&mut screen, &[]).await;
    wait_for("room for the ledger again", async || {
        std::fs::metadata(&ballast).is_ok_and(|held| held.blocks() * 512 >= BALLAST).then_some(())
    })
    .await;
    trades(&mut screen, "0.013").await;
    assert_kept(&screen, &written(&place, "idle"));
    screen.close().await;
    place.stop("idle").await;
    place.is_empty().await;
    place.qubx(&["verify", "idle"]).await.code(0);
    place.assert_private();
    drop(disk);
    place.finish().await;
}
