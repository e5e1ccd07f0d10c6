//! Typing, running and completing.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use qubx_client::Update;
use qubx_protocol::{Answer, AnswerResult, Completeness, Completion, Mode, RequestId, RequestKind};

use super::{answer, execute};
use crate::keymap::Context;
use crate::message::{Effect, Message, Question};
use crate::tests::fixture::{ME, Screen};

#[test]
fn enter_runs_what_the_kernel_calls_whole() {
    for (status, runs) in
        [(Completeness::Complete, true), (Completeness::Invalid, true), (Completeness::Incomplete, false)]
    {
        let mut screen = Screen::empty(80, 24, false, Mode::Paper);
        screen.text("x = 1");
        let code = "x = 1".to_owned();
        assert_eq!(
            screen.code(KeyCode::Enter),
            [Effect::Ask(RequestKind::IsComplete { code }, Question::Enter)]
        );
        let effects = answer(
            &mut screen,
            Question::Enter,
            AnswerResult::IsComplete { status, indent: "  ".to_owned() },
        );
        assert_eq!(effects, if runs { execute("x = 1") } else { Vec::new() });
        assert_eq!(screen.app.prompt.text(), if runs { "" } else { "x = 1\n  " });
    }
}

#[test]
fn a_kernel_that_does_not_answer_does_not_hold_enter_up() {
    for (text, runs) in [("f(1)", true), ("f(1", false)] {
        let mut screen = Screen::empty(80, 24, false, Mode::Paper);
        screen.text(text);
        screen.code(KeyCode::Enter);
        screen.wait(Duration::from_millis(249));
        assert_eq!(screen.send(Message::Tick), []);
        screen.wait(Duration::from_millis(2));
        assert_eq!(screen.send(Message::Tick), if runs { execute(text) } else { Vec::new() });
    }
}

#[test]
fn keys_typed_while_the_kernel_thinks_belong_to_the_next_cell() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    screen.text("a");
    screen.code(KeyCode::Enter);
    assert_eq!(screen.key('b'), execute("a"));
    assert_eq!(screen.app.prompt.text(), "b");
}

#[test]
fn a_late_answer_runs_nothing() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    screen.text("a");
    screen.code(KeyCode::Enter);
    screen.send(Message::Asked(RequestId::from("r1"), Question::Enter));
    screen.key('b');
    let result = AnswerResult::IsComplete { status: Completeness::Complete, indent: String::new() };
    let late = Update::Answer(Answer { request: RequestId::from("r1"), result });
    assert_eq!(screen.update(late), []);
    assert_eq!(screen.app.prompt.text(), "b");
}

#[test]
fn pasted_lines_are_one_text_and_never_run() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    assert_eq!(screen.send(Message::Paste("a = 1\nb = 2\n".to_owned())), []);
    assert_eq!(screen.app.prompt.text(), "a = 1\nb = 2\n");
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
fn newlines_need_no_kernel() {
    for (code, modifiers) in [
        (KeyCode::Enter, KeyModifiers::ALT),
        (KeyCode::Enter, KeyModifiers::SHIFT),
        (KeyCode::Char('j'), KeyModifiers::CONTROL),
    ] {
        let mut screen = Screen::empty(80, 24, false, Mode::Paper);
        screen.text("if x:");
        assert_eq!(screen.press(code, modifiers), []);
        assert_eq!(screen.app.prompt.text(), "if x:\n    ");
    }
}

#[test]
fn a_single_completion_is_put_in_and_a_changed_prompt_is_left_alone() {
    let completion = || AnswerResult::Completions {
        start: 0,
        end: 3,
        matches: vec![Completion { text: "positions".to_owned(), kind: String::new() }],
    };
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    screen.text("pos");
    let asked =
        Effect::Ask(RequestKind::Complete { code: "pos".to_owned(), cursor: 3 }, Question::Completion);
    assert_eq!(screen.code(KeyCode::Tab), [asked]);
    answer(&mut screen, Question::Completion, completion());
    assert_eq!(screen.app.prompt.text(), "positions");

    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    screen.text("pos");
    screen.code(KeyCode::Tab);
    screen.key('t');
    answer(&mut screen, Question::Completion, completion());
    assert_eq!(screen.app.prompt.text(), "post");
}

#[test]
fn tab_indents_where_there_is_nothing_to_complete() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    assert_eq!(screen.code(KeyCode::Tab), []);
    assert_eq!(screen.app.prompt.text(), "    ");
    screen.press(KeyCode::BackTab, KeyModifiers::SHIFT);
    assert_eq!(screen.app.prompt.text(), "");
}

#[test]
fn up_recalls_my_cells_that_begin_alike() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    for (cell, author, code) in
        [(1, ME, "len(a)"), (2, "op2", "len(theirs)"), (3, ME, "x"), (4, ME, "len(b)")]
    {
        screen.cell(cell, author, code);
    }
    screen.text("len");
    for (key, expected) in [
        (KeyCode::Up, "len(b)"),
        (KeyCode::Up, "len(a)"),
        (KeyCode::Up, "len(a)"),
        (KeyCode::Down, "len(b)"),
        (KeyCode::Down, "len"),
    ] {
        screen.code(key);
        assert_eq!(screen.app.prompt.text(), expected);
    }
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
