//! What can be read, and what tells things apart.

use ratatui::style::Color;

use super::palettes::{COLOR_BLIND, DARK, HIGH_CONTRAST, LIGHT, contrast};
use super::*;

#[test]
fn every_text_can_be_read_on_its_background() {
    for (name, palette, least) in [
        ("dark", &DARK, 4.5),
        ("light", &LIGHT, 4.5),
        ("color-blind", &COLOR_BLIND, 4.5),
        ("high-contrast", &HIGH_CONTRAST, 7.0),
    ] {
        for (token, text, background) in contrast::pairs(palette) {
            let ratio = contrast::ratio(text, background);
            assert!(ratio >= least, "{token} of {name}: {ratio:.2}");
        }
    }
}

#[test]
fn black_on_white_has_the_contrast_that_the_rule_gives_it() {
    let pairs = contrast::pairs(&HIGH_CONTRAST);
    let (_, text, background) = pairs[0];
    assert!((contrast::ratio(text, background) - 21.0).abs() < 0.01);
}

#[test]
fn a_colour_is_the_nearest_that_the_terminal_has() {
    let color = |depth| Theme::new(ThemeChoice::HighContrast, Colors { depth, is_light: None }).gain().fg;
    assert_eq!(color(Depth::True), Some(Color::Rgb(0x5d, 0xff, 0x6e)));
    assert_eq!(color(Depth::TwoHundredFiftySix), Some(Color::Indexed(83)));
    assert_eq!(color(Depth::Sixteen), Some(Color::LightGreen));
}

#[test]
fn what_suits_the_terminal_leaves_its_background_and_without_knowing_it_the_sixteen_colours() {
    let theme = |is_light| Theme::new(ThemeChoice::Auto, Colors { depth: Depth::True, is_light });
    assert_eq!(theme(None).gain().fg, Some(Color::Green));
    assert_eq!(theme(Some(true)).gain().fg, Some(Color::Rgb(0x11, 0x63, 0x29)));
    assert!(!theme(Some(true)).paints && !theme(None).paints);
}
