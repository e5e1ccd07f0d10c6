//! Going to panels and moving in their tables.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use qubx_protocol::Mode;

use crate::keymap::Context;
use crate::message::Message;
use crate::panel::Panel;
use crate::tests::fixture::Screen;

#[test]
fn panels_are_reached_from_everywhere() {
    let mut screen = Screen::rich(80, 24, false, Mode::Paper);
    for (key, panel) in [(6, Panel::Equity), (7, Panel::Fills), (9, Panel::Peers), (10, Panel::Strategy)] {
        screen.code(KeyCode::F(key));
        assert_eq!(screen.app.panel, panel);
    }
    screen.press(KeyCode::Char('2'), KeyModifiers::ALT);
    assert_eq!(screen.app.panel, Panel::Positions);
    screen.key('9');
    assert_eq!(screen.app.panel, Panel::Strategy);
    screen.code(KeyCode::Tab);
    assert_eq!(screen.app.panel, Panel::Session);
    screen.code(KeyCode::F(5));
    assert_eq!((screen.app.context, screen.app.panel), (Context::Panel, Panel::Market));
    screen.code(KeyCode::Tab);
    assert_eq!(screen.app.panel, Panel::Equity);
    screen.press(KeyCode::BackTab, KeyModifiers::SHIFT);
    assert_eq!(screen.app.panel, Panel::Market);
}

#[test]
fn what_a_terminal_says_at_the_start_is_no_input() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    screen.app.deaf_until = screen.app.now.instant + Duration::from_millis(1);
    screen.send(Message::Key(KeyEvent::new(KeyCode::Char('a'), KeyModifiers::NONE)));
    screen.send(Message::Paste("b".to_owned()));
    assert!(screen.app.prompt.is_empty());
}

#[test]
fn letters_act_only_in_the_panels() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.key('F');
    assert!(screen.app.dialog.is_none());
    assert_eq!(screen.app.prompt.text(), "F");
    screen.code(KeyCode::Esc);
    assert_eq!(screen.app.context, Context::Panel);
    screen.key('F');
    assert!(screen.app.dialog.is_some());
    screen.code(KeyCode::Esc);
    screen.key('i');
    assert_eq!(screen.app.context, Context::Input);
    assert_eq!(screen.app.prompt.text(), "F", "typed text is kept");
}
