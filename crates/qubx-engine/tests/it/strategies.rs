//! Strategies in Rust, in their host.

use std::sync::{Arc, Mutex};

use qubx_engine::{
    Context, EngineConfig, EngineEvent, EngineHandle, HostEvent, HostHandle, InstrumentIndex, Outcome, Print,
    Registry, RegistryError, Strategy, StrategyError, Terms, Touch, host,
};
use qubx_protocol::{Action, ActionParameter, Bar, Command, Fill, Order, OrderStatus, Side, Timeframe};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use crate::ema_cross::EmaCross;
use crate::harness::{Running, file, in_time, replay, sim, swinging_quotes};

/// A strategy that writes down what it sees, and does in each callback what its parameters say.
struct Probe {
    parameters: Parameters,
    quotes: u64,
    bars: u64,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Parameters {
    /// After how many quotes a callback fails, and after how many it panics.
    fails_at: u64,
    /// After how many it fails no more, if more than once.
    fails_until: u64,
    panics_at: u64,
    size: f64,
    note: String,
    quiet: bool,
}

fn say(ctx: &mut Context, text: String) {
    ctx.log(qubx_protocol::LogLevel::Info, text);
}

impl Strategy for Probe {
    type Parameters = Parameters;

    fn new(parameters: Parameters) -> Self {
        assert!(parameters.note != "no", "it does not want to");
        Self { parameters, quotes: 0, bars: 0 }
    }

    fn parameters(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    fn set_parameters(&mut self, parameters: Parameters) -> Outcome {
        if parameters.size > 5.0 {
            return Err("too large".into());
        }
        self.parameters = parameters;
        Ok(())
    }

    fn actions() -> Vec<Action> {
        let size =
            ActionParameter { name: "size".to_owned(), kind: "float".to_owned(), default: Some(json!(0.5)) };
        let parameters = vec![size];
        vec![Action { name: "buy".to_owned(), description: "Buys".to_owned(), dangerous: true, parameters }]
    }

    fn act(
        &mut self,
        ctx: &mut Context,
        name: &str,
        arguments: &Map<String, Value>,
    ) -> Result<String, StrategyError> {
        let size = arguments["size"].as_f64().and_then(qubx_engine::shortest_decimal).ok_or("no size")?;
        let order = ctx.trade(InstrumentIndex(0), size, Terms::market())?;
        self.parameters.note = "bought".to_owned();
        Ok(format!("{name}: {} {}", order.status, order.filled))
    }

    fn on_start(&mut self, ctx: &mut Context) -> Outcome {
        if self.parameters.note == "late" {
            return Err("it is too late".into());
        }
        let before: Option<Vec<u64>> = ctx.load_state()?;
        say(ctx, format!("state {before:?}"));
        ctx.subscribe_bars("10s".parse()?)?;
        ctx.set_timer("often", Some("30s".parse()?))?;
        Ok(())
    }

    fn on_quote(&mut self, ctx: &mut Context, instrument: InstrumentIndex, quote: &Touch) -> Outcome {
        self.quotes += 1;
        assert_eq!(ctx.quote(instrument), Some(quote));
        let Parameters { fails_at, fails_until, .. } = self.parameters;
        if self.quotes == fails_at || (fails_at..=fails_until).contains(&self.quotes) {
            return Err("as it should".into());
        }
        assert!(self.quotes != self.parameters.panics_at, "at quote {}", self.quotes);
        if self.quotes == 25 {
            let order = ctx.trade(instrument, Decimal::ONE, Terms::market())?;
            assert_eq!(ctx.get_position(instrument).quantity, order.filled);
            let away =
                ctx.trade(instrument, Decimal::NEGATIVE_ONE, Terms::limit(quote.bid.0 + Decimal::from(4)))?;
            assert_eq!(ctx.get_orders(None).map(|order| &order.id).collect::<Vec<_>>(), [&away.id]);
            say(ctx, "traded".to_owned());
            ctx.publish("size", 1);
            ctx.plot("bid", 2.5, instrument);
        }
        Ok(())
    }

    fn on_trade(&mut self, _: &mut Context, _: InstrumentIndex, trade: &Print) -> Outcome {
        panic!("{trade:?}")
    }

    fn on_bar(&mut self, ctx: &mut Context, instrument: InstrumentIndex, bar: &Bar) -> Outcome {
        self.bars += 1;
        let timeframe: Timeframe = "10s".parse()?;
        let bars = ctx.ohlc(instrument, timeframe, 2)?;
        assert_eq!(&bars[0], bar);
        assert_eq!(ctx.time(), bars[1].time);
        ctx.save_state(&vec![self.bars])?;
        Ok(())
    }

    fn on_timer(&mut self, ctx: &mut Context, name: &str) -> Outcome {
        let equity = ctx.account(None)?.equity;
        say(ctx, format!("{name} {} {}", ctx.time().strftime("%T"), equity.0.is_sign_positive()));
        Ok(())
    }

    fn on_order(&mut self, ctx: &mut Context, order: &Order) -> Outcome {
        say(ctx, format!("order {}", order.status));
        Ok(())
    }

    fn on_fill(&mut self, ctx: &mut Context, fill: &Fill) -> Outcome {
        let held = ctx.get_position(InstrumentIndex(0)).quantity;
        say(ctx, format!("fill {} {}, {held} held", fill.side, fill.quantity));
        Ok(())
    }

    fn on_stop(&mut self, ctx: &mut Context) -> Outcome {
        ctx.cancel_orders(None)?;
        Err("it ends".into())
    }
}

fn registry() -> Registry {
    Registry::new().with::<Probe>("probe").with::<FailsOnBars>("fails_on_bars").with::<EmaCross>("ema_cross")
}

/// A strategy in its host, and all that the host told.
struct Hosted {
    running: Running,
    host: HostHandle,
    told: Arc<Mutex<Vec<String>>>,
    state: Arc<Mutex<Option<Value>>>,
    listening: tokio::task::JoinHandle<()>,
}

impl Hosted {
    fn start(config: EngineConfig, name: &str, parameters: Value) -> Self {
        Self::start_with(config, name, parameters, None)
    }

