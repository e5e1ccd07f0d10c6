//! Choosing one of several sessions, in a few lines below the cursor that go again.
//!
//! `Picker` is pure: keys change it, and its lines are a function of it. It draws on standard error, because standard
//! output belongs to what the command prints.

use std::io::{self, Write, stderr};

use crossterm::cursor::{Hide, MoveToColumn, MoveUp, Show};
use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::style::{ContentStyle, Print, PrintStyledContent};
use crossterm::terminal::{Clear, ClearType, disable_raw_mode, enable_raw_mode, size};
use crossterm::{execute, queue};
use futures_util::StreamExt;
use qubx_protocol::Mode;
use ratatui::backend::IntoCrossterm;
use ratatui::text::{Line, Span};
use tokio::signal::unix::{SignalKind, signal};

use crate::sanitize::plain;
use crate::theme::{Colors, Theme, ThemeChoice};

/// A session that can be chosen, in the words that tell it from others.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Its name.
    pub name: String,
    /// Whether its orders are real.
    pub mode: Mode,
    /// How it is, in a word.
    pub status: String,
    /// Since when it runs.
    pub since: String,
    /// How many screens are attached; none when that is not known.
    pub screens: Option<u64>,
}

/// Lets a person choose; none when they do not want any.
///
/// # Errors
/// When the terminal cannot be taken, drawn on or read. It is given back all the same.
pub async fn pick(choices: &[Choice], no_color: bool) -> io::Result<Option<usize>> {
    let mut raw = Raw::take()?;
    let theme = if no_color {
        Theme::monochrome()
    } else {
        Theme::new(ThemeChoice::Auto, Colors::of(|name| std::env::var(name).ok()))
    };
    let mut picker = Picker { choices, selected: 0, theme };
    let mut events = EventStream::new();
    let (mut terminate, mut hangup) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    loop {
        raw.draw(&picker)?;
        let event = tokio::select! {
            event = events.next() => event,
            _ = terminate.recv() => None,
            _ = hangup.recv() => None,
        };
        match event {
            Some(Ok(Event::Key(key))) if key.kind == KeyEventKind::Press => match picker.press(key) {
                Pressed::Chosen => return Ok(Some(picker.selected)),
                Pressed::Left => return Ok(None),
                Pressed::Nothing => {}
            },
            // Another size is drawn for as any change is.
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error),
            None => return Ok(None),
        }
    }
}

/// The rows around the list: the question, and the keys.
const AROUND: usize = 2;

/// The lines of the terminal that are used; dropping this clears them and gives the terminal back.
///
/// They are drawn where the cursor is, without asking the terminal where that is: its answer would come among the keys.
struct Raw {
    /// How many lines are drawn.
    drawn: u16,
}

impl Raw {
    fn take() -> io::Result<Self> {
        enable_raw_mode()?;
        let raw = Self { drawn: 0 };
        execute!(stderr(), Hide)?;
        Ok(raw)
    }

    fn draw(&mut self, picker: &Picker<'_>) -> io::Result<()> {
        let (columns, rows) = size().unwrap_or((80, 24));
        let lines = picker.lines(usize::from(rows).min(picker.choices.len() + AROUND));
        let mut text = Vec::new();
        self.return_to_the_first(&mut text)?;
        for (number, line) in lines.iter().enumerate() {
            if number > 0 {
                queue!(text, Print("\r\n"))?;
            }
            queue!(text, Clear(ClearType::CurrentLine))?;
            print_line(&mut text, line, usize::from(columns))?;
        }
        queue!(text, Clear(ClearType::FromCursorDown))?;
        self.drawn = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        // In one piece, so that nothing flickers.
        stderr().lock().write_all(&text)
    }

    fn return_to_the_first(&self, text: &mut impl Write) -> io::Result<()> {
        if self.drawn > 1 {
            queue!(text, MoveUp(self.drawn - 1))?;
        }
        queue!(text, MoveToColumn(0))
    }
}

