//! A disk that is full: no new order leaves, what takes risk away works, everyone is told, and room mends it.

use std::path::PathBuf;

use qubx_protocol::{Command, Fact, InstrumentId, NewOrder, OrderStatus, Side, VerbOutcome};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{
    Place, Screen, SmallDisk, WITNESS, assert_kept, config, is_alive, order, send_signal, wait_for, written,
};

/// Too small for the ballast that a larger disk would have.
const SMALL: &str = "24m";
/// Runs until it is interrupted, and then says so beside the disk that is full.
const INTERRUPTED: &str = "\
import time
from pathlib import Path
try:
    while True: time.sleep(0.01)
except KeyboardInterrupt:
    Path('interrupted').touch()
    raise
";

/// Starts a session on a small disk, with a strategy that tells beside the disk what it sees.
async fn on_a_small_disk(place: &Place, more: &str) -> Option<SmallDisk> {
    let disk = SmallDisk::mount(&place.home(), SMALL)?;
    place.write("witness.py", WITNESS);
    place.write("witness.yml", &(config("witness", "witness.Witness") + more));
    place.start("witness.yml").await;
    Some(disk)
}

/// Waits until the strategy sees what is named, and returns that.
async fn seen<T>(place: &Place, what: &str, pick: impl Fn(&Value) -> Option<T>) -> T {
    wait_for(&format!("a strategy that sees {what}"), async || {
        let text = std::fs::read_to_string(place.path("seen")).ok()?;
        pick(&serde_json::from_str(&text).unwrap())
    })
    .await
}

/// Waits until exactly these orders rest in the engine.
async fn rests(place: &Place, orders: &[&str]) {
    seen(place, &format!("{orders:?} rest"), |seen| (seen["orders"] == json!(orders)).then_some(())).await;
}

/// Gives a resting order and returns its id.
async fn resting(screen: &mut Screen, order: &str) -> String {
    let (id, _) = screen.run(&format!("trade({order}).id")).await;
    id.trim_matches('\'').to_owned()
}

/// Fills the disk until orders are stopped; returns the file that has the room.
async fn fill(place: &Place, disk: &SmallDisk, screen: &mut Screen) -> PathBuf {
    let filler = disk.fill();
    // The databases have some room in their own pages left; cells that wait use it up.
    wait_for("the alarm that stops orders", async || {
        let code = format!("#{}", " ".repeat(40_000));
        drop(screen.client.command(Command::Execute { code }));
        stops_orders(place).await.then_some(())
    })
    .await;
    screen
        .until("the alarm on a screen", |screen| {
            let alarms = screen.mirror.latest.alarms.as_ref()?;
            alarms.iter().any(|alarm| alarm.stops_orders).then_some(())
        })
        .await;
    filler
}

async fn stops_orders(place: &Place) -> bool {
    let status = place.qubx(&["status", "witness", "--json"]).await.json();
    status["alarms"].as_array().unwrap().iter().any(|alarm| alarm["stops_orders"] == true)
}

/// Makes room, and waits until everyone is told.
async fn empty(place: &Place, filler: &PathBuf) {
    std::fs::remove_file(filler).unwrap();
    wait_for("the end of the alarm", async || (!stops_orders(place).await).then_some(())).await;
}

