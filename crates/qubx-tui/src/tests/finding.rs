//! The palette, and the form for what an action of the strategy takes: keys in, screen and effects out.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use insta::assert_snapshot;
use qubx_client::{Link, ServiceFate, Update};
use qubx_protocol::{Command, Mode, Role};
use serde_json::json;

use super::fixture::Screen;
use crate::keymap::Context;
use crate::message::{Effect, Message, Purpose};
use crate::panel::Panel;

fn act(name: &str, arguments: serde_json::Value) -> Vec<Effect> {
    let arguments = arguments.as_object().unwrap().clone();
    vec![Effect::Send(Command::Action { name: name.to_owned(), arguments }, Purpose::Verb("action"))]
}

/// Opens the palette from the prompt and runs the first command that fits.
fn run(screen: &mut Screen, typed: &str) -> Vec<Effect> {
    screen.ctrl('p');
    screen.text(typed);
    screen.code(KeyCode::Enter)
}

#[test]
fn the_palette_finds_commands_and_shows_their_keys() {
    let mut screen = Screen::rich(80, 24, true, Mode::Paper);
    screen.offer_actions();
    screen.ctrl('p');
    assert_snapshot!("the_whole_palette", screen.drawn());
    screen.text("clord");
    assert_snapshot!(screen.drawn());
    screen.text("zz");
    assert!(screen.drawn().contains("No command has these letters."));
    assert_eq!(screen.code(KeyCode::Enter), []);
    assert!(screen.app.palette.is_some(), "there is nothing to run");
    screen.code(KeyCode::Esc);
    assert!(screen.app.palette.is_none() && screen.app.prompt.is_empty());
    assert_eq!(screen.app.context, Context::Input);
}

#[test]
fn a_command_runs_as_its_key_would() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    run(&mut screen, "positions");
    assert_eq!((screen.app.context, screen.app.panel), (Context::Panel, Panel::Positions));
    screen.key(':');
    screen.text("flatten");
    assert_eq!(screen.code(KeyCode::Enter), []);
    assert!(screen.app.dialog.is_some(), "what is dangerous asks first");
    assert_eq!(screen.key('y'), [Effect::Send(Command::Flatten, Purpose::Verb("flatten"))]);
}

#[test]
fn commands_are_chosen_by_keys_around_the_end() {
    let mut screen = Screen::empty(120, 40, false, Mode::Paper);
    screen.ctrl('p');
    screen.text("theme:");
    let chosen = |screen: &Screen| screen.app.palette.as_ref().unwrap().selected;
    let count = crate::palette::items(&screen.app, "theme:").len();
    for (code, expected) in
        [(KeyCode::Up, count - 1), (KeyCode::Down, 0), (KeyCode::Tab, 1), (KeyCode::BackTab, 0)]
    {
        screen.code(code);
        assert_eq!(chosen(&screen), expected, "{code}");
    }
    screen.ctrl('p');
    assert_eq!(chosen(&screen), 1, "the key that opened it goes on");
    screen.text("mono");
    screen.code(KeyCode::Enter);
    assert!(!screen.app.theme.color);
}

#[test]
fn what_is_typed_ahead_is_looked_for_and_an_early_enter_runs_nothing() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.ctrl('p');
    for code in ['f', 'l', 'a', 't'].map(KeyCode::Char).into_iter().chain([KeyCode::Enter]) {
        assert_eq!(screen.send(Message::Key(KeyEvent::new(code, KeyModifiers::NONE))), []);
    }
    assert!(screen.app.dialog.is_none());
    assert_eq!(screen.app.palette.as_ref().unwrap().typed, "flat");
    screen.send(Message::Paste("ten\nrm".to_owned()));
    assert_eq!(screen.app.palette.as_ref().unwrap().typed, "flatten");
    screen.code(KeyCode::Enter);
    assert!(screen.app.dialog.is_some());
}

#[test]
fn the_palette_offers_what_the_role_may_do() {
    for (role, flatten, restart, action) in [
        (Role::Viewer, false, false, false),
        (Role::Trader, true, false, true),
        (Role::Admin, true, true, true),
    ] {
        let mut screen = Screen::of(role, 120, 40, false, Mode::Paper);
        screen.offer_actions();
        screen.ctrl('p');
        let items = crate::palette::items(&screen.app, "");
        let has = |name: &str| items.iter().any(|item| item.name == name);
        assert_eq!((has("flatten"), has("restart_kernel"), has("rebalance")), (flatten, restart, action));
        assert!(has("help") && has("quit") && has("theme light"));
        assert!(!has("newline") && !has("popup_next"), "what acts on what is typed is no command");
    }
}

