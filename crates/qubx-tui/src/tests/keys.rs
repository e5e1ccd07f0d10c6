//! What keys do: the effects and the state that they lead to.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use qubx_client::{Link, ServiceFate, Update};
use qubx_protocol::{
    Answer, AnswerResult, Author, CellNumber, CellStatus, Command, CommandId, Completeness, Completion,
    ErrorCode, ErrorMessage, Fact, LedgerRow, Mode, OrderId, Refusal, RequestId, RequestKind, VerbOutcome,
    VerbProgress,
};

use super::fixture::{ME, Screen, instrument};
use crate::Exit;
use crate::app::NoticeState;
use crate::keymap::{Context, Panel};
use crate::message::{Effect, Message, Purpose, Question};

fn execute(code: &str) -> Vec<Effect> {
    vec![Effect::Send(Command::Execute { code: code.to_owned() }, Purpose::Cell)]
}

fn verb(screen: &mut Screen, command: &str, name: &str, outcome: VerbOutcome, text: &str) -> Vec<Effect> {
    screen.event(Fact::Verb {
        row: LedgerRow(7),
        verb: VerbProgress {
            command: Some(CommandId::from(command)),
            author: Author::from(ME),
            verb: name.to_owned(),
            target: String::new(),
            outcome,
            text: text.to_owned(),
        },
    })
}

fn answer(screen: &mut Screen, question: Question, result: AnswerResult) -> Vec<Effect> {
    screen.send(Message::Asked(RequestId::from("r1"), question));
    screen.update(Update::Answer(Answer { request: RequestId::from("r1"), result }))
}

fn lose(screen: &mut Screen) {
    let since = screen.app.now.instant;
    screen.update(Update::Link(Link::Lost {
        since,
        attempt: 1,
        retry_at: since + Duration::from_secs(3),
        service: ServiceFate::Lives,
    }));
}

fn end(screen: &mut Screen) -> Vec<Effect> {
    screen.update(Update::Link(Link::Closed(ErrorMessage {
        code: ErrorCode::Ended,
        message: "stopped".to_owned(),
        hint: None,
    })))
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
fn verbs_act_on_the_selected_row_after_a_question() {
    let verb = |command: Command| vec![Effect::Send(command.clone(), Purpose::Verb(command.verb()))];
    for (panel, key, command) in [
        ('3', 'c', Command::CancelOrder { order: OrderId::from("o1") }),
        ('3', 'C', Command::CancelOrders { instrument: Some(instrument("BTCUSDT")) }),
        ('2', 'x', Command::Close { instrument: instrument("BTCUSDT") }),
        ('2', 'F', Command::Flatten),
    ] {
        let mut screen = Screen::rich(120, 40, false, Mode::Paper);
        screen.code(KeyCode::Esc);
        screen.key(panel);
        assert_eq!(screen.key(key), []);
        assert_eq!(screen.key('y'), verb(command), "{key}");
        assert!(screen.app.dialog.is_none());
    }
}

#[test]
fn a_selected_row_that_is_gone_selects_no_other() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.code(KeyCode::F(4));
    screen.app.selection.order = Some(OrderId::from("gone"));
    screen.key('c');
    assert!(screen.app.dialog.is_none());
    assert!(screen.app.hint.is_some());
}

#[test]
fn enter_and_escape_cancel_every_dialog() {
    for key in [KeyCode::Enter, KeyCode::Esc, KeyCode::Char('n')] {
        let mut screen = Screen::rich(120, 40, false, Mode::Paper);
        screen.code(KeyCode::Esc);
        screen.key('F');
        assert_eq!(screen.code(key), []);
        assert!(screen.app.dialog.is_none());
    }
}

#[test]
fn keys_from_before_a_dialog_was_seen_do_not_answer_it() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.code(KeyCode::Esc);
    screen.key('F');
    let typed_ahead = screen.send(Message::Key(KeyEvent::new(KeyCode::Char('y'), KeyModifiers::NONE)));
    assert_eq!(typed_ahead, []);
    assert!(screen.app.dialog.is_some());
    screen.wait(Duration::from_millis(200));
    assert_eq!(screen.send(Message::Paste("y".to_owned())), []);
    assert!(screen.app.dialog.is_some());
    assert_ne!(screen.key('y'), []);
}

#[test]
fn with_real_money_flatten_takes_the_whole_word() {
    let mut screen = Screen::rich(120, 40, false, Mode::Live);
    screen.code(KeyCode::Esc);
    screen.key('F');
    assert_eq!(screen.key('y'), []);
    screen.code(KeyCode::Backspace);
    for letter in ['f', 'l', 'a'] {
        assert_eq!(screen.key(letter), []);
    }
    assert_eq!(screen.key('t'), [Effect::Send(Command::Flatten, Purpose::Verb("flatten"))]);
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

#[test]
fn a_cleared_view_hides_and_scrolling_up_shows_again() {
    let mut screen = Screen::rich(80, 24, false, Mode::Paper);
    assert_eq!(screen.ctrl('l'), [Effect::Redraw]);
    assert!(!screen.drawn().contains("ZeroDivisionError"));
    screen.code(KeyCode::PageUp);
    screen.code(KeyCode::PageUp);
    assert!(screen.drawn().contains("ZeroDivisionError"));
}

#[test]
fn news_do_not_move_what_is_being_read() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    for number in 0..100 {
        screen.log(qubx_protocol::LogLevel::Info, "engine", &format!("line {number}"));
    }
    screen.code(KeyCode::Esc);
    screen.code(KeyCode::PageUp);
    assert!(!screen.app.transcript.follows());
    let before = screen.app.transcript.visible(80, 20);
    for number in 100..200 {
        screen.log(qubx_protocol::LogLevel::Info, "engine", &format!("line {number}"));
    }
    assert_eq!(screen.app.transcript.visible(80, 20), before);
    screen.code(KeyCode::End);
    assert!(screen.drawn().contains("line 199"));
    screen.key('g');
    assert!(screen.drawn().contains("a run begins"));
    for _ in 0..30 {
        screen.code(KeyCode::PageDown);
    }
    assert!(screen.app.transcript.follows());
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
fn panels_are_reached_from_everywhere() {
    let mut screen = Screen::rich(80, 24, false, Mode::Paper);
    screen.code(KeyCode::F(5));
    assert_eq!((screen.app.context, screen.app.panel), (Context::Panel, Panel::Market));
    screen.code(KeyCode::Tab);
    assert_eq!(screen.app.panel, Panel::Session);
    screen.press(KeyCode::BackTab, KeyModifiers::SHIFT);
    assert_eq!(screen.app.panel, Panel::Market);
}
