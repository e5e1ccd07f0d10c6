//! An instrument whose quotes stop coming is named wherever somebody looks, until they come again.

use qubx_protocol::{Alarm, InstrumentId};
use serde_json::Value;

use crate::harness::{IDLE, Place, Screen};

/// Two instruments at the speed of their market; one is silent for a while.
pub(crate) const CONFIG: &str = "\
name: gap
strategy: idle.Idle
live:
  exchanges:
    X:
      connector: replay
      universe: [BTCUSDT, ETHUSDT]
      params:
        speed: 1
        files: { BTCUSDT: { quotes: btc.csv }, ETHUSDT: { quotes: eth.csv } }
session: { stale_after: 2s }
";

/// Returns a file of quotes at these seconds.
pub(crate) fn quotes(seconds: impl IntoIterator<Item = i64>) -> String {
    let row = |second| format!("{},1000.0,1,1000.5,1\n", 1_767_225_600 + second);
    format!("time,bid,bid_size,ask,ask_size\n{}", seconds.into_iter().map(row).collect::<String>())
}

fn feed_alarm(screen: &Screen) -> Option<&Alarm> {
    screen.mirror.latest.alarms.iter().flatten().find(|alarm| alarm.source == "feed")
}

/// Returns whether the quote of each symbol is stale, as `qubx status` says.
fn marks(status: &Value) -> Vec<(String, bool)> {
    let mark = |quote: &Value| (quote["symbol"].as_str().unwrap().to_owned(), quote["stale"] == true);
    status["quotes"].as_array().unwrap().iter().map(mark).collect()
}

#[tokio::test]
async fn a_silent_instrument_is_marked_until_its_next_quote() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    place.write("gap.yml", CONFIG);
    place.write("btc.csv", &quotes([0, 1].into_iter().chain(20..300)));
    place.write("eth.csv", &quotes(0..300));
    place.start("gap.yml").await;
    let mut screen = Screen::attach(&place, "gap", "op1").await;
    let btc = InstrumentId::new("X", "BTCUSDT");
    let stale = screen
        .until("a stale quote", |screen| screen.mirror.latest.market.as_ref()?.stale.first().cloned())
        .await;
    assert_eq!(stale.instrument, btc);
    let alarm = screen.until("the alarm", |screen| feed_alarm(screen).cloned()).await;
    assert!(alarm.text.starts_with("no quote of X:BTCUSDT since ") && !alarm.stops_orders, "{alarm:?}");
    assert_eq!(alarm.since, stale.since);
    screen.logged("no quote of X:BTCUSDT since ").await;
    let status = place.qubx(&["status", "gap", "--json"]).await.code(1).json();
    assert_eq!(marks(&status), [("BTCUSDT".to_owned(), true), ("ETHUSDT".to_owned(), false)]);
    assert_eq!(status["alarms"][0]["source"], "feed");
    let text = place.qubx(&["status", "gap"]).await.code(1).stdout;
    assert!(text.contains("ALARM     feed: no quote of X:BTCUSDT since "), "{text}");

    screen
        .until("the quotes after the gap", |screen| {
            screen.mirror.latest.market.as_ref()?.stale.is_empty().then_some(())
        })
        .await;
    screen.logged("quotes of X:BTCUSDT come again, after ").await;
    screen.until("the end of the alarm", |screen| feed_alarm(screen).is_none().then_some(())).await;
    let status = place.qubx(&["status", "gap", "--json"]).await.code(0).json();
    assert_eq!(marks(&status), [("BTCUSDT".to_owned(), false), ("ETHUSDT".to_owned(), false)]);
    screen.close().await;
    place.stop_and_finish("gap").await;
}
