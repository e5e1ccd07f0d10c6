//! What a terminal shows, after the bytes that a screen writes: always what a fresh drawing would show, and nothing is
//! written when nothing of it has changed.

use std::io;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use qubx_client::{Link, Update};
use qubx_protocol::{CellNumber, Fact, LogLevel, Mode};
use ratatui::layout::Size;

use super::fixture::{ME, Screen};
use super::pictures::png;
use crate::layout;
use crate::message::Message;
use crate::pictures;
use crate::terminal::{Canvas, Device};

/// A terminal, in an emulator.
struct Emulator {
    parser: vt100::Parser,
    written: usize,
}

impl Emulator {
    fn new(columns: u16, rows: u16) -> Self {
        Self { parser: vt100::Parser::new(rows, columns, 0), written: 0 }
    }

    /// Changes its size, as a window system does: without a word to the screen.
    fn resize(&mut self, columns: u16, rows: u16) {
        self.parser.screen_mut().set_size(rows, columns);
    }

    /// Returns all that can be seen: every cell with its style, and the cursor.
    fn seen(&self) -> (Vec<Vec<u8>>, bool, Option<(u16, u16)>) {
        let screen = self.parser.screen();
        let rows = screen.rows_formatted(0, screen.size().1).collect();
        (rows, screen.hide_cursor(), (!screen.hide_cursor()).then(|| screen.cursor_position()))
    }
}

impl Device for Emulator {
    fn size(&self) -> io::Result<Size> {
        let (rows, columns) = self.parser.screen().size();
        Ok(Size { width: columns, height: rows })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len();
        self.parser.process(bytes);
        Ok(())
    }
}

/// Asserts that a terminal shows what a new one would.
fn assert_is_as_if_drawn_anew(screen: &mut Screen, canvas: &mut Canvas<Emulator>) {
    let (rows, columns) = canvas.device().parser.screen().size();
    let mut fresh = Canvas::new(Emulator::new(columns, rows)).unwrap();
    fresh.forget().unwrap();
    fresh.draw(&mut screen.app).unwrap();
    assert_eq!(canvas.device().seen(), fresh.device().seen(), "{columns} × {rows}");
}

#[derive(Clone, Debug)]
enum Step {
    /// The terminal has another size.
    Resize(u16, u16),
    /// The screen is told of the size that the terminal has by now.
    Told,
    Type(char),
    Print(String),
    Log(String),
    Market,
    Draw,
    /// A cell shows an image with so many pixels, of this grey.
    Show(u32, u32, u8),
    /// What the last drawing lacked is made.
    Make,
}

fn step() -> impl Strategy<Value = Step> {
    let text = "(\\PC|\n|\t|日|👩‍👩‍👧){0,60}";
    prop_oneof![
        4 => (1u16..140, 1u16..50).prop_map(|(columns, rows)| Step::Resize(columns, rows)),
        2 => Just(Step::Told),
        2 => any::<char>().prop_map(Step::Type),
        3 => text.prop_map(Step::Print),
        2 => text.prop_map(Step::Log),
        1 => Just(Step::Market),
        4 => Just(Step::Draw),
        2 => (1u32..90, 1u32..90, any::<u8>()).prop_map(|(width, height, grey)| Step::Show(width, height, grey)),
        2 => Just(Step::Make),
    ]
}

/// Tells the screen of a size, as the driver does: the terminal may have had others in between.
fn tell(screen: &mut Screen, canvas: &mut Canvas<Emulator>) {
    let (rows, columns) = canvas.device().parser.screen().size();
    screen.send(Message::Resize(layout::Size { columns, rows }));
    canvas.forget().unwrap();
}

