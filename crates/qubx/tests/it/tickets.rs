//! Orders that people give and change: they pass what a strategy's pass, and everybody sees whose they are.

use qubx_protocol::{
    AnswerResult, Command, CommandId, Fact, InstrumentId, NewOrder, Order, OrderId, OrderStatus, Price,
    Quantity, Rejection, RequestKind, Seq, Side, VerbOutcome, VerbProgress,
};

use crate::harness::{Place, Screen, order};

fn modify(order: &OrderId, price: Option<&str>, quantity: Option<&str>) -> Command {
    let price: Option<Price> = price.map(|price| price.parse().unwrap());
    let quantity: Option<Quantity> = quantity.map(|quantity| quantity.parse().unwrap());
    Command::Modify { order: order.clone(), price, stop_price: None, quantity }
}

/// Gives a verb, and returns its end with the order that it caused as the screen saw it last.
async fn give(screen: &mut Screen, command: Command) -> (VerbProgress, Option<Order>) {
    let id: CommandId = screen.client.command(command);
    let end = screen.verb_end(&id).await;
    let order = screen.events.iter().rev().find_map(|event| match &event.fact {
        Fact::Order { order, .. } if order.cause.as_ref() == Some(&id) => Some(order.clone()),
        _ => None,
    });
    (end, order)
}

