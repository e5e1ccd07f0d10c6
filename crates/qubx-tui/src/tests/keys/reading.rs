//! Scrolling in the session's history.

use crossterm::event::KeyCode;
use qubx_client::{Link, Update};
use qubx_protocol::{AnswerResult, Event, Fact, Mode, RequestKind, Seq, SessionState};

use super::lose;
use crate::message::{Effect, Question};
use crate::tests::fixture::Screen;
use crate::tests::fixture::answer;

#[test]
fn a_cleared_view_hides_and_scrolling_up_shows_again() {
    let mut screen = Screen::rich(80, 24, false, Mode::Paper);
    assert_eq!(screen.ctrl('l'), [Effect::Redraw]);
    assert!(!screen.drawn().contains("ZeroDivisionError"));
    screen.code(KeyCode::PageUp);
    assert!(screen.drawn().contains("ZeroDivisionError"));
    screen.code(KeyCode::PageUp);
    assert!(screen.drawn().contains("beginning of the session"));
}

#[test]
fn news_do_not_move_what_is_being_read() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    for number in 0..100 {
        screen.log(qubx_protocol::LogLevel::Info, "engine", &format!("line {number}"));
    }
    screen.code(KeyCode::Esc);
    screen.code(KeyCode::PageUp);
    assert!(!screen.app.transcript.follows(crate::transcript::View::Session));
    let before = screen.app.transcript.visible(crate::transcript::View::Session, 80, 20);
    for number in 100..200 {
        screen.log(qubx_protocol::LogLevel::Info, "engine", &format!("line {number}"));
    }
    assert_eq!(screen.app.transcript.visible(crate::transcript::View::Session, 80, 20), before);
    screen.code(KeyCode::End);
    assert!(screen.drawn().contains("line 199"));
    screen.key('g');
    assert!(screen.drawn().contains("a run begins"));
    for _ in 0..30 {
        screen.code(KeyCode::PageDown);
    }
    assert!(screen.app.transcript.follows(crate::transcript::View::Session));
}

#[test]
fn a_cell_that_prints_without_end_drives_nothing_else_out() {
    let mut screen = Screen::rich(80, 24, false, Mode::Paper);
    for _ in 0..40 {
        screen.stream(4, &"a line of output\n".repeat(64 << 10));
    }
    screen.stream(4, "the last line\n");
    assert!(screen.drawn().contains("the last line"));
    screen.code(KeyCode::Esc);
    screen.key('g');
    assert!(screen.drawn().contains("a run begins"));
}

#[test]
fn looking_past_the_oldest_entry_asks_for_what_was_before_it() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    let mut state = SessionState::new(qubx_protocol::LogId::from("log"), 50);
    let line = |seq: u64| Event {
        seq: Seq(seq),
        time: crate::tests::fixture::time("14:00:00"),
        fact: Fact::Log {
            level: qubx_protocol::LogLevel::Info,
            source: "engine".to_owned(),
            text: format!("line {seq}"),
            market_time: None,
        },
    };
    for seq in 1..=100 {
        state.apply(&line(seq));
    }
    screen.update(Update::Snapshot(Box::new(state)));
    screen.code(KeyCode::Esc);
    let ask = |before| {
        let kind = RequestKind::History { before: Seq(before), kind: None, limit: 200 };
        vec![Effect::Ask(kind, Question::Older)]
    };
    assert_eq!(screen.key('g'), ask(51));
    assert!(screen.drawn().contains("loading older history …"));
    assert_eq!(screen.code(KeyCode::PageUp), [], "one at a time");
    let page =
        |from, to, complete| AnswerResult::History { events: (from..to).map(line).collect(), complete };
    answer(&mut screen, Question::Older, page(21, 51, false));
    let drawn = screen.drawn();
    assert!(drawn.contains("line 50") && drawn.contains("line 51") && !drawn.contains("loading"), "{drawn}");
    screen.code(KeyCode::PageUp);
    assert_eq!(screen.code(KeyCode::PageUp), ask(21));
    let failed = AnswerResult::Failed { message: "the log cannot be read".to_owned() };
    answer(&mut screen, Question::Older, failed);
    assert!(screen.drawn().contains("could not be had: the log cannot be read"), "{}", screen.drawn());
    assert_eq!(screen.code(KeyCode::PageUp), ask(21), "and can be tried again");
    lose(&mut screen);
    screen.update(Update::Link(Link::Connected { latency: None }));
    assert_eq!(screen.code(KeyCode::PageUp), ask(21), "a lost connection forgets the question");
    answer(&mut screen, Question::Older, page(1, 21, true));
    screen.key('g');
    let drawn = screen.drawn();
    assert!(drawn.contains("beginning of the session") && drawn.contains("line 1 "), "{drawn}");
    assert_eq!(screen.key('k'), [], "there is nothing before it");
}
