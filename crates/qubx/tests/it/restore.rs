//! A session that goes on where it was: positions, orders, history, what its strategy keeps, its place in a replay.

use std::fmt::Write;

use jiff::Timestamp;
use qubx_protocol::{CellNumber, Epoch, Event, Fact, OrderId, OrderStatus};
use serde_json::Value;

use crate::harness::{IDLE, Place, Screen, config, end_by_kill, kill_service, wait_for, written};

/// Counts its starts.
const KEEPER: &str = "
from qubx_strategy import Strategy


class Keeper(Strategy):
    def on_start(self, ctx):
        kept = ctx.load_state() or {'starts': 0}
        self.starts = kept['starts'] + 1
        ctx.save_state({'starts': self.starts})
";

/// Holds a tenth, long and short in turn, seven seconds each, whatever happened before. It waits at some quotes until
/// it may go on.
const WAVE: &str = "
import time
from pathlib import Path

from qubx_strategy import Strategy

HERE = Path(__file__).parent


class Wave(Strategy):
    waits: bool = False

    def on_quote(self, ctx, quote):
        second = quote.time_ns // 10**9 - 1767225600
        # Neither is the first of its seven.
        if self.waits and second in (100, 200) and not (HERE / f'go{second}').exists():
            (HERE / f'at{second}').touch()
            while True:
                time.sleep(0.1)
        target = 0.1 if second // 7 % 2 else -0.1
        delta = target - ctx.get_position(quote.instrument).quantity
        if abs(delta) >= quote.instrument.lot_size:
            ctx.trade(quote.instrument, delta)
";

/// The example's config of a replay.
const REPLAY: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/replay.yml"));
/// 300 quotes, one a second.
const QUOTES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/quotes.csv");

/// Returns quotes of 100 for so many seconds, and of 90 after that.
fn falling(seconds: u32) -> String {
    let mut file = "time,bid,ask,bid_size,ask_size\n".to_owned();
    for second in 0..seconds + 600 {
        let bid = if second < seconds { 100 } else { 90 };
        writeln!(file, "{},{bid},{bid}.1,5,5", 1_767_225_600 + second).unwrap();
    }
    file
}

fn time_of(screen: &Screen) -> Option<Timestamp> {
    screen.mirror.latest.market.as_ref()?.time
}

/// Starts the keeper, buys, leaves an order, and lets `end` end it; then goes on.
async fn is_gone_on_with(end: impl AsyncFnOnce(&Place)) {
    let Some(place) = Place::new() else { return };
    place.write("keeper.py", KEEPER);
    let quotes = place.write("quotes.csv", &falling(200));
    let replay = REPLAY.replace("ema_cross.EmaCross", "keeper.Keeper");
    let replay = replay.replace("parameters: { fast: 20, slow: 60, timeframe: 1m }", "");
    place.write("keeper.yml", &replay.replace("speed: 60 ", "speed: 10 "));
    let file = format!("live.exchanges.REPLAY.params.files.BTCUSDT.quotes={}", quotes.display());
    let run = ["run", "keeper.yml", "--paper", "--detach", "--name", "keeper", "--set", &file];
    place.qubx(&run).await.code(0);
    let mut screen = Screen::attach(&place, "keeper", "op1").await;
    screen
        .until("a quote", |screen| (!screen.mirror.latest.market.as_ref()?.quotes.is_empty()).then_some(()))
        .await;
    screen.run("trade('BTCUSDT', 2)").await;
    let (resting, _) = screen.run("trade('BTCUSDT', 1, 95).id").await;
    let resting = OrderId::from(resting.trim_matches('\''));
    assert_eq!(screen.run("S.starts").await.0, "1");
    let was = screen.state().clone();
    assert!(was.orders.contains_key(&resting), "it rests: {:?}", was.orders);
    let time = time_of(&screen).unwrap();
    end(&place).await;
    screen.close().await;

    place.qubx(&[&run[..], &["--restore"]].concat()).await.code(0);
    let mut screen = Screen::attach(&place, "keeper", "op2").await;
    let now = screen.state();
    assert_eq!((now.epoch, &now.log), (was.epoch, &was.log));
    assert_eq!((&now.positions, &now.orders), (&was.positions, &was.orders));
    let old: Vec<&Event> = was.history.all();
    let new: Vec<&Event> = now.history.all();
    assert!(old.iter().all(|event| new.contains(event)), "all of the history is there");
    assert_eq!(screen.run("S.starts").await.0, "2");
    let cells = written(&place, "keeper").into_iter().filter_map(|event| match event.fact {
        Fact::Cell { cell, .. } => Some(cell),
        _ => None,
    });
    assert_eq!(cells.collect::<Vec<_>>(), [1, 2, 3, 4].map(CellNumber), "numbers go on");
    screen.until("the time", |screen| time_of(screen).map(drop)).await;
    assert!(time_of(&screen).unwrap() >= time, "the replay goes on where it was");
    // The order that rested is filled when the price comes to it.
    let price = screen
        .event("the fill of the old order", |fact| match fact {
            Fact::Fill { fill, .. } if fill.order == resting => Some(fill.price.to_string()),
            _ => None,
        })
        .await;
    assert_eq!(price, "95");
    let status = place.qubx(&["status", "keeper", "--json"]).await.code(0).json();
    assert_eq!(
        (&status["positions"][0]["quantity"], &status["orders"]),
        (&"3".into(), &Value::Array(vec![]))
    );
    let history = place.qubx(&["history", "keeper"]).await.code(0).stdout;
    assert!(history.contains("RUN   1\n") && history.contains("RUN   1, goes on"), "{history}");
    screen.close().await;
    place.stop_and_finish("keeper").await;
}

