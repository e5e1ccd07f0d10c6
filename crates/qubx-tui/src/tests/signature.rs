//! The box that says what the thing at the cursor is.

use crossterm::event::{KeyCode, KeyModifiers};
use insta::assert_snapshot;
use qubx_client::Update;
use qubx_protocol::{Answer, AnswerResult, Mode, RequestId, RequestKind};

use super::fixture::{Screen, answer};
use crate::keymap::Context;
use crate::message::{Effect, Message, Question};

const TRADE: &str = "trade(symbol: str, amount: float, price: float | None = None, *, exchange: str | None = None) -> Order\n\nOrders an amount of an instrument.\n\nWithout a price it is done at the market's.\n\nArgs:\n    symbol: the instrument, e.g. \"BTCUSDT\".\n    amount: how much; negative sells.\n    price: the limit.\n    exchange: where, if several have the symbol.\n";

fn ask(screen: &mut Screen) -> Vec<Effect> {
    screen.press(KeyCode::BackTab, KeyModifiers::SHIFT)
}

fn tell(screen: &mut Screen, text: &str) {
    answer(screen, Question::Signature, AnswerResult::Inspection { text: Some(text.to_owned()) });
}

fn shown(columns: u16, rows: u16) -> Screen {
    let mut screen = Screen::rich(columns, rows, false, Mode::Paper);
    screen.text("trade(\"BTCUSDT\", ");
    ask(&mut screen);
    tell(&mut screen, TRADE);
    screen
}

#[test]
fn the_kernel_is_asked_and_typing_goes_on() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    screen.text("trade(");
    let kind = RequestKind::Inspect { code: "trade(".to_owned(), cursor: 6 };
    assert_eq!(ask(&mut screen), [Effect::Ask(kind, Question::Signature)]);
    screen.send(Message::Asked(RequestId::from("r1"), Question::Signature));
    screen.text("1");
    assert_eq!(screen.app.prompt.text(), "trade(1");
    let result = AnswerResult::Inspection { text: Some(TRADE.to_owned()) };
    screen.update(Update::Answer(Answer { request: RequestId::from("r1"), result }));
    assert!(screen.drawn().contains("Orders an amount"), "it is still about this call: {}", screen.drawn());
}

#[test]
fn an_answer_for_something_else_is_ignored() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    screen.text("trade(");
    ask(&mut screen);
    screen.send(Message::Asked(RequestId::from("r1"), Question::Signature));
    screen.ctrl('u');
    screen.text("x");
    let result = AnswerResult::Inspection { text: Some(TRADE.to_owned()) };
    screen.update(Update::Answer(Answer { request: RequestId::from("r1"), result }));
    assert!(screen.app.signature.is_none() && screen.app.hint.is_none());
}

#[test]
fn it_closes_by_escape_by_the_end_of_the_call_and_by_going_away() {
    for (keys, stays) in [
        (vec![KeyCode::Char('1'), KeyCode::Left, KeyCode::Char(',')], true),
        (vec![KeyCode::Char('f'), KeyCode::Char('('), KeyCode::Char(')')], true),
        (vec![KeyCode::Esc], false),
        (vec![KeyCode::Char(')')], false),
        (vec![KeyCode::Home], false),
    ] {
        let mut screen = shown(80, 24);
        for key in &keys {
            screen.code(*key);
        }
        assert_eq!(screen.app.signature.is_some(), stays, "{keys:?}");
        assert_eq!(screen.app.context, Context::Input);
    }
    let mut screen = shown(80, 24);
    screen.code(KeyCode::Esc);
    screen.code(KeyCode::Esc);
    assert_eq!(screen.app.context, Context::Panel, "the next one goes to the panels");
}

#[test]
fn the_same_key_shows_more_and_then_little_again() {
    let mut screen = shown(80, 24);
    // The clock in the first two lines goes on.
    let below = |screen: &Screen| screen.drawn().lines().skip(2).map(str::to_owned).collect::<Vec<_>>();
    let small = below(&screen);
    assert!(!small.join("\n").contains("amount: how much"), "{small:?}");
    assert_eq!(ask(&mut screen), []);
    assert!(screen.drawn().contains("exchange: where"), "{}", screen.drawn());
    assert_eq!(ask(&mut screen), []);
    assert_eq!(below(&screen), small);
}

#[test]
fn a_kernel_that_knows_nothing_or_fails_says_so() {
    for (result, expected) in [
        (AnswerResult::Inspection { text: None }, "nothing is known about this"),
        (AnswerResult::Failed { message: "gone\u{1b}[2J".to_owned() }, "no signature: gone"),
    ] {
        let mut screen = Screen::empty(80, 24, false, Mode::Paper);
        screen.text("x");
        ask(&mut screen);
        answer(&mut screen, Question::Signature, result);
        assert!(screen.drawn().contains(expected), "{}", screen.drawn());
    }
}

#[test]
fn nothing_but_printable_text_is_in_it() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    screen.text("f(");
    ask(&mut screen);
    tell(&mut screen, "f(\u{1b}]0;owned\u{7}x)\n\n\u{1b}[31mred\u{1b}[0m\u{202e}\n\ttab\n\u{9b}2J\n");
    let drawn = screen.drawn();
    assert!(drawn.contains("f(x)") && drawn.contains("┊ red"), "{drawn}");
    assert!(drawn.chars().all(|character| character == '\n' || crate::sanitize::is_printable(character)));
}

#[test]
fn a_signature_at_80_by_24() {
    assert_snapshot!(shown(80, 24).drawn());
}

#[test]
fn a_signature_enlarged_on_a_wide_screen() {
    let mut screen = shown(120, 40);
    ask(&mut screen);
    assert_snapshot!(screen.drawn());
}
