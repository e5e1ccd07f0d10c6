//! The sequences that take a terminal and give it back. Who adds to the first adds to the second.

/// Takes the terminal: puts its title aside, takes the other screen, has pastes and the focus reported, and has keys
/// reported so that Shift+Enter is told from Enter.
///
/// Nobody asks whether the terminal knows these: what one does not know it ignores, and an answer would be waited for.
/// The keys' reports belong to the other screen, so they come after it, and what a terminal might make of the unknown is
/// wiped off by the first drawing.
pub(super) const ENTER: &[u8] = b"\x1b[22;0t\x1b[?1049h\x1b[?2004h\x1b[?1004h\x1b[>1u\x1b[?25l";

/// Has presses of the mouse and its wheel reported, with places beyond the 223rd column. Movements are not: nothing
/// follows them.
pub(super) const MOUSE: &[u8] = b"\x1b[?1000h\x1b[?1006h";

/// Undoes [`ENTER`] and [`MOUSE`], the other way round, wherever a drawing stands: its beginning ends a picture that was
/// half written.
pub(super) const LEAVE: &[u8] =
    b"\x1b\\\x1b[?2026l\x1b[0m\x1b[?1006l\x1b[?1000l\x1b[<1u\x1b[?1004l\x1b[?2004l\x1b[?1049l\x1b[?25h\x1b[23;0t";

/// From here on the terminal shows nothing until [`END`].
pub(super) const BEGIN: &[u8] = b"\x1b[?2026h";
/// Shows what was drawn since [`BEGIN`].
pub(super) const END: &[u8] = b"\x1b[?2026l";

pub(super) const HIDE_CURSOR: &[u8] = b"\x1b[?25l";
pub(super) const SHOW_CURSOR: &[u8] = b"\x1b[?25h";

/// Returns the sequence that names the window.
pub(super) fn title(text: &str) -> Vec<u8> {
    format!("\x1b]0;{text}\x07").into_bytes()
}
