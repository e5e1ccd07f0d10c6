//! What `on_kernel_loss` has done when Python is killed and stays down: to resting orders, and to a position.

use std::time::{Duration, Instant};

use qubx_home::{Home, list_sessions};
use qubx_protocol::{Command, CommandId, Fact, KernelState, OrderStatus, VerbOutcome, VerbProgress};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::{
    IDLE, Place, Screen, SlowDisk, check_book, config, kill_service, send_signal, service_of, sql, wait_for,
    written,
};

/// Returns a place whose session does this when Python is lost, and never starts Python again by itself.
fn place(policy: &str) -> Option<Place> {
    let place = Place::new()?;
    let more = format!("session: {{ kernel_restarts: 0, on_kernel_loss: {policy} }}\n");
    place.write("idle.py", IDLE);
    place.write("idle.yml", &(config("idle", "idle.Idle") + &more));
    Some(place)
}

/// Attaches, takes a position, and gives two orders that rest: one would enlarge it, one would close it.
async fn with_orders(place: &Place) -> Screen {
    let mut screen = Screen::attach(place, "idle", "op1").await;
    screen.quoted().await;
    screen.run("trade('ETHUSDT', 1), trade('ETHUSDT', 0.1, 100), trade('ETHUSDT', -0.1, 100000)").await;
    screen
        .until("a position and two resting orders", |screen| {
            let is_there = screen.state().open_positions().count() == 1 && screen.state().orders.len() == 2;
            is_there.then_some(())
        })
        .await;
    screen
}

/// Waits until the session's own verb has come so far.
async fn own_verb(screen: &mut Screen, outcome: VerbOutcome) -> VerbProgress {
    screen
        .event("a verb of the session", |fact| match fact {
            Fact::Verb { verb, .. } if verb.author.as_str() == "session" && verb.outcome == outcome => {
                Some(verb.clone())
            }
            _ => None,
        })
        .await
}

/// Returns the command of this id in the ledger.
fn command(place: &Place, id: &CommandId) -> Value {
    let query = format!("SELECT body FROM rows WHERE kind = 'command' AND command = '{id}'");
    let rows = sql(place, &place.session_dir("idle").join("ledger.db"), &query);
    assert_eq!(rows.len(), 1, "{id}");
    serde_json::from_str(rows[0][0].as_str().unwrap()).unwrap()
}

/// Kills Python and returns how the session's own verb ended, which is in the ledger and in the history.
async fn lose_kernel(place: &Place, screen: &mut Screen, name: &str, told: &str) -> VerbProgress {
    let began = Instant::now();
    send_signal(place.session("idle").file.qubx.kernel_pid, Signal::KILL);
    let started = own_verb(screen, VerbOutcome::Started).await;
    let done = own_verb(screen, VerbOutcome::Done).await;
    println!("{name} done {:?} after Python was killed", began.elapsed());
    assert_eq!((&started.command, started.verb.as_str()), (&done.command, name));
    screen.kernel(KernelState::Dead).await;
    screen.logged(told).await;
    let given = command(place, done.command.as_ref().unwrap());
    assert_eq!(given["author"], "session", "{given}");
    let lines = place.qubx(&["history", "idle", "--json"]).await.code(0).json_lines();
    let verbs: Vec<&Value> =
        lines.iter().filter(|line| line["kind"] == "verb" && line["verb"] != "detach").collect();
    let told: Vec<_> = verbs
        .iter()
        .map(|verb| (&verb["author"], &verb["verb"], &verb["outcome"], &verb["command"]))
        .collect();
    let (author, name, id) = (json!("session"), json!(name), json!(done.command));
    assert_eq!(told, [(&author, &name, &json!("started"), &id), (&author, &name, &json!("done"), &id)]);
    done
}

async fn stop(place: Place, screen: Screen) {
    screen.close().await;
    place.stop("idle").await;
    check_book(&written(&place, "idle"));
    place.qubx(&["verify", "idle"]).await.code(0);
    place.finish().await;
}

