//! Images among the outputs: how they are seen on each kind of terminal, and what is written for them.

use std::fmt::Write as _;
use std::io;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use crossterm::event::KeyCode;
use insta::assert_snapshot;
use png::{BitDepth, ColorType, Encoder};
use qubx_protocol::{CellNumber, CellStatus, Fact, Mode, OutputContent, Role};
use ratatui::layout::Size;
use ratatui::style::Color;

use super::fixture::{ME, Screen};
use crate::message::Message;
use crate::pictures::{CellPixels, Choice};
use crate::terminal::{Canvas, Device};
use crate::theme::ThemeChoice;
use crate::{Colors, Entry, ScreenOptions, ScreenSettings, Value, Written};

/// Returns a PNG of so many pixels, as base64.
pub(super) fn png(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 4]) -> String {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    let pixels: Vec<u8> =
        (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).flat_map(|(x, y)| pixel(x, y)).collect();
    encoder.write_header().unwrap().write_image_data(&pixels).unwrap();
    BASE64_STANDARD.encode(bytes)
}

/// Returns a red disc on nothing.
fn disc(side: u32) -> String {
    let middle = i64::from(side) - 1;
    png(side, side, |x, y| {
        let [x, y] = [x, y].map(|place| i64::from(place) * 2 - middle);
        if x * x + y * y <= i64::from(side) * i64::from(side) { [200, 30, 40, 255] } else { [0; 4] }
    })
}

fn options(choice: Choice) -> ScreenOptions {
    let mut options = Screen::options(Role::Admin, false);
    options.colors = Colors::of(|name| (name == "COLORTERM").then(|| "truecolor".to_owned()));
    options.settings.images = choice;
    options
}

/// Returns a screen on which a cell has shown an image.
fn showing(options: ScreenOptions, columns: u16, rows: u16, image: &str) -> Screen {
    let mut screen = Screen::with(options, columns, rows, Mode::Paper);
    screen.cell(1, ME, "plot()");
    screen.event(Fact::CellStarted { cell: CellNumber(1), execution_count: Some(7) });
    screen.display(Some(1), &[("image/png", image), ("text/plain", "<Figure size 16x16>")], false);
    screen.finish(1, CellStatus::Ok, 12);
    screen
}

/// Makes what drawings lack, as the driver does, until none lacks anything.
fn make(screen: &mut Screen) {
    for _ in 0..20 {
        screen.draw();
        let Some(job) = screen.app.pictures.next_job(screen.app.transcript.gallery()) else { return };
        screen.send(Message::Made(job.run(&|| false)));
    }
    panic!("a picture is made again and again");
}

#[test]
fn a_picture_in_half_blocks_at_two_sizes() {
    for (columns, rows) in [(100, 30), (50, 16)] {
        let mut screen = showing(options(Choice::Auto), columns, rows, &disc(30));
        make(&mut screen);
        assert_snapshot!(format!("a_picture_{columns}x{rows}"), screen.drawn());
    }
}

#[test]
fn half_blocks_have_the_pictures_colours() {
    let rgb =
        |x: u32, y: u32| [if x < 4 { 255 } else { 0 }, if y.is_multiple_of(2) { 255 } else { 0 }, 0, 255];
    let image = png(8, 8, rgb);
    for (term, upper, lower) in [
        ("truecolor", Color::Rgb(255, 255, 0), Color::Rgb(255, 0, 0)),
        ("", Color::Indexed(226), Color::Indexed(196)),
    ] {
        let mut options = options(Choice::Blocks);
        options.colors = Colors::of(|name| (name == "COLORTERM").then(|| term.to_owned()));
        let mut screen = showing(options, 100, 30, &image);
        make(&mut screen);
        let drawn = screen.draw();
        let blocks: Vec<_> = drawn.buffer().content.iter().filter(|cell| cell.symbol() == "▀").collect();
        assert_eq!(blocks.len(), 8 * 4);
        assert_eq!((blocks[0].fg, blocks[0].bg), (upper, lower));
    }
}

#[test]
fn a_picture_is_named_where_it_cannot_be_seen() {
    let image = png(640, 480, |_, _| [9, 9, 9, 255]);
    let mut without_colors = options(Choice::Auto);
    without_colors.no_color = true;
    let mut monochrome = options(Choice::Kitty);
    monochrome.settings.theme = ThemeChoice::Monochrome;
    let mut few_colors = options(Choice::Auto);
    few_colors.colors = Colors::of(|_| None);
    for options in [without_colors, monochrome, few_colors, options(Choice::Off)] {
        let mut screen = showing(options, 100, 30, &image);
        make(&mut screen);
        let drawn = screen.drawn();
        assert!(drawn.contains("  [image 640×480 png, 2.2 KB]"), "{drawn}");
        assert!(!drawn.contains("Figure"), "the name says it better: {drawn}");
    }
    let mut screen = showing(options(Choice::Auto), 80, 24, &image);
    screen.app.set_theme(ThemeChoice::Monochrome);
    assert_snapshot!("a_picture_without_colours", screen.drawn());
}

