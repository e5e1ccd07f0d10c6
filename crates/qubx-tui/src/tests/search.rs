//! The search through what was run before.

use crossterm::event::{KeyCode, KeyModifiers};
use insta::assert_snapshot;
use qubx_client::Update;
use qubx_protocol::{
    Answer, AnswerResult, Author, CellNumber, Fact, InputId, Mode, PastCell, RequestId, RequestKind, Role,
    Seq,
};

use super::fixture::{ME, Screen, answer};
use crate::keymap::Context;
use crate::message::{Effect, Message, Question};
use crate::panel::Panel;

const LOOP: &str = "for symbol in ctx.instruments:\n    position = ctx.get_position(symbol)\n    print(symbol, position)\n    del position";

/// Returns a screen with something to find.
fn screen(columns: u16, rows: u16) -> Screen {
    let mut screen = Screen::empty(columns, rows, false, Mode::Paper);
    for (cell, author, code) in [
        (1, ME, "portfolio()"),
        (2, "op2@web", "trade(\"BTCUSDT\", 0.5)"),
        (3, ME, LOOP),
        (4, ME, "positions = ctx.get_positions()"),
        (5, "op2@web", "portfolio()"),
        (6, ME, "S.size = 0.25"),
    ] {
        screen.cell(cell, author, code);
    }
    screen
}

/// Answers what the service is asked: there is nothing older.
fn nothing_older(screen: &mut Screen) {
    // The first answer may be to what was looked for before.
    for _ in 0..2 {
        answer(screen, Question::Cells, AnswerResult::Cells { cells: Vec::new(), complete: true });
    }
}

fn typed(screen: &Screen) -> String {
    screen.app.prompt.text()
}

#[test]
fn what_was_run_is_found_as_it_is_typed_and_taken_without_running() {
    let mut screen = screen(80, 24);
    screen.text("kept");
    screen.ctrl('r');
    assert_eq!(screen.app.keys_context(), Context::Search);
    screen.text("posit");
    assert_eq!(screen.code(KeyCode::Enter), []);
    assert_eq!(typed(&screen), "positions = ctx.get_positions()");
    assert!(screen.app.search.is_none());
    screen.ctrl('_');
    assert_eq!(typed(&screen), "kept", "an undo brings back what was there");
}

#[test]
fn older_and_newer_are_reached_by_arrows_and_by_letters() {
    for (older, newer) in [
        ((KeyCode::Up, KeyModifiers::NONE), (KeyCode::Down, KeyModifiers::NONE)),
        ((KeyCode::Char('p'), KeyModifiers::CONTROL), (KeyCode::Char('n'), KeyModifiers::CONTROL)),
    ] {
        let mut screen = screen(80, 24);
        screen.ctrl('r');
        screen.text("pos");
        for key in [older, older, newer, newer, older] {
            screen.press(key.0, key.1);
        }
        screen.code(KeyCode::Enter);
        assert_eq!(typed(&screen), LOOP);
    }
}

#[test]
fn the_search_is_left_with_the_text_as_before() {
    for (code, modifiers) in [
        (KeyCode::Esc, KeyModifiers::NONE),
        (KeyCode::Char('g'), KeyModifiers::CONTROL),
        (KeyCode::Char('c'), KeyModifiers::CONTROL),
    ] {
        let mut screen = screen(80, 24);
        screen.text("a(b)");
        screen.code(KeyCode::Left);
        let before = (typed(&screen), screen.app.prompt.cursor());
        screen.ctrl('r');
        screen.text("pos");
        screen.code(KeyCode::Up);
        screen.press(code, modifiers);
        assert!(screen.app.search.is_none());
        assert_eq!((typed(&screen), screen.app.prompt.cursor()), before);
        assert_eq!(screen.app.context, Context::Input);
    }
}

#[test]
fn the_cells_of_others_are_a_key_away_and_say_whose_they_are() {
    let mut screen = screen(80, 24);
    screen.ctrl('r');
    screen.text("trade");
    nothing_older(&mut screen);
    assert!(screen.drawn().contains("no cell of mine has it"), "{}", screen.drawn());
    screen.ctrl('r');
    assert!(screen.drawn().contains("op2@web trade(\"BTCUSDT\", 0.5)"), "{}", screen.drawn());
    screen.code(KeyCode::Enter);
    assert_eq!(typed(&screen), "trade(\"BTCUSDT\", 0.5)");
}