#[tokio::test]
async fn people_place_change_and_cancel_orders_within_the_limits() {
    let Some(place) = Place::with_idle_session_and("session: { limits: { order_notional: 20000 } }\n").await
    else {
        return;
    };
    let mut screen = Screen::attach(&place, "idle", "op1").await;
    let mut other = Screen::attach(&place, "idle", "op2").await;
    screen.quoted().await;

    let (end, resting) = give(&mut screen, Command::Place(order(Side::Buy, "0.0204", Some("1000.04")))).await;
    let resting = resting.unwrap();
    assert_eq!((end.verb.as_str(), end.outcome), ("place", VerbOutcome::Done));
    assert_eq!(end.target, "BUY 0.0204 BTCUSDT LIMIT 1000.04");
    assert_eq!(end.text, format!("{} rests", resting.id));
    assert_eq!((resting.status, resting.author.as_str()), (OrderStatus::New, "op1"));
    // Rounded to tick and lot, as for everybody.
    assert_eq!(
        (resting.price.unwrap().to_string(), resting.quantity.to_string()),
        ("1000".into(), "0.02".into())
    );

    // Somebody else changes it; it stays whose it was, and the verb says who did it.
    let (end, _) = give(&mut other, modify(&resting.id, Some("1100"), Some("0.03"))).await;
    assert_eq!((end.author.as_str(), end.outcome), ("op2", VerbOutcome::Done), "{end:?}");
    assert_eq!(end.target, format!("{} to quantity 0.03, price 1100", resting.id));
    screen
        .until("the change", |screen| {
            let order = screen.state().orders.get(&resting.id)?;
            let is_changed = order.price == Some(Price(1_100.into())) && order.author.as_str() == "op1";
            is_changed.then_some(())
        })
        .await;

    // What is refused is an order that says why, by whose name a program can branch; and the verb failed.
    let (end, refused) = give(&mut screen, Command::Place(order(Side::Buy, "10", Some("40000")))).await;
    let refused = refused.unwrap();
    assert_eq!((refused.status, refused.rejection), (OrderStatus::Rejected, Some(Rejection::OrderNotional)));
    let why = refused.reason.unwrap();
    assert!(why.contains("above the limit of an order, 20000"), "{why}");
    assert_eq!((end.outcome, end.text), (VerbOutcome::Failed, format!("{} is rejected: {why}", refused.id)));
    let crosses = NewOrder { post_only: true, ..order(Side::Buy, "0.001", Some("900000")) };
    let (end, refused) = give(&mut screen, Command::Place(crosses)).await;
    assert_eq!((end.outcome, refused.unwrap().rejection), (VerbOutcome::Failed, Some(Rejection::WouldTake)));
    let (end, _) = give(&mut screen, modify(&resting.id, None, Some("100"))).await;
    assert_eq!(end.outcome, VerbOutcome::Failed);
    assert!(end.text.contains("above the limit of an order"), "{end:?}");
    let doge = NewOrder { instrument: InstrumentId::new("SIM", "DOGE"), ..order(Side::Buy, "1", None) };
    let (end, none) = give(&mut screen, Command::Place(doge)).await;
    assert_eq!((end.text.as_str(), none), ("unknown instrument SIM:DOGE", None));

    // A pause refuses what increases a position, and lets exits pass.
    let (end, bought) = give(&mut screen, Command::Place(order(Side::Buy, "0.01", None))).await;
    let bought = bought.unwrap();
    assert_eq!((end.outcome, bought.status), (VerbOutcome::Done, OrderStatus::Filled));
    let (end, _) = give(&mut screen, Command::CancelOrder { order: resting.id.clone() }).await;
    assert_eq!(end.outcome, VerbOutcome::Done);
    // Who comes a moment too late is told with whom he agrees.
    let (end, _) = give(&mut other, Command::CancelOrder { order: resting.id.clone() }).await;
    assert_eq!(end.outcome, VerbOutcome::Done);
    assert!(end.text.starts_with("already done by op1: "), "{end:?}");
    screen.verb(Command::Pause).await;
    let (end, _) = give(&mut other, Command::Pause).await;
    assert!(end.text.starts_with("already done by op1: "), "{end:?}");
    let (end, entry) = give(&mut screen, Command::Place(order(Side::Buy, "0.01", None))).await;
    assert_eq!((end.outcome, entry.unwrap().rejection), (VerbOutcome::Failed, Some(Rejection::Paused)));
    let exit = NewOrder { reduce_only: true, ..order(Side::Sell, "0.1", None) };
    let (end, exit) = give(&mut screen, Command::Place(exit)).await;
    let exit = exit.unwrap();
    assert_eq!((end.outcome, exit.filled.to_string()), (VerbOutcome::Done, "0.01".to_owned()), "{exit:?}");

    // What a chart and a ticket need is there for a screen that only looks.
    let info = screen.state().status.as_ref().unwrap().info.clone();
    let terms = &info.exchanges[0];
    assert_eq!((terms.taker_bps.to_string(), terms.leverage.to_string()), ("5".into(), "3".into()));
    assert_eq!(info.limits.order_notional.unwrap().to_string(), "20000");
    let (instrument, timeframe) = (InstrumentId::new("SIM", "BTCUSDT"), info.timeframes[0]);
    let bars = screen.ask(RequestKind::Bars { instrument, timeframe, after: None, limit: 10 }).await;
    let AnswerResult::Bars { bars } = bars else { panic!("{bars:?}") };
    assert!(bars.last().unwrap().quotes > 0);
    let line = screen.ask(RequestKind::Equity { after: None }).await;
    let AnswerResult::Equity { points } = line else { panic!("{line:?}") };
    assert!(points.last().unwrap().equity["SIM"] != points[0].equity["SIM"], "fees were paid: {points:?}");
    screen.run("found = 'Looked for'").await;
    let contains = Some("looked".to_owned());
    let cells = RequestKind::Cells { before: Seq(u64::MAX), contains, author: Some("op1".into()), limit: 5 };
    let found = screen.ask(cells).await;
    let AnswerResult::Cells { cells, complete: true } = found else { panic!("{found:?}") };
    assert_eq!(cells.iter().map(|cell| cell.code.as_str()).collect::<Vec<_>>(), ["found = 'Looked for'"]);

    // The history says whose it was, and the ledger holds.
    let told = place.qubx(&["history", "idle"]).await.code(0).stdout;
    assert!(told.contains("FILL  BTCUSDT BUY 0.01") && told.contains("(op1"), "{told}");
    place.qubx(&["verify", "idle"]).await.code(0);
    screen.close().await;
    other.close().await;
    place.stop_and_finish("idle").await;
}
