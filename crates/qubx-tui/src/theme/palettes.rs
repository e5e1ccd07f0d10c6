//! The colours of each theme, by what they mean. No I/O.
//!
//! A test holds that each can be read: a text has a contrast of at least 4.5 to its background.

use ratatui::style::Color;

use super::Depth;

/// A colour as it is where all are there, and where sixteen are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tone {
    pub(super) rgb: u32,
    ansi: Color,
}

/// The colours of a theme. Pairs are a text and the background that it has of its own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Palette {
    pub(super) background: Tone,
    pub(super) text: Tone,
    pub(super) quiet: Tone,
    pub(super) focus: Tone,
    pub(super) gain: Tone,
    pub(super) loss: Tone,
    pub(super) attention: Tone,
    pub(super) author: Tone,
    pub(super) label: Tone,
    pub(super) key: Tone,
    pub(super) keyword: Tone,
    pub(super) string: Tone,
    pub(super) number: Tone,
    pub(super) popup: (Tone, Tone),
    pub(super) attention_bar: (Tone, Tone),
    pub(super) danger: (Tone, Tone),
    pub(super) paper: (Tone, Tone),
    pub(super) badge: (Tone, Tone),
}

const fn tone(rgb: u32, ansi: Color) -> Tone {
    Tone { rgb, ansi }
}

const BLACK: Tone = tone(0x000000, Color::Black);
const WHITE: Tone = tone(0xffffff, Color::White);

pub(super) const DARK: Palette = Palette {
    background: tone(0x14181d, Color::Black),
    text: tone(0xd8dee4, Color::Gray),
    quiet: tone(0x8a939d, Color::DarkGray),
    focus: tone(0x56d4dd, Color::Cyan),
    gain: tone(0x56d364, Color::Green),
    loss: tone(0xff7b72, Color::Red),
    attention: tone(0xe3b341, Color::Yellow),
    author: tone(0xd2a8ff, Color::Magenta),
    // The plain blue of xterm and others can hardly be read on black.
    label: tone(0x79b8ff, Color::LightBlue),
    key: tone(0x56d4dd, Color::Cyan),
    keyword: tone(0xd2a8ff, Color::Magenta),
    string: tone(0x7ee787, Color::Green),
    number: tone(0x76d7e0, Color::Cyan),
    popup: (tone(0xf0f3f6, Color::White), tone(0x3a434d, Color::DarkGray)),
    attention_bar: (BLACK, tone(0xe3b341, Color::Yellow)),
    danger: (WHITE, tone(0xc4202b, Color::Red)),
    paper: (BLACK, tone(0x56d364, Color::Green)),
    badge: (BLACK, tone(0xb1bac4, Color::Gray)),
};

pub(super) const LIGHT: Palette = Palette {
    background: tone(0xfbfbf9, Color::White),
    text: tone(0x1f2328, Color::Black),
    quiet: tone(0x656d76, Color::DarkGray),
    focus: tone(0x0a6a78, Color::Cyan),
    gain: tone(0x116329, Color::Green),
    loss: tone(0xb62324, Color::Red),
    attention: tone(0x7d4e00, Color::Magenta),
    author: tone(0x6f42c1, Color::Magenta),
    label: tone(0x0550ae, Color::Blue),
    key: tone(0x0a6a78, Color::Blue),
    keyword: tone(0x8250df, Color::Magenta),
    string: tone(0x116329, Color::Green),
    number: tone(0x0550ae, Color::Blue),
    popup: (tone(0x1f2328, Color::Black), tone(0xdde3ea, Color::Gray)),
    attention_bar: (BLACK, tone(0xf2c744, Color::Yellow)),
    danger: (WHITE, tone(0xc4202b, Color::Red)),
    paper: (WHITE, tone(0x116329, Color::Green)),
    badge: (WHITE, tone(0x57606a, Color::DarkGray)),
};

pub(super) const HIGH_CONTRAST: Palette = Palette {
    background: BLACK,
    text: WHITE,
    quiet: tone(0xc9d1d9, Color::Gray),
    focus: tone(0x66ffff, Color::LightCyan),
    gain: tone(0x5dff6e, Color::LightGreen),
    loss: tone(0xff9a94, Color::LightRed),
    attention: tone(0xffe45c, Color::LightYellow),
    author: tone(0xf0b8ff, Color::LightMagenta),
    label: tone(0x9fd0ff, Color::LightBlue),
    key: tone(0x66ffff, Color::LightCyan),
    keyword: tone(0xf0b8ff, Color::LightMagenta),
    string: tone(0x9dffa8, Color::LightGreen),
    number: tone(0x66ffff, Color::LightCyan),
    popup: (BLACK, tone(0xe6edf3, Color::White)),
    attention_bar: (BLACK, tone(0xffe45c, Color::LightYellow)),
    danger: (WHITE, tone(0xb00010, Color::Red)),
    paper: (BLACK, tone(0x5dff6e, Color::LightGreen)),
    badge: (BLACK, WHITE),
};

