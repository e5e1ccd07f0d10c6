//! Which colours a terminal has, as its environment says. No I/O.

/// How many colours there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The sixteen that every terminal's user may choose.
    Sixteen,
    /// The fixed ones.
    TwoHundredFiftySix,
    /// All of them.
    True,
}

/// What is known of a terminal's colours.
#[derive(Clone, Copy, Debug)]
pub struct Colors {
    pub(crate) depth: Depth,
    /// Whether its background is light; none when it does not say.
    pub(crate) is_light: Option<bool>,
}

impl Colors {
    /// Returns what the environment's variables say: `COLORTERM` and `TERM` the depth, `COLORFGBG` the background.
    ///
    /// The terminal itself is not asked for its background: an answer that comes late would be typed into the prompt.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let variable = |name| variable(name).unwrap_or_default();
        let (colorterm, term) = (variable("COLORTERM"), variable("TERM"));
        let depth = if matches!(colorterm.as_str(), "truecolor" | "24bit") || term.ends_with("-direct") {
            Depth::True
        } else if term.contains("256color") {
            Depth::TwoHundredFiftySix
        } else {
            Depth::Sixteen
        };
        let background =
            variable("COLORFGBG").rsplit(';').next().and_then(|number| number.parse::<u8>().ok());
        let is_light = background.map(|number| matches!(number, 7 | 9..=15));
        Self { depth, is_light }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_how_many_colours_and_which_background() {
        for (variables, depth, is_light) in [
            (vec![], Depth::Sixteen, None),
            (vec![("TERM", "xterm-256color")], Depth::TwoHundredFiftySix, None),
            (vec![("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], Depth::True, None),
            (vec![("TERM", "linux"), ("COLORFGBG", "0;15")], Depth::Sixteen, Some(true)),
            (vec![("COLORFGBG", "15;default;0")], Depth::Sixteen, Some(false)),
            (vec![("COLORFGBG", "15;default")], Depth::Sixteen, None),
        ] {
            let found = Colors::of(|name| {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            });
            assert_eq!((found.depth, found.is_light), (depth, is_light), "{variables:?}");
        }
    }
}
