//! Where sanitised text is put: lines of styled spans, and the colours that SGR sequences select. No I/O.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

/// Columns between tab stops, as terminals have them.
const TAB: usize = 8;

/// Where the text goes: the lines so far, the line that grows, and the style of what comes next.
pub(super) struct Pen {
    base: Style,
    style: Style,
    color: bool,
    /// Whether a tab becomes spaces, as a screen needs it, or stays.
    pub(super) expands_tabs: bool,
    /// The lines that have ended.
    pub(super) lines: Vec<Line<'static>>,
    spans: Vec<Span<'static>>,
    run: String,
    column: usize,
}

impl Pen {
    pub(super) fn new(base: Style, color: bool) -> Self {
        let (lines, spans, run) = (Vec::new(), Vec::new(), String::new());
        Self { base, style: base, color, expands_tabs: true, lines, spans, run, column: 0 }
    }

    pub(super) fn put(&mut self, character: char) {
        self.run.push(character);
        self.column += 1;
    }

    pub(super) fn tab(&mut self) {
        if !self.expands_tabs {
            self.run.push('\t');
            return;
        }
        for _ in 0..TAB - self.column % TAB {
            self.put(' ');
        }
    }

    fn end_run(&mut self) {
        if !self.run.is_empty() {
            self.spans.push(Span::styled(std::mem::take(&mut self.run), self.style));
        }
    }

    pub(super) fn end_line(&mut self) {
        self.end_run();
        self.column = 0;
        self.lines.push(Line::from(std::mem::take(&mut self.spans)));
    }

    pub(super) fn restart_line(&mut self) {
        self.run.clear();
        self.spans.clear();
        self.column = 0;
    }

    pub(super) fn is_line_empty(&self) -> bool {
        self.run.is_empty() && self.spans.is_empty()
    }

    /// Applies the parameters of an SGR sequence. What it does not know, blinking and hiding included, is ignored.
    pub(super) fn select(&mut self, parameters: &str) {
        self.end_run();
        let mut codes = parameters.split([';', ':']).map(|code| code.parse::<u16>().unwrap_or(0));
        while let Some(code) = codes.next() {
            let style = self.style;
            self.style = match code {
                0 => self.base,
                1 => style.add_modifier(Modifier::BOLD),
                2 => style.add_modifier(Modifier::DIM),
                3 => style.add_modifier(Modifier::ITALIC),
                4 => style.add_modifier(Modifier::UNDERLINED),
                7 => style.add_modifier(Modifier::REVERSED),
                9 => style.add_modifier(Modifier::CROSSED_OUT),
                22 => style.remove_modifier(Modifier::BOLD | Modifier::DIM),
                23 => style.remove_modifier(Modifier::ITALIC),
                24 => style.remove_modifier(Modifier::UNDERLINED),
                27 => style.remove_modifier(Modifier::REVERSED),
                29 => style.remove_modifier(Modifier::CROSSED_OUT),
                30..=37 => self.foreground(Some(Color::Indexed((code - 30) as u8))),
                90..=97 => self.foreground(Some(Color::Indexed((code - 90) as u8 + 8))),
                40..=47 => self.background(Some(Color::Indexed((code - 40) as u8))),
                100..=107 => self.background(Some(Color::Indexed((code - 100) as u8 + 8))),
                38 => match extended(&mut codes) {
                    Some(color) => self.foreground(Some(color)),
                    None => style,
                },
                48 => match extended(&mut codes) {
                    Some(color) => self.background(Some(color)),
                    None => style,
                },
                39 => self.foreground(self.base.fg),
                49 => self.background(self.base.bg),
                _ => style,
            };
        }
    }

    fn foreground(&self, color: Option<Color>) -> Style {
        if self.color { Style { fg: color, ..self.style } } else { self.style }
    }

    fn background(&self, color: Option<Color>) -> Style {
        if self.color { Style { bg: color, ..self.style } } else { self.style }
    }
}

/// Reads `5;n` or `2;r;g;b` after 38 or 48.
fn extended(codes: &mut impl Iterator<Item = u16>) -> Option<Color> {
    let mut byte = || codes.next().and_then(|code| u8::try_from(code).ok());
    match byte()? {
        5 => byte().map(Color::Indexed),
        2 => Some(Color::Rgb(byte()?, byte()?, byte()?)),
        _ => None,
    }
}
