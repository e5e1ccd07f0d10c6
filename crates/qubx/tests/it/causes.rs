//! Every order has one cause in the ledger: whose cell, hidden or not, or whose verb; and every cell has its end there.

use std::collections::BTreeMap;

use qubx_protocol::CellStatus;
use serde_json::{Value, json};

use crate::harness::{Guest, IDLE, Place, Screen, config, kill_service, sql, wait_for};

/// What the ledger has of one command.
#[derive(Debug, Default)]
struct Cause {
    author: String,
    code: String,
    ends: Vec<String>,
    orders: Vec<String>,
}

/// Reads the ledger; returns the commands, and the orders without one by author.
fn causes(place: &Place, name: &str) -> (BTreeMap<String, Cause>, Vec<String>) {
    let ledger = place.session_dir(name).join("ledger.db");
    let (mut causes, mut others) = (BTreeMap::<String, Cause>::new(), Vec::new());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for row in sql(place, &ledger, "SELECT kind, body FROM rows ORDER BY row") {
        let (kind, body) = (text(&row[0]), serde_json::from_str::<Value>(&text(&row[1])).unwrap());
        match kind.as_str() {
            "command" => {
                let (author, code) = (text(&body["author"]), text(&body["command"]["execute"]["code"]));
                let known = causes.insert(text(&body["id"]), Cause { author, code, ..Cause::default() });
                assert!(known.is_none());
            }
            "cell_end" => causes.get_mut(&text(&body["command"])).unwrap().ends.push(text(&body["status"])),
            "order" if body["cause"].is_null() => others.push(text(&body["author"])),
            "order" => {
                let cause = causes.get_mut(&text(&body["cause"])).expect("the cause is before its order");
                assert_eq!(cause.author, text(&body["author"]));
                cause.orders.push(text(&body["id"]));
            }
            _ => {}
        }
    }
    (causes, others)
}

#[tokio::test]
async fn every_order_has_one_cause_also_when_a_jupyter_client_hides_its_cell() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    place.start("idle.yml").await;
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    screen.quoted().await;
    let mut guest = Guest::connect(&place, "idle").await;
    // A hidden cell of a guest works, and one of ours waits behind it.
    let here = place.path("");
    let hidden = format!(
        "import time, pathlib\npathlib.Path('{0}/at_work').touch()\nwhile not pathlib.Path('{0}/go').exists():\n    \
         time.sleep(0.01)\ntrade('BTCUSDT', 0.001); 'silent'",
        here.display()
    );
    let ours = async {
        wait_for("the guest's cell", async || here.join("at_work").exists().then_some(())).await;
        let cell = screen.submit("trade('BTCUSDT', 0.002); 'ours'").await;
        std::fs::write(here.join("go"), "").unwrap();
        assert_eq!(screen.ended(cell).await, CellStatus::Ok);
    };
    let (status, ()) = tokio::join!(guest.run_hidden(&hidden, json!({ "silent": true })), ours);
    assert_eq!(status, "ok");
    let unstored = guest.run_hidden("trade('BTCUSDT', 0.003); 'unstored'", json!({ "store_history": false }));
    assert_eq!(unstored.await, "ok");
    guest.run("trade('BTCUSDT', 0.004); 'shown'").await;
    guest.run("1 / 0  # fails").await;
    // A thread and a task go on for whoever left them behind, while others run cells.
    let left = "
import asyncio, threading
done = threading.Event()
go = asyncio.Event()
async def later():
    await go.wait()
    trade('BTCUSDT', 0.005)
    done.set()
async def begin():
    global task
    task = asyncio.ensure_future(later())
await begin()
started = threading.Event()
thread = threading.Thread(target=lambda: (started.wait(), trade('BTCUSDT', 0.006)))
thread.start()
'left behind'";
    assert_eq!(screen.run(left).await.1, CellStatus::Ok);
    let (status, _) = guest.run("started.set(); thread.join(); go.set(); 'lets go'").await;
    assert_eq!(status, "ok");
    wait_for("the task's order", async || {
        let orders = causes(&place, "idle").0;
        orders
            .values()
            .any(|cause| cause.code.contains("left behind") && cause.orders.len() == 4)
            .then_some(())
    })
    .await;
    place.qubx(&["flatten", "idle", "--yes"]).await.code(0);
    let (known, others) = causes(&place, "idle");
    assert_eq!(others, Vec::<String>::new(), "the strategy gave none");
    for (code, author, end, orders) in [
        ("'silent'", "jupyter", "ok", 2),
        ("'ours'", "op1", "ok", 2),
        ("'unstored'", "jupyter", "ok", 2),
        ("'shown'", "jupyter", "ok", 2),
        ("# fails", "jupyter", "error", 0),
        ("'left behind'", "op1", "ok", 4),
        ("'lets go'", "jupyter", "ok", 0),
    ] {
        let found: Vec<_> = known.values().filter(|cause| cause.code.contains(code)).collect();
        let [cause] = found[..] else { panic!("{code}: {found:#?}") };
        assert!(
            cause.author == author || cause.author.ends_with("@jupyter") && author == "jupyter",
            "{cause:?}"
        );
        assert_eq!((&cause.ends[..], cause.orders.len()), (&[end.to_owned()][..], orders), "{cause:#?}");
    }
    let flattened: Vec<_> =
        known.values().filter(|cause| cause.author == "op@cli" && !cause.orders.is_empty()).collect();
    assert_eq!(flattened.len(), 1, "{known:#?}");
    place.qubx(&["verify", "idle"]).await.code(0);

    // What runs when the service dies has its end as well, in the next one.
    let endless = "import time\nwhile True: time.sleep(0.01)  # endless";
    let cell = screen.at_work(endless).await;
    guest.leave().await;
    let _ = (cell, kill_service(&place, "idle").await);
    screen.close().await;
    place.qubx(&["run", "idle.yml", "--paper", "--detach", "--restore"]).await.code(0);
    let (known, _) = causes(&place, "idle");
    let cut = known.values().find(|cause| cause.code.contains("# endless")).unwrap();
    assert_eq!(cut.ends, ["kernel_died"]);
    place.qubx(&["verify", "idle"]).await.code(0);
    place.stop_and_finish("idle").await;
}
