//! Orders, fills and positions: by a strategy, by a cell, by the verbs of the command line.

use std::collections::BTreeMap;

use qubx_protocol::{Fact, OrderStatus, VerbOutcome};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::harness::{CROSS, IDLE, Place, STEPS, Screen, config, wait_for};

async fn entries(place: &Place, name: &str, kind: &str) -> Vec<Value> {
    let lines = place.qubx(&["history", name, "--json", "--limit", "100000"]).await.code(0).json_lines();
    lines.into_iter().filter(|line| line["kind"] == kind).collect()
}

async fn status(place: &Place, name: &str) -> Value {
    place.qubx(&["status", name, "--json"]).await.code(0).json()
}

#[track_caller]
fn assert_fields(value: &Value, fields: &[&str]) {
    for field in fields {
        assert!(value.get(field).is_some(), "no `{field}` in {value}");
    }
}

fn decimal(value: &Value) -> Decimal {
    value.as_str().unwrap_or_else(|| panic!("{value} is exact, so it is text")).parse().unwrap()
}

#[tokio::test]
async fn a_strategy_trades_and_everything_it_did_can_be_read() {
    let Some(place) = Place::new() else { return };
    place.write("ema_cross.py", CROSS);
    let parameters = "parameters: { fast: 2, slow: 4, size: 0.1 }\n";
    place.write("cross.yml", &(config("cross", "ema_cross.EmaCross") + parameters));
    place.start("cross.yml").await;
    wait_for("fills of both instruments", async || {
        let fills = entries(&place, "cross", "fill").await;
        let of =
            |symbol: &str| fills.iter().any(|fill| fill["fill"]["instrument"] == format!("SIM:{symbol}"));
        (of("BTCUSDT") && of("ETHUSDT")).then_some(())
    })
    .await;
    // After it the strategy's orders are refused, so that history and status are of the same moment.
    let flat = place.qubx(&["flatten", "cross", "--yes", "--json"]).await.code(0).json();
    assert_eq!(
        (&flat["verb"], &flat["outcome"], &flat["author"]),
        (&"flatten".into(), &"done".into(), &"op@cli".into())
    );

    let orders = entries(&place, "cross", "order").await;
    let fills = entries(&place, "cross", "fill").await;
    assert_fields(&orders[0], &["seq", "time", "kind", "author", "order"]);
    assert_fields(
        &orders[0]["order"],
        &[
            "id",
            "instrument",
            "side",
            "type",
            "quantity",
            "filled",
            "price",
            "time_in_force",
            "status",
            "created_at",
        ],
    );
    assert_fields(&fills[0], &["seq", "time", "kind", "author", "fill", "position"]);
    assert_fields(
        &fills[0]["fill"],
        &["trade_id", "order", "instrument", "side", "quantity", "price", "fee", "liquidity", "time"],
    );
    assert_eq!(orders[0]["author"], "strategy");
    assert!(fills.iter().any(|fill| fill["author"] == "op@cli"), "the flatten's fills are its author's");
    let known: Vec<&Value> = orders.iter().map(|order| &order["order"]["id"]).collect();
    assert!(fills.iter().all(|fill| known.contains(&&fill["fill"]["order"])), "every fill is of an order");

    let status = status(&place, "cross").await;
    assert_fields(
        &status,
        &[
            "name",
            "mode",
            "runtime",
            "status",
            "paused",
            "kernel",
            "accounts",
            "positions",
            "orders",
            "quotes",
        ],
    );
    assert_eq!(
        (&status["mode"], &status["runtime"], &status["paused"]),
        (&"paper".into(), &"native".into(), &true.into())
    );
    assert_fields(&status["kernel"], &["state", "since", "cell", "restarts"]);
    let account = &status["accounts"][0];
    assert_fields(
        account,
        &[
            "exchange",
            "currency",
            "capital",
            "equity",
            "realized_pnl",
            "unrealized_pnl",
            "fees",
            "funding",
            "initial_margin",
            "maintenance_margin",
            "net_leverage",
            "gross_leverage",
        ],
    );
    assert_fields(&status["strategy"], &["state", "error", "callback_errors", "parameters", "actions"]);
    assert_fields(
        &status["quotes"][0],
        &["exchange", "symbol", "bid", "ask", "bid_size", "ask_size", "time", "stale"],
    );
    assert_eq!(status["positions"], json!([]));

    // Money: what was realized less the fees is what the account has won.
    let last = last_positions(&fills);
    let sum = |field: &str| last.values().map(|position| decimal(&position[field])).sum::<Decimal>();
    assert_eq!(decimal(&account["realized_pnl"]), sum("realized_pnl"));
    let fees: Decimal = fills.iter().map(|fill| decimal(&fill["fill"]["fee"])).sum();
    assert_eq!(fees, sum("fees"));
    assert_eq!(decimal(&account["equity"]), decimal(&account["capital"]) + sum("realized_pnl") - fees);
    place.stop_and_finish("cross").await;
}

