//! Verbs, their questions and their results.

use std::time::Duration;

use crossterm::event::KeyCode;
use qubx_client::Update;
use qubx_protocol::{
    CellNumber, CellStatus, Command, CommandId, Fact, KernelState, Mode, OrderId, Refusal, Role, VerbOutcome,
};

use super::verb;
use crate::Exit;
use crate::app::NoticeState;
use crate::keymap::Context;
use crate::message::{Effect, Message, Purpose};
use crate::panel::Panel;
use crate::table::RowKey;
use crate::tests::fixture::{ME, Screen};

#[test]
fn interrupt_clears_then_interrupts_mine_and_asks_before_theirs() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    screen.text("x");
    assert_eq!(screen.ctrl('c'), []);
    assert!(screen.app.prompt.is_empty());
    assert_eq!(screen.ctrl('c'), []);
    assert!(screen.app.hint.is_some());

    screen.cell(1, ME, "loop()");
    screen.event(Fact::CellStarted { cell: CellNumber(1), execution_count: Some(1) });
    let interrupt = |cell| Effect::Send(Command::Interrupt { cell: Some(CellNumber(cell)) }, Purpose::Cell);
    assert_eq!(screen.ctrl('c'), [interrupt(1)]);

    screen.finish(1, CellStatus::Interrupted, 1);
    screen.cell(2, "op2@web", "loop()");
    screen.event(Fact::CellStarted { cell: CellNumber(2), execution_count: Some(2) });
    assert_eq!(screen.ctrl('c'), []);
    assert_eq!(screen.key('n'), []);
    assert!(screen.app.dialog.is_none());
    screen.ctrl('c');
    assert_eq!(screen.key('y'), [interrupt(2)]);
}

#[test]
fn a_selected_row_that_is_gone_selects_no_other() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.code(KeyCode::F(4));
    screen.app.view_mut(Panel::Orders).selected = Some(RowKey::Order(OrderId::from("gone")));
    screen.key('c');
    assert!(screen.app.dialog.is_none());
    assert!(screen.app.hint.is_some());
}

#[test]
fn the_result_of_a_verb_stays_until_dismissed() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.send(Message::Sent(CommandId::from("c1"), Purpose::Verb("flatten")));
    verb(&mut screen, "c1", "flatten", VerbOutcome::Started, "0/2 flat, 1 cancelled");
    verb(&mut screen, "theirs", "close", VerbOutcome::Done, "flat");
    verb(&mut screen, "c1", "flatten", VerbOutcome::Done, "2/2 flat, 1 cancelled");
    screen.wait(Duration::from_secs(600));
    screen.send(Message::Tick);
    let [notice] = screen.app.notices.make_contiguous() else { panic!("{:?}", screen.app.notices) };
    assert_eq!((notice.text.as_str(), notice.state), ("flatten: 2/2 flat, 1 cancelled", NoticeState::Done));
    screen.code(KeyCode::Esc);
    screen.code(KeyCode::Esc);
    assert!(screen.app.notices.is_empty());
}

#[test]
fn a_refused_command_says_why() {
    let mut screen = Screen::empty(120, 40, false, Mode::Paper);
    screen.send(Message::Sent(CommandId::from("c1"), Purpose::Verb("close")));
    screen.update(Update::Refused(Refusal {
        command: CommandId::from("c1"),
        message: "already done by op2".to_owned(),
    }));
    assert!(screen.drawn().contains("already done by op2"));
    assert_eq!(screen.app.notices.len(), 1);
}

#[test]
fn a_second_interrupt_without_an_end_says_what_helps() {
    let mut screen = Screen::empty(120, 40, false, Mode::Paper);
    screen.cell(1, ME, "hang()");
    screen.event(Fact::CellStarted { cell: CellNumber(1), execution_count: Some(1) });
    let interrupt = [Effect::Send(Command::Interrupt { cell: Some(CellNumber(1)) }, Purpose::Cell)];
    assert_eq!(screen.ctrl('c'), interrupt);
    assert_eq!(screen.ctrl('c'), interrupt);
    assert!(screen.app.hint.is_none(), "it may take a moment");
    screen.wait(Duration::from_secs(2));
    assert_eq!(screen.ctrl('c'), interrupt);
    assert!(screen.drawn().contains("restart the kernel: esc R"), "{}", screen.drawn());
    screen.status(|status| status.kernel.state = KernelState::NotResponding);
    screen.ctrl('c');
    assert!(screen.drawn().contains("the kernel does not respond: an interrupt has no effect"));
}

#[test]
fn the_kernel_is_restarted_by_a_key_on_paper_and_by_a_word_with_real_money() {
    let restart = [Effect::Send(Command::RestartKernel, Purpose::Verb("restart"))];
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.code(KeyCode::Esc);
    assert_eq!(screen.key('R'), []);
    assert_eq!(screen.key('y'), restart);
    let mut screen = Screen::rich(120, 40, false, Mode::Live);
    screen.code(KeyCode::Esc);
    screen.key('R');
    assert_eq!(screen.key('y'), []);
    screen.code(KeyCode::Backspace);
    screen.text("restar");
    assert_eq!(screen.key('t'), restart);
}

#[test]
fn one_key_pauses_and_resumes_after_a_question() {
    let mut screen = Screen::rich(120, 40, false, Mode::Live);
    screen.code(KeyCode::Esc);
    screen.key('P');
    assert_eq!(screen.key('y'), [Effect::Send(Command::Pause, Purpose::Verb("pause"))]);
    screen.status(|status| status.paused = true);
    screen.key('P');
    assert_eq!(screen.key('y'), [Effect::Send(Command::Resume, Purpose::Verb("resume"))]);
}

#[test]
fn a_screen_has_no_key_for_what_its_role_may_not_do() {
    for (role, has) in [(Role::Viewer, ""), (Role::Trader, "FPcA"), (Role::Admin, "FPRcAQ")] {
        for letter in ['F', 'P', 'R', 'c', 'A', 'Q'] {
            let mut screen = Screen::filled(Screen::of(role, 120, 40, false, Mode::Live));
            screen.code(KeyCode::F(4));
            screen.key(letter);
            assert_eq!(screen.app.dialog.is_some(), has.contains(letter), "{letter} of a {role}");
        }
        let mut screen = Screen::of(role, 120, 40, false, Mode::Paper);
        screen.code(KeyCode::Esc);
        screen.key('i');
        assert_eq!(screen.app.context == Context::Input, role == Role::Admin);
        screen.ctrl('c');
        screen.send(Message::Paste("1 + 1".to_owned()));
        assert_eq!(screen.code(KeyCode::Enter).is_empty(), role != Role::Admin);
        assert!(screen.ctrl('q').contains(&Effect::Leave(Exit::Detached)));
    }
}
