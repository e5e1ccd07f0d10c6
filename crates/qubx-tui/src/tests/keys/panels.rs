//! Going to panels and moving in their tables.

use crossterm::event::{KeyCode, KeyModifiers};
use qubx_protocol::Mode;

use crate::keymap::{Context, Panel};
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
