//! How a terminal treats what is typed and written: what a screen changes of it, and puts back.

use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::str::FromStr;

use rustix::termios::{
    ControlModes, InputModes, LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Termios, tcgetattr,
    tcsetattr,
};

/// The settings that a screen changes. What it leaves alone, such as the speed of a line, is not in here.
///
/// As text these are numbers with colons between them, as `stty -g` writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mode {
    input: u32,
    output: u32,
    control: u32,
    local: u32,
    least_bytes: u8,
    longest_wait: u8,
}

impl Mode {
    /// Returns the terminal's mode.
    pub(super) fn of(terminal: impl AsFd) -> io::Result<Self> {
        Ok(Self::from(&tcgetattr(terminal)?))
    }

    /// Puts the terminal into this mode.
    pub(super) fn put(self, terminal: impl AsFd) -> io::Result<()> {
        let mut settings = tcgetattr(&terminal)?;
        settings.input_modes = InputModes::from_bits_retain(self.input);
        settings.output_modes = OutputModes::from_bits_retain(self.output);
        settings.control_modes = ControlModes::from_bits_retain(self.control);
        settings.local_modes = LocalModes::from_bits_retain(self.local);
        settings.special_codes[SpecialCodeIndex::VMIN] = self.least_bytes;
        settings.special_codes[SpecialCodeIndex::VTIME] = self.longest_wait;
        Ok(tcsetattr(terminal, OptionalActions::Now, &settings)?)
    }

    /// Has the terminal give every key as it is pressed and write every byte as it is.
    pub(super) fn put_raw(terminal: impl AsFd) -> io::Result<()> {
        let mut settings = tcgetattr(&terminal)?;
        settings.make_raw();
        Ok(tcsetattr(terminal, OptionalActions::Now, &settings)?)
    }
}

impl From<&Termios> for Mode {
    fn from(settings: &Termios) -> Self {
        Self {
            input: settings.input_modes.bits(),
            output: settings.output_modes.bits(),
            control: settings.control_modes.bits(),
            local: settings.local_modes.bits(),
            least_bytes: settings.special_codes[SpecialCodeIndex::VMIN],
            longest_wait: settings.special_codes[SpecialCodeIndex::VTIME],
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { input, output, control, local, least_bytes, longest_wait } = self;
        write!(f, "{input:x}:{output:x}:{control:x}:{local:x}:{least_bytes:x}:{longest_wait:x}")
    }
}

/// A text that is no mode.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoMode;

impl FromStr for Mode {
    type Err = NoMode;

    fn from_str(text: &str) -> Result<Self, NoMode> {
        let numbers = text.split(':').map(|number| u32::from_str_radix(number, 16));
        let numbers: Vec<u32> = numbers.collect::<Result<_, _>>().map_err(|_| NoMode)?;
        let [input, output, control, local, least_bytes, longest_wait] = numbers[..] else {
            return Err(NoMode);
        };
        let byte = |number| u8::try_from(number).map_err(|_| NoMode);
        let (least_bytes, longest_wait) = (byte(least_bytes)?, byte(longest_wait)?);
        Ok(Self { input, output, control, local, least_bytes, longest_wait })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_comes_back_from_its_text() {
        let mode = Mode {
            input: 0x4500,
            output: 5,
            control: 0xbf,
            local: u32::MAX,
            least_bytes: 1,
            longest_wait: 255,
        };
        assert_eq!(mode.to_string().parse(), Ok(mode));
        for text in ["", "1:2:3:4:5", "1:2:3:4:5:6:7", "1:2:3:4:100:6", "x:2:3:4:5:6"] {
            assert_eq!(text.parse::<Mode>(), Err(NoMode), "{text}");
        }
    }
}
