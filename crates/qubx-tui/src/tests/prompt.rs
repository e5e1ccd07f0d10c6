//! The prompt: what is typed and pasted, run, completed, recalled and suggested.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use qubx_client::Update;
use qubx_protocol::{
    Answer, AnswerResult, Command, Completeness, Completion, Mode, RequestId, RequestKind, Role,
};

use super::fixture::{ME, Screen, answer};
use crate::keymap::Context;
use crate::message::{Effect, Message, Purpose, Question};

fn execute(code: &str) -> Vec<Effect> {
    vec![Effect::Send(Command::Execute { code: code.to_owned() }, Purpose::Cell)]
}

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
fn what_is_typed_while_the_screen_opens_is_in_the_prompt_and_does_nothing() {
    let at_once = |screen: &mut Screen, code: KeyCode| {
        screen.send(Message::Key(KeyEvent::new(code, KeyModifiers::NONE)))
    };
    let mut screen = Screen::opening(Screen::options(Role::Admin, false), 80, 24);
    // What a terminal answers to whoever asked before may come in parts: its letters are no commands.
    for code in [KeyCode::Char('1'), KeyCode::Esc, KeyCode::Enter, KeyCode::F(1), KeyCode::Char('c')] {
        assert_eq!(at_once(&mut screen, code), []);
    }
    assert_eq!((screen.app.prompt.text().as_str(), screen.app.context), ("1c", Context::Input));
    screen.code(KeyCode::Esc);
    assert_eq!(screen.app.context, Context::Panel);

    let mut trader = Screen::opening(Screen::options(Role::Trader, false), 80, 24);
    assert_eq!(at_once(&mut trader, KeyCode::Char('?')), []);
    assert!(trader.app.help.is_none() && trader.app.prompt.is_empty());
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
    screen.code(KeyCode::Backspace);
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
fn an_empty_prompt_recalls_all_of_mine_and_comes_back_to_what_was_typed() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    for (cell, code) in [(1, "a\nb"), (2, "x"), (3, "a\nb")] {
        screen.cell(cell, ME, code);
    }
    for (key, expected) in
        [(KeyCode::Up, "a\nb"), (KeyCode::Up, "x"), (KeyCode::Down, "a\nb"), (KeyCode::Down, "")]
    {
        screen.code(key);
        assert_eq!(screen.app.prompt.text(), expected);
    }
    screen.text("a");
    screen.code(KeyCode::Up);
    assert_eq!(screen.app.prompt.text(), "a\nb");
    screen.code(KeyCode::Left);
    screen.code(KeyCode::Up);
    assert_eq!(screen.app.prompt.cursor(), (0, 0), "in a text that is edited, up is a row up");
}

#[test]
fn odd_text_is_pasted_as_one_cell_and_without_what_cannot_be_shown() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    screen.send(Message::Paste("if x:\r\n\ty = 1\u{7}\x1b[2J\u{202e}\r\n日本\n".to_owned()));
    assert_eq!(screen.app.prompt.text(), "if x:\n    y = 1[2J\n日本\n");
    screen.draw();
    screen.ctrl('_');
    assert!(screen.app.prompt.is_empty(), "a paste is undone in one step");
}

#[test]
fn a_paste_of_many_lines_is_typed_on_in_and_runs_whole() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    let lines: Vec<String> = (0..2_000).map(|line| format!("value_{line} = \"{line}\"  # 日")).collect();
    screen.send(Message::Paste(lines.join("\n")));
    assert_eq!(screen.app.prompt.rows().count(), 2_000);
    assert!(screen.drawn().contains("value_1999"));
    for _ in 0..1_000 {
        screen.send(Message::Key(KeyEvent::new(KeyCode::Up, KeyModifiers::NONE)));
    }
    screen.code(KeyCode::Home);
    screen.text("x");
    assert!(screen.drawn().contains("…: xvalue_999"), "{}", screen.drawn());
    let code = lines.join("\n").replace("\nvalue_999 ", "\nxvalue_999 ");
    let asked = Effect::Ask(RequestKind::IsComplete { code: code.clone() }, Question::Enter);
    assert_eq!(screen.code(KeyCode::Enter), [asked]);
    let whole = AnswerResult::IsComplete { status: Completeness::Complete, indent: String::new() };
    assert_eq!(answer(&mut screen, Question::Enter, whole), execute(&code));
}