/// As the dark one, with blue for a gain and orange for a loss: no kind of colour blindness takes one for the other.
pub(super) const COLOR_BLIND: Palette = Palette {
    gain: tone(0x6cb6ff, Color::LightBlue),
    loss: tone(0xff9e3d, Color::LightRed),
    attention: tone(0xf7e463, Color::LightYellow),
    label: tone(0xb0bfd0, Color::Gray),
    string: tone(0xf7e463, Color::Yellow),
    danger: (BLACK, tone(0xff8c1a, Color::Yellow)),
    attention_bar: (BLACK, tone(0xf7e463, Color::LightYellow)),
    paper: (BLACK, tone(0x6cb6ff, Color::LightBlue)),
    ..DARK
};

impl Palette {
    /// Returns what stands for one of the terminal's sixteen colours on this theme's background.
    pub(super) fn terminal(&self, number: u8) -> Tone {
        match number % 8 {
            1 => self.loss,
            2 => self.gain,
            3 => self.attention,
            4 => self.label,
            5 => self.author,
            6 => self.key,
            _ if matches!(number, 0 | 8) => self.quiet,
            _ => self.text,
        }
    }
}

impl Tone {
    /// Returns the colour on a terminal with so many.
    pub(super) fn color(self, depth: Depth) -> Color {
        let [_, red, green, blue] = self.rgb.to_be_bytes();
        match depth {
            Depth::Sixteen => self.ansi,
            Depth::TwoHundredFiftySix => Color::Indexed(nearest([red, green, blue])),
            Depth::True => Color::Rgb(red, green, blue),
        }
    }
}

/// The steps of the cube of colours that 16 to 231 are.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// Returns the nearest of the fixed colours: one of the cube, or one of the greys from 232 on.
pub(crate) fn nearest(rgb: [u8; 3]) -> u8 {
    let distance =
        |other: [u8; 3]| -> u32 { rgb.iter().zip(other).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum() };
    let step = |value: u8| (0..6u8).min_by_key(|step| STEPS[usize::from(*step)].abs_diff(value)).unwrap_or(0);
    let cube = rgb.map(step);
    let in_cube = cube.map(|step| STEPS[usize::from(step)]);
    let grey = (0..24u8).min_by_key(|grey| distance([8 + 10 * grey; 3])).unwrap_or(0);
    if distance([8 + 10 * grey; 3]) < distance(in_cube) {
        return 232 + grey;
    }
    16 + 36 * cube[0] + 6 * cube[1] + cube[2]
}

#[cfg(test)]
pub(super) mod contrast {
    use super::{Palette, Tone};

    /// Returns the contrast of two colours as WCAG 2 defines it: from 1, none, to 21, black on white.
    pub(crate) fn ratio(one: Tone, other: Tone) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    fn luminance(tone: Tone) -> f64 {
        let [_, red, green, blue] = tone.rgb.to_be_bytes();
        let linear = |byte: u8| {
            let value = f64::from(byte) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    /// Returns every text of a theme with the background that it is read on.
    pub(crate) fn pairs(palette: &Palette) -> Vec<(&'static str, Tone, Tone)> {
        let on_background = [
            ("text", palette.text),
            ("quiet", palette.quiet),
            ("focus", palette.focus),
            ("gain", palette.gain),
            ("loss", palette.loss),
            ("attention", palette.attention),
            ("author", palette.author),
            ("label", palette.label),
            ("key", palette.key),
            ("keyword", palette.keyword),
            ("string", palette.string),
            ("number", palette.number),
        ];
        let own = [
            ("popup", palette.popup),
            ("attention_bar", palette.attention_bar),
            ("danger", palette.danger),
            ("paper", palette.paper),
            ("badge", palette.badge),
        ];
        let on_background = on_background.into_iter().map(|(name, tone)| (name, tone, palette.background));
        on_background.chain(own.into_iter().map(|(name, (text, under))| (name, text, under))).collect()
    }
}