#[test]
fn other_images_and_those_that_are_too_large_are_named() {
    let head = |width: u32, height: u32| {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
        bytes.extend([8, 6, 0, 0, 0]);
        BASE64_STANDARD.encode(bytes)
    };
    let (huge, long) = (head(100_000, 100_000), head(20_000, 1));
    let much = format!("{}{}", head(10, 10), "A".repeat(5 << 20));
    for (forms, expected) in [
        (vec![("image/svg+xml", "<svg/>")], "[image svg, 6 B]"),
        (vec![("image/jpeg", "/9j/4AAQ")], "[image jpeg, 6 B]"),
        (vec![("image/png", "no base64!")], "[image png, 7 B]"),
        (vec![("image/png", ""), ("text/plain", "x**2")], "x**2 [image png, 0 B]"),
        (vec![("image/png", &huge)], "[image 100000×100000 png, 29 B]"),
        (vec![("image/png", &long)], "[image 20000×1 png, 29 B]"),
        (vec![("image/png", &much)], "[image 10×10 png, 3.9 MB]"),
        (vec![("text/plain", "plain")], "plain"),
        (vec![("text/html", "<b>")], "[text/html]"),
    ] {
        let mut screen = Screen::with(options(Choice::Auto), 100, 30, Mode::Paper);
        screen.cell(1, ME, "plot()");
        screen.display(Some(1), &forms, false);
        make(&mut screen);
        let drawn = screen.drawn();
        assert!(drawn.contains(&format!("  {expected} ")), "{expected}: {drawn}");
    }
}

#[test]
fn a_picture_is_named_until_it_is_made_and_when_it_is_broken() {
    let image = png(200, 160, |_, _| [9, 9, 9, 255]);
    let broken = BASE64_STANDARD.encode(&BASE64_STANDARD.decode(&image).unwrap()[..60]);
    let mut screen = showing(options(Choice::Auto), 100, 30, &broken);
    let lines = |screen: &Screen| screen.drawn().lines().filter(|line| line.contains("[image 200")).count();
    assert_eq!(lines(&screen), 1);
    let before = screen.drawn().lines().position(|line| line.contains("Out[7] done")).unwrap();
    make(&mut screen);
    assert_eq!(lines(&screen), 1, "{}", screen.drawn());
    let after = screen.drawn().lines().position(|line| line.contains("Out[7] done")).unwrap();
    assert!(before > after, "one row is enough for a name: {}", screen.drawn());
}

#[test]
fn a_value_and_the_strategys_threads_show_pictures_too() {
    let image = png(4, 4, |_, _| [9, 9, 9, 255]);
    let mut screen = Screen::with(options(Choice::Auto), 100, 30, Mode::Paper);
    screen.cell(1, ME, "figure");
    screen.event(Fact::CellStarted { cell: CellNumber(1), execution_count: Some(7) });
    screen.display(Some(1), &[("image/png", &image)], true);
    screen.finish(1, CellStatus::Ok, 12);
    screen.display(None, &[("image/png", &image)], false);
    make(&mut screen);
    let drawn = screen.drawn();
    let rows: Vec<&str> = drawn.lines().map(|line| line.split("││").next().unwrap_or_default()).collect();
    let place =
        |text: &str| rows.iter().position(|row| row.contains(text)).unwrap_or_else(|| panic!("{drawn}"));
    for above in [place("Out[7] "), place(" OUT ")] {
        assert!(rows[above + 1].contains("│  ▀▀▀▀ ") && rows[above + 2].contains("│  ▀▀▀▀ "), "{drawn}");
    }
}

#[test]
fn what_takes_the_place_of_a_picture_is_seen_in_its_place() {
    let mut screen = Screen::with(options(Choice::Auto), 100, 30, Mode::Paper);
    screen.cell(1, ME, "plot()");
    let show = |screen: &mut Screen, image: &str, update| {
        let data = [("image/png".to_owned(), serde_json::json!(image))].into();
        let content = OutputContent::Data { data, result: false, display: Some("d".to_owned()), update };
        screen.event(Fact::Output { cell: Some(CellNumber(1)), content });
        make(screen);
        screen.draw().buffer().content.iter().find(|cell| cell.symbol() == "▀").map(|cell| cell.fg)
    };
    let of = |red| png(4, 4, |_, _| [red, 0, 0, 255]);
    assert_eq!(show(&mut screen, &of(10), false), Some(Color::Rgb(10, 0, 0)));
    assert_eq!(show(&mut screen, &of(20), true), Some(Color::Rgb(20, 0, 0)));
    assert_eq!(show(&mut screen, "broken", true), None);
    assert!(screen.drawn().contains("[image png, 4 B]"));
}