#[test]
fn removing_in_the_indentation_removes_a_step_and_elsewhere_a_character() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    screen.send(Message::Paste("      x  ".to_owned()));
    for expected in ["      x ", "      x", "      ", "    ", ""] {
        screen.code(KeyCode::Backspace);
        assert_eq!(screen.app.prompt.text(), expected);
    }
    screen.send(Message::Paste("a\n".to_owned()));
    screen.code(KeyCode::Backspace);
    assert_eq!(screen.app.prompt.text(), "a", "at the beginning of a line, the lines are joined");
}

#[test]
fn up_and_down_go_through_the_rows_of_a_long_line_and_keep_the_column() {
    let mut screen = Screen::empty(60, 24, false, Mode::Paper);
    screen.send(Message::Paste(format!("{}\ny\n{}", "a".repeat(100), "b".repeat(10))));
    // A row is 60 columns wide, 7 of them for the label.
    for expected in [(1, 1), (0, 63), (0, 10)] {
        screen.code(KeyCode::Up);
        assert_eq!(screen.app.prompt.cursor(), expected);
    }
    for expected in [(0, 63), (1, 1), (2, 10), (2, 10)] {
        screen.code(KeyCode::Down);
        assert_eq!(screen.app.prompt.cursor(), expected);
    }
}

#[test]
fn the_cursor_stands_behind_wide_characters_and_steps_over_them_whole() {
    let mut screen = Screen::empty(60, 24, false, Mode::Paper);
    let cursor = |screen: &Screen| {
        let mut terminal = screen.terminal();
        terminal.draw(|frame| crate::view::view(&screen.app, frame)).unwrap();
        let at = terminal.get_cursor_position().unwrap();
        (at.x, at.y)
    };
    screen.send(Message::Paste("日本e\u{301}👩‍👩‍👧x".to_owned()));
    for (key, expected) in [
        (None, 7 + 4 + 1 + 2 + 1),
        (Some(KeyCode::Left), 7 + 4 + 1 + 2),
        (Some(KeyCode::Left), 7 + 4 + 1),
        (Some(KeyCode::Left), 7 + 4),
        (Some(KeyCode::Left), 7 + 2),
        (Some(KeyCode::Right), 7 + 4),
        (Some(KeyCode::Right), 7 + 4 + 1),
        (Some(KeyCode::Delete), 7 + 4 + 1),
        (Some(KeyCode::Backspace), 7 + 4),
    ] {
        if let Some(key) = key {
            screen.code(key);
        }
        assert_eq!(cursor(&screen).0, expected, "{key:?}");
    }
    assert_eq!(screen.app.prompt.text(), "日本x");
    screen.ctrl('u');
    screen.send(Message::Paste("日".repeat(27)));
    assert_eq!(cursor(&screen), (7 + 2, 22), "a wide character that does not fit begins a row");
}

#[test]
fn the_bracket_at_the_cursor_and_its_partner_stand_out() {
    let mut screen = Screen::empty(60, 24, false, Mode::Paper);
    screen.text("f(a[1])");
    let underlined = |screen: &Screen| {
        let drawn = screen.draw();
        let buffer = drawn.buffer();
        let is = |x: &u16| buffer[(*x, 22)].modifier.contains(ratatui::style::Modifier::UNDERLINED);
        (0..60).filter(is).map(|x| x - 7).collect::<Vec<_>>()
    };
    assert_eq!(underlined(&screen), [1, 6]);
    screen.code(KeyCode::Left);
    screen.code(KeyCode::Left);
    assert_eq!(underlined(&screen), [3, 5]);
    screen.code(KeyCode::Home);
    assert_eq!(underlined(&screen), [0u16; 0]);
}

