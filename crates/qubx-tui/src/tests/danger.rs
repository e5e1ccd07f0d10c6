//! Dangerous acts: what is asked before them, what they say that they do, and what became of them.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use insta::assert_snapshot;
use qubx_protocol::{
    Author, Command, CommandId, Fact, InstrumentId, LedgerRow, Mode, OrderId, OrderStatus, Role, VerbOutcome,
    VerbProgress,
};

use super::fixture::{ME, Screen, instrument};
use crate::message::{Effect, Message, Purpose};

fn sends(command: Command) -> Vec<Effect> {
    vec![Effect::Send(command.clone(), Purpose::Verb(command.verb()))]
}

/// The verbs, each with the panel that it acts from, its key, and the answer that it takes with real money.
fn verbs() -> Vec<(char, char, Command, &'static str)> {
    let of = |id: InstrumentId| Command::CancelOrders { instrument: Some(id) };
    vec![
        ('3', 'c', Command::CancelOrder { order: OrderId::from("o1") }, "y"),
        ('3', 'C', of(instrument("BTCUSDT")), "y"),
        ('3', 'A', Command::CancelOrders { instrument: None }, "y"),
        ('2', 'P', Command::Pause, "y"),
        ('2', 'x', Command::Close { instrument: instrument("BTCUSDT") }, "close"),
        ('2', 'F', Command::Flatten, "flat"),
        ('1', 'R', Command::RestartKernel, "restart"),
    ]
}

#[test]
fn with_real_money_each_verb_asks_and_takes_nothing_but_its_answer() {
    for (panel, key, command, answer) in verbs() {
        let mut screen = Screen::rich(120, 40, false, Mode::Live);
        screen.code(KeyCode::Esc);
        screen.key(panel);
        assert_eq!(screen.key(key), [], "{key}");
        assert!(screen.app.dialog.is_some(), "{key}");
        if answer != "y" {
            assert_eq!(screen.key('y'), [], "{key}");
            screen.code(KeyCode::Backspace);
        }
        let (before, last) = answer.split_at(answer.len() - 1);
        for letter in before.chars() {
            assert_eq!(screen.key(letter), [], "{key} {letter}");
        }
        assert_eq!(screen.key(last.chars().next().unwrap()), sends(command), "{key}");
        assert!(screen.app.dialog.is_none());
    }
}

#[test]
fn on_paper_what_can_be_undone_is_done_at_once_and_the_rest_takes_one_key() {
    for (panel, key, command, answer) in verbs() {
        let mut screen = Screen::rich(120, 40, false, Mode::Paper);
        screen.code(KeyCode::Esc);
        screen.key(panel);
        if answer == "y" {
            assert_eq!(screen.key(key), sends(command), "{key}");
        } else {
            assert_eq!(screen.key(key), [], "{key}");
            assert_eq!(screen.key('y'), sends(command), "{key}");
        }
        assert!(screen.app.dialog.is_none());
    }
}

#[test]
fn the_session_is_stopped_in_one_of_three_ways_and_with_real_money_after_a_word() {
    for (key, flatten, keep_orders) in [('s', false, false), ('f', true, false), ('k', false, true)] {
        let stop = Command::Stop { flatten, keep_orders };
        for mode in [Mode::Paper, Mode::Live] {
            for owner in [false, true] {
                let purpose = if owner { Purpose::Stop } else { Purpose::Verb("stop") };
                let mut screen = Screen::rich(120, 40, owner, mode);
                screen.code(KeyCode::Esc);
                screen.key('Q');
                let first = screen.key(key);
                let sent = if mode == Mode::Live {
                    assert_eq!(first, []);
                    screen.text("sto");
                    screen.key('p')
                } else {
                    first
                };
                assert_eq!(sent, [Effect::Send(stop.clone(), purpose)]);
                assert!(screen.app.dialog.is_none());
            }
        }
    }
}

#[test]
fn the_owner_who_quits_with_real_money_types_a_word_before_the_strategy_ends() {
    let mut screen = Screen::rich(120, 40, true, Mode::Live);
    screen.ctrl('q');
    assert_eq!(screen.key('s'), []);
    assert_snapshot!(screen.drawn());
    assert_eq!(screen.code(KeyCode::Enter), [], "cancel has the focus");
    assert!(screen.app.dialog.is_none() && screen.app.leaving.is_none());
}