#[test]
fn images_far_back_are_let_go_for_new_ones() {
    let mut screen = Screen::with(options(Choice::Auto), 100, 30, Mode::Paper);
    let image = png(8, 8, |_, _| [1, 2, 3, 255]);
    // What follows the image in its text is read only when it is drawn.
    let long = format!("{image}{}", "A".repeat(1 << 20));
    screen.cell(1, ME, "plots()");
    for _ in 0..8 {
        screen.display(Some(1), &[("image/png", &long)], false);
    }
    let drawn = screen.app.transcript.visible(crate::transcript::View::Session, 60, 200).rows;
    let named = drawn.iter().filter(|row| row.to_string().contains("[image 8×8 png")).count();
    assert_eq!(named, 3, "of 8 there is room for 5");
}

#[test]
fn how_images_are_shown_can_be_set() {
    let read = |value| {
        let written = |value| Written { value, place: () };
        let entry = Entry { key: "images".to_owned(), place: (), written: written(value) };
        let (settings, mistakes) = ScreenSettings::read(None, Some(&written(Value::Table(vec![entry]))));
        (settings.images, mistakes.into_iter().map(|mistake| mistake.message).collect::<Vec<_>>())
    };
    for (name, choice) in Choice::ALL {
        assert_eq!(read(Value::Text(name.to_owned())), (choice, Vec::new()));
    }
    let message = "screen.images must be one of auto, kitty, sixel, blocks, off".to_owned();
    for value in [Value::Text("iterm".to_owned()), Value::Bool(true)] {
        assert_eq!(read(value), (Choice::Auto, vec![message.clone()]));
    }
}

/// A device that remembers what is written.
struct Tape {
    bytes: Vec<u8>,
    parser: vt100::Parser,
}

impl Tape {
    fn canvas(columns: u16, rows: u16) -> Canvas<Self> {
        Canvas::new(Self { bytes: Vec::new(), parser: vt100::Parser::new(rows, columns, 0) }).unwrap()
    }
}

impl Device for Tape {
    fn size(&self) -> io::Result<Size> {
        let (rows, columns) = self.parser.screen().size();
        Ok(Size { width: columns, height: rows })
    }

    fn cell(&self) -> Option<CellPixels> {
        Some(CellPixels { width: 10, height: 20 })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes.extend_from_slice(bytes);
        self.parser.process(bytes);
        Ok(())
    }
}

/// Draws, makes what the drawing lacks, and returns what was written, without the parts that are long.
fn written(screen: &mut Screen, canvas: &mut Canvas<Tape>) -> String {
    canvas.device().bytes.clear();
    for _ in 0..20 {
        canvas.draw(&mut screen.app).unwrap();
        let job = screen.app.pictures.next_job(screen.app.transcript.gallery());
        let Some(job) = job else {
            return String::from_utf8(std::mem::take(&mut canvas.device().bytes)).unwrap();
        };
        screen.send(Message::Made(job.run(&|| false)));
    }
    panic!("a picture is made again and again");
}

#[test]
fn kitty_is_given_a_picture_once_and_shows_it_by_characters() {
    let image = png(60, 40, |x, y| [u8::try_from(x).unwrap(), u8::try_from(y).unwrap(), 0, 255]);
    let mut screen = showing(options(Choice::Kitty), 100, 30, &image);
    let mut canvas = Tape::canvas(100, 30);
    let first = written(&mut screen, &mut canvas);
    let id = first.split("\x1b_Ga=T,U=1,f=100,i=").nth(1).unwrap().split(',').next().unwrap().to_owned();
    assert_eq!(id, (0x71_00_00).to_string());
    assert!(first.contains(",c=6,r=2,q=2,m=0;"), "{first:?}");
    assert!(first.contains("38;2;113;0;0;"), "its number is a colour: {first:?}");
    for (row, letter) in ['\u{305}', '\u{30d}'].into_iter().enumerate() {
        let part = format!("\u{10eeee}{letter}\u{305}\u{10eeee}{letter}\u{30d}");
        assert!(first.contains(&part), "row {row}: {first:?}");
    }
    assert!(!first.contains('▀'));
    assert_eq!(written(&mut screen, &mut canvas), "", "nothing has changed");
    // It scrolls as text does, and is not given again.
    screen.stream(1, "more\nand more\n");
    let scrolled = written(&mut screen, &mut canvas);
    assert!(!scrolled.contains("a=T"), "{scrolled:?}");
    // Whatever the terminal has lost is given anew.
    canvas.forget().unwrap();
    assert!(written(&mut screen, &mut canvas).contains("a=T"));
    // One that no entry has any more is forgotten, when others need its room or all of them go.
    screen.app.set_theme(ThemeChoice::Monochrome);
    let gone = written(&mut screen, &mut canvas);
    assert!(gone.contains(&format!("\x1b_Ga=d,d=I,i={id},q=2\x1b\\")), "{gone:?}");
    assert!(!canvas.device().parser.screen().contents().contains('\u{10eeee}'));
}