#[test]
fn what_i_ran_is_suggested_and_taken_at_the_end() {
    for key in [KeyCode::Right, KeyCode::End] {
        let mut screen = Screen::empty(80, 24, false, Mode::Paper);
        screen.cell(1, "op2", "trade('BTCUSDT', 2)");
        screen.cell(2, ME, "trade('BTCUSDT', 1)\nportfolio()");
        screen.text("tra");
        assert!(screen.drawn().contains("trade('BTCUSDT', 1)…"), "{}", screen.drawn());
        assert_eq!(screen.app.prompt.text(), "tra", "it is not typed");
        screen.code(KeyCode::Left);
        assert!(!screen.drawn().contains("1)…"));
        screen.code(key);
        assert_eq!(screen.app.prompt.text(), "tra", "away from the end, the key moves");
        screen.code(key);
        assert_eq!(screen.app.prompt.text(), "trade('BTCUSDT', 1)\nportfolio()");
    }
}

#[test]
fn a_suggestion_follows_what_is_run_and_is_never_run_by_enter() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    screen.text("a");
    screen.cell(1, ME, "abc");
    assert_eq!(screen.app.suggestion(), Some("bc"));
    screen.code(KeyCode::Enter);
    let whole = AnswerResult::IsComplete { status: Completeness::Complete, indent: String::new() };
    assert_eq!(answer(&mut screen, Question::Enter, whole), execute("a"));
    assert_eq!(screen.app.suggestion(), None);
}

#[test]
fn no_key_is_lost_in_a_flood() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    let text = "for symbol in ctx.instruments: print(symbol)";
    for (place, letter) in text.chars().enumerate() {
        for line in 0..20 {
            screen.stream(4, &format!("line {line} of {place}\n"));
        }
        screen.send(Message::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE)));
        screen.log(qubx_protocol::LogLevel::Info, "strategy", "more");
    }
    assert_eq!(screen.app.prompt.text(), text);
}

#[test]
fn completions_for_a_text_that_has_changed_are_no_list() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    screen.text("pos");
    screen.code(KeyCode::Tab);
    screen.send(Message::Asked(RequestId::from("r1"), Question::Completion));
    screen.code(KeyCode::Left);
    screen.code(KeyCode::Tab);
    screen.send(Message::Asked(RequestId::from("r2"), Question::Completion));
    let matches =
        ["posa", "posb"].map(|text| Completion { text: text.to_owned(), kind: String::new() }).to_vec();
    let result = AnswerResult::Completions { start: 0, end: 3, matches };
    screen.update(Update::Answer(Answer { request: RequestId::from("r1"), result: result.clone() }));
    assert!(screen.app.popup.is_none(), "the question was asked again");
    screen.update(Update::Answer(Answer { request: RequestId::from("r2"), result }));
    assert!(screen.app.popup.is_some());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn the_cursor_is_always_in_the_place_of_the_prompt(
        text in "(\\PC|\n|日|e\u{301}|👩‍👩‍👧|\\(|\\[|'){0,120}",
        columns in 1u16..130,
        rows in 1u16..40,
        keys in prop::collection::vec(prop::sample::select(vec![
            (KeyCode::Left, KeyModifiers::NONE), (KeyCode::Right, KeyModifiers::NONE),
            (KeyCode::Up, KeyModifiers::NONE), (KeyCode::Down, KeyModifiers::NONE),
            (KeyCode::Home, KeyModifiers::NONE), (KeyCode::End, KeyModifiers::NONE),
            (KeyCode::Backspace, KeyModifiers::NONE), (KeyCode::Delete, KeyModifiers::NONE),
            (KeyCode::Char('\u{301}'), KeyModifiers::NONE), (KeyCode::Char('日'), KeyModifiers::NONE),
            (KeyCode::Char('_'), KeyModifiers::CONTROL), (KeyCode::Char('b'), KeyModifiers::ALT),
            (KeyCode::Char('k'), KeyModifiers::CONTROL), (KeyCode::Char('y'), KeyModifiers::CONTROL),
        ]), 0..30),
    ) {
        let mut screen = Screen::empty(columns, rows, false, Mode::Paper);
        screen.send(Message::Paste(text));
        for (code, modifiers) in keys {
            screen.send(Message::Key(KeyEvent::new(code, modifiers)));
            let area = crate::view::regions(&screen.app).prompt;
            let mut terminal = screen.terminal();
            terminal.draw(|frame| crate::view::view(&screen.app, frame)).unwrap();
            let at = terminal.get_cursor_position().unwrap();
            prop_assert!(area.is_empty() || area.contains(at), "{at} is not in {area}");
        }
    }
}