#[tokio::test]
async fn a_full_disk_stops_orders_and_nothing_else_until_there_is_room() {
    let Some(place) = Place::new() else { return };
    let Some(disk) = on_a_small_disk(&place, "").await else { return place.finish().await };
    let mut screen = Screen::attach(&place, "witness", "op1").await;
    screen.quoted().await;
    screen.run("trade('ETHUSDT', 0.5)").await;
    let entry = resting(&mut screen, "'BTCUSDT', 0.01, 1000").await;
    let other = resting(&mut screen, "'ETHUSDT', 0.1, 100").await;
    let exit = resting(&mut screen, "'ETHUSDT', -0.1, 100000").await;
    rests(&place, &[&entry, &other, &exit]).await;
    let busy = screen.at_work(INTERRUPTED).await;
    let filler = fill(&place, &disk, &mut screen).await;

    // Everybody is told, and what is no order goes on.
    let told = place.qubx(&["status", "witness"]).await.code(1).stdout;
    let alarm = told.lines().find(|line| line.starts_with("ALARM     ledger: ")).unwrap();
    for part in ["No order is given while that lasts", "Make room on the disk"] {
        assert!(alarm.contains(part), "{told}");
    }
    assert_eq!(place.qubx(&["kernel", "list"]).await.code, Some(0));
    let shown = screen.mirror.latest.market.as_ref().unwrap().time;
    screen
        .until("quotes as before", |screen| {
            (screen.mirror.latest.market.as_ref()?.time > shown).then_some(())
        })
        .await;
    let mut late = Screen::attach(&place, "witness", "op2").await;
    late.quoted().await;
    assert!(late.state().orders.contains_key(&entry.as_str().into()), "a screen that comes now sees it all");
    late.close().await;
    let quotes = seen(&place, "quotes", |seen| seen["quotes"].as_u64()).await;
    seen(&place, "more quotes", |seen| (seen["quotes"].as_u64()? > quotes).then_some(())).await;

    // An order is refused with the reason, whoever gives it; a cell needs the ledger too.
    let refusal = screen.refused(Command::Execute { code: "trade('BTCUSDT', 0.01)".to_owned() }).await;
    assert!(refusal.message.contains("cannot be written down"), "{refusal:?}");
    let instrument = InstrumentId::new("SIM", "ETHUSDT");
    let refusal = screen.refused(Command::Close { instrument: instrument.clone() }).await;
    assert!(refusal.message.contains("cannot be written down"), "{refusal:?}");
    let order = NewOrder { instrument: instrument.clone(), ..order(Side::Buy, "0.1", None) };
    let refusal = screen.refused(Command::Place(order)).await;
    assert!(refusal.message.contains("cannot be written down"), "{refusal:?}");
    place.write("buy", "");
    let bought = seen(&place, "its order", |seen| seen["bought"].as_str().map(str::to_owned)).await;
    assert!(bought.starts_with("rejected: it cannot be written down"), "{bought}");
    std::fs::remove_file(place.path("buy")).unwrap();

    // What takes risk away is done now, one after the other.
    let cancelled = screen
        .client
        .command(Command::CancelOrders { instrument: Some(InstrumentId::new("SIM", "BTCUSDT")) });
    rests(&place, &[&other, &exit]).await;
    let paused = place.qubx(&["pause", "witness"]).await.code(1);
    paused.says(&["pause was taken", "cannot be written down", "No order is given"]);
    rests(&place, &[&exit]).await;
    let flattened = screen.client.command(Command::Flatten);
    rests(&place, &[]).await;
    let interrupted = screen.client.command(Command::Interrupt { cell: Some(busy) });
    wait_for("the interrupt in the cell", async || place.path("interrupted").exists().then_some(())).await;
    // Orders that would close are orders: the position stays, and the alarm says so all the time.
    seen(&place, "its position", |seen| (seen["held"] == json!({ "ETHUSDT": 0.5 })).then_some(())).await;
    assert!(stops_orders(&place).await, "all this happened while nothing could be written down");

    empty(&place, &filler).await;
    for (verb, outcome) in [
        (&cancelled, VerbOutcome::Done),
        (&flattened, VerbOutcome::Failed),
        (&interrupted, VerbOutcome::Done),
    ] {
        let ended = screen.verb_end(verb).await;
        assert_eq!(ended.outcome, outcome, "{ended:?}");
        assert!(ended.verb != "flatten" || ended.text.contains("cannot be written down"), "{ended:?}");
    }
    assert!(screen.state().orders.is_empty() && screen.state().status.as_ref().unwrap().paused);
    // It goes on without a restart.
    assert_eq!(screen.verb(Command::Close { instrument }).await.outcome, VerbOutcome::Done);
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
    place.qubx(&["verify", "witness"]).await.code(0);
    assert_kept(&screen, &written(&place, "witness"));
    screen.close().await;
    place.stop("witness").await;
    place.is_empty().await;
    place.qubx(&["verify", "witness"]).await.code(0);
    place.assert_private();
    drop(disk);
    place.finish().await;
}

