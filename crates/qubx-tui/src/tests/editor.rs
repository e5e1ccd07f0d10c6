//! The cell in the user's own editor.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use insta::assert_snapshot;
use qubx_protocol::Mode;

use super::fixture::Screen;
use crate::message::{Effect, Message};

#[test]
fn two_keys_give_the_cell_to_the_editor_and_its_text_comes_back() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    screen.text("x = 1");
    assert_eq!(screen.ctrl('x'), []);
    assert_eq!(screen.ctrl('e'), [Effect::Edit("x = 1".to_owned())]);
    screen.send(Message::Edited(Ok("x = 2\r\ny\u{7}".to_owned())));
    assert_eq!(screen.app.prompt.text(), "x = 2\ny");
    screen.ctrl('_');
    assert_eq!(screen.app.prompt.text(), "x = 1", "an undo brings back what was there");
}

#[test]
fn an_editor_that_fails_leaves_the_cell_and_says_why() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    screen.text("x = 1");
    screen.send(Message::Edited(Err("the editor ended with exit status: 1".to_owned())));
    assert_eq!(screen.app.prompt.text(), "x = 1");
    assert!(screen.drawn().contains("the editor ended with exit status: 1"));
}

#[test]
fn keys_that_were_meant_for_the_editor_are_no_input() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    screen.send(Message::Edited(Ok("x".to_owned())));
    screen.send(Message::Key(KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE)));
    assert_eq!(screen.app.prompt.text(), "x");
    screen.wait(Duration::from_millis(200));
    screen.key('y');
    assert_eq!(screen.app.prompt.text(), "xy");
}

#[test]
fn another_key_ends_the_waiting_for_the_second_and_is_no_text() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    screen.ctrl('x');
    screen.key('a');
    assert_eq!(screen.app.prompt.text(), "");
    assert!(screen.drawn().contains("^X a does nothing here"), "{}", screen.drawn());
    screen.ctrl('x');
    screen.code(KeyCode::Esc);
    assert_eq!(screen.app.context, crate::keymap::Context::Input, "escape only ends the waiting");
    assert_eq!(screen.ctrl('e'), [], "the end of the line again");
}

#[test]
fn the_first_of_two_keys_is_seen_at_80_by_24() {
    let mut screen = Screen::rich(80, 24, true, Mode::Paper);
    screen.ctrl('x');
    assert_snapshot!(screen.drawn());
}

#[test]
fn the_first_of_two_keys_is_seen_on_a_wide_screen() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.ctrl('x');
    assert_snapshot!(screen.drawn());
}
