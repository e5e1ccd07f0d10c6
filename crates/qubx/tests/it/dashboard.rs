//! What a strategy lets others see of itself: what it publishes, its lines, a callback that is slow, one that fails.

use qubx_protocol::{AnswerResult, InstrumentId, PublishedContent, RequestKind, StrategyView};

use crate::harness::{Place, Screen, config};

/// Publishes on its first quotes, and then does what a file asks for.
const SHOWS: &str = r#"
import time
from pathlib import Path

from qubx_strategy import Strategy


class Shows(Strategy):
    def __init__(self):
        self.quotes = 0

    def on_start(self, ctx):
        ctx.set_timer("tick", "1s")

    def on_timer(self, ctx, name):
        ctx.publish("ticks", name)

    def on_quote(self, ctx, quote):
        self.quotes += 1
        if self.quotes <= 3:
            ctx.publish("regime", "calm" if self.quotes < 3 else float("nan"))
            ctx.publish("weights", [{"symbol": "BTCUSDT", "weight": 0.5}, {"symbol": "ETHUSDT", "weight": None}])
            ctx.plot("mid", quote.mid, quote.instrument)
            ctx.plot("count", self.quotes)
        if Path("slow").exists():
            while not Path("enough").exists():
                time.sleep(0.01)
        if Path("fail").exists():
            raise ValueError(f"bad {self.quotes}")
"#;

async fn started() -> Option<(Place, Screen)> {
    let place = Place::new()?;
    place.write("shows.py", SHOWS);
    place.write("shows.yml", &config("shows", "shows.Shows"));
    place.start("shows.yml").await;
    // The files that it looks for are beside its config.
    let mut screen = Screen::attach(&place, "shows", "op1").await;
    let folder = place.path("").display().to_string();
    screen.run(&format!("import os; os.chdir({folder:?})")).await;
    Some((place, screen))
}

async fn view(screen: &mut Screen, what: &str, wanted: impl Fn(&StrategyView) -> bool) -> StrategyView {
    screen.until(what, |screen| screen.mirror.latest.strategy.clone().filter(|view| wanted(view))).await
}

fn content<'a>(view: &'a StrategyView, name: &str) -> Option<&'a PublishedContent> {
    view.published.iter().find(|published| published.name == name).map(|published| &published.content)
}

#[tokio::test]
async fn what_a_strategy_publishes_is_on_every_screen_and_its_lines_can_be_asked_for() {
    let Some((place, mut screen)) = started().await else { return };
    let seen = view(&mut screen, "what is published", |view| {
        matches!(content(view, "count"), Some(PublishedContent::Series { points: 3, .. }))
            && content(view, "ticks").is_some()
    })
    .await;
    assert_eq!(content(&seen, "ticks"), Some(&PublishedContent::Value("tick".into())));
    // What JSON cannot hold is nothing.
    assert_eq!(content(&seen, "regime"), Some(&PublishedContent::Value(serde_json::Value::Null)));
    let Some(PublishedContent::Table { columns, rows }) = content(&seen, "weights") else {
        panic!("{seen:?}")
    };
    assert_eq!((columns.join(" "), rows.len()), ("symbol weight".to_owned(), 2));
    let callback = seen.callbacks.iter().find(|callback| callback.name == "on_quote").unwrap();
    assert!(callback.count >= 3 && callback.mean_us > 0.0 && callback.worst_us >= callback.mean_us);

    let line =
        |name: &str, instrument| RequestKind::Series { name: name.to_owned(), instrument, after: None };
    let AnswerResult::Series { points } = screen.ask(line("count", None)).await else { panic!() };
    assert_eq!(points.iter().map(|point| point.value.unwrap()).collect::<Vec<_>>(), [1.0, 2.0, 3.0]);
    let of_instrument = seen.published.iter().find(|published| published.name == "mid").unwrap();
    let instrument: InstrumentId = of_instrument.instrument.clone().unwrap();
    let AnswerResult::Series { points } = screen.ask(line("mid", Some(instrument))).await else { panic!() };
    assert!(!points.is_empty() && points[0].value.unwrap() > 0.0);
    let missing = screen.ask(line("nothing", None)).await;
    assert!(matches!(&missing, AnswerResult::Failed { message } if message.contains("no line `nothing`")));

    let json = place.qubx(&["status", "shows", "--json"]).await.code(0).json();
    let names: Vec<_> = json["strategy"]["published"].as_array().unwrap().iter().collect();
    assert!(names.iter().any(|published| published["name"] == "weights"), "{json}");
    let text = place.qubx(&["status", "shows"]).await.code(0).stdout;
    assert!(text.contains("shows     weights:\n          symbol"), "{text}");
    screen.close().await;
    place.stop_and_finish("shows").await;
}

#[tokio::test]
async fn a_callback_that_is_slow_is_shown_until_it_ends() {
    let Some((place, mut screen)) = started().await else { return };
    place.write("slow", "");
    let busy = view(&mut screen, "a slow callback", |view| view.busy_since.is_some()).await;
    assert!(busy.busy_since.unwrap() <= jiff::Timestamp::now());
    place.write("enough", "");
    view(&mut screen, "its end", |view| view.busy_since.is_none()).await;
    screen.close().await;
    place.stop_and_finish("shows").await;
}

#[tokio::test]
async fn five_callbacks_in_a_row_that_raise_pause_trading_and_the_strategy_goes_on() {
    let Some((place, mut screen)) = started().await else { return };
    place.write("fail", "");
    screen.logged("trading is paused: 5 callbacks in a row raised").await;
    let status = screen
        .until("the pause", |screen| screen.state().status.clone().filter(|status| status.paused))
        .await;
    assert!(status.strategy.callback_errors >= 5, "{:?}", status.strategy);
    assert!(status.strategy.error.unwrap().starts_with("ValueError in on_quote: bad "));
    let (text, _) = screen.run("trade('BTCUSDT', 0.01).rejection").await;
    assert!(text.contains("paused"), "{text}");
    std::fs::remove_file(place.path("fail")).unwrap();
    place.qubx(&["resume", "shows"]).await.code(0);
    let (text, _) = screen.run("trade('BTCUSDT', 0.01).status").await;
    assert!(text.contains("filled"), "{text}");
    screen.close().await;
    place.stop_and_finish("shows").await;
}
