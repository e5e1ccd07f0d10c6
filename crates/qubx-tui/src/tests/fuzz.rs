//! Nothing that is typed, pasted, sent or resized makes the screen panic.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use proptest::prelude::*;
use qubx_client::{Link, ServiceFate, Update};
use qubx_protocol::{
    Answer, AnswerResult, Author, CellNumber, CellStatus, CommandId, Completion, Event, Fact, InputId,
    KernelState, LogLevel, Mode, OutputContent, RequestId, RequestKind, Role, Seq, Side,
};

use super::fixture::{ME, Screen};
use crate::keymap::{EnterMode, Keymap, Preset};
use crate::layout::Size;
use crate::message::{Effect, Message, Question};
use crate::panel::Panel;
use crate::sanitize::is_printable;

#[derive(Clone, Debug)]
enum Step {
    Key(KeyCode, KeyModifiers),
    Paste(String),
    Resize(u16, u16),
    Wait(u64),
    Cell(u64, String),
    Stream(u64, String),
    Finish(u64),
    Log(String),
    Completions(usize, usize, String),
    Asks(u64, String, bool),
    Answered(u64, Option<String>),
    Clear(u64, bool),
    Older(Vec<String>, bool),
    Kernel(usize),
    Mouse(MouseEventKind, u16, u16),
    Fill(u64),
    Publish,
    Series(i64),
    Lost,
    Connected,
}

fn step() -> impl Strategy<Value = Step> {
    let code = prop_oneof![
        6 => any::<char>().prop_map(KeyCode::Char),
        6 => prop::sample::select("abdijkgGcCxFPRyYnNl?:vwp12345678999zsS/|-t([{:'\"# ".chars().collect::<Vec<_>>()).prop_map(KeyCode::Char),
        6 => prop::sample::select(vec![
            KeyCode::Enter, KeyCode::Esc, KeyCode::Tab, KeyCode::BackTab, KeyCode::Backspace, KeyCode::Delete,
            KeyCode::Up, KeyCode::Down, KeyCode::Left, KeyCode::Right, KeyCode::Home, KeyCode::End,
            KeyCode::PageUp, KeyCode::PageDown, KeyCode::Insert, KeyCode::Null, KeyCode::CapsLock,
        ]),
        1 => (0u8..20).prop_map(KeyCode::F),
    ];
    let modifiers = prop::sample::select(vec![
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::CONTROL,
        KeyModifiers::ALT,
        KeyModifiers::SHIFT,
        KeyModifiers::CONTROL | KeyModifiers::ALT,
    ]);
    let mouse = prop::sample::select(vec![
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Down(MouseButton::Left),
        MouseEventKind::Up(MouseButton::Left),
        MouseEventKind::ScrollDown,
        MouseEventKind::ScrollUp,
    ]);
    let text = "(\\PC|\n|\r|\t|\x1b|日|👩‍👩‍👧){0,40}";
    prop_oneof![
        10 => (code, modifiers).prop_map(|(code, modifiers)| Step::Key(code, modifiers)),
        1 => text.prop_map(Step::Paste),
        1 => (0u16..200, 0u16..60).prop_map(|(columns, rows)| Step::Resize(columns, rows)),
        1 => (0u64..400).prop_map(Step::Wait),
        1 => (0u64..20, text).prop_map(|(cell, code)| Step::Cell(cell, code)),
        1 => (0u64..20, text).prop_map(|(cell, output)| Step::Stream(cell, output)),
        1 => (0u64..20).prop_map(Step::Finish),
        1 => text.prop_map(Step::Log),
        1 => (0usize..30, 0usize..30, text).prop_map(|(start, end, text)| Step::Completions(start, end, text)),
        1 => (0u64..20, text, any::<bool>()).prop_map(|(cell, text, password)| Step::Asks(cell, text, password)),
        1 => (0u64..20, prop::option::of(text)).prop_map(|(cell, text)| Step::Answered(cell, text)),
        1 => (0u64..20, any::<bool>()).prop_map(|(cell, wait)| Step::Clear(cell, wait)),
        1 => (prop::collection::vec(text, 0..30), any::<bool>()).prop_map(|(lines, all)| Step::Older(lines, all)),
        1 => (0usize..4).prop_map(Step::Kernel),
        3 => (mouse, 0u16..130, 0u16..45).prop_map(|(kind, column, row)| Step::Mouse(kind, column, row)),
        1 => (0u64..3).prop_map(Step::Fill),
        1 => Just(Step::Publish),
        1 => (0i64..200).prop_map(Step::Series),
        1 => Just(Step::Lost),
        1 => Just(Step::Connected),
    ]
}