#[tokio::test]
async fn a_session_goes_on_where_a_kill_ended_it() {
    is_gone_on_with(async |place| end_by_kill(place, "keeper").await).await;
}

#[tokio::test]
async fn a_session_goes_on_where_it_was_stopped() {
    is_gone_on_with(async |place| {
        place.qubx(&["kernel", "stop", "keeper", "--yes", "--keep-orders"]).await.code(0);
    })
    .await;
}

/// Replays the quotes with the wave up to the end, and returns the fills without what differs from run to run.
async fn replayed(place: &Place, name: &str, interrupted: bool) -> Vec<String> {
    let file = format!("live.exchanges.REPLAY.params.files.BTCUSDT.quotes={QUOTES}");
    let waits = format!("parameters={{ waits: {interrupted} }}");
    let run = ["run", "wave.yml", "--paper", "--detach", "--name", name, "--set", &file, "--set", &waits];
    place.qubx(&run).await.code(0);
    if interrupted {
        for second in ["100", "200"] {
            wait_for("the quote to wait at", async || {
                place.path(&format!("at{second}")).exists().then_some(())
            })
            .await;
            end_by_kill(place, name).await;
            place.write(&format!("go{second}"), "");
            place.qubx(&[&run[..], &["--restore"]].concat()).await.code(0);
        }
    }
    wait_for("the end of the replay", async || {
        let is_end = |fact: &Fact| matches!(fact, Fact::Log { text, .. } if text.contains("at its end"));
        written(place, name).iter().any(|event| is_end(&event.fact)).then_some(())
    })
    .await;
    let fills = written(place, name).into_iter().filter_map(|event| match event.fact {
        Fact::Fill { fill, position, .. } => Some(format!(
            "{} {} {} @ {} fee {}, then {}",
            fill.time, fill.side, fill.quantity, fill.price, fill.fee, position.quantity
        )),
        _ => None,
    });
    fills.collect()
}

#[tokio::test]
async fn a_replay_that_was_interrupted_gives_what_one_gives_that_ran_through() {
    let Some(place) = Place::new() else { return };
    place.write("wave.py", WAVE);
    let replay = REPLAY.replace("ema_cross.EmaCross", "wave.Wave").replace("speed: 60 ", "speed: max ");
    place.write("wave.yml", &replay.replace("parameters: { fast: 20, slow: 60, timeframe: 1m }", ""));
    let through = replayed(&place, "one", false).await;
    let interrupted = replayed(&place, "two", true).await;
    assert!(through.len() > 40, "{through:#?}");
    assert_eq!(interrupted, through);
    let mut held = Vec::new();
    for name in ["one", "two"] {
        let status = place.qubx(&["status", name, "--json"]).await.json();
        held.push((status["positions"].clone(), status["accounts"].clone()));
        place.stop(name).await;
    }
    assert_eq!(held[0], held[1]);
    place.qubx(&["kernel", "list"]).await.code(0);
    place.finish().await;
}

#[tokio::test]
async fn restoring_needs_no_earlier_session_but_its_instruments() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let run = ["run", "idle.yml", "--paper", "--detach", "--restore"];
    // There is nothing to go on with, so it begins.
    place.qubx(&run).await.code(0);
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    assert_eq!(screen.state().epoch, Epoch(1));
    screen.quoted().await;
    screen.run("trade('ETHUSDT', 0.5)").await;
    screen.event("the fill", |fact| matches!(fact, Fact::Fill { .. }).then_some(())).await;
    end_by_kill(&place, "idle").await;
    screen.close().await;

    let lacks = [&run[..], &["--set", "live.exchanges.SIM.universe=[BTCUSDT]"]].concat();
    let refused = place.qubx(&lacks).await;
    assert!(matches!(refused.code, Some(1 | 2)), "{refused:?}");
    refused.says(&["0.5", "SIM:ETHUSDT", "put ETHUSDT back into the universe of SIM", "without --restore"]);
    place.is_empty().await;
    place.qubx(&run).await.code(0);
    let status = place.qubx(&["status", "idle", "--json"]).await.code(0).json();
    assert_eq!(status["positions"][0]["quantity"], "0.5");
    place.stop("idle").await;
    // Without it an account begins.
    place.start("idle.yml").await;
    let status = place.qubx(&["status", "idle", "--json"]).await.code(0).json();
    assert_eq!(status["positions"], Value::Array(Vec::new()));
    place.stop_and_finish("idle").await;
}

/// An order that was written down as intended when the service died never reached the exchange.
#[tokio::test]
async fn orders_end_as_they_were_known_when_the_service_dies_again_and_again() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    let mut owner = place.own("idle.yml").await;
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    for _ in 0..2 {
        screen.quoted().await;
        let id = screen.submit("for _ in range(200): trade('BTCUSDT', 0.01, 100)").await;
        screen.event("an order", |fact| matches!(fact, Fact::Order { .. }).then_some(())).await;
        let old = kill_service(&place, "idle").await;
        screen.ended(id).await;
        screen
            .until("the next service", |screen| {
                (screen.state().status.as_ref()?.info.pid != old).then_some(())
            })
            .await;
    }
    owner.says("strategy started").await;
    screen
        .until("no order that is only intended", |screen| {
            let orders = &screen.state().orders;
            orders.values().all(|order| order.status != OrderStatus::Intended).then_some(())
        })
        .await;
    let verb = screen.verb(qubx_protocol::Command::CancelOrders { instrument: None }).await;
    assert_eq!(verb.outcome, qubx_protocol::VerbOutcome::Done, "{verb:?}");
    assert!(screen.state().orders.is_empty());
    screen.close().await;
    owner.signal(rustix::process::Signal::INT);
    owner.end().await.code(0);
    place.finish().await;
}
