//! What keys do: the effects and the state that they lead to.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use qubx_client::{Link, ServiceFate, Update};
use qubx_protocol::{
    Answer, AnswerResult, Author, CellNumber, CellStatus, Command, CommandId, Completeness, Completion,
    ErrorCode, ErrorMessage, Event, Fact, InputId, KernelState, LedgerRow, Mode, OrderId, Refusal, RequestId,
    RequestKind, Role, Seq, SessionState, VerbOutcome, VerbProgress,
};

use super::fixture::{ME, Screen};
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
    screen.text("x");
    screen.code(KeyCode::Home);
    screen.code(KeyCode::Tab);
    screen.code(KeyCode::Backspace);
    assert_eq!(screen.app.prompt.text(), "    x", "backspace takes a step of the indentation away");
    screen.code(KeyCode::End);
    screen.code(KeyCode::Backspace);
    assert_eq!(screen.app.prompt.text(), "    ");
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
fn a_selected_row_that_is_gone_selects_no_other() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    screen.code(KeyCode::F(4));
    screen.app.selection.order = Some(OrderId::from("gone"));
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

#[test]
fn looking_past_the_oldest_entry_asks_for_what_was_before_it() {
    let mut screen = Screen::empty(80, 24, false, Mode::Paper);
    let mut state = SessionState::new(qubx_protocol::LogId::from("log"), 50);
    let line = |seq: u64| Event {
        seq: Seq(seq),
        time: super::fixture::time("14:00:00"),
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
