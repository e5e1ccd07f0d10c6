//! Ways out of the screen, and a connection that is lost.

use std::time::Duration;

use crossterm::event::KeyCode;
use qubx_client::{Link, Update};
use qubx_protocol::{Command, CommandId, Mode, Refusal, VerbOutcome};

use super::{end, lose, verb};
use crate::Exit;
use crate::message::{Effect, Message, Purpose};
use crate::tests::fixture::Screen;

#[test]
fn an_attached_screen_detaches_without_a_question() {
    let mut screen = Screen::rich(80, 24, false, Mode::Live);
    assert_eq!(screen.ctrl('q'), [Effect::Leave(Exit::Detached)]);
}

#[test]
fn the_owner_alone_on_paper_stops_the_session_and_waits_for_its_end() {
    let mut screen = Screen::empty(80, 24, true, Mode::Paper);
    let stop = Command::Stop { flatten: false, keep_orders: false };
    assert_eq!(screen.ctrl('q'), [Effect::Send(stop, Purpose::Stop)]);
    assert!(screen.drawn().contains("stopping…"));
    screen.send(Message::Sent(CommandId::from("c1"), Purpose::Stop));
    assert_eq!(verb(&mut screen, "c1", "stop", VerbOutcome::Started, ""), []);
    assert_eq!(end(&mut screen), [Effect::Leave(Exit::Stopped)]);
}

#[test]
fn a_refused_stop_leaves_the_screen_as_it_was() {
    let mut screen = Screen::empty(80, 24, true, Mode::Paper);
    screen.ctrl('q');
    screen.send(Message::Sent(CommandId::from("c1"), Purpose::Stop));
    screen.update(Update::Refused(Refusal { command: CommandId::from("c1"), message: "no".to_owned() }));
    assert!(!screen.drawn().contains("stopping…"));
}

#[test]
fn the_owner_is_asked_when_live_or_not_alone_or_not_known() {
    for (mode, present) in [(Mode::Live, Some(1)), (Mode::Paper, Some(2)), (Mode::Paper, None)] {
        let mut screen = Screen::empty(80, 24, true, mode);
        screen.app.mirror.latest.presence = None;
        if let Some(present) = present {
            screen.present(present);
        }
        assert_eq!(screen.ctrl('q'), []);
        assert_eq!(screen.code(KeyCode::Enter), [], "cancel has the focus");
        assert!(screen.app.dialog.is_none());
        screen.ctrl('q');
        assert_eq!(screen.key('l'), [Effect::Send(Command::Release, Purpose::Release)]);
    }
}

#[test]
fn leaving_it_running_waits_for_the_acknowledgement() {
    let mut screen = Screen::empty(80, 24, true, Mode::Live);
    screen.ctrl('q');
    screen.key('l');
    screen.send(Message::Sent(CommandId::from("c1"), Purpose::Release));
    let done = verb(&mut screen, "c1", "detach", VerbOutcome::Done, "");
    assert_eq!(done, [Effect::Leave(Exit::LeftRunning)]);
}

#[test]
fn end_of_input_asks_and_only_on_an_empty_prompt() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    screen.text("x");
    assert_eq!(screen.ctrl('d'), []);
    assert!(screen.app.dialog.is_none());
    screen.code(KeyCode::Backspace);
    screen.ctrl('d');
    assert_eq!(screen.key('y'), [Effect::Leave(Exit::Detached)]);
}

#[test]
fn without_a_connection_nothing_is_sent_and_typed_text_stays() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.text("precious");
    lose(&mut screen);
    assert_eq!(screen.code(KeyCode::Enter), [Effect::Reconnect]);
    screen.code(KeyCode::Esc);
    screen.key('F');
    assert!(screen.app.dialog.is_none());
    assert_eq!(screen.code(KeyCode::Enter), [Effect::Reconnect]);
    screen.wait(Duration::from_secs(19));
    screen.update(Update::Link(Link::Connected { latency: None }));
    assert_eq!(screen.app.prompt.text(), "precious");
    assert!(screen.drawn().contains("Back after 00:"));
}

#[test]
fn a_lost_connection_closes_the_dialogs_that_need_it() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.code(KeyCode::Esc);
    screen.key('F');
    lose(&mut screen);
    assert!(screen.app.dialog.is_none());
}

#[test]
fn an_ended_session_is_left_by_any_key() {
    let mut screen = Screen::rich(80, 24, false, Mode::Paper);
    assert_eq!(end(&mut screen), []);
    assert_eq!(screen.key('j'), [Effect::Leave(Exit::Ended("stopped".to_owned()))]);
}