#[test]
fn an_action_of_the_strategy_is_done_with_what_is_typed_for_it() {
    let mut screen = Screen::rich(80, 24, true, Mode::Paper);
    screen.offer_actions();
    assert_eq!(run(&mut screen, "rebal"), []);
    screen.text("half");
    screen.code(KeyCode::Enter);
    assert_eq!(screen.code(KeyCode::Enter), []);
    assert!(screen.drawn().contains("share must be a number, not `half`"), "{}", screen.drawn());
    assert_snapshot!(screen.drawn());
    for _ in 0.."half".len() {
        screen.code(KeyCode::Backspace);
    }
    screen.text("0.5");
    screen.code(KeyCode::Tab);
    assert_eq!(screen.code(KeyCode::Enter), act("rebalance", json!({ "share": 0.5 })));
    assert!(screen.app.form.is_none());
}

#[test]
fn a_parameter_is_changed_from_what_it_is_and_with_real_money_after_a_question() {
    let set = |value: serde_json::Value| {
        let command = Command::SetParameter { name: "lookback".to_owned(), value };
        vec![Effect::Send(command, Purpose::Verb("set parameter"))]
    };
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.publish();
    assert_eq!(run(&mut screen, "set lookback"), []);
    assert_eq!(screen.app.form.as_ref().unwrap().values, ["60"]);
    screen.text("x");
    assert_eq!(screen.code(KeyCode::Enter), []);
    assert!(screen.drawn().contains("lookback must be a whole number, not `60x`"), "{}", screen.drawn());
    screen.ctrl('u');
    screen.text("20");
    assert_eq!(screen.code(KeyCode::Enter), set(json!(20)));

    let mut screen = Screen::rich(120, 40, false, Mode::Live);
    screen.publish();
    run(&mut screen, "set lookback");
    screen.ctrl('u');
    screen.text("20");
    assert_eq!(screen.code(KeyCode::Enter), []);
    assert!(screen.drawn().contains("sets lookback to 20; it is 60 now"), "{}", screen.drawn());
    screen.wait(Duration::from_millis(200));
    assert_eq!(screen.key('y'), set(json!(20)));
}

#[test]
fn what_must_be_given_is_asked_for() {
    let mut screen = Screen::rich(80, 24, true, Mode::Paper);
    screen.offer_actions();
    run(&mut screen, "rebal");
    screen.code(KeyCode::Down);
    screen.text("true");
    assert_eq!(screen.code(KeyCode::Enter), []);
    assert!(screen.drawn().contains("share is needed"), "{}", screen.drawn());
    screen.text("1");
    screen.code(KeyCode::Enter);
    assert_eq!(screen.code(KeyCode::Enter), act("rebalance", json!({ "share": 1, "hard": true })));
}

#[test]
fn a_dangerous_action_asks_before_it_is_done() {
    let mut screen = Screen::rich(120, 40, false, Mode::Live);
    screen.offer_actions();
    assert_eq!(run(&mut screen, "reset"), []);
    let drawn = screen.drawn();
    assert!(drawn.contains("ACTION — LIVE") && drawn.contains("Forgets what was learnt."), "{drawn}");
    assert_eq!(screen.key('y'), [], "with real money a key is not enough");
    screen.code(KeyCode::Backspace);
    screen.text("ac");
    assert_eq!(screen.key('t'), act("reset_model", json!({})));
}

#[test]
fn without_a_connection_no_action_is_sent_and_what_is_typed_stays() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.offer_actions();
    run(&mut screen, "rebal");
    screen.text("0.5");
    screen.code(KeyCode::Tab);
    let since = screen.app.now.instant;
    let (attempt, retry_at, service) = (1, since + Duration::from_secs(3), ServiceFate::Lives);
    screen.update(Update::Link(Link::Lost { since, attempt, retry_at, service }));
    assert_eq!(screen.code(KeyCode::Enter), []);
    assert_eq!(screen.app.form.as_ref().unwrap().values, ["0.5", ""]);
    screen.update(Update::Link(Link::Connected { latency: None }));
    assert_eq!(screen.code(KeyCode::Enter), act("rebalance", json!({ "share": 0.5 })));
}
