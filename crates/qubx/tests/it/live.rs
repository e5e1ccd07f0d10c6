//! A session in mode live, by what was recorded of one: that it is seen to be live, and what stands before real money.

use std::time::Duration;

use qubx_protocol::Command;
use rustix::process::Signal;

use crate::harness::{IDLE, LIVE, Place, Pty, StandIn, Tap, Terminal, config, send_signal};

/// Opens a screen on the session, and waits until it takes keys.
fn attach(place: &Place) -> Pty {
    let mut pty = Pty::open(place, 140, 50, &["attach", LIVE]);
    pty.shows("a whole screen", |pty| has(pty, "LIVE") && has(pty, "detach (keeps running)"));
    pty.presses("#", "] #");
    // In its first moments keys are text only.
    while has(&pty, "] #") {
        pty.types("\x15");
        pty.read(Duration::from_millis(20));
    }
    pty
}

/// Goes to the panels: the key alone, for with one after it it would be another key.
fn to_the_panels(pty: &mut Pty) {
    pty.types("\x1b");
    pty.shows("the keys of the panels", |pty| has(pty, "F flatten"));
}

/// Opens the question before flattening, and waits until it hears. It is deaf at first: the keys until then do nothing.
fn ask_to_flatten(pty: &mut Pty, typed_ahead: &str) {
    pty.types(&format!("F{typed_ahead}"));
    pty.shows("the question", |pty| has(pty, "FLATTEN ALL — LIVE"));
    pty.presses("x", "to confirm: x");
    rub_out(pty);
}

fn rub_out(pty: &mut Pty) {
    pty.types("\x7f\x7f\x7f\x7f");
    pty.shows("no word", |pty| has(pty, "to confirm: ▌"));
}

fn has(pty: &Pty, text: &str) -> bool {
    pty.screen().contents().contains(text)
}

#[tokio::test]
async fn flatten_with_real_money_takes_its_word_typed_now_and_nothing_else_and_is_sent_once() {
    let Some(place) = Place::new() else { return };
    let live = StandIn::live(&place);
    let orders = live.state().orders.len();
    let mut pty = attach(&place);
    to_the_panels(&mut pty);
    // What was typed ahead, what is pasted, and another word.
    ask_to_flatten(&mut pty, "flat");
    let effect = format!("cancels {orders} orders, then closes 2 positions at market");
    assert!(has(&pty, &effect), "{}", pty.screen().contents());
    assert!(has(&pty, "est. cost: fees"), "{}", pty.screen().contents());
    pty.types("\x1b[200~flat\x1b[201~f");
    pty.shows("the key and not the paste", |pty| has(pty, "to confirm: f▌"));
    pty.types("lap");
    pty.shows("the wrong word", |pty| has(pty, "to confirm: flap▌"));
    pty.types("\r");
    pty.shows("no question", |pty| !has(pty, "FLATTEN ALL"));
    assert!(live.given().is_empty(), "{:?}", live.given());

    ask_to_flatten(&mut pty, "");
    pty.types("flat");
    pty.shows("the command", |_| !live.given().is_empty());
    let given = live.given()[0].clone();
    assert_eq!(given.command, Command::Flatten);
    let mut facts = given.facts(&live.state()).into_iter();
    live.tell(facts.next().unwrap());
    pty.shows("each leg under way", |pty| {
        let legs =
            ["… flatten: under way", "… cancel BTCUSDT BUY 0.100", "waiting", "… close ETHUSDT", "to close"];
        legs.iter().all(|leg| has(pty, leg))
    });
    facts.for_each(|fact| live.tell(fact));
    let result = format!("✓ flatten: 2 flat, {orders} cancelled");
    pty.shows("what came of it", |pty| has(pty, &result) && has(pty, "flat @"));
    pty.shows("that it is paused", |pty| has(pty, "PAUSED") && has(pty, "Flat. No open positions."));

    // It stays, whatever is looked at, until it is dismissed.
    pty.types("7");
    pty.shows("the log", |pty| has(pty, "7 Log  1 Session"));
    pty.types("1");
    pty.shows("the session", |pty| has(pty, "1 Session  7 Log"));
    assert!(has(&pty, &result));
    pty.types("\x1b");
    pty.shows("no result", |pty| !has(pty, &result));
    pty.types("\x11");
    assert_eq!(pty.ended().await, Some(0));
    assert_eq!(live.given().len(), 1, "{:?}", live.given());
    drop(live);
    place.finish().await;
}