/// Makes a picture that the last drawing lacked.
fn make(screen: &mut Screen) {
    if let Some(job) = screen.app.pictures.next_job(screen.app.transcript.gallery()) {
        screen.send(Message::Made(job.run(&|| false)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_its_size_was_meanwhile_a_terminal_ends_up_as_if_drawn_anew(
        steps in prop::collection::vec(step(), 1..60)
    ) {
        let mut screen = Screen::rich(120, 40, false, Mode::Paper);
        let mut canvas = Canvas::new(Emulator::new(120, 40)).unwrap();
        canvas.forget().unwrap();
        screen.app.options.settings.images = pictures::Choice::Blocks;
        screen.cell(9, ME, "flood()");
        screen.event(Fact::CellStarted { cell: CellNumber(9), execution_count: Some(45) });
        for step in steps {
            match step {
                Step::Resize(columns, rows) => canvas.device().resize(columns, rows),
                Step::Told => tell(&mut screen, &mut canvas),
                Step::Type(letter) => drop(screen.press(KeyCode::Char(letter), KeyModifiers::NONE)),
                Step::Print(text) => screen.stream(9, &text),
                Step::Log(text) => screen.log(LogLevel::Info, "strategy", &text),
                Step::Market => screen.market(),
                Step::Draw => canvas.draw(&mut screen.app).unwrap(),
                Step::Show(width, height, grey) => {
                    screen.display(Some(9), &[("image/png", &png(width, height, |_, _| [grey; 4]))], false);
                }
                Step::Make => make(&mut screen),
            }
        }
        tell(&mut screen, &mut canvas);
        canvas.draw(&mut screen.app).unwrap();
        assert_is_as_if_drawn_anew(&mut screen, &mut canvas);
    }
}

#[test]
fn nothing_is_written_when_nothing_changed() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    let mut canvas = Canvas::new(Emulator::new(120, 40)).unwrap();
    canvas.forget().unwrap();
    canvas.draw(&mut screen.app).unwrap();
    let first = canvas.device().written;
    assert!(first > 1_000, "{first}");
    canvas.draw(&mut screen.app).unwrap();
    canvas.draw(&mut screen.app).unwrap();
    assert_eq!(canvas.device().written, first, "a drawing of the same");
    screen.key('x');
    canvas.draw(&mut screen.app).unwrap();
    let key = canvas.device().written - first;
    assert!((1..200).contains(&key), "a key costs {key} bytes");
    // At the same time, so that the clock stands.
    screen.send(Message::Key(KeyEvent::new(KeyCode::Left, KeyModifiers::NONE)));
    canvas.draw(&mut screen.app).unwrap();
    let cursor = canvas.device().written - first - key;
    assert!((1..60).contains(&cursor), "a cursor that moves costs {cursor} bytes");
    assert_is_as_if_drawn_anew(&mut screen, &mut canvas);
}

#[test]
fn a_screen_at_rest_writes_nothing() {
    let mut screen = Screen::empty(120, 40, false, Mode::Paper);
    let mut canvas = Canvas::new(Emulator::new(120, 40)).unwrap();
    screen.wait(Duration::from_secs(6));
    screen.send(Message::Tick);
    canvas.draw(&mut screen.app).unwrap();
    let first = canvas.device().written;
    for milliseconds in 0..20 {
        screen.wait(Duration::from_secs(1));
        let latency = Some(Duration::from_micros(milliseconds * 200));
        screen.send(Message::Update(Update::Link(Link::Connected { latency })));
        screen.send(Message::Tick);
        canvas.draw(&mut screen.app).unwrap();
    }
    let second = canvas.device().written - first;
    assert!(second < 100, "once: the link's delay, which was 14 ms; not {second} bytes");
}

#[test]
fn a_screen_is_laid_out_on_the_terminal_as_it_is() {
    let mut screen = Screen::rich(120, 40, false, Mode::Paper);
    // Nobody has said yet that it is smaller.
    let mut canvas = Canvas::new(Emulator::new(50, 10)).unwrap();
    canvas.draw(&mut screen.app).unwrap();
    assert_eq!((screen.app.size.columns, screen.app.size.rows), (50, 10));
    assert_is_as_if_drawn_anew(&mut screen, &mut canvas);
}