    fn start_with(config: EngineConfig, name: &str, parameters: Value, state: Option<Value>) -> Self {
        let Value::Object(parameters) = parameters else { panic!("{parameters}") };
        let prepared = registry().prepare(name, parameters).unwrap();
        let instruments = config.exchanges.iter().flat_map(|exchange| exchange.instruments.clone()).collect();
        let mut running = Running::start(config);
        let (events, heard) = mpsc::channel(16);
        let batches = std::mem::replace(&mut running.batches, mpsc::channel(1).1);
        let host = host(prepared, instruments, running.handle.clone(), batches, events).unwrap();
        let (told, state) = (Arc::default(), Arc::new(Mutex::new(state)));
        let listens = listen(heard, running.handle.clone(), Arc::clone(&told), Arc::clone(&state));
        let listening = running.tracker.spawn(listens);
        Self { running, host, told, state, listening }
    }

    async fn until(&self, what: &str) {
        in_time(what, async {
            while !self.told.lock().unwrap().iter().any(|line| line.contains(what)) {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        })
        .await;
    }

    /// Ends strategy and engine, and returns what was told of `kinds`.
    async fn stop(self, kinds: &[&str]) -> Vec<String> {
        self.host.stop();
        in_time("the host's end", self.listening).await.unwrap();
        assert_eq!(self.host.busy_since(), None);
        self.running.stop().await;
        let told = std::mem::take(&mut *self.told.lock().unwrap());
        told.into_iter().filter(|line| kinds.iter().any(|kind| line.starts_with(kind))).collect()
    }
}

/// Does what a session does with what the host tells.
async fn listen(
    mut heard: mpsc::Receiver<HostEvent>,
    engine: EngineHandle,
    told: Arc<Mutex<Vec<String>>>,
    state: Arc<Mutex<Option<Value>>>,
) {
    while let Some(event) = heard.recv().await {
        let line = match event {
            HostEvent::Constructed { parameters, actions } => {
                format!("constructed with {} and {}", parameters.len(), actions.len())
            }
            HostEvent::Started { interests } => format!("started {}", interests.quotes),
            HostEvent::Failed { stage, error } => format!("failed in {stage}: {error}"),
            HostEvent::CallbackError { callback, error, in_a_row, .. } => {
                format!("error {in_a_row} in {callback}: {error}")
            }
            HostEvent::Log { text, .. } => format!("log {text}"),
            HostEvent::Callbacks(times) => {
                let counts = times.iter().map(|time| format!("{} {}", time.name, time.count));
                format!("times {}", counts.collect::<Vec<_>>().join(", "))
            }
            HostEvent::Published { name, instrument, content, .. } => {
                format!("published {name} {:?} {content:?}", instrument.map(|index| index.0))
            }
            HostEvent::Parameters(parameters) => {
                let values =
                    parameters.iter().map(|parameter| format!("{}={}", parameter.name, parameter.value));
                format!("parameters {}", values.collect::<Vec<_>>().join(" "))
            }
            HostEvent::CommandDone(id, done) => format!("command {id}: {done:?}"),
            HostEvent::SaveState(value, _, reply) => {
                engine.flush(None).await.unwrap();
                *state.lock().unwrap() = Some(value);
                reply.send(Ok(())).unwrap();
                continue;
            }
            HostEvent::LoadState(reply) => {
                reply.send(Ok(state.lock().unwrap().clone())).unwrap();
                continue;
            }
            HostEvent::Stopped => "stopped".to_owned(),
        };
        told.lock().unwrap().push(line);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_callback_runs_and_sees_what_it_should() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut hosted = Hosted::start_with(replay("max", &path), "probe", json!({}), Some(json!([7])));
    hosted.running.until_finished().await;
    assert_eq!(*hosted.state.lock().unwrap(), Some(json!([11])));
    let told =
        hosted.stop(&["constructed", "started", "log", "published", "error", "times", "stopped"]).await;
    let (times, told): (Vec<_>, Vec<_>) = told.into_iter().partition(|line| line.starts_with("times"));
    assert_eq!(
        told,
        [
            "constructed with 6 and 1",
            "log state Some([7])",
            "started true",
            "log traded",
            "published size None Value(Number(1))",
            "published bid Some(0) Point(Some(2.5))",
            "log fill BUY 1, 1 held",
            "log order FILLED",
            "log order NEW",
            "log often 00:00:30 true",
            "log fill SELL 1, 0 held",
            "log order FILLED",
            "log often 00:01:00 true",
            "log often 00:01:30 true",
            "error 1 in on_stop: it ends",
            "stopped",
        ]
        .map(str::to_owned)
    );
    let counts = "times on_start 1, on_quote 120, on_bar 11, on_timer 3, on_order 3, on_fill 2, on_stop 1";
    assert_eq!(times.last().unwrap(), counts);
}

/// Shortens the place of a panic to its file.
fn without_line(told: &str) -> String {
    let file = "crates/qubx-engine/tests/it/strategies.rs:";
    match told.split_once(file) {
        Some((before, after)) => {
            format!("{before}strategies.rs{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => told.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_that_fails_or_panics_is_told_and_the_next_one_follows() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let parameters = json!({ "fails_at": 3, "panics_at": 4 });
    let mut hosted = Hosted::start(replay("max", &path), "probe", parameters);
    hosted.running.until_finished().await;
    let told: Vec<_> =
        hosted.stop(&["error", "log traded"]).await.iter().map(|line| without_line(line)).collect();
    let expected = [
        "error 1 in on_quote: as it should",
        "error 2 in on_quote: it panicked at strategies.rs: at quote 4",
        "log traded",
        "error 1 in on_stop: it ends",
    ];
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_failures_in_a_row_pause_a_replay_at_the_event_of_the_fifth() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    for (until, expected) in [(15, vec![]), (16, vec!["5 callbacks in a row raised"])] {
        let parameters = json!({ "fails_at": 12, "fails_until": until });
        let mut hosted = Hosted::start(replay("max", &path), "probe", parameters);
        hosted.running.until_finished().await;
        let facts = hosted.running.facts();
        let reasons: Vec<_> = facts
            .iter()
            .filter_map(|event| match event {
                EngineEvent::Paused { reason, .. } => Some(reason.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(reasons, expected);
        // It trades some quotes later.
        let is_refused = |event: &EngineEvent| matches!(event, EngineEvent::Order(order) if order.rejection == Some(qubx_protocol::Rejection::Paused));
        assert_eq!(facts.iter().any(is_refused), !expected.is_empty());
        hosted.stop(&[]).await;
    }
}

/// Fails at each bar, and writes no other callback.
struct FailsOnBars(());

impl Strategy for FailsOnBars {
    type Parameters = ();

    fn new((): ()) -> Self {
        Self(())
    }

    fn parameters(&mut self) -> &mut () {
        &mut self.0
    }

    fn on_start(&mut self, ctx: &mut Context) -> Outcome {
        Ok(ctx.subscribe_bars("2s".parse()?)?)
    }

    fn on_bar(&mut self, _: &mut Context, _: InstrumentIndex, _: &Bar) -> Outcome {
        Err("as always".into())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callbacks_that_are_not_written_end_no_row_of_failures() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut hosted = Hosted::start(replay("max", &path), "fails_on_bars", json!({}));
    hosted.running.until_finished().await;
    let paused = |event: &EngineEvent| matches!(event, EngineEvent::Paused { paused: true, .. });
    assert!(hosted.running.facts().iter().any(paused));
    let times = hosted.stop(&["times"]).await;
    assert_eq!(times.last().unwrap(), "times on_start 1, on_bar 59, on_stop 1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_strategy_that_does_not_start_lets_the_feed_go_without_it() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    for (note, expected) in [
        ("no", "failed in new: it panicked at strategies.rs: it does not want to"),
        ("late", "failed in on_start: it is too late"),
    ] {
        let mut hosted = Hosted::start(replay("max", &path), "probe", json!({ "note": note }));
        hosted.running.until_finished().await;
        let told = hosted.stop(&["failed", "started", "stopped"]).await;
        assert_eq!(told.iter().map(|line| without_line(line)).collect::<Vec<_>>(), [expected]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parameters_and_actions_are_changed_and_done_between_callbacks() {
    let hosted = Hosted::start(sim(), "probe", json!({}));
    hosted.until("started").await;
    hosted.running.until("quotes", |view| view.quotes.len() == 2).await;
    let set = |name: &str, value: Value| Command::SetParameter { name: name.to_owned(), value };
    let action = |name: &str, arguments: Value| Command::Action {
        name: name.to_owned(),
        arguments: arguments.as_object().unwrap().clone(),
    };
    for (id, command) in [
        ("1", set("size", json!(2))),
        ("2", set("size", json!(6))),
        ("3", set("size", json!("much"))),
        ("4", set("sise", json!(1))),
        ("5", action("buy", json!({}))),
        ("6", action("buy", json!({ "size": "much" }))),
        ("7", action("buy", json!({ "much": 1 }))),
        ("8", action("sell", json!({}))),
        ("9", Command::Pause),
    ] {
        hosted.running.handle.tell_strategy(id.into(), "anna".into(), command).await.unwrap();
    }
    hosted.until("command 9").await;
    let book = hosted.running.handle.snapshot().await.unwrap();
    let bought = book.orders.iter().find(|order| order.cause == Some("5".into())).unwrap();
    assert_eq!(bought.author, "anna".into());
    let told = hosted.stop(&["command", "parameters"]).await;
    assert_eq!(
        told,
        [
            "parameters fails_at=0 fails_until=0 note=\"\" panics_at=0 quiet=false size=2.0",
            "command 1: Ok(\"size = 2\")",
            "command 2: Err(\"too large\")",
            "command 3: Err(\"parameter `size` must be a number, not \\\"much\\\"\")",
            "command 4: Err(\"there is no parameter `sise`\")",
            "parameters fails_at=0 fails_until=0 note=\"bought\" panics_at=0 quiet=false size=2.0",
            "command 5: Ok(\"buy: FILLED 0.5\")",
            "command 6: Err(\"`size` must be a number, not \\\"much\\\"\")",
            "command 7: Err(\"buy takes no `much`\")",
            "command 8: Err(\"the strategy has no action `sell`\")",
            "command 9: Err(\"pause is not for the strategy\")",
        ]
    );
}

#[tokio::test]
async fn commands_need_a_strategy() {
    let running = Running::start(sim());
    let refused = running.handle.tell_strategy("1".into(), "anna".into(), Command::Pause).await.unwrap_err();
    assert_eq!(refused.to_string(), "no strategy runs");
    running.stop().await;
}

#[test]
fn a_registry_checks_before_anything_starts() {
    let registry = registry();
    assert_eq!(registry.names(), ["probe", "fails_on_bars", "ema_cross"]);
    let parameters = registry.parameters("ema_cross").unwrap();
    let parameters: Vec<_> = parameters
        .iter()
        .map(|parameter| format!("{} {} {}", parameter.name, parameter.kind, parameter.default))
        .collect();
    assert_eq!(parameters, ["fast int 20", "size float 0.1", "slow int 60", "timeframe str \"1s\""]);
    let refused =
        |name: &str, given: Value| registry.prepare(name, given.as_object().unwrap().clone()).unwrap_err();
    assert!(matches!(refused("ema", json!({})), RegistryError::UnknownStrategy { .. }));
    for (given, expected) in [
        (json!({ "fats": 3 }), "there is no parameter `fats`; there are: fast, size, slow, timeframe"),
        (json!({ "fast": 2.5 }), "parameter `fast` must be a whole number, not 2.5"),
        (json!({ "fast": -1 }), "its parameters are refused: invalid value: integer `-1`, expected u32"),
        (json!({ "timeframe": 1 }), "parameter `timeframe` must be a text, not 1"),
    ] {
        assert_eq!(refused("ema_cross", given).to_string(), expected);
    }
    assert!(registry.prepare("ema_cross", json!({ "size": 1 }).as_object().unwrap().clone()).is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runs_of_the_averages_give_the_same_fills() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut runs = Vec::new();
    for _ in 0..2 {
        let parameters = json!({ "fast": 3, "slow": 8, "timeframe": "1s", "size": 0.1 });
        let mut hosted = Hosted::start(replay("max", &path), "ema_cross", parameters);
        hosted.running.until_finished().await;
        let fills = hosted.running.fills();
        assert!(fills.len() > 4 && fills.iter().any(|fill| fill.side == Side::Sell), "{}", fills.len());
        runs.push(fills);
        assert_eq!(hosted.stop(&["failed", "error"]).await, [""; 0]);
    }
    assert_eq!(runs[0], runs[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_strategy_caused_is_stored_before_the_replay_is_at_its_end() {
    let (_folder, path) = file("quotes.csv", &swinging_quotes());
    let mut hosted = Hosted::start(replay("max", &path), "probe", json!({}));
    hosted.running.until_finished().await;
    let facts = hosted.running.facts();
    let end = facts.iter().position(|fact| *fact == EngineEvent::FeedFinished).unwrap();
    let is_filled =
        |fact: &EngineEvent| matches!(fact, EngineEvent::Order(order) if order.status == OrderStatus::Filled);
    assert_eq!(facts[..end].iter().filter(|fact| is_filled(fact)).count(), 2);
    assert!(matches!(facts[end + 1..], [EngineEvent::Results(_)]));
    hosted.stop(&[]).await;
}
