//! What each theme looks like, and what settings change.

use std::collections::BTreeMap;
use std::fmt::Write;

use crossterm::event::{KeyCode, KeyModifiers};
use insta::assert_snapshot;
use qubx_protocol::{Mode, Role};
use ratatui::style::{Color, Style};

use super::fixture::Screen;
use crate::Colors;
use crate::app::NoticeState;
use crate::keymap::{Context, EnterMode, Keymap, Preset};
use crate::theme::{Theme, ThemeChoice};

/// Returns the screen with a letter for the style under each character, and what the letters stand for.
fn styled(screen: &Screen) -> String {
    let backend = screen.draw();
    let buffer = backend.buffer();
    let mut letters: BTreeMap<String, char> = BTreeMap::new();
    let mut drawn = String::new();
    for row in 0..buffer.area.height {
        let (mut text, mut styles) = (String::new(), String::new());
        for column in 0..buffer.area.width {
            let cell = &buffer[(column, row)];
            text.push_str(cell.symbol());
            // A space shows its background alone.
            let hidden = cell.symbol() == " " && cell.modifier.is_empty();
            let style = if hidden { Style::new().bg(cell.bg) } else { cell.style() };
            let next = char::from(b'a' + letters.len() as u8);
            styles.push(*letters.entry(name(style)).or_insert(next));
        }
        writeln!(drawn, "{}\n{}", text.trim_end(), styles).unwrap();
    }
    let mut legend: Vec<(char, String)> =
        letters.into_iter().map(|(style, letter)| (letter, style)).collect();
    legend.sort();
    for (letter, style) in legend {
        writeln!(drawn, "{letter}  {style}").unwrap();
    }
    drawn
}

fn name(style: Style) -> String {
    let color = |color: Option<Color>| color.unwrap_or_default().to_string();
    let modifiers = style.add_modifier.iter_names().map(|(name, _)| format!(" {}", name.to_lowercase()));
    format!("{} on {}{}", color(style.fg), color(style.bg), modifiers.collect::<String>())
}

fn in_theme(choice: ThemeChoice) -> Screen {
    let mut options = Screen::options(Role::Admin, true);
    options.colors = Colors::of(|name| (name == "COLORTERM").then(|| "truecolor".to_owned()));
    options.settings.theme = choice;
    let mut screen = Screen::filled(Screen::with(options, 80, 24, Mode::Live));
    screen.code(KeyCode::F(3));
    screen.code(KeyCode::F(2));
    screen
}

#[test]
fn a_screen_in_each_theme() {
    for (name, choice) in ThemeChoice::ALL {
        assert_snapshot!(format!("the_theme_{}", name.replace('-', "_")), styled(&in_theme(choice)));
    }
}

#[test]
fn a_theme_changes_everything_that_is_laid_out_already() {
    let mut screen = in_theme(ThemeChoice::Dark);
    screen.draw();
    screen.key(':');
    screen.text("theme: light");
    screen.code(KeyCode::Enter);
    let rows = |screen: &Screen| {
        let mut rows = screen.app.transcript.visible(crate::transcript::View::Session, 80, 20).rows;
        // How long it runs is another time.
        rows.retain(|row| !row.to_string().contains("running"));
        rows
    };
    assert_eq!(rows(&screen), rows(&in_theme(ThemeChoice::Light)));
}

#[test]
fn no_theme_adds_or_takes_away_a_character() {
    let plain = in_theme(ThemeChoice::Monochrome).drawn();
    for (name, choice) in ThemeChoice::ALL {
        assert_eq!(in_theme(choice).drawn(), plain, "{name}");
    }
}

#[test]
fn colours_that_are_unwanted_stay_away_until_a_theme_is_chosen() {
    let mut options = Screen::options(Role::Admin, true);
    options.settings.theme = ThemeChoice::Dark;
    options.no_color = true;
    let mut screen = Screen::with(options, 80, 24, Mode::Paper);
    assert!(!screen.app.theme.color);
    screen.app.set_theme(ThemeChoice::Light);
    assert!(screen.app.theme.color);
}

#[test]
fn what_is_wrong_with_the_settings_is_said_and_the_screen_opens() {
    let mut options = Screen::options(Role::Admin, true);
    options.mistakes = vec!["config.toml:3:1: there is no action `flaten`".to_owned(), "more".to_owned()];
    let mut screen = Screen::with(options, 80, 24, Mode::Paper);
    let drawn = screen.drawn();
    assert!(drawn.contains("✗ config.toml:3:1: there is no action `flaten` (+1 more"), "{drawn}");
    assert_eq!(screen.app.notices[0].state, NoticeState::Failed);
    screen.code(KeyCode::Esc);
    screen.code(KeyCode::Esc);
    assert!(screen.app.notices.is_empty());
}

fn vim() -> Screen {
    let mut options = Screen::options(Role::Admin, false);
    options.settings.keymap = Keymap::new(Preset::Vim, EnterMode::Newline);
    Screen::with(options, 80, 24, Mode::Paper)
}

#[test]
fn in_the_vim_preset_escape_leads_to_the_normal_mode_and_then_to_the_panels() {
    let mut screen = vim();
    screen.text("one two");
    assert!(screen.drawn().contains(" I In[1] one two"), "{}", screen.drawn());
    screen.code(KeyCode::Esc);
    assert_eq!(screen.app.context, Context::Input);
    assert!(screen.drawn().contains(" N In[1] one two"), "{}", screen.drawn());
    screen.text("0dwi");
    screen.text("x");
    assert_eq!(screen.app.prompt.text(), "xtwo");
    screen.code(KeyCode::Esc);
    screen.code(KeyCode::Esc);
    assert_eq!(screen.app.context, Context::Panel);
    screen.key('i');
    screen.text("i");
    assert!(screen.drawn().contains(" I In[1]"), "whoever comes to type, types");
    assert_eq!(screen.app.prompt.text().len(), "xtwo".len() + 1);
    screen.code(KeyCode::Esc);
    screen.ctrl('c');
    assert!(screen.drawn().contains(" I In[1]"), "a new text begins in the insert mode");
}

#[test]
fn the_help_fits_small_screens_and_shows_the_users_keys() {
    let mut screen = Screen::rich(80, 24, true, Mode::Paper);
    screen.code(KeyCode::F(1));
    assert_snapshot!("the_help_at_80_by_24", screen.drawn());
    let mut screen = Screen::rich(60, 16, true, Mode::Paper);
    screen.code(KeyCode::F(1));
    screen.code(KeyCode::PageDown);
    assert_snapshot!("the_help_at_60_by_16", screen.drawn());
    screen.press(KeyCode::Char('q'), KeyModifiers::NONE);
    assert!(screen.app.help.is_none());
    assert!(screen.app.theme.color && !Theme::monochrome().color);
}
