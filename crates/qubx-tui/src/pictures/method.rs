//! How a terminal can show pictures: what its environment says, and what its user wants. No I/O.

use super::fit::CellPixels;
use crate::theme::{Colors, Depth};

/// What the user wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Choice {
    /// What suits the terminal.
    #[default]
    Auto,
    Kitty,
    Sixel,
    Blocks,
    Off,
}

impl Choice {
    /// All choices, by the names that settings give them.
    pub(crate) const ALL: [(&'static str, Choice); 5] = [
        ("auto", Choice::Auto),
        ("kitty", Choice::Kitty),
        ("sixel", Choice::Sixel),
        ("blocks", Choice::Blocks),
        ("off", Choice::Off),
    ];
}

/// How pictures are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    /// By kitty's graphics, with characters that stand for parts of a picture.
    Kitty,
    /// As sixels where a picture is seen whole, else as half blocks.
    Sixel,
    /// As half blocks, with two colours each.
    Blocks,
}

/// Which graphics a terminal has, as its environment says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Graphics(Option<Method>);

/// What terminals without graphics, or with some that must be turned on, leave in the environment. A terminal that was
/// started from kitty inherits kitty's variables, and is told by these.
const OTHERS: [&str; 5] = ["VTE_VERSION", "XTERM_VERSION", "ALACRITTY_WINDOW_ID", "WT_SESSION", "ZELLIJ"];
/// The first version of Konsole that shows sixels: 22.04.
const KONSOLE_WITH_SIXELS: u32 = 220_400;

impl Graphics {
    /// Returns what the environment's variables say. The terminal itself is not asked: an answer that comes late would be
    /// typed into the prompt.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let variable = |name| variable(name).unwrap_or_default();
        let is_set = |name| !variable(name).is_empty();
        let (term, program) = (variable("TERM"), variable("TERM_PROGRAM"));
        // These pass no graphics through by themselves, whatever is around them.
        let is_inside = ["TMUX", "STY"].into_iter().any(is_set);
        if is_inside || term.starts_with("tmux") || term.starts_with("screen") {
            return Self(None);
        }
        let konsole = variable("KONSOLE_VERSION").parse::<u32>();
        Self(match (term.as_str(), program.as_str()) {
            ("xterm-kitty" | "xterm-ghostty", _) | (_, "kitty" | "ghostty") => Some(Method::Kitty),
            (_, "WezTerm" | "iTerm.app" | "mlterm" | "contour") => Some(Method::Sixel),
            (_, program) if !program.is_empty() => None,
            _ if OTHERS.into_iter().any(is_set) => None,
            (term, _) if ["foot", "mlterm", "contour"].iter().any(|name| term.starts_with(name)) => {
                Some(Method::Sixel)
            }
            _ if is_set("MLTERM") || konsole.is_ok_and(|version| version >= KONSOLE_WITH_SIXELS) => {
                Some(Method::Sixel)
            }
            _ if is_set("KITTY_WINDOW_ID") => Some(Method::Kitty),
            _ => None,
        })
    }

    /// Tells whether pictures would be given to the terminal to keep.
    pub(crate) fn keeps_pictures(self, choice: Choice) -> bool {
        choice == Choice::Kitty || (choice == Choice::Auto && self.0 == Some(Method::Kitty))
    }
}