#[tokio::test]
async fn a_session_is_stopped_while_the_disk_is_full_and_says_what_could_not_be_written_down() {
    let Some(place) = Place::new() else { return };
    let Some(disk) = on_a_small_disk(&place, "").await else { return place.finish().await };
    let mut screen = Screen::attach(&place, "witness", "op1").await;
    screen.quoted().await;
    screen.run("trade('ETHUSDT', 0.5)").await;
    let filler = fill(&place, &disk, &mut screen).await;
    place
        .qubx(&["kernel", "stop", "witness", "--yes"])
        .await
        .code(1)
        .says(&["stopped by op", "facts of the end could not be written down"]);
    let last = screen.closed().await;
    assert!(last.contains("could not be written down"), "{last}");
    place.is_empty().await;

    std::fs::remove_file(&filler).unwrap();
    place.qubx(&["verify", "witness"]).await.code(0);
    place.qubx(&["run", "witness.yml", "--paper", "--detach", "--restore"]).await.code(0);
    let mut screen = Screen::attach(&place, "witness", "op1").await;
    screen.quoted().await;
    let held: Vec<String> = screen.state().open_positions().map(|held| held.quantity.to_string()).collect();
    assert_eq!(held, ["0.5"], "what was acknowledged before is there");
    screen.close().await;
    place.stop("witness").await;
    place.is_empty().await;
    place.assert_private();
    drop(disk);
    place.finish().await;
}

#[tokio::test]
async fn python_that_is_killed_while_the_disk_is_full_has_its_orders_cancelled_and_is_started_again() {
    let Some(place) = Place::new() else { return };
    let more = "session: { on_kernel_loss: cancel }\n";
    let Some(disk) = on_a_small_disk(&place, more).await else { return place.finish().await };
    let mut screen = Screen::attach(&place, "witness", "op1").await;
    screen.quoted().await;
    screen.run("trade('ETHUSDT', 0.5)").await;
    let entry = resting(&mut screen, "'BTCUSDT', 0.01, 1000").await;
    rests(&place, &[&entry]).await;
    let filler = fill(&place, &disk, &mut screen).await;
    let pid = place.session("witness").file.qubx.kernel_pid;
    send_signal(pid, Signal::KILL);
    wait_for("the end of Python", async || (!is_alive(pid)).then_some(())).await;
    std::fs::remove_file(place.path("seen")).unwrap();
    // A strategy that sees quotes again has been started in another Python; it begins with the engine's book.
    seen(&place, "the book", |seen| {
        (seen["orders"] == json!([]) && seen["held"] == json!({ "ETHUSDT": 0.5 })).then_some(())
    })
    .await;
    assert!(stops_orders(&place).await);

    empty(&place, &filler).await;
    screen.revived(pid).await;
    screen.logged("the Python kernel ended (signal 9 (killed)").await;
    screen
        .event("what the session did", |fact| match fact {
            Fact::Verb { verb, .. } if verb.author.as_str() == "session" => {
                (verb.outcome == VerbOutcome::Done).then_some(())
            }
            _ => None,
        })
        .await;
    screen.run("trade('BTCUSDT', 0.02)").await;
    place.qubx(&["status", "witness"]).await.code(0);
    assert_kept(&screen, &written(&place, "witness"));
    screen.close().await;
    place.stop("witness").await;
    place.is_empty().await;
    place.qubx(&["verify", "witness"]).await.code(0);
    place.assert_private();
    drop(disk);
    place.finish().await;
}