#[tokio::test]
async fn cancel_cancels_every_order_and_leaves_the_position() {
    let Some(place) = place("cancel") else { return };
    place.start("idle.yml").await;
    let mut screen = with_orders(&place).await;
    let done = lose_kernel(&place, &mut screen, "cancel orders", "open orders are cancelled").await;
    assert!(done.text.contains('2'), "{done:?}");
    assert!(screen.state().orders.is_empty());
    let held: Vec<String> = screen.state().open_positions().map(|held| held.quantity.to_string()).collect();
    assert_eq!(held, ["1"]);
    assert!(!screen.state().status.as_ref().unwrap().paused);
    stop(place, screen).await;
}

#[tokio::test]
async fn flatten_cancels_closes_and_pauses() {
    let Some(place) = place("flatten") else { return };
    place.start("idle.yml").await;
    let mut screen = with_orders(&place).await;
    let done = lose_kernel(&place, &mut screen, "flatten", "positions are closed").await;
    assert!(screen.state().open_positions().next().is_none() && screen.state().orders.is_empty());
    assert!(screen.state().status.as_ref().unwrap().paused);
    // The order that closed it has this command as its cause.
    screen
        .event("the order that closed the position", |fact| match fact {
            Fact::Order { order, .. }
                if order.status == OrderStatus::Filled && order.cause == done.command =>
            {
                assert_eq!(order.author.as_str(), "session");
                Some(())
            }
            _ => None,
        })
        .await;
    stop(place, screen).await;
}

#[tokio::test]
async fn hold_leaves_orders_and_positions_alone() {
    let Some(place) = place("hold") else { return };
    place.start("idle.yml").await;
    let mut screen = with_orders(&place).await;
    send_signal(place.session("idle").file.qubx.kernel_pid, Signal::KILL);
    screen.kernel(KernelState::Dead).await;
    screen.logged("orders and positions are untouched").await;
    // Whatever the session had wanted to do of itself would come before what somebody asks for now.
    let id = screen.client.command(Command::Pause);
    let ended = screen.verb_end(&id).await;
    assert_eq!(
        ended.text, "1 cancelled, 0 failed",
        "pause takes the order back that would enlarge the position"
    );
    let is_its_own =
        |fact: &Fact| matches!(fact, Fact::Verb { verb, .. } if verb.author.as_str() == "session");
    assert!(!screen.events.iter().any(|event| is_its_own(&event.fact)));
    assert_eq!(screen.state().orders.len(), 1);
    assert_eq!(screen.state().open_positions().count(), 1);
    stop(place, screen).await;
}

/// The engine is done at once, so the disk takes its time with writing that down.
#[tokio::test]
async fn a_service_that_is_killed_before_the_end_is_written_down_leaves_it_to_the_next_to_say_so() {
    let Some(place) = place("cancel") else { return };
    let mut owner = place.own("idle.yml").await;
    let mut screen = with_orders(&place).await;
    let service = service_of(&place, "idle").unwrap();
    let slow = SlowDisk::below(&place.session_dir("idle"), service, Duration::from_millis(300)).await;
    let Some(slow) = slow else { return place.stop_and_finish("idle").await };
    send_signal(place.session("idle").file.qubx.kernel_pid, Signal::KILL);
    let started = own_verb(&mut screen, VerbOutcome::Started).await;
    kill_service(&place, "idle").await;
    let failed = own_verb(&mut screen, VerbOutcome::Failed).await;
    assert_eq!(failed.command, started.command);
    assert!(
        failed.text.contains("before it was known to be done; look at orders and positions"),
        "{failed:?}"
    );
    assert_eq!(command(&place, started.command.as_ref().unwrap())["author"], "session");
    owner.says("started again").await;
    // It has its lock before its connection file, by which a stop finds it.
    wait_for("another service that is listed", async || {
        let sessions = list_sessions(&Home::at(place.home())).unwrap();
        sessions.iter().any(|found| found.alive && found.file.qubx.service.pid != service).then_some(())
    })
    .await;
    assert_eq!(screen.state().open_positions().count(), 1);
    drop(slow);
    stop(place, screen).await;
}
