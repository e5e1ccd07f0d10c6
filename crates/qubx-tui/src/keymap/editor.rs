//! The keys that are the editor's: they count as bound in the prompt, and the help names them. No I/O.

use super::{Keys, Preset};

/// What readline's keys do, for the help.
pub(crate) const READLINE: &str = "^A ^B alt+B alt+F move · ^W ^U ^K alt+D delete · ^Y put back · ^_ undo";

/// Keys of the editor in each preset, without those that the table of actions has.
#[rustfmt::skip]
const EMACS: &[&str] = &[
    "ctrl+a", "ctrl+b", "ctrl+h", "ctrl+k", "ctrl+n", "ctrl+o", "ctrl+u", "ctrl+w", "ctrl+y",
    "ctrl+_", "ctrl+7", "alt+b", "alt+d", "alt+f", "alt+u", "alt+backspace",
];
const VIM: &[&str] = &["ctrl+h", "ctrl+u", "ctrl+w"];
#[rustfmt::skip]
const BOTH: &[&str] = &["left", "home", "backspace", "delete", "ctrl+left", "ctrl+right"];

/// Returns the keys that the editor answers to, apart from those that type.
pub(super) fn keys(preset: Preset) -> impl Iterator<Item = Keys> {
    let own = match preset {
        Preset::Emacs => EMACS,
        Preset::Vim => VIM,
    };
    BOTH.iter().chain(own).map(|key| Keys::parse(key).expect("a test reads the list"))
}