impl Method {
    /// Returns how pictures are shown; none where they are named only. `color` tells whether colours are used at all.
    pub(crate) fn new(
        choice: Choice,
        graphics: Graphics,
        colors: Colors,
        color: bool,
        cell: Option<CellPixels>,
    ) -> Option<Self> {
        if !color {
            return None;
        }
        match (choice, graphics.0) {
            (Choice::Off, _) => None,
            (Choice::Kitty, _) => Some(Method::Kitty),
            (Choice::Sixel, _) => Some(Method::Sixel),
            (Choice::Blocks, _) => Some(Method::Blocks),
            (Choice::Auto, Some(Method::Kitty)) => Some(Method::Kitty),
            // Sixels are pixels: how many are in a cell must be known, or they cover what is below them.
            (Choice::Auto, Some(Method::Sixel)) if cell.is_some() => Some(Method::Sixel),
            (Choice::Auto, _) => (colors.depth != Depth::Sixteen).then_some(Method::Blocks),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_which_graphics_there_are() {
        let (kitty, sixel) = (Some(Method::Kitty), Some(Method::Sixel));
        for (variables, expected) in [
            (vec![], None),
            (vec![("TERM", "xterm-256color")], None),
            (vec![("TERM", "xterm-kitty")], kitty),
            (vec![("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "1")], kitty),
            (vec![("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "1"), ("VTE_VERSION", "7600")], None),
            (vec![("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "1"), ("TERM_PROGRAM", "vscode")], None),
            (vec![("TERM", "xterm-ghostty")], kitty),
            (vec![("TERM_PROGRAM", "ghostty")], kitty),
            (vec![("TERM_PROGRAM", "WezTerm")], sixel),
            (vec![("TERM_PROGRAM", "iTerm.app")], sixel),
            (vec![("TERM_PROGRAM", "Apple_Terminal")], None),
            (vec![("TERM", "foot")], sixel),
            (vec![("TERM", "foot-extra")], sixel),
            (vec![("TERM", "mlterm")], sixel),
            (vec![("TERM", "xterm-256color"), ("KONSOLE_VERSION", "220401")], sixel),
            (vec![("TERM", "xterm-256color"), ("KONSOLE_VERSION", "211203")], None),
            (vec![("TERM", "xterm-256color"), ("KONSOLE_VERSION", "?")], None),
            (vec![("TERM", "tmux-256color"), ("TERM_PROGRAM", "tmux"), ("KITTY_WINDOW_ID", "1")], None),
            (vec![("TERM", "xterm-kitty"), ("TMUX", "/tmp/x,1,0")], None),
            (vec![("TERM", "screen.xterm-256color")], None),
            (vec![("TERM", "foot"), ("STY", "1.pts-0")], None),
            (vec![("TERM", "foot"), ("TMUX", "")], sixel),
        ] {
            let found = Graphics::of(|name| {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            });
            assert_eq!(found.0, expected, "{variables:?}");
        }
    }

    #[test]
    fn colours_choice_and_pixels_decide() {
        let colors = |term: &str| Colors::of(|name| (name == "TERM").then(|| term.to_owned()));
        let (many, few) = (colors("xterm-256color"), colors("xterm"));
        let [none, kitty, sixel] = [None, Some(Method::Kitty), Some(Method::Sixel)].map(Graphics);
        let pixels = Some(CellPixels { width: 9, height: 18 });
        for (choice, graphics, colors, color, cell, expected) in [
            (Choice::Auto, none, many, true, None, Some(Method::Blocks)),
            (Choice::Auto, none, few, true, None, None),
            (Choice::Auto, kitty, few, true, None, Some(Method::Kitty)),
            (Choice::Auto, sixel, many, true, pixels, Some(Method::Sixel)),
            (Choice::Auto, sixel, many, true, None, Some(Method::Blocks)),
            (Choice::Auto, kitty, many, false, pixels, None),
            (Choice::Kitty, none, few, true, None, Some(Method::Kitty)),
            (Choice::Sixel, kitty, few, true, None, Some(Method::Sixel)),
            (Choice::Sixel, sixel, many, false, pixels, None),
            (Choice::Blocks, kitty, few, true, None, Some(Method::Blocks)),
            (Choice::Off, kitty, many, true, pixels, None),
        ] {
            let found = Method::new(choice, graphics, colors, color, cell);
            assert_eq!(found, expected, "{choice:?} {graphics:?} {color} {cell:?}");
        }
    }
}