fn take(screen: &mut Screen, step: Step) {
    let effects = match step {
        Step::Key(code, modifiers) => screen.send(Message::Key(KeyEvent::new(code, modifiers))),
        Step::Paste(text) => screen.send(Message::Paste(text)),
        Step::Resize(columns, rows) => screen.send(Message::Resize(Size { columns, rows })),
        Step::Wait(milliseconds) => {
            screen.wait(Duration::from_millis(milliseconds));
            screen.send(Message::Tick)
        }
        Step::Cell(cell, code) => {
            screen.cell(cell, ME, &code);
            Vec::new()
        }
        Step::Stream(cell, text) => {
            screen.stream(cell, &text);
            Vec::new()
        }
        Step::Finish(cell) => {
            screen.finish(cell, CellStatus::Ok, cell);
            Vec::new()
        }
        Step::Log(text) => {
            screen.log(LogLevel::Info, &text, &text);
            Vec::new()
        }
        Step::Completions(start, end, text) => {
            let matches =
                ["", "x"].map(|more| Completion { text: format!("{text}{more}"), kind: text.clone() });
            screen.update(Update::Answer(Answer {
                request: RequestId::from("r"),
                result: AnswerResult::Completions { start, end, matches: matches.to_vec() },
            }))
        }
        Step::Asks(cell, prompt, password) => screen.event(Fact::InputRequested {
            cell: CellNumber(cell),
            input: InputId::from(cell.to_string()),
            prompt,
            password,
        }),
        Step::Answered(cell, text) => screen.event(Fact::InputEnded {
            command: None,
            input: InputId::from(cell.to_string()),
            author: text.clone().map(Author::from),
            text,
        }),
        Step::Clear(cell, wait) => screen.event(Fact::Output {
            cell: (cell > 0).then_some(CellNumber(cell)),
            content: OutputContent::Clear { wait },
        }),
        Step::Older(lines, complete) => {
            let line = |(seq, text): (usize, String)| Event {
                seq: Seq(seq as u64),
                time: super::fixture::time("13:00:00"),
                fact: Fact::Log {
                    level: LogLevel::Info,
                    source: "engine".to_owned(),
                    text,
                    market_time: None,
                },
            };
            let events = lines.into_iter().enumerate().map(line).collect();
            screen.update(Update::Answer(Answer {
                request: RequestId::from("r"),
                result: AnswerResult::History { events, complete },
            }))
        }
        Step::Kernel(state) => {
            use KernelState::{Dead, NotResponding, Ready, Starting};
            screen.status(|status| status.kernel.state = [Starting, Ready, NotResponding, Dead][state]);
            Vec::new()
        }
        Step::Mouse(kind, column, row) => {
            screen.send(Message::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }))
        }
        Step::Fill(symbol) => {
            let symbol = ["BTCUSDT", "ETHUSDT", "NEWUSDT"][symbol as usize];
            screen.fill(symbol, Side::Sell, "0.1", "64000.5", "-0.1", "12.5");
            Vec::new()
        }
        Step::Publish => {
            screen.publish();
            Vec::new()
        }
        Step::Series(count) => {
            let asks = RequestKind::Series { name: "z-score".to_owned(), instrument: None, after: None };
            screen.series(&[Effect::Ask(asks, Question::Series(0))], count);
            Vec::new()
        }
        Step::Lost => {
            let since = screen.app.now.instant;
            screen.update(Update::Link(Link::Lost {
                since,
                attempt: 1,
                retry_at: since,
                service: ServiceFate::Unknown,
            }))
        }
        Step::Connected => screen.update(Update::Link(Link::Connected { latency: None })),
    };
    for effect in effects {
        match effect {
            Effect::Send(_, purpose) => screen.send(Message::Sent(CommandId::from("c"), purpose)),
            Effect::Ask(_, question) => screen.send(Message::Asked(RequestId::from("r"), question)),
            Effect::Copy(text) => {
                let is_text = |character| character == '\n' || character == '\t' || is_printable(character);
                assert!(!text.is_empty() && text.chars().all(is_text), "{text:?}");
                continue;
            }
            Effect::Notify(call) => {
                assert!(call.text.chars().all(is_printable), "{call:?}");
                continue;
            }
            Effect::Edit(text) => screen.send(Message::Edited(Ok(format!("{text}\n# 日")))),
            Effect::Reconnect | Effect::Leave(_) | Effect::Redraw => continue,
        };
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn nothing_makes_the_screen_panic(
        owner: bool,
        live: bool,
        role in prop::sample::select(vec![Role::Viewer, Role::Trader, Role::Admin, Role::Admin]),
        vim: bool,
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let mode = if live { Mode::Live } else { Mode::Paper };
        let mut options = Screen::options(role, owner);
        if vim {
            options.settings.keymap = Keymap::new(Preset::Vim, EnterMode::Jupyter);
        }
        let mut screen = Screen::filled(Screen::with(options, 100, 30, mode));
        screen.offer_actions();
        for step in steps {
            take(&mut screen, step);
            screen.draw();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn every_panel_takes_every_key_at_every_size(
        columns in 0u16..220,
        rows in 0u16..70,
        panel in prop::sample::select(Panel::ALL.to_vec()),
        keys in prop::collection::vec(
            prop::sample::select("jkgGzsS/|-x \n\t\x1b<>".chars().collect::<Vec<_>>()), 0..12),
    ) {
        let mut screen = Screen::rich(columns, rows, false, Mode::Paper);
        screen.publish();
        screen.code(KeyCode::Esc);
        screen.key(char::from(b'0' + panel.number()));
        for key in keys {
            let effects = screen.code(match key {
                '\n' => KeyCode::Enter,
                '\t' => KeyCode::Tab,
                '\x1b' => KeyCode::Esc,
                '<' => KeyCode::Left,
                '>' => KeyCode::Right,
                letter => KeyCode::Char(letter),
            });
            screen.series(&effects, 50);
            screen.draw();
        }
    }
}

#[test]
fn questions_without_a_session_are_answered_too() {
    let question = Question::Completion;
    let mut screen = Screen::rich(1, 1, true, Mode::Live);
    screen.send(Message::Asked(RequestId::from("r"), question));
    for columns in 0..130 {
        for rows in [0, 1, 7, 8, 15, 16, 19, 20, 40] {
            screen.send(Message::Resize(Size { columns, rows }));
            screen.draw();
        }
    }
}