fn last_positions(fills: &[Value]) -> BTreeMap<String, Value> {
    let instrument = |fill: &Value| fill["fill"]["instrument"].as_str().unwrap().to_owned();
    fills.iter().map(|fill| (instrument(fill), fill["position"].clone())).collect()
}

#[tokio::test]
async fn positions_are_the_sum_of_fills_and_authors_are_who_typed() {
    let Some(place) = Place::with_idle_session().await else { return };
    let mut first = Screen::attach(&place, "idle", "op1").await;
    let mut second = Screen::attach(&place, "idle", "op2").await;
    first
        .until("quotes", |screen| {
            let market = screen.mirror.latest.market.as_ref()?;
            (market.quotes.len() == 2).then_some(())
        })
        .await;
    first.run("trade('BTCUSDT', 0.03); trade('ETHUSDT', -1.5)").await;
    second.run("trade('BTCUSDT', -0.01)").await;
    let (resting, _) = second.run("trade('BTCUSDT', 0.01, 1000).status").await;
    assert_eq!(resting, "'new'");

    let fills = entries(&place, "idle", "fill").await;
    let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
    for fill in &fills {
        let quantity = decimal(&fill["fill"]["quantity"]);
        let signed = if fill["fill"]["side"] == "buy" { quantity } else { -quantity };
        *sums.entry(fill["fill"]["instrument"].as_str().unwrap().to_owned()).or_default() += signed;
    }
    let status = status(&place, "idle").await;
    let held: BTreeMap<String, Decimal> = status["positions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|held| {
            assert_fields(
                held,
                &[
                    "avg_price",
                    "last_price",
                    "unrealized_pnl",
                    "realized_pnl",
                    "market_value",
                    "quantity",
                    "symbol",
                ],
            );
            (
                format!("{}:{}", held["exchange"].as_str().unwrap(), held["symbol"].as_str().unwrap()),
                decimal(&held["quantity"]),
            )
        })
        .collect();
    assert_eq!(held, sums);
    assert_eq!(held["SIM:BTCUSDT"], "0.02".parse().unwrap());
    assert_eq!(held["SIM:ETHUSDT"], "-1.5".parse().unwrap(), "a short is negative");
    let authors: Vec<&Value> = fills.iter().map(|fill| &fill["author"]).collect();
    let mut names: Vec<&str> = authors.iter().map(|author| author.as_str().unwrap()).collect();
    names.dedup();
    assert_eq!(names, ["op1", "op2"]);
    let order = &status["orders"][0];
    assert_fields(
        order,
        &[
            "id",
            "exchange",
            "symbol",
            "side",
            "type",
            "quantity",
            "filled",
            "price",
            "stop_price",
            "post_only",
            "reduce_only",
            "avg_price",
            "time_in_force",
            "status",
            "created_at",
        ],
    );
    assert_eq!(
        (&order["type"], &order["price"], &order["status"]),
        (&"limit".into(), &"1000".into(), &"new".into())
    );

    // One position, then the orders; a symbol that is not there is a mistake of the command line.
    place.qubx(&["close", "idle", "DOGEUSDT", "--yes"]).await.code(2).says(&["DOGEUSDT", "SIM:BTCUSDT"]);
    place.qubx(&["close", "idle", "ETHUSDT", "--yes"]).await.code(0);
    place.qubx(&["cancel-orders", "idle", "--yes"]).await.code(0);
    let status = self::status(&place, "idle").await;
    assert_eq!((status["positions"].as_array().unwrap().len(), &status["orders"]), (1, &json!([])));
    assert_eq!(status["paused"], false);
    first.close().await;
    second.close().await;
    place.stop_and_finish("idle").await;
}