/// Prints as much of a line as there is room for: a line that the terminal breaks would shift those below it.
fn print_line(text: &mut impl Write, line: &Line<'_>, columns: usize) -> io::Result<()> {
    let mut room = columns;
    for span in &line.spans {
        let shown: String = span.content.chars().take(room).collect();
        room -= shown.chars().count();
        let style: ContentStyle = line.style.patch(span.style).into_crossterm();
        queue!(text, PrintStyledContent(style.apply(shown)))?;
    }
    Ok(())
}

impl Drop for Raw {
    fn drop(&mut self) {
        // The terminal may be gone.
        let mut text = Vec::new();
        let _ = self.return_to_the_first(&mut text);
        let _ = queue!(text, Clear(ClearType::FromCursorDown), Show);
        let _ = stderr().lock().write_all(&text);
        let _ = disable_raw_mode();
    }
}

/// The list, and where the person is in it.
struct Picker<'a> {
    choices: &'a [Choice],
    selected: usize,
    theme: Theme,
}

/// What a key did.
#[derive(Debug, PartialEq, Eq)]
enum Pressed {
    Nothing,
    Chosen,
    Left,
}

impl Picker<'_> {
    fn press(&mut self, key: KeyEvent) -> Pressed {
        let last = self.choices.len().saturating_sub(1);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c' | 'd' | 'q' | 'g') if control => return Pressed::Left,
            _ if control => {}
            KeyCode::Esc => return Pressed::Left,
            KeyCode::Enter => return Pressed::Chosen,
            // Round the ends: the last one is often the one that was just started.
            KeyCode::Up | KeyCode::Char('k') | KeyCode::BackTab => {
                self.selected = self.selected.checked_sub(1).unwrap_or(last);
            }
            KeyCode::Down | KeyCode::Char('j') | KeyCode::Tab => {
                self.selected = if self.selected == last { 0 } else { self.selected + 1 };
            }
            KeyCode::Home | KeyCode::Char('g') => self.selected = 0,
            KeyCode::End | KeyCode::Char('G') => self.selected = last,
            KeyCode::Char(digit @ '1'..='9') => {
                let number = usize::from(digit as u8 - b'1');
                if number <= last {
                    self.selected = number;
                    return Pressed::Chosen;
                }
            }
            _ => {}
        }
        Pressed::Nothing
    }

    /// Returns what is shown on so many rows: the question, the choices around the selected one, the keys.
    fn lines(&self, rows: usize) -> Vec<Line<'static>> {
        let shown = rows.saturating_sub(AROUND).max(1);
        let first = (self.selected + 1).saturating_sub(shown);
        let mut lines = vec![Line::styled("Which session?", self.theme.strong())];
        lines.extend((first..self.choices.len()).take(shown).map(|place| self.line(place)));
        let key = |text: &'static str| Span::styled(text, self.theme.key());
        let word = |text: &'static str| Span::styled(text, self.theme.quiet());
        lines.push(Line::from(vec![
            key("↑ ↓"),
            word(" or "),
            key("j k"),
            word(" move  "),
            key("1…9"),
            word(" or "),
            key("Enter"),
            word(" chooses  "),
            key("Esc"),
            word(" leaves"),
        ]));
        lines
    }

    fn line(&self, place: usize) -> Line<'static> {
        let Choice { name, mode, status, since, screens } = &self.choices[place];
        let width = |of: fn(&Choice) -> String| {
            self.choices.iter().map(|choice| of(choice).chars().count()).max().unwrap_or_default()
        };
        let (name_width, status_width) =
            (width(|choice| plain(&choice.name)), width(|choice| choice.status.clone()));
        let is_selected = place == self.selected;
        let number = if place < 9 { (place + 1).to_string() } else { " ".to_owned() };
        let (badge, badge_style) = match mode {
            Mode::Live => (" LIVE ", self.theme.danger()),
            Mode::Paper => (" PAPER ", self.theme.paper()),
        };
        let screens = match screens {
            None => "screens –".to_owned(),
            Some(1) => "1 screen".to_owned(),
            Some(many) => format!("{many} screens"),
        };
        let name = format!("{:name_width$}", plain(name));
        let name = if is_selected { Span::styled(name, self.theme.selected()) } else { Span::raw(name) };
        let status_style = if status == "running" { self.theme.gain() } else { self.theme.attention() };
        Line::from(vec![
            Span::styled(if is_selected { "› " } else { "  " }, self.theme.focus()),
            Span::styled(format!("{number} "), self.theme.key()),
            name,
            Span::raw("  "),
            Span::styled(badge, badge_style),
            Span::raw(" ".repeat(9 - badge.len())),
            Span::styled(format!("{status:status_width$}  "), status_style),
            Span::styled(format!("since {since}  {screens}"), self.theme.quiet()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(count: usize) -> Vec<Choice> {
        let modes = [Mode::Paper, Mode::Live].into_iter().cycle();
        (1..=count)
            .zip(modes)
            .map(|(number, mode)| Choice {
                name: format!("session\u{1b}[31m-{number}"),
                mode,
                status: if number == 2 { "failed" } else { "running" }.to_owned(),
                since: "2026-01-02 12:00 UTC".to_owned(),
                screens: (number != 2).then_some(number as u64),
            })
            .collect()
    }

    fn check(count: usize, keys: &[KeyCode], expected: (usize, Pressed)) {
        let choices = choices(count);
        let mut picker = Picker { choices: &choices, selected: 0, theme: Theme::monochrome() };
        let mut last = Pressed::Nothing;
        for key in keys {
            assert_eq!(last, Pressed::Nothing, "a key after the end");
            last = picker.press(KeyEvent::new(*key, KeyModifiers::NONE));
        }
        assert_eq!((picker.selected, last), expected, "{keys:?}");
    }

    #[test]
    fn keys_move_choose_and_leave() {
        use KeyCode::{Char, Down, End, Enter, Esc, Up};
        check(3, &[Enter], (0, Pressed::Chosen));
        check(3, &[Down, Char('j'), Enter], (2, Pressed::Chosen));
        check(3, &[Down, Up, Char('k'), Enter], (2, Pressed::Chosen));
        check(3, &[Down, Down, Down], (0, Pressed::Nothing));
        check(3, &[Char('2')], (1, Pressed::Chosen));
        check(3, &[Char('4'), Char('0'), Char('x')], (0, Pressed::Nothing));
        check(12, &[End, Enter], (11, Pressed::Chosen));
        check(3, &[Down, Esc], (1, Pressed::Left));
        let choices = choices(2);
        let mut picker = Picker { choices: &choices, selected: 0, theme: Theme::monochrome() };
        assert_eq!(picker.press(KeyEvent::new(Char('c'), KeyModifiers::CONTROL)), Pressed::Left);
        assert_eq!(picker.press(KeyEvent::new(Char('j'), KeyModifiers::CONTROL)), Pressed::Nothing);
    }

    #[test]
    fn each_line_tells_a_session_from_the_others_and_commands_no_terminal() {
        let choices = choices(3);
        let picker = Picker { choices: &choices, selected: 1, theme: Theme::monochrome() };
        let lines: Vec<String> = picker.lines(5).iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "Which session?",
                "  1 session-1   PAPER   running  since 2026-01-02 12:00 UTC  1 screen",
                "› 2 session-2   LIVE    failed   since 2026-01-02 12:00 UTC  screens –",
                "  3 session-3   PAPER   running  since 2026-01-02 12:00 UTC  3 screens",
                "↑ ↓ or j k move  1…9 or Enter chooses  Esc leaves",
            ]
        );
    }

    #[test]
    fn a_list_longer_than_the_terminal_follows_the_selected_one() {
        let choices = choices(30);
        let picker = Picker { choices: &choices, selected: 20, theme: Theme::monochrome() };
        let lines: Vec<String> = picker.lines(7).iter().map(ToString::to_string).collect();
        assert_eq!(lines.len(), 7);
        assert!(lines[5].starts_with("›   session-21"), "{lines:#?}");
    }
}
