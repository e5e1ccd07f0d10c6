//! The line that a cell asks for.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use qubx_client::Update;
use qubx_protocol::{Author, CellNumber, Command, CommandId, Fact, InputId, Mode, Refusal};

use crate::keymap::Context;
use crate::message::{Effect, Message, Purpose};
use crate::tests::fixture::{ME, Screen};

fn ask(screen: &mut Screen, input: &str, password: bool) {
    screen.event(Fact::InputRequested {
        cell: CellNumber(1),
        input: InputId::from(input),
        prompt: "size? ".to_owned(),
        password,
    });
}

fn asking(author: &str) -> Screen {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    screen.cell(1, author, "input()");
    screen.event(Fact::CellStarted { cell: CellNumber(1), execution_count: Some(3) });
    screen.text("precious");
    ask(&mut screen, "1.1", false);
    screen
}

fn answered(screen: &mut Screen, author: Option<&str>) {
    screen.event(Fact::InputEnded {
        command: None,
        input: InputId::from("1.1"),
        author: author.map(Author::from),
        text: author.map(|_| "12".to_owned()),
    });
}

fn sends_answer(text: &str) -> Vec<Effect> {
    let input = InputId::from("1.1");
    vec![Effect::Send(Command::Answer { input, text: text.to_owned() }, Purpose::Answer)]
}

#[test]
fn what_is_typed_for_a_cell_that_asks_is_its_answer_and_the_prompt_comes_back() {
    let mut screen = asking("op2@web");
    screen.text("12");
    assert_eq!(screen.code(KeyCode::Enter), sends_answer("12"));
    screen.send(Message::Sent(CommandId::from("a1"), Purpose::Answer));
    assert_eq!(screen.code(KeyCode::Enter), [], "once");
    screen.text("3");
    assert!(screen.drawn().contains("size? 12  sent…"), "{}", screen.drawn());
    answered(&mut screen, Some(ME));
    assert!(screen.app.hint.is_none());
    assert_eq!(screen.app.prompt.text(), "precious");
    screen.key('!');
    assert_eq!(screen.app.prompt.text(), "precious!");
}

#[test]
fn an_empty_line_is_an_answer_too() {
    let mut screen = asking(ME);
    assert_eq!(screen.code(KeyCode::Enter), sends_answer(""));
}

#[test]
fn what_was_typed_ahead_of_the_question_is_no_answer() {
    let mut screen = asking(ME);
    for code in [KeyCode::Char('x'), KeyCode::Enter] {
        screen.wait(Duration::from_millis(70));
        assert_eq!(screen.send(Message::Key(KeyEvent::new(code, KeyModifiers::NONE))), []);
    }
    screen.send(Message::Paste("pasted".to_owned()));
    assert_eq!(screen.app.prompt.text(), "precious", "and lands nowhere else");
    screen.wait(Duration::from_millis(20));
    screen.send(Message::Paste("12\nrm".to_owned()));
    assert_eq!(screen.code(KeyCode::Enter), sends_answer("12"), "an answer is one line");
}

#[test]
fn an_answer_by_somebody_else_takes_the_line_away_and_says_who() {
    let mut screen = asking(ME);
    screen.text("1");
    answered(&mut screen, Some("op3@pts/7"));
    let drawn = screen.drawn();
    assert!(drawn.contains("op3@pts/7 has answered"), "{drawn}");
    assert!(drawn.contains("size? 12  (op3@pts/7)"), "{drawn}");
    assert_eq!(screen.app.prompt.text(), "precious");
}

#[test]
fn a_refused_answer_can_be_changed_and_sent_again() {
    let mut screen = asking(ME);
    screen.text("1");
    screen.code(KeyCode::Enter);
    screen.send(Message::Sent(CommandId::from("a1"), Purpose::Answer));
    screen
        .update(Update::Refused(Refusal { command: CommandId::from("a1"), message: "too long".to_owned() }));
    screen.text("2");
    assert_eq!(screen.code(KeyCode::Enter), sends_answer("12"));
}

#[test]
fn a_cell_that_asks_can_be_left_for_the_panels_and_interrupted() {
    let mut screen = asking(ME);
    screen.text("12");
    screen.code(KeyCode::Esc);
    assert_eq!(screen.app.context, Context::Panel);
    screen.key('i');
    assert_eq!(screen.ctrl('c'), [], "what is typed goes first");
    let cell = Some(CellNumber(1));
    assert_eq!(screen.ctrl('c'), [Effect::Send(Command::Interrupt { cell }, Purpose::Cell)]);
    answered(&mut screen, None);
    assert!(screen.app.answer.is_none() && screen.app.hint.is_none());
    assert!(screen.drawn().contains("size?   no answer"), "{}", screen.drawn());
    assert_eq!(screen.app.prompt.text(), "precious");
}
