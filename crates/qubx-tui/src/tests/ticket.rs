//! The ticket: what it is filled in with, what it says that its order would do, and what it sends.

use crossterm::event::KeyCode;
use insta::assert_snapshot;
use qubx_protocol::{
    Author, Command, CommandId, Fact, LedgerRow, Mode, NewOrder, OrderId, Role, Side, TimeInForce,
    VerbOutcome, VerbProgress,
};

use super::fixture::{ME, Screen, instrument};
use crate::message::{Effect, Message, Purpose};

/// Returns a screen whose ticket is open, from a row of the panel.
fn opened(panel: char, columns: u16, rows: u16, mode: Mode) -> Screen {
    let mut screen = Screen::rich(columns, rows, false, mode);
    screen.code(KeyCode::Esc);
    screen.key(panel);
    screen.key('t');
    assert!(screen.app.ticket.is_some());
    screen
}

fn limit(side: Side, quantity: &str, price: &str) -> NewOrder {
    NewOrder {
        instrument: instrument("BTCUSDT"),
        side,
        quantity: quantity.parse().unwrap(),
        price: Some(price.parse().unwrap()),
        stop_price: None,
        time_in_force: TimeInForce::Gtc,
        post_only: false,
        reduce_only: false,
    }
}

fn places(order: NewOrder) -> Vec<Effect> {
    vec![Effect::Send(Command::Place(order), Purpose::Verb("place"))]
}

#[test]
fn on_paper_an_order_is_typed_and_sent() {
    let mut screen = opened('4', 120, 40, Mode::Paper);
    screen.text("0.0");
    screen.text("5");
    assert_eq!(screen.code(KeyCode::Enter), places(limit(Side::Buy, "0.05", "64232.9")));
    screen.send(Message::Sent(CommandId::from("c1"), Purpose::Verb("place")));
    assert!(screen.app.ticket.is_none());
}

#[test]
fn with_real_money_a_key_confirms_and_what_looks_wrong_takes_a_word() {
    let mut screen = opened('4', 120, 40, Mode::Live);
    screen.text("0.05");
    assert_eq!(screen.code(KeyCode::Enter), []);
    assert!(screen.drawn().contains("BUY 0.05 BTCUSDT LIMIT 64232.9"), "{}", screen.drawn());
    assert_eq!(screen.key('y'), places(limit(Side::Buy, "0.05", "64232.9")));

    let mut screen = opened('4', 120, 40, Mode::Live);
    screen.text("0.05");
    screen.code(KeyCode::Tab);
    screen.code(KeyCode::Tab);
    screen.text("6423.29");
    assert_eq!(screen.code(KeyCode::Enter), []);
    assert!(screen.drawn().contains("90.0% below the market"), "{}", screen.drawn());
    assert_eq!(screen.key('y'), []);
    screen.code(KeyCode::Backspace);
    screen.text("sen");
    assert_eq!(screen.key('d'), places(limit(Side::Buy, "0.05", "6423.29")));
}

#[test]
fn a_ticket_says_what_its_order_would_do() {
    let mut screen = opened('4', 120, 40, Mode::Live);
    screen.text("0.1");
    assert_snapshot!("a_ticket_on_a_wide_screen", screen.drawn());
    let mut screen = opened('4', 80, 24, Mode::Paper);
    screen.text("9");
    assert_snapshot!("a_ticket_above_the_limits_at_80_by_24", screen.drawn());
    let screen = opened('2', 60, 16, Mode::Paper);
    assert_snapshot!("a_ticket_that_reduces_at_60_by_16", screen.drawn());
}

#[test]
fn an_amount_may_be_money_or_a_part_of_the_equity() {
    // Equity 104,233.18; a lot is 0.001 and the bid 64,232.9.
    for (steps, typed, quantity) in
        [(0, "0.1", "0.1"), (1, "6423.29", "0.1"), (2, "0.5", "0.811"), (3, "10", "0.162")]
    {
        let mut screen = opened('4', 120, 40, Mode::Paper);
        screen.text(typed);
        screen.code(KeyCode::Tab);
        for _ in 0..steps {
            screen.code(KeyCode::Right);
        }
        let sent = screen.code(KeyCode::Enter);
        assert_eq!(sent, places(limit(Side::Buy, quantity, "64232.9")), "{steps}");
    }
}

