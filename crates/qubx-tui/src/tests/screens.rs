//! Snapshots of what the screen shows.

use std::time::Duration;

use crossterm::event::KeyCode;
use insta::assert_snapshot;
use qubx_client::{Link, ServiceFate, Update};
use qubx_protocol::{
    Answer, AnswerResult, Completion, ErrorCode, ErrorMessage, KernelState, Mode, RequestId, StrategyState,
};

use ratatui::style::Color;

use super::fixture::Screen;
use crate::message::{Message, Question};
use crate::theme::Theme;
use crate::transcript::Transcript;

#[test]
fn a_rich_session_on_a_wide_screen() {
    assert_snapshot!(Screen::rich(120, 40, false, Mode::Live).drawn());
}

#[test]
fn a_rich_session_on_a_medium_screen() {
    assert_snapshot!(Screen::rich(100, 30, false, Mode::Paper).drawn());
}

#[test]
fn a_rich_session_at_80_by_24() {
    assert_snapshot!(Screen::rich(80, 24, true, Mode::Paper).drawn());
}

#[test]
fn the_positions_at_80_by_24() {
    let mut screen = Screen::rich(80, 24, true, Mode::Paper);
    screen.code(KeyCode::F(3));
    assert_snapshot!(screen.drawn());
}

#[test]
fn a_narrow_screen_keeps_session_and_prompt() {
    assert_snapshot!(Screen::rich(58, 14, false, Mode::Live).drawn());
}

#[test]
fn a_tiny_screen_keeps_status_and_prompt() {
    let mut screen = Screen::rich(38, 7, false, Mode::Live);
    screen.text("len(positions)");
    assert_snapshot!(screen.drawn());
}

#[test]
fn an_empty_session_says_what_could_be_there() {
    assert_snapshot!(Screen::empty(120, 30, true, Mode::Paper).drawn());
}

#[test]
fn a_lost_connection_is_seen_with_what_is_known() {
    let mut screen = Screen::rich(120, 40, false, Mode::Live);
    let since = screen.app.now.instant;
    screen.wait(Duration::from_secs(7));
    screen.update(Update::Link(Link::Lost {
        since,
        attempt: 3,
        retry_at: since + Duration::from_secs(10),
        service: ServiceFate::Lives,
    }));
    assert_snapshot!(screen.drawn());
}

#[test]
fn an_ended_session_says_why() {
    let mut screen = Screen::rich(80, 24, false, Mode::Paper);
    screen.update(Update::Link(Link::Closed(ErrorMessage {
        code: ErrorCode::Ended,
        message: "Session ended 14:05 by op2@web (stop)".to_owned(),
        hint: None,
    })));
    assert_snapshot!(screen.drawn());
}

#[test]
fn a_dead_kernel_says_what_still_runs() {
    let mut screen = Screen::rich(120, 40, false, Mode::Live);
    screen.status(|status| {
        status.kernel.state = KernelState::Dead;
        status.kernel.ended = Some("signal 9".to_owned());
        status.kernel.since = super::fixture::time("14:03:11");
        status.strategy.state = StrategyState::Failed;
        status.paused = true;
    });
    assert_snapshot!(screen.drawn());
}

#[test]
fn flatten_with_real_money_asks_for_a_word() {
    let mut screen = Screen::rich(120, 40, false, Mode::Live);
    screen.code(KeyCode::Esc);
    screen.key('F');
    screen.text("fl");
    assert_snapshot!(screen.drawn());
}

#[test]
fn flatten_on_paper_asks_for_a_key() {
    let mut screen = Screen::rich(80, 24, true, Mode::Paper);
    screen.code(KeyCode::Esc);
    screen.key('F');
    assert_snapshot!(screen.drawn());
}

#[test]
fn the_help_names_every_key() {
    let mut screen = Screen::empty(100, 80, false, Mode::Paper);
    screen.code(KeyCode::F(1));
    assert_snapshot!(screen.drawn());
}

#[test]
fn completions_stand_above_the_prompt() {
    let mut screen = Screen::rich(80, 24, true, Mode::Paper);
    screen.text("ctx.get_");
    screen.code(KeyCode::Tab);
    screen.send(Message::Asked(RequestId::from("r1"), Question::Completion));
    let completion = |text: &str| Completion { text: text.to_owned(), kind: "function".to_owned() };
    screen.update(Update::Answer(Answer {
        request: RequestId::from("r1"),
        result: AnswerResult::Completions {
            start: 4,
            end: 8,
            matches: vec![completion("get_orders"), completion("get_position"), completion("get_positions")],
        },
    }));
    screen.code(KeyCode::Tab);
    assert_snapshot!(screen.drawn());
}

#[test]
fn a_long_prompt_grows_and_keeps_its_cursor_in_view() {
    let mut screen = Screen::rich(80, 24, true, Mode::Paper);
    let code: Vec<String> = (0..12).map(|line| format!("line_{line} = \"{line}\"  # number")).collect();
    screen.send(Message::Paste(code.join("\n")));
    assert_snapshot!(screen.drawn());
}

#[test]
fn without_colour_nothing_is_coloured_and_nothing_is_lost() {
    let coloured = Screen::rich(120, 40, false, Mode::Live);
    let mut plain = Screen::rich(120, 40, false, Mode::Live);
    plain.app.theme = Theme { color: false };
    plain.app.transcript = Transcript::new(plain.app.theme);
    plain.app.transcript.rebuild(plain.app.mirror.state.as_ref().unwrap());
    assert_eq!(plain.drawn(), coloured.drawn());
    let drawn = plain.draw();
    assert!(drawn.buffer().content().iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
}

#[test]
fn nothing_but_printable_text_reaches_the_terminal() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    let evil = "\x1b]0;owned\x07\x1b[2J\u{9b}31m\u{202e}txt\x1b[8mhidden\x08\x7f\x1bPq\x1b\\";
    screen.stream(4, evil);
    screen.value(4, evil);
    screen.cell(9, evil, evil);
    screen.log(qubx_protocol::LogLevel::Error, evil, evil);
    screen.status(|status| {
        status.info.name = evil.to_owned();
        status.kernel.state = KernelState::Dead;
        status.kernel.ended = Some(evil.to_owned());
    });
    let drawn = screen.drawn();
    assert!(
        drawn.chars().all(|character| character == '\n' || crate::sanitize::is_printable(character)),
        "{drawn:?}"
    );
    assert!(crate::view::title(&screen.app).chars().all(crate::sanitize::is_printable));
}