#[tokio::test]
async fn a_live_session_is_seen_to_be_live_and_leaving_it_or_stopping_it_asks_first() {
    let Some(place) = Place::new() else { return };
    let live = StandIn::live(&place);
    let Some(terminal) = Terminal::open(&place, "live", 80, 24).await else {
        drop(live);
        return place.finish().await;
    };
    terminal.qubx(&format!("attach {LIVE}; echo code $?")).await;
    let shown = terminal.shows("LIVE  market-maker ●").await;
    assert!(shown.trim_start().starts_with("LIVE"), "{shown}");
    assert_eq!(terminal.title().await.trim(), format!("LIVE {LIVE}"));
    terminal.is_awake().await;
    // The end of the session takes a choice and then a word.
    terminal.key("Escape").await;
    terminal.shows("F flatten").await;
    terminal.types("Q").await;
    terminal.shows("stop: cancel orders, keep positions").await;
    terminal.presses("s", "to confirm: ").await;
    // It may have been pressed more often than that took.
    terminal.presses("BSpace", "to confirm: ▌").await;
    terminal.presses("x", "to confirm: x").await;
    // The row of keys stays while a dialog is open.
    terminal.answers("Escape", "to confirm: ").await;
    // Leaving changes nothing.
    terminal.key("C-q").await;
    terminal.shows("code 0").await;
    terminal.is_given_back().await;
    assert!(live.given().is_empty(), "{:?}", live.given());
    terminal.close().await;
    drop(live);
    place.finish().await;
}

#[tokio::test]
async fn an_owner_whose_session_is_live_is_asked_and_types_a_word_before_it_ends() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let Some(owner) = Terminal::open(&place, "owner", 120, 40).await else { return place.finish().await };
    owner.qubx("run idle.yml --paper --textual; echo code $?").await;
    owner.shows("kernel idle").await;
    owner.shows("quit (stops the strategy)").await;
    // A service that stands still loses its screens; they come back by the tap.
    let service = place.session("idle").file.qubx;
    let tap = Tap::take_the_place_of(&service.socket);
    send_signal(service.service.pid, Signal::STOP);
    owner.shows("Connection lost").await;
    send_signal(service.service.pid, Signal::CONT);
    owner.shows(" LIVE ").await;
    assert_eq!(owner.title().await.trim(), "LIVE idle");

    owner.shows("quit…").await;
    owner.key("C-q").await;
    let asked = owner.shows("leave it running").await;
    assert!(asked.contains("QUIT — LIVE — idle") && asked.contains("[Esc] cancel"), "{asked}");
    owner.answers("Enter", "leave it running").await;
    place.qubx(&["status", "idle"]).await.code(0);
    assert!(!place.path("stopped").exists(), "nothing was stopped");

    owner.key("C-q").await;
    owner.shows("leave it running").await;
    owner.presses("s", "to confirm: ").await;
    owner.answers("Enter", "to confirm: ").await;
    place.qubx(&["status", "idle"]).await.code(0);
    owner.key("C-q").await;
    owner.shows("leave it running").await;
    owner.presses("s", "to confirm: ").await;
    owner.presses("BSpace", "to confirm: ▌").await;
    owner.presses("x", "to confirm: x").await;
    for _ in 0.."stop".len() {
        owner.key("BSpace").await;
    }
    owner.types("stop").await;
    owner.shows("code 0").await;
    owner.is_given_back().await;
    assert!(place.path("stopped").exists(), "on_stop ran");
    tap.end().await;
    owner.close().await;
    place.finish().await;
}

#[tokio::test]
async fn the_command_line_says_live_and_gives_no_verb_that_is_not_confirmed() {
    let Some(place) = Place::new() else { return };
    let live = StandIn::live(&place);
    let orders = live.state().orders.len();
    let list = place.qubx(&["kernel", "list"]).await.code(0).stdout;
    assert!(list.contains("LIVE") && !list.contains("PAPER"), "{list}");
    let list = place.qubx(&["kernel", "list", "--json"]).await.code(0).json();
    assert_eq!((&list[0]["mode"], &list[0]["status"]), (&"live".into(), &"running".into()), "{list}");
    let status = place.qubx(&["status", LIVE]).await.code(0).stdout;
    assert!(status.contains("LIVE"), "{status}");
    for (verb, effect) in [
        ("flatten", format!("cancels {orders} orders, closes 2 positions at market")),
        ("cancel-orders", format!("cancels {orders} open orders")),
        ("pause", "refuses new entries".to_owned()),
    ] {
        let refused = place.qubx(&[verb, LIVE]).await.code(2);
        refused.says(&[LIVE, &effect, "this must be confirmed", "--yes"]);
    }
    assert!(live.given().is_empty(), "{:?}", live.given());

    live.obeys();
    let done = place.qubx(&["flatten", LIVE, "--yes"]).await.code(0).stdout;
    assert_eq!(done, format!("flatten done: 2 flat, {orders} cancelled\n"));
    let given = live.given();
    assert_eq!((given.len(), &given[0].command), (1, &Command::Flatten));
    drop(live);
    place.finish().await;
}