#[test]
fn what_is_missing_is_said_where_it_is_missing_and_nothing_is_sent() {
    let mut screen = opened('4', 120, 40, Mode::Paper);
    assert!(screen.drawn().contains("is missing"));
    assert_eq!(screen.code(KeyCode::Enter), []);
    screen.text("0");
    assert!(screen.drawn().contains("must be more than zero"));
    assert_eq!(screen.code(KeyCode::Enter), []);
    assert_eq!(screen.send(Message::Paste("5".to_owned())), []);
    assert!(screen.app.ticket.is_some(), "a paste is no answer to it");
    screen.code(KeyCode::Esc);
    assert!(screen.app.ticket.is_none());
}

#[test]
fn a_ticket_from_a_position_reduces_it_and_one_from_an_order_is_like_it() {
    let mut screen = opened('2', 120, 40, Mode::Paper);
    let close = NewOrder { reduce_only: true, ..limit(Side::Sell, "0.15", "64233") };
    assert_eq!(screen.code(KeyCode::Enter), places(close));
    let mut screen = opened('3', 120, 40, Mode::Paper);
    screen.key('s');
    assert_eq!(screen.code(KeyCode::Enter), places(limit(Side::Sell, "0.100", "64233")));
}

#[test]
fn an_order_is_changed_by_what_differs() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.code(KeyCode::Esc);
    screen.key('3');
    screen.key('e');
    assert_eq!(screen.code(KeyCode::Enter), [], "nothing is changed yet");
    screen.code(KeyCode::Tab);
    screen.text("64000");
    assert_snapshot!("a_ticket_that_changes_an_order", screen.drawn());
    let modify = Command::Modify {
        order: OrderId::from("o1"),
        price: Some("64000".parse().unwrap()),
        stop_price: None,
        quantity: None,
    };
    assert_eq!(screen.code(KeyCode::Enter), [Effect::Send(modify, Purpose::Verb("modify"))]);
}

#[test]
fn a_refused_order_comes_back_to_be_mended() {
    let mut screen = opened('4', 120, 40, Mode::Paper);
    screen.text("0.05");
    screen.code(KeyCode::Enter);
    screen.send(Message::Sent(CommandId::from("c1"), Purpose::Verb("place")));
    let verb = VerbProgress {
        command: Some(CommandId::from("c1")),
        author: Author::from(ME),
        verb: "place".to_owned(),
        target: "BUY 0.05 BTCUSDT".to_owned(),
        outcome: VerbOutcome::Failed,
        text: "Margin: 3,211 needed, 12 free".to_owned(),
    };
    screen.event(Fact::Verb { row: LedgerRow(7), verb });
    let drawn = screen.drawn();
    assert!(drawn.contains("Margin: 3,211 needed, 12 free · retry or edit it: t"), "{drawn}");
    screen.key('1');
    screen.key('t');
    assert_eq!(screen.code(KeyCode::Enter), places(limit(Side::Buy, "0.05", "64232.9")));
}

#[test]
fn who_watches_has_no_ticket() {
    let mut screen = Screen::filled(Screen::of(Role::Viewer, 120, 40, false, Mode::Paper));
    screen.key('t');
    assert!(screen.app.ticket.is_none());
}

#[test]
fn no_amount_and_no_price_makes_it_fail() {
    let huge = "9".repeat(30);
    for amount in ["0.000000000000000000001", "999999999999999999999", &huge, "1.", ".", ".5"] {
        for unit in 0..4 {
            let mut screen = opened('4', 80, 24, Mode::Live);
            screen.text(amount);
            screen.code(KeyCode::Tab);
            for _ in 0..unit {
                screen.code(KeyCode::Right);
            }
            screen.code(KeyCode::Tab);
            screen.text(amount);
            screen.drawn();
            screen.code(KeyCode::Enter);
            screen.drawn();
        }
    }
}
