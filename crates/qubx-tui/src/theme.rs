//! What each style says. Colour says one thing each, and every meaning survives without colour.

use ratatui::style::{Color, Modifier, Style};

/// The styles of a screen; monochrome when colours are unwanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Theme {
    /// Whether colours are used.
    pub(crate) color: bool,
}

impl Theme {
    fn tinted(self, color: Color) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new() }
    }

    /// Text that steps back: labels, frames, stale data.
    pub(crate) fn quiet(self) -> Style {
        if self.color { Style::new().fg(Color::DarkGray) } else { Style::new().add_modifier(Modifier::DIM) }
    }

    /// Headings, and the frame of the panel that has the keys.
    pub(crate) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// The frame and tab of the focused panel.
    pub(crate) fn focus(self) -> Style {
        self.tinted(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// The selected row.
    pub(crate) fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// What a filter asked for.
    pub(crate) fn found(self) -> Style {
        self.tinted(Color::Yellow).add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// What has just happened to a row: it flashes once, then rests.
    pub(crate) fn flash(self) -> Style {
        if self.color {
            Style::new().fg(Color::Black).bg(Color::Cyan).add_modifier(Modifier::BOLD)
        } else {
            Style::new().add_modifier(Modifier::BOLD)
        }
    }

    /// The list of completions, told from what it covers.
    pub(crate) fn popup(self) -> Style {
        if self.color {
            Style::new().fg(Color::White).bg(Color::DarkGray)
        } else {
            Style::new().add_modifier(Modifier::UNDERLINED)
        }
    }

    /// A profit; its sign and its glyph say so too.
    pub(crate) fn gain(self) -> Style {
        self.tinted(Color::Green)
    }

    /// A loss, or an error's text.
    pub(crate) fn loss(self) -> Style {
        self.tinted(Color::Red)
    }

    /// Something that needs attention.
    pub(crate) fn attention(self) -> Style {
        self.tinted(Color::Yellow)
    }

    /// A whole line that needs attention.
    pub(crate) fn attention_bar(self) -> Style {
        if self.color {
            Style::new().fg(Color::Black).bg(Color::Yellow)
        } else {
            Style::new().add_modifier(Modifier::REVERSED)
        }
    }

    /// The LIVE badge and danger; nothing else has a red background.
    pub(crate) fn danger(self) -> Style {
        if self.color {
            Style::new().fg(Color::White).bg(Color::Red).add_modifier(Modifier::BOLD)
        } else {
            Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD)
        }
    }

    /// The PAPER badge.
    pub(crate) fn paper(self) -> Style {
        if self.color {
            // Not bold: many terminals draw bold black as grey.
            Style::new().fg(Color::Black).bg(Color::Green)
        } else {
            Style::new().add_modifier(Modifier::BOLD)
        }
    }

    /// The badge of what a screen may not do.
    pub(crate) fn badge(self) -> Style {
        if self.color {
            Style::new().fg(Color::Black).bg(Color::Gray)
        } else {
            Style::new().add_modifier(Modifier::REVERSED)
        }
    }

    /// The names of those who act.
    pub(crate) fn author(self) -> Style {
        self.tinted(Color::Magenta)
    }

    /// The label of a cell.
    pub(crate) fn label(self) -> Style {
        self.tinted(Color::Blue)
    }

    /// A key in the footer and in the help.
    pub(crate) fn key(self) -> Style {
        self.tinted(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    /// Python: `def`, `for`, `None`.
    pub(crate) fn keyword(self) -> Style {
        self.tinted(Color::Magenta).add_modifier(Modifier::BOLD)
    }

    /// Python: a string.
    pub(crate) fn string(self) -> Style {
        self.tinted(Color::Green)
    }

    /// Python: a number.
    pub(crate) fn number(self) -> Style {
        self.tinted(Color::Cyan)
    }

    /// Python: a comment.
    pub(crate) fn comment(self) -> Style {
        self.quiet().add_modifier(Modifier::ITALIC)
    }

    /// Python: the bracket at the cursor and the one that belongs to it.
    pub(crate) fn bracket(self) -> Style {
        self.tinted(Color::Yellow).add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// What the prompt could go on with; not typed.
    pub(crate) fn suggestion(self) -> Style {
        self.quiet()
    }
}