#[test]
fn sixels_are_drawn_where_a_picture_is_seen_whole() {
    let mut screen = showing(options(Choice::Auto), 100, 30, &png(440, 200, |_, _| [255, 0, 0, 255]));
    screen.app.options.graphics = crate::Graphics::of(|name| (name == "TERM").then(|| "foot".to_owned()));
    let mut canvas = Tape::canvas(100, 30);
    let first = written(&mut screen, &mut canvas);
    assert_eq!(first.matches("\x1bP0;1;0q\"1;1;440;198#0;2;100;0;0").count(), 1, "{first:?}");
    assert!(!first.contains(['▀', '\u{10eeee}']), "{first:?}");
    // The cursor goes to its first cell before it.
    let place = first.split("\x1bP").next().unwrap().rsplit("\x1b[").next().unwrap().to_owned();
    assert_eq!(place, "7;4H", "{first:?}");
    assert_eq!(written(&mut screen, &mut canvas), "", "nothing has changed");
    // Under something else it is in blocks, and what was drawn over its cells is overwritten.
    screen.ctrl('p');
    let covered = written(&mut screen, &mut canvas);
    assert!(!covered.contains("\x1bP"), "{covered:?}");
    assert!(canvas.device().parser.screen().contents().contains('▀'));
    screen.code(KeyCode::Esc);
    let again = written(&mut screen, &mut canvas);
    assert!(again.contains("\x1bP"), "{again:?}");
    assert!(!canvas.device().parser.screen().contents().contains('▀'));
    // Partly above the panel it is in blocks too.
    let lines = (0..14).fold(String::new(), |mut lines, line| {
        writeln!(lines, "line {line}").unwrap();
        lines
    });
    screen.stream(1, &lines);
    let scrolled = written(&mut screen, &mut canvas);
    assert!(!scrolled.contains("\x1bP"), "{scrolled:?}");
    let contents = canvas.device().parser.screen().contents();
    assert!(contents.contains('▀') && contents.contains("line 13"), "{contents}");
    // And out of view it is not there.
    screen.stream(1, &lines);
    written(&mut screen, &mut canvas);
    assert!(!canvas.device().parser.screen().contents().contains('▀'));
    // Who scrolls back to it sees it again, row by row and then whole.
    let mut seen = Vec::new();
    screen.code(KeyCode::Esc);
    for _ in 0..40 {
        screen.code(KeyCode::Char('k'));
        let written = written(&mut screen, &mut canvas);
        seen.push((canvas.device().parser.screen().contents().contains('▀'), written.contains("\x1bP")));
    }
    seen.dedup();
    assert!(
        seen.ends_with(&[(true, false), (false, true), (false, false)])
            || seen.ends_with(&[(true, false), (false, true)]),
        "{seen:?}"
    );
}

#[test]
fn a_terminal_that_does_not_say_its_pixels_gets_no_sixels_unless_they_are_wanted() {
    let mut options = options(Choice::Auto);
    options.graphics = crate::Graphics::of(|name| (name == "TERM").then(|| "foot".to_owned()));
    let mut screen = showing(options, 100, 30, &png(60, 60, |_, _| [255, 0, 0, 255]));
    make(&mut screen);
    assert!(screen.drawn().contains('▀'));
}

#[test]
fn text_that_pretends_to_be_a_picture_is_text() {
    let mut screen = showing(options(Choice::Kitty), 100, 30, &png(60, 40, |_, _| [9, 9, 9, 255]));
    screen.stream(1, "\x1b[38;2;113;0;0m\u{10eeee}\u{305}\u{305}\u{30e}\u{33f}\u{305}\u{305}x\n");
    make(&mut screen);
    let drawn = screen.draw();
    let parts = drawn.buffer().content.iter().filter(|cell| cell.symbol().starts_with('\u{10eeee}')).count();
    assert_eq!(parts, 8 * 3, "those of the picture");
}