#[test]
fn who_only_trades_cannot_stop_the_session() {
    let mut screen = Screen::filled(Screen::of(Role::Trader, 120, 40, false, Mode::Paper));
    screen.key('Q');
    assert!(screen.app.dialog.is_none());
}

#[test]
fn a_dialog_tells_what_is_there_now_and_not_what_was_when_it_opened() {
    let mut screen = Screen::rich(120, 40, false, Mode::Live);
    screen.code(KeyCode::Esc);
    screen.key('F');
    assert!(screen.drawn().contains("cancels 2 orders, then closes 2 positions"));
    screen.fill("ETHUSDT", qubx_protocol::Side::Buy, "2", "3219", "0", "0");
    assert!(screen.drawn().contains("cancels 2 orders, then closes 1 position "), "{}", screen.drawn());
    screen.code(KeyCode::Esc);
    screen.key('3');
    screen.key('c');
    screen.order("o1", "BTCUSDT", qubx_protocol::Side::Buy, "0.1", "63900", OrderStatus::Cancelled);
    assert!(screen.drawn().contains("the order is not open any more"), "{}", screen.drawn());
}

#[test]
fn each_part_of_a_flatten_is_seen_until_it_is_dismissed() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.code(KeyCode::Esc);
    screen.key('F');
    screen.key('y');
    screen.send(Message::Sent(CommandId::from("c1"), Purpose::Verb("flatten")));
    let verb = |screen: &mut Screen, outcome, text: &str| {
        let verb = VerbProgress {
            command: Some(CommandId::from("c1")),
            author: Author::from(ME),
            verb: "flatten".to_owned(),
            target: String::new(),
            outcome,
            text: text.to_owned(),
        };
        screen.event(Fact::Verb { row: LedgerRow(7), verb });
    };
    verb(&mut screen, VerbOutcome::Started, "");
    screen.order("o1", "BTCUSDT", qubx_protocol::Side::Buy, "0.1", "63900", OrderStatus::Cancelled);
    screen.fill("BTCUSDT", qubx_protocol::Side::Sell, "0.1", "64232.9", "0.05", "12");
    assert_snapshot!("a_flatten_under_way", screen.drawn());
    screen.fill("BTCUSDT", qubx_protocol::Side::Sell, "0.05", "64232.5", "0", "12");
    screen.order("o2", "SOLUSDT", qubx_protocol::Side::Sell, "20", "144", OrderStatus::Cancelled);
    screen.closing_rejected("c1", "ETHUSDT", "no quote for ETHUSDT");
    verb(&mut screen, VerbOutcome::Failed, "1/2 flat, 2 cancelled, 1 failed: ETHUSDT: no quote for ETHUSDT");
    assert_snapshot!("a_flatten_that_failed_in_part", screen.drawn());
    screen.code(KeyCode::Esc);
    assert!(!screen.drawn().contains(
        "no quote for ETHUSDT
"
    ));
    assert!(screen.app.notices.is_empty());
}

#[test]
fn enter_and_escape_cancel_every_dialog() {
    for key in [KeyCode::Enter, KeyCode::Esc, KeyCode::Char('n')] {
        let mut screen = Screen::rich(120, 40, false, Mode::Paper);
        screen.code(KeyCode::Esc);
        screen.key('F');
        assert_eq!(screen.code(key), []);
        assert!(screen.app.dialog.is_none());
    }
}

#[test]
fn keys_from_before_a_dialog_was_seen_do_not_answer_it() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.code(KeyCode::Esc);
    screen.key('F');
    let typed_ahead = screen.send(Message::Key(KeyEvent::new(KeyCode::Char('y'), KeyModifiers::NONE)));
    assert_eq!(typed_ahead, []);
    assert!(screen.app.dialog.is_some());
    screen.wait(Duration::from_millis(200));
    assert_eq!(screen.send(Message::Paste("y".to_owned())), []);
    assert!(screen.app.dialog.is_some());
    assert_ne!(screen.key('y'), []);
}

#[test]
fn with_real_money_flatten_takes_the_whole_word() {
    let mut screen = Screen::rich(120, 40, false, Mode::Live);
    screen.code(KeyCode::Esc);
    screen.key('F');
    assert_eq!(screen.key('y'), []);
    screen.code(KeyCode::Backspace);
    for letter in ['f', 'l', 'a'] {
        assert_eq!(screen.key(letter), []);
    }
    assert_eq!(screen.key('t'), [Effect::Send(Command::Flatten, Purpose::Verb("flatten"))]);
}