#[test]
fn a_key_that_acts_everywhere_leaves_the_search_and_acts() {
    let mut screen = screen(80, 24);
    screen.ctrl('r');
    screen.code(KeyCode::F(3));
    assert!(screen.app.search.is_none());
    assert_eq!(screen.app.panel, Panel::Positions);
    screen.ctrl('r');
    assert!(screen.app.search.is_some(), "it is reached from the panels too");
    screen.code(KeyCode::Esc);
    assert_eq!(screen.app.context, Context::Panel, "and leads back to them");
}

#[test]
fn pasted_text_is_looked_for_and_news_change_nothing_under_the_fingers() {
    let mut screen = screen(80, 24);
    screen.ctrl('r');
    screen.send(Message::Paste("posit\nmore".to_owned()));
    screen.code(KeyCode::Up);
    let before = screen.app.search.as_ref().unwrap().chosen().cloned();
    screen.cell(7, ME, "position = 1");
    assert_eq!(screen.app.search.as_ref().unwrap().chosen().cloned(), before);
    assert_eq!(typed(&screen), "");
}

#[test]
fn a_cell_that_asks_comes_before_a_search() {
    let mut screen = screen(80, 24);
    screen.ctrl('r');
    screen.event(Fact::InputRequested {
        cell: CellNumber(6),
        input: InputId::from("6.1"),
        prompt: "size? ".to_owned(),
        password: false,
    });
    assert_eq!(screen.app.keys_context(), Context::Answer);
    screen.ctrl('r');
    assert!(screen.app.search.is_none() && screen.app.hint.is_some());
}

#[test]
fn older_cells_come_from_the_service_and_nothing_waits_for_them() {
    let mut screen = screen(80, 24);
    let ask = |contains: Option<&str>, author: Option<&str>| {
        let (contains, author) = (contains.map(str::to_owned), author.map(Author::from));
        vec![Effect::Ask(
            RequestKind::Cells { before: Seq(3), contains, author, limit: 100 },
            Question::Cells,
        )]
    };
    assert_eq!(screen.ctrl('r'), ask(None, Some("op1")));
    screen.send(Message::Asked(RequestId::from("r1"), Question::Cells));
    screen.text("pos");
    assert!(screen.drawn().contains("my cells 1 of 2 · looking further back …"), "{}", screen.drawn());
    let past = |seq: u64, code: &str| PastCell {
        seq: Seq(seq),
        cell: CellNumber(seq),
        code: code.to_owned(),
        author: Author::from("op1@pts/9"),
        time: super::fixture::time("13:00:00"),
    };
    let cells = vec![past(2, "old_position"), past(1, "other")];
    let tell = |id: &str, result| Update::Answer(Answer { request: RequestId::from(id), result });
    let effects = screen.update(tell("r1", AnswerResult::Cells { cells, complete: false }));
    assert_eq!(effects, ask(Some("pos"), Some("op1")), "what is typed by now was not asked for yet");
    screen.send(Message::Asked(RequestId::from("r2"), Question::Cells));
    screen.update(tell("r2", AnswerResult::Failed { message: "the log\n cannot be read".to_owned() }));
    assert!(
        screen.drawn().contains("older ones could not be had: the log  cannot be read"),
        "{}",
        screen.drawn()
    );
    for _ in 0..2 {
        assert_eq!(screen.code(KeyCode::Up), []);
    }
    screen.code(KeyCode::Enter);
    assert_eq!(typed(&screen), "old_position");
}

#[test]
fn without_a_connection_the_search_finds_what_is_here() {
    let mut screen = screen(80, 24);
    super::keys::lose(&mut screen);
    assert_eq!(screen.ctrl('r'), []);
    screen.text("size");
    screen.code(KeyCode::Enter);
    assert_eq!(typed(&screen), "S.size = 0.25");
}

#[test]
fn only_those_with_a_prompt_can_search() {
    let mut screen = Screen::of(Role::Trader, 80, 24, false, Mode::Paper);
    screen.ctrl('r');
    assert!(screen.app.search.is_none());
}

#[test]
fn a_search_at_80_by_24() {
    let mut screen = screen(80, 24);
    screen.ctrl('r');
    screen.text("pos");
    screen.code(KeyCode::Up);
    nothing_older(&mut screen);
    assert_snapshot!(screen.drawn());
}

#[test]
fn a_search_of_all_on_a_wide_screen() {
    let mut screen = screen(120, 40);
    screen.ctrl('r');
    screen.ctrl('r');
    screen.code(KeyCode::Up);
    screen.code(KeyCode::Up);
    screen.code(KeyCode::Up);
    assert_snapshot!(screen.drawn());
}
