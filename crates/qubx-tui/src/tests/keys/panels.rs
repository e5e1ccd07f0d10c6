//! Going to panels and moving in their tables.

use crossterm::event::{KeyCode, KeyModifiers};
use qubx_protocol::Mode;

use crate::keymap::{Context, Panel};
use crate::tests::fixture::Screen;

#[test]
fn panels_are_reached_from_everywhere() {
    let mut screen = Screen::rich(80, 24, false, Mode::Paper);
    screen.code(KeyCode::F(5));
    assert_eq!((screen.app.context, screen.app.panel), (Context::Panel, Panel::Market));
    screen.code(KeyCode::Tab);
    assert_eq!(screen.app.panel, Panel::Session);
    screen.press(KeyCode::BackTab, KeyModifiers::SHIFT);
    assert_eq!(screen.app.panel, Panel::Market);
}
