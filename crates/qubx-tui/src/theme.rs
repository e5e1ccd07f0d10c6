//! What each style says. Colour says one thing each, and every meaning survives without colour. No I/O.
//!
//! A theme is data: a colour for each meaning, in `theme::palettes`. What differs between terminals, how many colours they
//! have and how they say so, is in `theme::colors`.

mod colors;
mod palettes;
#[cfg(test)]
mod tests;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};

pub use self::colors::Colors;
pub(crate) use self::colors::Depth;
pub(crate) use self::palettes::nearest;
use self::palettes::{Palette, Tone};

/// Which theme the user wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ThemeChoice {
    /// What suits the terminal.
    #[default]
    Auto,
    Dark,
    Light,
    HighContrast,
    ColorBlind,
    Monochrome,
}

impl ThemeChoice {
    /// All choices, by the names that settings and the palette give them.
    pub(crate) const ALL: [(&'static str, ThemeChoice); 6] = [
        ("auto", ThemeChoice::Auto),
        ("dark", ThemeChoice::Dark),
        ("light", ThemeChoice::Light),
        ("high-contrast", ThemeChoice::HighContrast),
        ("color-blind", ThemeChoice::ColorBlind),
        ("monochrome", ThemeChoice::Monochrome),
    ];
}

/// The styles of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Theme {
    /// Whether colours are used.
    pub(crate) color: bool,
    palette: &'static Palette,
    depth: Depth,
    /// Whether the background is the theme's, and not the terminal's.
    paints: bool,
}

impl Theme {
    /// Returns the theme for a choice on a terminal with these colours.
    ///
    /// A theme that was chosen has its own background, so that it looks the same on every terminal; what suits the
    /// terminal leaves it as it is.
    pub(crate) fn new(choice: ThemeChoice, colors: Colors) -> Self {
        let of = |palette, depth, paints| Self { color: true, palette, depth, paints };
        match choice {
            ThemeChoice::Dark => of(&palettes::DARK, colors.depth, true),
            ThemeChoice::Light => of(&palettes::LIGHT, colors.depth, true),
            ThemeChoice::HighContrast => of(&palettes::HIGH_CONTRAST, colors.depth, true),
            ThemeChoice::ColorBlind => of(&palettes::COLOR_BLIND, colors.depth, true),
            ThemeChoice::Monochrome => Self::monochrome(),
            ThemeChoice::Auto => match colors.is_light {
                Some(true) => of(&palettes::LIGHT, colors.depth, false),
                Some(false) => of(&palettes::DARK, colors.depth, false),
                // On a background that is not known, the terminal's own sixteen colours are the ones that can be read.
                None => of(&palettes::DARK, Depth::Sixteen, false),
            },
        }
    }

    /// Returns the theme without colours: bold, dim, reverse and glyphs say it all.
    pub(crate) fn monochrome() -> Self {
        Self { color: false, palette: &palettes::DARK, depth: Depth::Sixteen, paints: false }
    }

    /// Gives what is drawn without a colour the theme's own, where the theme has a background.
    pub(crate) fn paint(self, buffer: &mut Buffer) {
        if !self.paints {
            return;
        }
        let (text, background) = (self.of(self.palette.text), self.of(self.palette.background));
        for cell in &mut buffer.content {
            let is_on_background = cell.bg == Color::Reset;
            cell.fg = match cell.fg {
                Color::Reset => text,
                // What Python prints in one of the terminal's colours could not be read on another background.
                Color::Indexed(number @ 0..16) if is_on_background => self.of(self.palette.terminal(number)),
                other => other,
            };
            if is_on_background {
                cell.bg = background;
            }
        }
    }

    fn of(self, tone: Tone) -> Color {
        tone.color(self.depth)
    }

    fn tinted(self, tone: Tone) -> Style {
        if self.color { Style::new().fg(self.of(tone)) } else { Style::new() }
    }

    /// A text on a background of its own; without colours, the style that tells it apart.
    fn filled(self, (text, background): (Tone, Tone), without: Modifier) -> Style {
        if self.color {
            Style::new().fg(self.of(text)).bg(self.of(background))
        } else {
            Style::new().add_modifier(without)
        }
    }

    /// Text that steps back: labels, frames, stale data.
    pub(crate) fn quiet(self) -> Style {
        if self.color { self.tinted(self.palette.quiet) } else { Style::new().add_modifier(Modifier::DIM) }
    }

    /// Headings, and the frame of the panel that has the keys.
    pub(crate) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The frame and tab of the focused panel.
    pub(crate) fn focus(self) -> Style {
        self.tinted(self.palette.focus).add_modifier(Modifier::BOLD)
    }

    /// The selected row.
    pub(crate) fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// What a filter asked for.
    pub(crate) fn found(self) -> Style {
        self.attention().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// What has just happened to a row: it flashes once, then rests.
    pub(crate) fn flash(self) -> Style {
        if self.color {
            self.key().add_modifier(Modifier::REVERSED)
        } else {
            Style::new().add_modifier(Modifier::BOLD)
        }
    }

    /// The list of completions, told from what it covers.
    pub(crate) fn popup(self) -> Style {
        self.filled(self.palette.popup, Modifier::UNDERLINED)
    }

    /// A profit; its sign and its glyph say so too.
    pub(crate) fn gain(self) -> Style {
        self.tinted(self.palette.gain)
    }

    /// A loss, or an error's text.
    pub(crate) fn loss(self) -> Style {
        self.tinted(self.palette.loss)
    }

    /// Something that needs attention.
    pub(crate) fn attention(self) -> Style {
        self.tinted(self.palette.attention)
    }

    /// A whole line that needs attention.
    pub(crate) fn attention_bar(self) -> Style {
        self.filled(self.palette.attention_bar, Modifier::REVERSED)
    }

    /// The LIVE badge and danger; nothing else has a red background.
    pub(crate) fn danger(self) -> Style {
        self.filled(self.palette.danger, Modifier::REVERSED).add_modifier(Modifier::BOLD)
    }

    /// The PAPER badge. Not bold in colours: many terminals draw bold black as grey.
    pub(crate) fn paper(self) -> Style {
        self.filled(self.palette.paper, Modifier::BOLD)
    }

    /// The badge of what a screen may not do.
    pub(crate) fn badge(self) -> Style {
        self.filled(self.palette.badge, Modifier::REVERSED)
    }

    /// The names of those who act.
    pub(crate) fn author(self) -> Style {
        self.tinted(self.palette.author)
    }

    /// The label of a cell.
    pub(crate) fn label(self) -> Style {
        self.tinted(self.palette.label)
    }

    /// A key in the footer and in the help.
    pub(crate) fn key(self) -> Style {
        self.tinted(self.palette.key).add_modifier(Modifier::BOLD)
    }

    /// Python: `def`, `for`, `None`.
    pub(crate) fn keyword(self) -> Style {
        self.tinted(self.palette.keyword).add_modifier(Modifier::BOLD)
    }

    /// Python: a string.
    pub(crate) fn string(self) -> Style {
        self.tinted(self.palette.string)
    }

    /// Python: a number.
    pub(crate) fn number(self) -> Style {
        self.tinted(self.palette.number)
    }

    /// Python: a comment.
    pub(crate) fn comment(self) -> Style {
        self.quiet().add_modifier(Modifier::ITALIC)
    }

    /// Python: the bracket at the cursor and the one that belongs to it.
    pub(crate) fn bracket(self) -> Style {
        self.attention().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// What the prompt could go on with; not typed.
    pub(crate) fn suggestion(self) -> Style {
        self.quiet()
    }
}
