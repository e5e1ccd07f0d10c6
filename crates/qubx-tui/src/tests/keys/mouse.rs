//! The mouse: what is clicked has the keys, and what is under the pointer moves.

use crossterm::event::{KeyCode, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use qubx_protocol::Mode;

use crate::keymap::Context;
use crate::message::Message;
use crate::panel::Panel;
use crate::table::{RowKey, Sort};
use crate::tests::fixture::{Screen, instrument};

/// Does something with the mouse where a text begins on the screen.
fn at(screen: &mut Screen, kind: MouseEventKind, text: &str) {
    let drawn = screen.drawn();
    let mut lines = drawn.lines().map(|line| line.trim_start_matches('"'));
    let (row, column) = (0..)
        .zip(&mut lines)
        .find_map(|(row, line)| line.find(text).map(|byte| (row, line[..byte].chars().count() as u16)))
        .unwrap_or_else(|| panic!("no {text} on {drawn}"));
    screen.wait(std::time::Duration::from_millis(200));
    screen.send(Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
}

const CLICK: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

#[test]
fn a_click_gives_a_panel_the_keys_and_selects_the_row() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    at(&mut screen, CLICK, "ETHUSDT  S ");
    assert_eq!((screen.app.context, screen.app.panel), (Context::Panel, Panel::Positions));
    let selected = screen.app.view(Panel::Positions).selected;
    assert_eq!(selected, Some(RowKey::Instrument(instrument("ETHUSDT"))));
    at(&mut screen, CLICK, "SOLUSDT     ");
    assert_eq!(screen.app.panel, Panel::Market);
    at(&mut screen, CLICK, "3 Orders");
    assert_eq!(screen.app.panel, Panel::Orders);
}

#[test]
fn a_click_on_a_title_sorts_and_a_second_one_turns_around() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    at(&mut screen, CLICK, "uPnL│");
    assert_eq!(screen.app.view(Panel::Positions).sort, Some(Sort { column: 5, descending: true }));
    at(&mut screen, CLICK, "uPnL│");
    assert_eq!(screen.app.view(Panel::Positions).sort, Some(Sort { column: 5, descending: false }));
}

#[test]
fn a_click_on_a_name_goes_to_the_panel() {
    for (columns, rows) in [(80, 24), (100, 30)] {
        let mut screen = Screen::rich(columns, rows, false, Mode::Paper);
        at(&mut screen, CLICK, "3 Ord");
        assert_eq!(screen.app.panel, Panel::Orders);
        at(&mut screen, CLICK, "5 Eq");
        assert_eq!(screen.app.panel, Panel::Equity);
    }
}

#[test]
fn the_wheel_moves_what_is_under_the_pointer_and_takes_no_keys() {
    let mut screen = Screen::rich(80, 24, false, Mode::Paper);
    assert!(screen.app.transcript.follows(crate::transcript::View::Session));
    at(&mut screen, MouseEventKind::ScrollUp, "Traceback");
    assert!(!screen.app.transcript.follows(crate::transcript::View::Session));
    assert_eq!(screen.app.context, Context::Input);
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    at(&mut screen, MouseEventKind::ScrollDown, "ETHUSDT  S ");
    assert_eq!(screen.app.context, Context::Input);
    assert!(screen.app.view(Panel::Positions).scrolled);
}

#[test]
fn the_mouse_never_answers_a_dialog() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.code(KeyCode::Esc);
    screen.key('F');
    at(&mut screen, CLICK, "flatten");
    assert!(screen.app.dialog.is_some());
}
