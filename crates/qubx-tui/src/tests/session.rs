//! The session's panel and the log's: what their entries say, and what keys do there.

use qubx_protocol::{Fact, LedgerRow, Mode, OrderStatus, OrderType, Side, TimeInForce};

use super::fixture::Screen;

/// Returns the row of the screen that has `text`.
fn row(screen: &Screen, text: &str) -> String {
    let drawn = screen.drawn();
    drawn.lines().find(|line| line.contains(text)).unwrap_or_else(|| panic!("no {text}: {drawn}")).to_owned()
}

#[test]
fn an_order_says_what_it_is() {
    let mut screen = Screen::empty(200, 60, false, Mode::Paper);
    let mut order = screen.order("o7", "BTCUSDT", Side::Sell, "0.25", "63900.05", OrderStatus::New);
    order.order_type = OrderType::StopLimit;
    order.stop_price = Some("64000".parse().unwrap());
    order.time_in_force = TimeInForce::Ioc;
    (order.post_only, order.reduce_only) = (true, true);
    screen.event(Fact::Order { row: LedgerRow(3), order });
    row(&screen, "BTCUSDT  SELL LIMIT 0.250 @ 63,900.05  NEW  (strategy)");
    row(
        &screen,
        "SELL STOP LIMIT 0.250 @ 63,900.05 stop 64,000.0 IOC post-only reduce-only  NEW  (strategy)",
    );
}

#[test]
fn entries_of_a_replay_show_the_markets_time_with_its_date() {
    let mut screen = Screen::empty(200, 60, false, Mode::Paper);
    let mut fill = screen.fill("BTCUSDT", Side::Buy, "0.15", "64102.1", "0.15", "0");
    row(&screen, "14:02:31 FILL  BTCUSDT  BUY 0.150 @ 64,102.1  fee 1.2 USDT  (strategy)");
    fill.time = "2024-01-05T08:00:01Z".parse().unwrap();
    screen.fills(fill);
    row(&screen, "2024-01-05 08:00:01 FILL  BTCUSDT  BUY 0.150");
    screen.event(Fact::Error {
        cell: None,
        ename: "KeyError".to_owned(),
        evalue: "'x'".to_owned(),
        traceback: Vec::new(),
        market_time: Some("2026-01-05T08:00:02Z".parse().unwrap()),
    });
    row(&screen, "01-05 08:00:02 ERROR");
}

#[test]
fn what_was_today_has_its_date_tomorrow() {
    let mut screen = Screen::empty(120, 40, false, Mode::Paper);
    screen.log(qubx_protocol::LogLevel::Info, "engine", "before midnight");
    row(&screen, " 14:02:31 INFO ".trim_start());
    screen.wait(std::time::Duration::from_secs(86_400));
    screen.send(crate::message::Message::Tick);
    row(&screen, "03-02 14:02:31 INFO  engine  before midnight");
}
