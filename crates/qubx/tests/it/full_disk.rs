//! A disk that is full: no new order leaves, what takes risk away works, everyone is told, and room mends it.

use qubx_protocol::{Command, Fact, OrderStatus, VerbOutcome};

use crate::harness::{IDLE, Place, Screen, SmallDisk, assert_kept, config, wait_for, written};

#[tokio::test]
async fn a_full_disk_stops_orders_and_nothing_else_until_there_is_room() {
    let Some(place) = Place::new() else { return };
    // Too small for the ballast that a larger one would have.
    let Some(disk) = SmallDisk::mount(&place.home(), "24m") else { return place.finish().await };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    place.start("idle.yml").await;
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    screen.quoted().await;
    screen.run("trade('ETHUSDT', 0.5)").await;
    let (resting, _) = screen.run("trade('BTCUSDT', 0.01, 1000).id").await;
    let filler = disk.fill();
    // The databases have some room in their own pages left; text and orders use it up.
    let alarm = wait_for("the alarm that stops orders", async || {
        let status = place.qubx(&["status", "idle", "--json"]).await.json();
        let alarms = status["alarms"].as_array().unwrap().clone();
        let alarm = alarms.into_iter().find(|alarm| alarm["stops_orders"] == true);
        if alarm.is_none() {
            let _ = screen
                .client
                .command(Command::Execute { code: "trade('BTCUSDT', 0.01, 999); '#' * 40_000".to_owned() });
        }
        alarm
    })
    .await;
    assert!(alarm["text"].as_str().unwrap().contains("No order is given while that lasts"), "{alarm}");
    screen
        .until("the alarm on a screen", |screen| {
            let alarms = screen.mirror.latest.alarms.as_ref()?;
            alarms.iter().any(|alarm| alarm.stops_orders).then_some(())
        })
        .await;
    let told = place.qubx(&["status", "idle"]).await.code(1).stdout;
    assert!(told.contains("ALARM     ledger"), "{told}");

    // An order is refused with the reason, whoever gives it; a cell needs the ledger too.
    let refusal = screen.refused(Command::Execute { code: "trade('BTCUSDT', 0.01)".to_owned() }).await;
    assert!(refusal.message.contains("cannot be written down"), "{refusal:?}");
    let refusal = screen
        .refused(Command::Close { instrument: qubx_protocol::InstrumentId::new("SIM", "ETHUSDT") })
        .await;
    assert!(refusal.message.contains("cannot be written down"), "{refusal:?}");
    // What takes risk away works: the engine does it, and what it did is shown as soon as there is room.
    let _ = screen.client.command(Command::CancelOrders { instrument: None });
    let _ = screen.client.command(Command::Flatten);
    assert_eq!(place.qubx(&["kernel", "list"]).await.code, Some(0));

    std::fs::remove_file(&filler).unwrap();
    wait_for("the end of the alarm", async || {
        let status = place.qubx(&["status", "idle", "--json"]).await.json();
        let alarms = status["alarms"].as_array().unwrap();
        (!alarms.iter().any(|alarm| alarm["stops_orders"] == true)).then_some(())
    })
    .await;
    screen
        .event("what the verb did", |fact| match fact {
            Fact::Verb { verb, .. } => {
                (verb.verb == "cancel orders" && verb.outcome == VerbOutcome::Done).then_some(())
            }
            _ => None,
        })
        .await;
    screen
        .until("the end of the resting order", |screen| {
            let resting = qubx_protocol::OrderId::from(resting.trim_matches('\''));
            (!screen.state().orders.contains_key(&resting)).then_some(())
        })
        .await;
    screen
        .event("the end of the flatten", |fact| match fact {
            Fact::Verb { verb, .. } => {
                (verb.verb == "flatten" && verb.outcome != VerbOutcome::Started).then_some(())
            }
            _ => None,
        })
        .await;
    // It goes on without a restart.
    assert_eq!(screen.verb(Command::Resume).await.outcome, VerbOutcome::Done);
    screen.run("trade('BTCUSDT', 0.02)").await;
    screen
        .event("an order as before", |fact| match fact {
            Fact::Order { order, .. } => {
                (order.quantity.to_string() == "0.02" && order.status == OrderStatus::Filled).then_some(())
            }
            _ => None,
        })
        .await;
    place.qubx(&["verify", "idle"]).await.code(0);
    assert_kept(&screen, &written(&place, "idle"));
    screen.close().await;
    place.stop("idle").await;
    place.is_empty().await;
    place.qubx(&["verify", "idle"]).await.code(0);
    place.assert_private();
    drop(disk);
    place.finish().await;
}