#[tokio::test]
async fn flatten_pauses_and_resume_undoes_it() {
    let Some(place) = Place::new() else { return };
    place.write("steps.py", STEPS);
    place.write("steps.yml", &config("steps", "steps.Steps"));
    place.start("steps.yml").await;
    let mut screen = Screen::attach(&place, "steps", "op1").await;
    let filled = |fact: &Fact| matches!(fact, Fact::Fill { .. }).then_some(());
    screen.event("a fill", filled).await;
    place.qubx(&["flatten", "steps"]).await.code(2).says(&["must be confirmed"]);
    place.qubx(&["flatten", "steps", "--yes"]).await.code(0);
    screen
        .event("the end of the flatten", |fact| match fact {
            Fact::Verb { verb, .. } if verb.verb == "flatten" && verb.outcome == VerbOutcome::Done => {
                Some(())
            }
            _ => None,
        })
        .await;
    assert!(screen.state().status.as_ref().is_some_and(|status| status.paused));
    let paused = screen.events.len();
    // The strategy goes on and is refused: no order of it increases a position.
    screen
        .until("a refusal", |screen| {
            screen.events[paused..].iter().find_map(|event| match &event.fact {
                Fact::Order { order, .. } => (order.status == OrderStatus::Rejected).then_some(()),
                _ => None,
            })
        })
        .await;
    assert!(!screen.events[paused..].iter().any(|event| filled(&event.fact).is_some()));
    place.qubx(&["resume", "steps"]).await.code(0);
    screen
        .until("a fill after the pause", |screen| {
            screen.events[paused..].iter().find_map(|event| filled(&event.fact))
        })
        .await;
    assert_eq!(status(&place, "steps").await["paused"], false);
    let verbs = entries(&place, "steps", "verb").await;
    let told: Vec<String> = verbs
        .iter()
        .filter(|verb| verb["outcome"] == "done")
        .map(|verb| format!("{} by {}", verb["verb"].as_str().unwrap(), verb["author"].as_str().unwrap()))
        .collect();
    assert_eq!(told, ["detach by op@cli", "flatten by op@cli", "resume by op@cli"]);
    screen.close().await;
    place.stop_and_finish("steps").await;
}

#[tokio::test]
async fn a_stop_can_flatten_or_keep_orders() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", crate::harness::IDLE);
    place.write("idle.yml", &config("idle", "idle.Idle"));
    for (flag, order_ends, flat) in [("--flatten", "cancelled", true), ("--keep-orders", "new", false)] {
        place.start("idle.yml").await;
        let mut screen = Screen::attach(&place, "idle", "op1").await;
        screen.quoted().await;
        screen.run("trade('BTCUSDT', 0.01); trade('BTCUSDT', 0.01, 1000)").await;
        place.qubx(&["kernel", "stop", "idle", "--yes", flag]).await.code(0);
        screen.closed().await;
        screen.close().await;
        let order = entries(&place, "idle", "order").await.pop().unwrap();
        let resting = entries(&place, "idle", "order").await;
        let resting = resting.iter().rfind(|order| order["order"]["type"] == "limit").unwrap();
        assert_eq!(resting["order"]["status"], order_ends, "{flag}: {order}");
        let fills = entries(&place, "idle", "fill").await;
        assert_eq!(fills.last().unwrap()["position"]["quantity"] == "0", flat, "{flag}");
    }
    place.finish().await;
}

#[tokio::test]
async fn where_two_exchanges_have_a_symbol_everything_says_which_is_meant() {
    let Some(place) = Place::new() else { return };
    place.write("idle.py", IDLE);
    let other = "    ALT:
      connector: sim
      base_currency: USDT
      capital: 5000
      universe: [BTCUSDT]
      params: { seed: 8, quotes_per_second: 10 }
";
    place.write("two.yml", &(config("two", "idle.Idle") + other));
    place.start("two.yml").await;
    let mut screen = Screen::attach(&place, "two", "op@test").await;
    screen
        .until("quotes of all", |screen| {
            (screen.mirror.latest.market.as_ref()?.quotes.len() == 3).then_some(())
        })
        .await;
    place
        .qubx(&["exec", "two", "trade('BTCUSDT', 0.01)"])
        .await
        .code(1)
        .says(&["SIM:BTCUSDT or ALT:BTCUSDT"]);
    let bought = "print(trade('ALT:BTCUSDT', 0.01)); trade('ETHUSDT', 0.1);";
    let said = place.qubx(&["exec", "two", bought]).await.code(0).stdout;
    assert!(said.contains("buy 0.01 ALT:BTCUSDT market"), "{said}");
    wait_for("both positions", async || {
        let held = place.qubx(&["exec", "two", "portfolio()"]).await.code(0).stdout;
        (held.contains("ALT:BTCUSDT ") && held.contains("\nETHUSDT ")).then_some(())
    })
    .await;
    let told = place.qubx(&["status", "two"]).await.code(0).stdout;
    assert!(told.contains("position  ALT:BTCUSDT 0.01") && told.contains("position  ETHUSDT 0.1"), "{told}");
    let told = place.qubx(&["history", "two"]).await.code(0).stdout;
    assert!(told.contains("FILL  ALT:BTCUSDT BUY 0.01") && told.contains("FILL  ETHUSDT BUY"), "{told}");
    screen.close().await;
    place.stop_and_finish("two").await;
}
