//! Snapshots of what the screen shows.

use std::time::Duration;

use crossterm::event::KeyCode;
use insta::assert_snapshot;
use qubx_client::{Link, ServiceFate, Update};
use qubx_protocol::{
    Alarm, Answer, AnswerResult, Author, CellNumber, Completion, ErrorCode, ErrorMessage, Fact, InputId,
    KernelState, Latest, Mode, OutputContent, RequestId, Role, StrategyState,
};

use ratatui::style::Color;

use super::fixture::Screen;
use crate::message::{Message, Question};
use crate::theme::ThemeChoice;

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
fn a_replay_at_its_end_says_what_came_of_it() {
    let mut screen = Screen::rich(100, 30, true, Mode::Paper);
    screen.results();
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
        message: "stopped by op2@web: 2 cancelled, 0 failed".to_owned(),
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
fn a_dead_kernel_says_when_it_is_started_again() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.status(|status| {
        status.kernel.state = KernelState::Dead;
        status.kernel.ended = Some("signal 11".to_owned());
        status.kernel.since = super::fixture::time("14:02:29");
        status.kernel.next_start = Some(super::fixture::time("14:02:35"));
    });
    let drawn = screen.drawn();
    assert!(drawn.contains("Python kernel ended (signal 11) 14:02:29; again in 4 s."), "{drawn}");
    assert!(drawn.contains("Strategy still running in the engine."), "{drawn}");
    assert!(!drawn.contains("restart: "), "it comes back by itself: {drawn}");
}

#[test]
fn a_kernel_that_does_not_respond_says_whose_cell_and_what_helps() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.status(|status| {
        status.kernel.state = KernelState::NotResponding;
        status.kernel.since = super::fixture::time("14:02:19");
    });
    let bar = "kernel NOT RESPONDING 00:12 · op2@web's In[44] · an interrupt has no effect; restart: esc R";
    assert!(screen.drawn().contains(bar), "{}", screen.drawn());
    screen.code(KeyCode::Esc);
    assert_snapshot!(screen.drawn());
}

#[test]
fn a_restart_with_real_money_reads_its_effect_back_and_asks_for_a_word() {
    let mut screen = Screen::rich(120, 40, false, Mode::Live);
    screen.code(KeyCode::Esc);
    screen.key('R');
    screen.text("rest");
    assert_snapshot!(screen.drawn());
}

#[test]
fn a_cell_that_asks_has_its_line_in_the_place_of_the_prompt() {
    let mut screen = Screen::rich(80, 24, true, Mode::Paper);
    screen.text("kept = 1");
    ask(&mut screen, "size? ", false);
    screen.wait(Duration::from_millis(200));
    screen.text("12");
    assert_snapshot!(screen.drawn());
}

#[test]
fn a_password_is_never_shown() {
    let mut screen = Screen::rich(80, 24, true, Mode::Paper);
    ask(&mut screen, "\x1b]0;x\x07key", true);
    screen.wait(Duration::from_millis(200));
    screen.text("hunter2");
    let drawn = screen.drawn();
    assert!(!drawn.contains("hunter2"));
    assert!(drawn.contains("op2@web's In[44] asks: key •••••••"), "{drawn}");
}

/// Returns what the screen shows as one line.
fn unwrapped(screen: &Screen) -> String {
    screen.drawn().replace('"', "").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn ask(screen: &mut Screen, prompt: &str, password: bool) {
    screen.event(Fact::InputRequested {
        cell: CellNumber(4),
        input: InputId::from("4.1"),
        prompt: prompt.to_owned(),
        password,
    });
}

#[test]
fn a_watching_screen_has_neither_prompt_nor_verbs() {
    let mut screen = Screen::filled(Screen::of(Role::Viewer, 120, 40, false, Mode::Live));
    ask(&mut screen, "size? ", false);
    assert_snapshot!(screen.drawn());
    screen.code(KeyCode::F(1));
    assert_snapshot!("the_help_of_a_watching_screen", screen.drawn());
}

#[test]
fn who_is_here_is_seen_with_what_they_may_do() {
    let screen = Screen::rich(160, 40, true, Mode::Paper);
    assert!(screen.drawn().contains("3 here   op1@pts/1* op2@web op3@pts/7(ro)"), "{}", screen.drawn());
}

#[test]
fn a_trading_screen_has_verbs_and_no_prompt() {
    let mut screen = Screen::filled(Screen::of(Role::Trader, 80, 24, false, Mode::Live));
    screen.code(KeyCode::F(3));
    assert_snapshot!(screen.drawn());
}

#[test]
fn an_alarm_is_seen_until_it_is_mended() {
    let alarm = |source: &str, text: &str, stops_orders| Alarm {
        source: source.to_owned(),
        text: text.to_owned(),
        since: super::fixture::time("14:01:00"),
        stops_orders,
    };
    let mut screen = Screen::rich(80, 24, true, Mode::Paper);
    let alarms = vec![
        alarm("clock", "2.3 s ahead", false),
        alarm("disk", "full: no new orders, cancels still work; \x1b[2Jfree some space", true),
    ];
    screen.update(Update::Latest(Latest { alarms: Some(alarms), ..Latest::default() }));
    let bar = "14:01:00 disk: full: no new orders, cancels still work; free some space";
    let drawn = unwrapped(&screen);
    assert!(drawn.contains(bar) && drawn.contains("(+1 more)"), "{drawn}");
    screen.update(Update::Latest(Latest { alarms: Some(Vec::new()), ..Latest::default() }));
    assert!(!screen.drawn().contains("disk"));
}

#[test]
fn a_crashed_service_is_waited_for_and_says_so() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.lose(ServiceFate::Ended);
    let drawn = unwrapped(&screen);
    assert!(drawn.contains("The service has ended; waiting for its owner to start it again."), "{drawn}");
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
    let mut screen = Screen::empty(100, 100, false, Mode::Paper);
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
    plain.app.set_theme(ThemeChoice::Monochrome);
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
    screen.cell(10, evil, "input()");
    screen.event(Fact::CellStarted { cell: CellNumber(10), execution_count: None });
    screen.event(Fact::Output {
        cell: Some(CellNumber(10)),
        content: OutputContent::Omitted { bytes: 1, file: Some(evil.to_owned()), partial: false },
    });
    for (input, text) in [("10.1", Some(evil.to_owned())), ("10.2", None)] {
        let input = InputId::from(input);
        let prompt = evil.to_owned();
        screen.event(Fact::InputRequested {
            cell: CellNumber(10),
            input: input.clone(),
            prompt,
            password: false,
        });
        if text.is_some() {
            screen.event(Fact::InputEnded { command: None, input, author: Some(Author::from(evil)), text });
        }
    }
    let since = super::fixture::time("14:01:00");
    let alarm = Alarm { source: evil.to_owned(), text: evil.to_owned(), since, stops_orders: true };
    screen.update(Update::Latest(Latest { alarms: Some(vec![alarm]), ..Latest::default() }));
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
