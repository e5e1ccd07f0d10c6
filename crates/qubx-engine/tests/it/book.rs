//! Orders, verbs and the path through the ledger.

use std::time::Duration;

use qubx_engine::{EngineError, EngineEvent, Interests, Modification, OrderRequest};
use qubx_protocol::{By, Order, OrderStatus, Rejection, Side};

use crate::harness::{Running, id, in_time, sim};

const WATCHING: Interests = Interests::NONE;

async fn quoted() -> Running {
    let running = Running::start(sim());
    started(running).await
}

async fn started(running: Running) -> Running {
    running.handle.start_feed(WATCHING).await.unwrap();
    running.until("quotes", |view| view.quotes.len() == 2).await;
    running
}

#[tokio::test(start_paused = true)]
async fn an_order_is_stored_before_it_is_sent() {
    let running = quoted().await;
    let order = running.place("BTCUSDT", Side::Buy, "0.5", None).await;
    assert_eq!(order.status, OrderStatus::Filled);
    let facts = running.facts();
    assert!(matches!(&facts[0], EngineEvent::Order(order) if order.status == OrderStatus::Intended));
    assert!(
        matches!(&facts[1], EngineEvent::Fill { position, .. } if position.quantity.to_string() == "0.5")
    );
    // The fact says when it happened, too.
    let last = Order { changed_at: Some(order.created_at), ..order };
    assert_eq!(facts[2], EngineEvent::Order(last));
    assert_eq!(facts.len(), 3);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_order_that_cannot_be_stored_is_rejected_and_cancels_go_on() {
    let mut stored = 0;
    let running = Running::start_with(sim(), move |_| {
        stored += 1;
        if stored == 1 { Ok(()) } else { Err("the disk is full".to_owned()) }
    });
    let running = started(running).await;
    let resting = running.place("BTCUSDT", Side::Buy, "0.5", Some("1000")).await;
    assert_eq!(resting.status, OrderStatus::New);
    let refused = running.place("BTCUSDT", Side::Buy, "0.5", None).await;
    assert_eq!(
        (refused.status, refused.reason.as_deref()),
        (OrderStatus::Rejected, Some("the disk is full"))
    );
    let summary = running.handle.cancel_orders(None).await.unwrap();
    assert_eq!(summary.to_string(), "1 cancelled, 0 failed");
    assert!(running.handle.snapshot().await.unwrap().positions.is_empty());
    running.stop().await;
}

fn wanted(symbol: &str, side: Side, quantity: &str, price: Option<&str>) -> OrderRequest {
    let by = By { author: "op1".into(), cause: Some("c1".into()) };
    let price = price.map(|price| price.parse().unwrap());
    OrderRequest::new(id(symbol), side, quantity.parse().unwrap(), price, by)
}

#[tokio::test(start_paused = true)]
async fn what_a_person_gives_is_stored_before_it_is_sent_and_is_not_on_its_way_for_a_while() {
    let mut config = sim();
    config.exchanges[0].paper.latency = Duration::from_secs(20);
    let running = started(Running::start(config)).await;
    let give = |request| running.handle.place_at_once(request);
    let filled = give(wanted("BTCUSDT", Side::Buy, "0.5001", None)).await.unwrap();
    assert_eq!((filled.status, filled.quantity.to_string()), (OrderStatus::Filled, "0.5".to_owned()));
    assert_eq!((filled.author.as_str(), filled.cause), ("op1", Some("c1".into())));
    let facts = running.facts();
    assert!(matches!(&facts[0], EngineEvent::Order(order) if order.status == OrderStatus::Intended));
    assert!(matches!(&facts[1], EngineEvent::Fill { fill, .. } if fill.author.as_str() == "op1"));

    let resting = give(wanted("BTCUSDT", Side::Buy, "0.5", Some("1000"))).await.unwrap();
    let modify = |modification| running.handle.modify_at_once(resting.id.clone(), modification, "op1".into());
    let price = Some("1001.04".parse().unwrap());
    let moved = modify(Modification { price, ..Modification::default() }).await.unwrap();
    assert_eq!((moved.status, moved.price.unwrap().to_string()), (OrderStatus::New, "1001".to_owned()));
    let price = Some("0".parse().unwrap());
    let refused = modify(Modification { price, ..Modification::default() }).await.unwrap_err();
    assert!(matches!(refused, EngineError::NotModified { rejection: Rejection::BadPrice, .. }), "{refused}");
    running.handle.cancel_order(resting.id.clone(), "op1".into()).await.unwrap();
    let gone = modify(Modification::default()).await.unwrap_err();
    assert!(matches!(gone, EngineError::NotModified { rejection: Rejection::NotOpen, .. }), "{gone}");

    let unknown = give(wanted("DOGE", Side::Buy, "1", None)).await.unwrap_err();
    assert!(matches!(unknown, EngineError::UnknownInstrument(_)), "{unknown}");
    running.handle.pause("op1".into()).await.unwrap();
    let entry = give(wanted("BTCUSDT", Side::Buy, "0.5", None)).await.unwrap();
    assert_eq!(entry.rejection, Some(Rejection::Paused));
    let exit = give(wanted("BTCUSDT", Side::Sell, "0.5", None)).await.unwrap();
    assert_eq!(exit.status, OrderStatus::Filled);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_person_gives_and_cannot_be_stored_is_rejected() {
    let running = started(Running::start_with(sim(), |_| Err("the disk is full".to_owned()))).await;
    let refused = running.handle.place_at_once(wanted("BTCUSDT", Side::Buy, "0.5", None)).await.unwrap();
    let why = (refused.rejection, refused.reason.as_deref());
    assert_eq!(why, (Some(Rejection::NotStored), Some("the disk is full")));
    assert!(running.handle.snapshot().await.unwrap().positions.is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn flatten_pauses_cancels_and_closes_everything() {
    let running = quoted().await;
    running.place("BTCUSDT", Side::Buy, "0.5", None).await;
    running.place("ETHUSDT", Side::Sell, "2", None).await;
    running.place("BTCUSDT", Side::Buy, "0.5", Some("1000")).await;
    running.place("BTCUSDT", Side::Sell, "0.5", Some("900000")).await;
    let summary = running.handle.flatten("tester".into()).await.unwrap();
    assert_eq!(summary.to_string(), "2/2 flat, 2 cancelled, 0 failed");
    assert!(running.handle.paused());
    let snapshot = running.handle.snapshot().await.unwrap();
    assert!(snapshot.positions.iter().all(|position| position.quantity.is_zero()));
    assert!(snapshot.orders.iter().all(|order| !order.status.is_open()));

    let refused = running.place("BTCUSDT", Side::Buy, "0.5", None).await;
    assert_eq!(
        refused.reason.as_deref(),
        Some("paused (flatten by tester): only orders that reduce a position pass")
    );
    assert_eq!(
        running.handle.flatten("tester".into()).await.unwrap().to_string(),
        "0/0 flat, 0 cancelled, 0 failed"
    );
    running.handle.resume("tester".into()).await.unwrap();
    assert!(!running.handle.paused());
    assert_eq!(running.place("BTCUSDT", Side::Buy, "0.5", None).await.status, OrderStatus::Filled);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_pause_cancels_what_would_increase_a_position_and_lets_exits_pass() {
    let running = quoted().await;
    running.place("BTCUSDT", Side::Buy, "0.5", None).await;
    running.place("BTCUSDT", Side::Buy, "0.5", Some("1000")).await;
    let exit = running.place("BTCUSDT", Side::Sell, "0.5", Some("900000")).await;
    let pause = |author: &str| running.handle.pause(author.into());
    assert_eq!(pause("tester").await.unwrap().to_string(), "1 cancelled, 0 failed");
    assert!(running.handle.paused());
    assert_eq!(pause("another").await.unwrap().to_string(), "0 cancelled, 0 failed");

    let open: Vec<_> = running.handle.snapshot().await.unwrap().orders;
    let open: Vec<_> = open.into_iter().filter(|order| order.status.is_open()).collect();
    assert_eq!(open, [exit]);
    let refused = running.place("ETHUSDT", Side::Buy, "0.5", None).await;
    assert_eq!(
        refused.reason.as_deref(),
        Some("paused (pause by another): only orders that reduce a position pass")
    );
    running.handle.resume("tester".into()).await.unwrap();
    assert_eq!(running.place("ETHUSDT", Side::Buy, "0.5", None).await.status, OrderStatus::Filled);
    let told: Vec<_> = running
        .facts()
        .into_iter()
        .filter_map(|fact| match fact {
            EngineEvent::Paused { paused, reason, .. } => Some((paused, reason)),
            _ => None,
        })
        .collect();
    let expected = [(true, "pause by tester"), (true, "pause by another"), (false, "resumed by tester")];
    assert_eq!(told, expected.map(|(paused, reason)| (paused, reason.to_owned())));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_flatten_that_cannot_be_stored_says_what_is_left() {
    let mut stored = 0;
    let running = Running::start_with(sim(), move |_| {
        stored += 1;
        if stored == 1 { Ok(()) } else { Err("the disk is full".to_owned()) }
    });
    let running = started(running).await;
    running.place("BTCUSDT", Side::Buy, "0.5", None).await;
    let summary = running.handle.flatten("tester".into()).await.unwrap();
    assert_eq!(summary.to_string(), "0/1 flat, 0 cancelled, 1 failed: X:BTCUSDT: the disk is full");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn close_answers_when_the_position_is_flat() {
    let running = quoted().await;
    running.place("BTCUSDT", Side::Sell, "0.5", None).await;
    let close = |symbol| running.handle.close(id(symbol), "tester".into());
    assert_eq!(close("BTCUSDT").await.unwrap().to_string(), "BTCUSDT flat, bought 0.5");
    assert_eq!(close("BTCUSDT").await.unwrap().to_string(), "BTCUSDT was flat already");
    assert!(matches!(close("NOPE").await, Err(EngineError::UnknownInstrument(_))));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_order_is_cancelled_once() {
    let running = quoted().await;
    let order = running.place("BTCUSDT", Side::Buy, "0.5", Some("1000")).await;
    let cancel = |order| running.handle.cancel_order(order, "tester".into());
    let cancelled = cancel(order.id.clone()).await.unwrap();
    assert_eq!(cancelled.status, OrderStatus::Cancelled);
    assert_eq!(cancelled.reason.as_deref(), Some("cancelled by tester"));
    assert!(matches!(cancel(order.id).await, Err(EngineError::OrderIsFinal { .. })));
    assert!(matches!(cancel("q99".into()).await, Err(EngineError::UnknownOrder(_))));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_quoted_before_the_feed_is_started() {
    let running = Running::start(sim());
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    let order = running.place("BTCUSDT", Side::Buy, "0.5", None).await;
    assert_eq!(order.reason.as_deref(), Some("X:BTCUSDT has no quote yet"));
    assert!(running.handle.market().borrow().quotes.is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_market_shows_an_order_as_soon_as_it_is_answered() {
    let running = quoted().await;
    for _ in 0..5 {
        running.place("BTCUSDT", Side::Buy, "0.1", None).await;
        let held = running.handle.snapshot().await.unwrap().positions[0].clone();
        let market = running.handle.market().borrow().clone();
        let value = market.marks[0].last_price.unwrap() * held.quantity;
        assert_eq!(market.marks[0].market_value.unwrap(), value);
    }
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn screens_are_refreshed_at_most_every_fifty_milliseconds() {
    let running = quoted().await;
    let mut market = running.handle.market();
    let began = tokio::time::Instant::now();
    for _ in 0..20 {
        in_time("a refresh", market.changed()).await.unwrap();
        market.borrow_and_update();
    }
    let took = began.elapsed();
    assert!(took >= std::time::Duration::from_millis(950), "{took:?}");
    assert!(took <= std::time::Duration::from_millis(1_200), "{took:?}");
    running.stop().await;
}
